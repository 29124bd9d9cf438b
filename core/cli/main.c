/* main.c - the pabengine program: a command from the table, run between setting up and tidying up. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include "config.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/cli/cli.h"
#include "core/cli/printer.h"

const struct pab_command pab_commands[] = {
    { "init", CMD_INIT, "[--docker] > JOB.yaml", "looks at this machine and prints a job for it", 0, 0, pab_cmd_init },
    { "run", CMD_RUN, "JOB [options]", "makes a backup", 1, 1, pab_cmd_run },
    { "restore", CMD_RESTORE, "JOB latest|NAME|PATH [options]", "brings a backup back", 2, 2, pab_cmd_restore },
    { "verify", CMD_VERIFY, "JOB [NAME|PATH] [options]", "checks that a backup is whole and sound", 1, 2, pab_cmd_verify },
    { "list", CMD_LIST, "JOB [BACKUP [PATH]]", "lists backups, or what one holds", 1, 3, pab_cmd_list },
    { "status", CMD_STATUS, "JOB", "says how a job stands: last good backups, age, sizes", 1, 1, pab_cmd_status },
    { "health", CMD_HEALTH, "JOB [options]", "asks whether the services are up and the last backup is in time", 1, 1, pab_cmd_health },
    { "report", CMD_REPORT, "JOB [-o FILE]", "writes a page about a job: what is late, runs, sizes, contents", 1, 1, pab_cmd_report },
    { "discover", CMD_DISCOVER, "JOB [options]", "shows what the targets of a job hold now", 1, 1, pab_cmd_discover },
    { "check", CMD_CHECK, "JOB [options]", "checks that a run would work; writes nothing", 1, 1, pab_cmd_check },
    { "cleanup", CMD_CLEANUP, "JOB [options]", "removes the backups that the job's retention does not keep", 1, 1, pab_cmd_cleanup },
    { "pin", CMD_PIN, "JOB BACKUP [--reason TEXT]", "keeps a backup from every cleanup", 2, 2, pab_cmd_pin },
    { "unpin", CMD_UNPIN, "JOB BACKUP", "gives a pinned backup back to the rules", 2, 2, pab_cmd_unpin },
    { "scripts", CMD_SCRIPTS, "install DIR [--force]", "installs backup.sh, restore.sh, verify-backup.sh, health-check.sh and schedule-backup.sh", 2, 2, pab_cmd_scripts },
    { "schedule", CMD_SCHEDULE, "install|uninstall|status|run|cleanup|test JOB | list [options]", "lets a job run by itself", 1, 2, pab_cmd_schedule },
    { "plugin", CMD_PLUGIN, "list | info NAME | check FILE", "shows or tries plugins", 1, 2, pab_cmd_plugin },
    { NULL, 0, NULL, NULL, 0, 0, NULL },
};

const struct pab_command *pab_command_find(const struct pab_cli *cli)
{
    const char *name = cli->args[0], *names[sizeof pab_commands / sizeof *pab_commands];
    size_t n = 0;
    for (const struct pab_command *c = pab_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) return c;
        names[n++] = c->name;
    }
    const char *near = pab_str_nearest(name, names, n);
    if (near) pab_cli_usage_error(cli, "unknown command '%s'; did you mean '%s'?", name, near);
    else pab_cli_usage_error(cli, "unknown command '%s'", name);
    return NULL;
}

static void setup_log(const struct pab_cli *cli)
{
    static const char *const levels[] = { "debug", "verbose", "info", "warning", "error" };
    enum pab_log_level level = PAB_LL_INFO;
    const char *env = getenv("PABENGINE_LOG");
    int known = !env || !*env;
    for (size_t i = 0; !known && i < sizeof levels / sizeof *levels; i++)
        if ((known = strcmp(env, levels[i]) == 0)) level = (enum pab_log_level)i;
    if (cli->quiet) level = PAB_LL_ERROR;
    if (cli->verbose) level = cli->verbose > 1 ? PAB_LL_DEBUG : PAB_LL_VERBOSE;
    pab_log_setup(&(struct pab_log_opts){ .level = level, .json = cli->log_json, .color = pab_cli_color(cli, 2) });
    if (known) return; /* a word that is none is no reason to leave out the nightly backup */
    CLEANUP_FREE char *shown = pab_str_printable(env);
    pab_logf(PAB_LL_WARNING, NULL, "PABENGINE_LOG is debug, verbose, info, warning or error, not '%s'", shown);
}

static int show_version(const struct pab_cli *cli)
{
    if (cli->json) printf("{\"name\": \"pabengine\", \"version\": \"%s\", \"abi\": \"%d.%d\"}\n", PACKAGE_VERSION, PAB_ABI_MAJOR, PAB_ABI_MINOR);
    else printf("pabengine %s (plugin ABI %d.%d)\n", PACKAGE_VERSION, PAB_ABI_MAJOR, PAB_ABI_MINOR);
    return PAB_EXIT_OK;
}

/* Output that could not be written (full disk, closed pipe) must not look like success. */
static int flush_stdout(int code)
{
    if (!fflush(stdout) && !ferror(stdout)) return code;
    perror("pabengine: cannot write to stdout");
    return code ? code : PAB_EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct pab_cli cli;
    const struct pab_command *command;
    mallopt(M_ARENA_MAX, 2);             /* memory stays bounded: no arena a thread, */
    mallopt(M_MMAP_THRESHOLD, 128 << 10); /* and large buffers go back when freed */
    int code = pab_cli_parse(argc, argv, &cli, &command);
    if (!code && cli.version) {
        code = show_version(&cli);
    } else if (!code && cli.help) {
        pab_cli_print_help(command);
    } else if (!code) {
        setup_log(&cli);
        pab_cancel_install();
        code = command->run(&cli);
    }
    pab_cli_release(&cli);
    pab_secret_clear_all();
    return flush_stdout(code);
}
