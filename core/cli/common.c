/* common.c - what the commands share: folders from the environment, the session. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/cli/printer.h"

char *pab_cli_plugin_folders(void)
{
    const char *first = getenv("PABENGINE_PLUGIN_PATH");
    return first && *first ? pab_sprintf("%s:%s", first, PAB_PLUGINDIR) : pab_strdup(PAB_PLUGINDIR);
}

char *pab_cli_state_dir(void)
{
    const char *given = getenv("PABENGINE_STATE_DIR"), *unit = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (given && *given == '/') return pab_strdup(given);
    if (unit && *unit == '/') return pab_strndup(unit, strcspn(unit, ":"));
    if (geteuid() == 0) return pab_strdup(PAB_LOCALSTATEDIR "/lib/pabengine");
    if (xdg && *xdg == '/') return pab_sprintf("%s/pabengine", xdg);
    return pab_sprintf("%s/.local/state/pabengine", home && *home == '/' ? home : "/tmp");
}

void pab_cli_say(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *text = pab_vsprintf(fmt, ap);
    va_end(ap);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        int c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* U+0080 to U+009F */
        if (c1) printf("\\x%02x\\x%02x", *p, p[1]), p++;
        else if ((*p < 0x20 && (*p != '\n' || p[1])) || *p == 0x7f) printf("\\x%02x", *p);
        else putchar(*p);
    }
}

int pab_cli_color(const struct pab_cli *cli, int fd)
{
    const char *no = getenv("NO_COLOR");
    return !cli->no_color && !cli->json && !(no && *no) && isatty(fd);
}

int pab_cli_session(const struct pab_cli *cli, struct pab_printer *p, int resolve_secrets, struct pab_session **ret)
{
    CLEANUP_FREE char *folders = pab_cli_plugin_folders();
    CLEANUP_FREE char *state = pab_cli_state_dir();
    CLEANUP_FREE char *here = getcwd(NULL, 0);
    CLEANUP_FREE char *output = cli->output ? pab_path_absolute(here ? here : "/", cli->output) : NULL;
    struct pab_error err = { 0 };
    struct pab_session_opts o = {
        .job_path = cli->args[1], .plugin_folders = folders, .state_dir = state, .store_path = output, .categories = cli->categories,
        .targets = cli->targets.count ? (const char *const *)cli->targets.items : NULL, .resolve_secrets = resolve_secrets,
        .events = { .event = pab_printer_event, .ctx = p },
    };
    int code = pab_session_open(&o, ret, &err);
    return code ? pab_printer_end(p, code, &err) : 0;
}
