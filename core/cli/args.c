/* args.c - the option table, and argv against it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/cli/printer.h"

enum opt {
    OPT_VERBOSE = 256, OPT_QUIET, OPT_JSON, OPT_NO_COLOR, OPT_LOG_FORMAT, OPT_HELP, OPT_VERSION, OPT_CONFIG_ONLY, OPT_DATA_ONLY, OPT_SERVICES_ONLY,
    OPT_TARGET, OPT_OBJECT, OPT_INCLUDE, OPT_FULL, OPT_INCREMENTAL, OPT_DRY_RUN, OPT_OUTPUT, OPT_NAME, OPT_FORCE, OPT_YES, OPT_DROP_OLD, OPT_CLEANUP,
    OPT_TO, OPT_AS, OPT_ALL, OPT_LATEST, OPT_INTEGRITY, OPT_SIZE, OPT_MANIFEST, OPT_OPTION, OPT_RETENTION, OPT_REASON, OPT_FREQUENCY, OPT_AT, OPT_METHOD, OPT_USER, OPT_SYSTEM, OPT_MISSED, OPT_JITTER,
    OPT_DOCKER, OPT_UNCOVERED, OPT_FAIL_ON_UNCOVERED,
};

static const struct { const char *name, *arg; enum opt id; uint32_t commands; const char *help; } table[] = {
    { "full", NULL, OPT_FULL, CMD_RUN, "back up everything (the default)" },
    { "incremental", NULL, OPT_INCREMENTAL, CMD_RUN, "only what changed since the newest complete backup" },
    { "config-only", NULL, OPT_CONFIG_ONLY, CMD_RUN | CMD_RESTORE, "only artifacts of the category config" },
    { "data-only", NULL, OPT_DATA_ONLY, CMD_RUN | CMD_RESTORE, "only databases and volumes" },
    { "services-only", NULL, OPT_SERVICES_ONLY, CMD_RUN | CMD_RESTORE, "only artifacts of the category services" },
    { "target", "NAME", OPT_TARGET, CMD_RUN | CMD_RESTORE | CMD_VERIFY | CMD_DISCOVER | CMD_CHECK | CMD_HEALTH, "only this target of the job; may be repeated" },
    { "dry-run", NULL, OPT_DRY_RUN, CMD_RUN | CMD_RESTORE | CMD_CLEANUP | CMD_SCHEDULE, "say what would be done and change nothing" },
    { "output", "DIR", OPT_OUTPUT, CMD_RUN | CMD_CLEANUP | CMD_PIN | CMD_UNPIN | CMD_STATUS | CMD_REPORT, "store folder instead of the job's; of a report (or -o): its file" },
    { "name", "NAME", OPT_NAME, CMD_RUN, "name of the backup instead of backup-YYYYMMDD_HHMMSS" },
    { "object", "NAME", OPT_OBJECT, CMD_RESTORE, "only this database, volume or set; may be repeated" },
    { "include", "PATTERN", OPT_INCLUDE, CMD_RESTORE, "only files that match, from volumes and sets; may be repeated" },
    { "to", "DIR", OPT_TO, CMD_RESTORE, "put files below DIR instead of their place" },
    { "as", "NAME", OPT_AS, CMD_RESTORE, "restore one object beside the original under NAME" },
    { "force", NULL, OPT_FORCE, CMD_RESTORE | CMD_CLEANUP | CMD_SCRIPTS, "restore: stop services that are in the way, use a damaged backup; cleanup: believe the clock; scripts: replace others" },
    { "yes", NULL, OPT_YES, CMD_RESTORE, "do not ask" },
    { "drop-old", NULL, OPT_DROP_OLD, CMD_RESTORE, "do not keep what is replaced" },
    { "cleanup", NULL, OPT_CLEANUP, CMD_RESTORE, "remove what earlier restores kept, and restore nothing" },
    { "all", NULL, OPT_ALL, CMD_VERIFY, "every backup of the store" },
    { "latest", NULL, OPT_LATEST, CMD_VERIFY, "the latest complete backup (the default)" },
    { "check-integrity", NULL, OPT_INTEGRITY, CMD_VERIFY, "read every byte: hashes, decompression, tar headers, SQL" },
    { "check-size", NULL, OPT_SIZE, CMD_VERIFY, "compare sizes with the backup before" },
    { "check-manifest", NULL, OPT_MANIFEST, CMD_VERIFY, "manifest and file set only" },
    { "retention", "DAYS", OPT_RETENTION, CMD_CLEANUP | CMD_SCHEDULE, "keep what is not older than DAYS, instead of the job's keep_days" },
    { "reason", "TEXT", OPT_REASON, CMD_PIN, "why it is kept" },
    { "frequency", "HOW-OFTEN", OPT_FREQUENCY, CMD_SCHEDULE, "hourly, daily, weekly, monthly or an OnCalendar expression, instead of the job's" },
    { "at", "HH:MM", OPT_AT, CMD_SCHEDULE, "time of day, instead of the job's" },
    { "method", "systemd|cron", OPT_METHOD, CMD_SCHEDULE, "instead of what this machine runs" },
    { "user", NULL, OPT_USER, CMD_SCHEDULE, "units of this user (the default but for root)" },
    { "system", NULL, OPT_SYSTEM, CMD_SCHEDULE, "units for the whole machine (the default for root)" },
    { "missed", NULL, OPT_MISSED, CMD_SCHEDULE, "run: only when the last run was missed" },
    { "jitter", NULL, OPT_JITTER, CMD_SCHEDULE, "run: wait first, for a random time up to the job's jitter" },
    { "docker", NULL, OPT_DOCKER, CMD_INIT, "a Docker that cannot be asked is an error" },
    { "uncovered", NULL, OPT_UNCOVERED, CMD_DISCOVER, "what is on this machine and in no target" },
    { "fail-on-uncovered", NULL, OPT_FAIL_ON_UNCOVERED, CMD_DISCOVER, "the same, with exit code 3 when there is something" },
    { "option", "KEY=VALUE", OPT_OPTION, CMD_PLUGIN, "an option for the plugin under check; may be repeated" },
    { "verbose", NULL, OPT_VERBOSE, CMD_ANY, "more chatter; twice: debug" },
    { "quiet", NULL, OPT_QUIET, CMD_ANY, "errors only" },
    { "json", NULL, OPT_JSON, CMD_ANY, "output for programs" },
    { "no-color", NULL, OPT_NO_COLOR, CMD_ANY, "no colours" },
    { "log-format", "text|json", OPT_LOG_FORMAT, CMD_ANY, "form of the chatter on stderr" },
    { "help", NULL, OPT_HELP, CMD_ANY, "this text" },
    { "version", NULL, OPT_VERSION, CMD_ANY, "version and plugin ABI" },
};
#define TABLE_SIZE (sizeof table / sizeof *table)

/* PAB_PRINT_LINES or PAB_PRINT_DOCUMENT, of a command line that may be any. */
static int shape_of(const struct pab_cli *cli)
{
    static const char *const with_lines[] = { "run", "restore", "verify" };
    size_t word = cli->arg_count > 1 && strcmp(cli->args[0], "schedule") == 0;
    for (size_t i = 0; cli->arg_count && i < sizeof with_lines / sizeof *with_lines; i++)
        if (strcmp(cli->args[word], with_lines[i]) == 0) return PAB_PRINT_LINES;
    return PAB_PRINT_DOCUMENT;
}

int pab_cli_usage_error(const struct pab_cli *cli, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *text = pab_vsprintf(fmt, ap);
    va_end(ap);
    fprintf(stderr, "pabengine: %s\nTry 'pabengine --help'.\n", text);
    if (!cli->json) return PAB_EXIT_USAGE;
    struct pab_error err = { 0 };
    pab_error_set(&err, PAB_E_USAGE, 0, "%s", text);
    return pab_printer_end(pab_printer_new(cli, shape_of(cli), cli->arg_count ? cli->args[0] : ""), PAB_EXIT_USAGE, &err);
}

/* Texts of mistakes are the caller's to free; NULL: none. */
static char *unknown_option(const char *arg)
{
    const char *names[TABLE_SIZE];
    CLEANUP_FREE char *bare = pab_strndup(arg, strcspn(arg, "="));
    for (size_t i = 0; i < TABLE_SIZE; i++) names[i] = table[i].name;
    const char *near = pab_str_nearest(strncmp(bare, "--", 2) == 0 ? bare + 2 : bare, names, TABLE_SIZE);
    return near ? pab_sprintf("unknown option '%s'; did you mean '--%s'?", bare, near) : pab_sprintf("unknown option '%s'", bare);
}

static char *apply(struct pab_cli *c, enum opt id, const char *arg)
{
    switch (id) {
    case OPT_VERBOSE: c->verbose++; break;
    case OPT_QUIET: c->quiet = 1; break;
    case OPT_JSON: c->json = 1; break;
    case OPT_NO_COLOR: c->no_color = 1; break;
    case OPT_LOG_FORMAT:
        if (strcmp(arg, "json") != 0 && strcmp(arg, "text") != 0) return pab_sprintf("--log-format is text or json, not '%s'", arg);
        c->log_json = strcmp(arg, "json") == 0;
        break;
    case OPT_HELP: c->help = 1; break;
    case OPT_VERSION: c->version = 1; break;
    case OPT_CONFIG_ONLY: c->categories |= PAB_CAT_CONFIG; break;
    case OPT_DATA_ONLY: c->categories |= PAB_CAT_DATABASES | PAB_CAT_VOLUMES; break;
    case OPT_SERVICES_ONLY: c->categories |= PAB_CAT_SERVICES; break;
    case OPT_TARGET: pab_strs_add(&c->targets, arg); break;
    case OPT_OBJECT: pab_strs_add(&c->objects, arg); break;
    case OPT_INCLUDE: pab_strs_add(&c->includes, arg); break;
    case OPT_OPTION: pab_strs_add(&c->options, arg); break;
    case OPT_FULL: c->full = 1; break;
    case OPT_INCREMENTAL: c->incremental = 1; break;
    case OPT_DRY_RUN: c->dry_run = 1; break;
    case OPT_OUTPUT: c->output = arg; break;
    case OPT_NAME: c->name = arg; break;
    case OPT_FORCE: c->force = 1; break;
    case OPT_YES: c->yes = 1; break;
    case OPT_DROP_OLD: c->drop_old = 1; break;
    case OPT_CLEANUP: c->cleanup = 1; break;
    case OPT_RETENTION: c->retention = arg; break;
    case OPT_REASON: c->reason = arg; break;
    case OPT_FREQUENCY: c->frequency = arg; break;
    case OPT_AT: c->at = arg; break;
    case OPT_METHOD:
        if (strcmp(arg, "systemd") != 0 && strcmp(arg, "cron") != 0) return pab_sprintf("--method is systemd or cron, not '%s'", arg);
        c->method = arg;
        break;
    case OPT_USER: c->user_scope = 1; break;
    case OPT_SYSTEM: c->system_scope = 1; break;
    case OPT_MISSED: c->missed = 1; break;
    case OPT_JITTER: c->jitter = 1; break;
    case OPT_DOCKER: c->docker = 1; break;
    case OPT_FAIL_ON_UNCOVERED: c->fail_on_uncovered = 1; /* fall through */
    case OPT_UNCOVERED: c->uncovered = 1; break;
    case OPT_TO: c->to_dir = arg; break;
    case OPT_AS: c->as_name = arg; break;
    case OPT_ALL: c->all = 1; break;
    case OPT_LATEST: c->latest = 1; break;
    case OPT_INTEGRITY: c->integrity = 1; break;
    case OPT_SIZE: c->sizes = 1; break;
    case OPT_MANIFEST: c->manifest = 1; break;
    }
    return NULL;
}

/* Short forms, for fingers that know other tools. */
static const char short_options[] = ":vqhnyVo:";
static int long_of_short(int c)
{
    switch (c) {
    case 'v': return OPT_VERBOSE;
    case 'q': return OPT_QUIET;
    case 'h': return OPT_HELP;
    case 'n': return OPT_DRY_RUN;
    case 'y': return OPT_YES;
    case 'V': return OPT_VERSION;
    case 'o': return OPT_OUTPUT;
    default: return c;
    }
}

/* Its line of the table; every id has one. */
static size_t line_of(int id)
{
    size_t i = 0;
    while (i < TABLE_SIZE - 1 && (int)table[i].id != id) i++;
    return i;
}

static int check_command(const struct pab_cli *c, const struct pab_command *cmd, const int *used, size_t used_count)
{
    for (size_t i = 0; i < used_count; i++) {
        size_t line = line_of(used[i]);
        if (!(table[line].commands & cmd->bit)) return pab_cli_usage_error(c, "'%s' does not take --%s", cmd->name, table[line].name);
    }
    if (c->arg_count - 1 < cmd->min_args || c->arg_count - 1 > cmd->max_args) return pab_cli_usage_error(c, "usage: pabengine %s %s", cmd->name, cmd->usage);
    for (size_t i = 1; i < c->arg_count; i++)
        if (!*c->args[i]) return pab_cli_usage_error(c, "an argument is empty; usage: pabengine %s %s", cmd->name, cmd->usage);
    return 0;
}

/* One answer of getopt: `c` for `word`. *ret_id: the option, when it is one. The text of a mistake, or NULL. */
static char *take(struct pab_cli *cli, int c, const char *word, int *ret_id)
{
    *ret_id = 0;
    if (c == ':') return pab_sprintf("option '%s' needs a value", word);
    if (c == '?' && optopt >= OPT_VERBOSE) return pab_sprintf("--%s takes no value", table[line_of(optopt)].name);
    if (c == '?') return unknown_option(word);
    *ret_id = long_of_short(c);
    /* an unset variable of a script: as a path it would be the current folder, as a name anything */
    if (optarg && !*optarg) return pab_sprintf("--%s needs a value, found an empty one", table[line_of(*ret_id)].name);
    return apply(cli, (enum opt)*ret_id, optarg);
}

int pab_cli_parse(int argc, char **argv, struct pab_cli *ret, const struct pab_command **ret_command)
{
    struct option longs[TABLE_SIZE + 1] = { 0 };
    CLEANUP_FREE char *wrong = NULL; /* the first mistake; told when all is read, for a --json that comes after it */
    int used[256], id;
    size_t used_count = 0;
    for (size_t i = 0; i < TABLE_SIZE; i++) longs[i] = (struct option){ table[i].name, table[i].arg ? required_argument : no_argument, NULL, table[i].id };
    *ret = (struct pab_cli){ 0 };
    *ret_command = NULL;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, short_options, longs, NULL)) != -1;) {
        CLEANUP_FREE char *mistake = take(ret, c, optind > 0 ? argv[optind - 1] : "", &id);
        if (!wrong) wrong = pab_strdup(mistake);
        if (id && used_count < sizeof used / sizeof *used) used[used_count++] = id;
    }
    ret->args = (const char *const *)(argv + optind);
    ret->arg_count = (size_t)(argc - optind);
    if (wrong) return pab_cli_usage_error(ret, "%s", wrong);
    if (!ret->arg_count) return ret->help || ret->version ? 0 : pab_cli_usage_error(ret, "no command given");
    *ret_command = pab_command_find(ret);
    if (!*ret_command) return PAB_EXIT_USAGE;
    return ret->help ? 0 : check_command(ret, *ret_command, used, used_count);
}

void pab_cli_release(struct pab_cli *c)
{
    pab_strs_release(&c->targets);
    pab_strs_release(&c->objects);
    pab_strs_release(&c->includes);
    pab_strs_release(&c->options);
}

void pab_cli_print_help(const struct pab_command *c)
{
    if (c) {
        printf("usage: pabengine %s %s\n\n%s.\n\noptions:\n", c->name, c->usage, c->summary);
    } else {
        puts("usage: pabengine COMMAND JOB [options]\n\nBacks up the services that a job file names, and brings them back.\n\ncommands:");
        for (const struct pab_command *k = pab_commands; k->name; k++) printf("  %-10s %s\n", k->name, k->summary);
        puts("\noptions everywhere:");
    }
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (c ? !(table[i].commands & c->bit) : table[i].commands != CMD_ANY) continue;
        CLEANUP_FREE char *left = pab_sprintf("--%s%s%s", table[i].name, table[i].arg ? " " : "", table[i].arg ? table[i].arg : "");
        printf("  %-22s %s\n", left, table[i].help);
    }
    if (!c) puts("\nExit codes: 0 done, 1 failed, 2 usage or job file, 3 finished but incomplete, 4 verify found damage,\n"
                 "10 no such store or backup, 11 locked, 12 wrong key, 130 cancelled.  Manual: pabengine(1), pabengine-job(5).");
}
