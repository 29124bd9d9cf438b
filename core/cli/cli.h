/* cli.h - the command line: one table of options, one of commands, and what the cmd_*.c files share. */
#ifndef PAB_CLI_H
#define PAB_CLI_H

#include "core/engine/engine.h"

#define CMD_RUN 0x01u
#define CMD_RESTORE 0x02u
#define CMD_VERIFY 0x04u
#define CMD_LIST 0x08u
#define CMD_DISCOVER 0x10u
#define CMD_CHECK 0x20u
#define CMD_PLUGIN 0x40u
#define CMD_CLEANUP 0x80u
#define CMD_PIN 0x100u
#define CMD_UNPIN 0x200u
#define CMD_STATUS 0x800u
#define CMD_HEALTH 0x1000u
#define CMD_INIT 0x4000u
#define CMD_REPORT 0x2000u
#define CMD_SCRIPTS 0x8000u
#define CMD_SCHEDULE 0x400u
#define CMD_ANY 0xffffffffu

/* Everything that can be said on the command line. */
struct pab_cli {
    /* everywhere */
    int verbose, quiet, json, no_color, log_json, help, version;
    /* selectors */
    uint32_t categories;
    struct pab_strs targets, objects, includes, options;
    /* run */
    int full, incremental, dry_run;
    const char *output, *name;
    /* restore */
    int force, yes, drop_old, cleanup;
    const char *to_dir, *as_name;
    /* verify */
    int all, latest, integrity, sizes, manifest;
    /* cleanup, pin */
    const char *retention, *reason;
    /* init */
    int docker;
    /* discover */
    int uncovered, fail_on_uncovered;
    /* schedule */
    const char *frequency, *at, *method;
    int user_scope, system_scope, missed, jitter;
    /* what is not an option: args[0] is the command */
    const char *const *args;
    size_t arg_count;
};

struct pab_command {
    const char *name;
    uint32_t bit;
    const char *usage, *summary;
    size_t min_args, max_args;       /* beside the command's name */
    int (*run)(const struct pab_cli *cli);
};
extern const struct pab_command pab_commands[];
const struct pab_command *pab_command_find(const struct pab_cli *cli);   /* args[0]; NULL after saying that there is none */

/* argv into *ret. 0, or PAB_EXIT_USAGE after saying why. */
int pab_cli_parse(int argc, char **argv, struct pab_cli *ret, const struct pab_command **ret_command);
void pab_cli_release(struct pab_cli *cli);
void pab_cli_print_help(const struct pab_command *c);  /* NULL: the overview. To stdout. */
/* Says what is wrong with the command line: on stderr, and with --json on stdout, in the form of the command. Returns PAB_EXIT_USAGE. */
int pab_cli_usage_error(const struct pab_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Opens the session that a command works with; says why on failure. An exit code. */
struct pab_printer;
int pab_cli_session(const struct pab_cli *cli, struct pab_printer *p, int resolve_secrets, struct pab_session **ret);
char *pab_cli_plugin_folders(void);   /* PABENGINE_PLUGIN_PATH, then the installed folder. Caller frees. */
char *pab_cli_state_dir(void);        /* caller frees */
/* printf to stdout for texts that come from elsewhere (manifests, servers, file names): control characters but the newline at
 * the very end are shown as \xNN, so that nobody's names move the cursor of a terminal: one call a line. */
void pab_cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int pab_cli_color(const struct pab_cli *cli, int fd);

int pab_cmd_run(const struct pab_cli *cli);
int pab_cmd_restore(const struct pab_cli *cli);
int pab_cmd_verify(const struct pab_cli *cli);
int pab_cmd_list(const struct pab_cli *cli);
int pab_cmd_status(const struct pab_cli *cli);
int pab_cmd_health(const struct pab_cli *cli);
int pab_cmd_init(const struct pab_cli *cli);
int pab_cmd_report(const struct pab_cli *cli);
int pab_cmd_discover(const struct pab_cli *cli);
int pab_cmd_check(const struct pab_cli *cli);
int pab_cmd_trial(const struct pab_cli *cli);   /* schedule test */
int pab_cmd_cleanup(const struct pab_cli *cli);
int pab_cmd_pin(const struct pab_cli *cli);
int pab_cmd_unpin(const struct pab_cli *cli);
int pab_cmd_scripts(const struct pab_cli *cli);
int pab_cmd_schedule_list(const struct pab_cli *cli);
int pab_cmd_schedule_status(const struct pab_cli *cli);
int pab_cmd_schedule(const struct pab_cli *cli);
int pab_cmd_plugin(const struct pab_cli *cli);

#endif
