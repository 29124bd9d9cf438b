/* plugin.c - the letta plugin: its options, an instance, the table of verbs. */
#include <string.h>
#include "config.h"
#include "plugins/letta/letta.h"

static const char *const secrets_choices[] = { "omit", "include", NULL };

static const struct pab_option options[] = {
    REST_OPTIONS,
    { .key = "password", .type = PAB_OPT_SECRET, .help = "password of a server in secure mode" },
    { .key = "user_id", .type = PAB_OPT_STRING, .help = "user whose organisation is meant, as user-...; default: the server's own" },
    { .key = "secrets", .type = PAB_OPT_CHOICE, .choices = secrets_choices, .default_text = "omit",
      .help = "values of agents' secrets and of tokens: leave them out, or write them into the backup as they are" },
    { .key = "id_map", .type = PAB_OPT_PATH, .default_text = "id-map.json", .help = "file that a restore writes: which id became which" },
};

static int letta_open(struct pab_op *op, const struct pab_config *c, void **ret)
{
    const struct pab_host *h = op->host;
    struct letta *l = pab_alloc(sizeof *l);
    l->config = c;
    l->password = h->config_str(c, "password");
    l->user_id = h->config_str(c, "user_id");
    l->id_map = h->config_str(c, "id_map");
    l->secrets = !strcmp(h->config_str(c, "secrets"), "include");
    *ret = l;
    return PAB_OK;
}

static void letta_close(void *instance) { free(instance); }

static int letta_load(const struct pab_host *host)
{
    (void)host;
    return http_load(NULL) ? PAB_E_INTERNAL : PAB_OK;
}

static const struct pab_plugin plugin = {
    PAB_PLUGIN_HEADER,
    .thread_model = PAB_THREADS_INSTANCE,
    .name = "letta",
    .version = PACKAGE_VERSION,
    .summary = "Letta agents: memory, history, archives, tools",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .option_stride = sizeof *options,
    .caps = PAB_CAP_ONLINE | PAB_CAP_SELECTIVE,
    .categories = PAB_CAT_SERVICES,
    .load = letta_load,
    .open = letta_open,
    .close = letta_close,
    .check = letta_check,
    .discover = letta_discover,
    .backup = letta_backup,
    .restore = letta_restore,
    .verify = letta_verify,
};

const struct pab_plugin *pab_plugin_init(void) { return &plugin; }
