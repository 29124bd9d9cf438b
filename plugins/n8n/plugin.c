/* plugin.c - the n8n plugin: its options, an instance, the table of verbs. */
#include <string.h>
#include "config.h"
#include "plugins/n8n/n8n.h"

static const char *const credentials_choices[] = { "auto", "metadata", "omit", NULL };

static const struct pab_option options[] = {
    REST_OPTIONS,
    { .key = "api_key", .type = PAB_OPT_SECRET, .flags = PAB_OPT_REQUIRED, .help = "key of the public API, made in n8n under Settings, n8n API" },
    { .key = "cli", .type = PAB_OPT_LIST, .help = "the n8n command of this machine with its arguments, for what the API does not give" },
    { .key = "user_folder", .type = PAB_OPT_PATH, .help = "N8N_USER_FOLDER for that command: the folder that holds .n8n" },
    { .key = "encryption_key", .type = PAB_OPT_SECRET, .help = "N8N_ENCRYPTION_KEY for that command; default: what it finds itself" },
    { .key = "container", .type = PAB_OPT_STRING, .help = "run the n8n command in this container instead" },
    { .key = "docker_host", .type = PAB_OPT_STRING, .help = "address of the Docker Engine; default: DOCKER_HOST, the context, the usual sockets" },
    { .key = "credentials", .type = PAB_OPT_CHOICE, .choices = credentials_choices, .default_text = "auto",
      .help = "auto: encrypted when there is a command for it; metadata: names and types; omit" },
    { .key = "activate", .type = PAB_OPT_BOOL, .default_text = "true", .help = "a restore activates the workflows that were active" },
};

static void n8n_free(struct n8n *n)
{
    if (!n) return;
    pab_strs_release(&n->cli);
    free(n);
}
DEFINE_CLEANUP(n8n, struct n8n, n8n_free)

static int choice(const char *text, const char *const *choices)
{
    int i = 0;
    while (choices[i] && strcmp(choices[i], text)) i++;
    return i;
}

static int n8n_open(struct pab_op *op, const struct pab_config *c, void **ret)
{
    const struct pab_host *h = op->host;
    CLEANUP(pab_cleanup_n8n) struct n8n *n = pab_alloc(sizeof *n);
    n->config = c;
    n->api_key = h->config_str(c, "api_key");
    n->user_folder = h->config_str(c, "user_folder");
    n->encryption_key = h->config_str(c, "encryption_key");
    n->container = h->config_str(c, "container");
    n->docker_host = h->config_str(c, "docker_host");
    n->credentials = (enum n8n_credentials)choice(h->config_str(c, "credentials"), credentials_choices);
    n->activate = h->config_int(c, "activate") != 0;
    for (uint64_t i = 0; i < h->config_count(c, "cli"); i++) pab_strs_add(&n->cli, h->config_item(c, "cli", i));
    if (n->container && n->user_folder)
        return pab_fail(op, PAB_E_CONFIG, 0, NULL, "%s: option user_folder belongs to a command of this machine, not to one in a container", h->config_where(c, "user_folder"));
    if (n->user_folder && !n->cli.count)
        return pab_fail(op, PAB_E_CONFIG, 0, "name the command in option cli", "%s: option user_folder is for the n8n command, and none is configured", h->config_where(c, "user_folder"));
    *ret = TAKE_PTR(n);
    return PAB_OK;
}

static void n8n_close(void *instance) { n8n_free(instance); }

static int n8n_load(const struct pab_host *host)
{
    (void)host;
    return http_load(NULL) ? PAB_E_INTERNAL : PAB_OK;
}

static const struct pab_plugin plugin = {
    PAB_PLUGIN_HEADER,
    .thread_model = PAB_THREADS_INSTANCE,
    .name = "n8n",
    .version = PACKAGE_VERSION,
    .summary = "n8n: workflows, credentials, tags and data tables",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .option_stride = sizeof *options,
    .caps = PAB_CAP_ONLINE | PAB_CAP_SELECTIVE,
    .categories = PAB_CAT_SERVICES,
    .load = n8n_load,
    .open = n8n_open,
    .close = n8n_close,
    .check = n8n_check,
    .discover = n8n_discover,
    .backup = n8n_backup,
    .restore = n8n_restore,
    .verify = n8n_verify,
};

const struct pab_plugin *pab_plugin_init(void) { return &plugin; }
