/* plugin.c - the neo4j plugin: its options, an instance, the table of verbs. */
#include <string.h>
#include "config.h"
#include "plugins/neo4j/neo4j.h"

static const char *const methods[] = { "auto", "cold", "dump", "logical", NULL };

static const struct pab_option options[] = {
    REST_OPTIONS,
    { .key = "user", .type = PAB_OPT_STRING, .default_text = "neo4j", .help = "name to log in with" },
    { .key = "password", .type = PAB_OPT_SECRET, .help = "its password; none: the server asks for no credentials" },
    { .key = "database", .type = PAB_OPT_STRING, .default_text = "neo4j", .help = "name of the database" },
    { .key = "method", .type = PAB_OPT_CHOICE, .choices = methods, .default_text = "auto", .help = "logical: of the running server; cold, dump: of the stopped one" },
    { .key = "batch", .type = PAB_OPT_INT, .default_text = "5000", .min = 1, .max = 100000, .help = "rows a statement at a restore" },
};

static void neo4j_close(void *instance) { free(instance); }

static int choice(const char *text, const char *const *choices)
{
    int i = 0;
    while (choices[i] && strcmp(choices[i], text) != 0) i++;
    return i;
}

static int neo4j_open(struct pab_op *op, const struct pab_config *c, void **ret)
{
    const struct pab_host *h = op->host;
    struct neo4j *n = pab_alloc(sizeof *n);
    n->config = c;
    n->method = (enum neo4j_method)choice(h->config_str(c, "method"), methods);
    n->database = h->config_str(c, "database");
    n->password = h->config_str(c, "password");
    n->user = n->password ? h->config_str(c, "user") : NULL;
    n->batch = (uint32_t)h->config_int(c, "batch");
    if (n->method == METHOD_AUTO) n->method = METHOD_LOGICAL;
    *ret = n;
    return PAB_OK;
}

static int neo4j_load(const struct pab_host *host)
{
    (void)host;
    return http_load(NULL) ? PAB_E_INTERNAL : PAB_OK;
}

static const struct pab_plugin plugin = {
    PAB_PLUGIN_HEADER,
    .thread_model = PAB_THREADS_INSTANCE,
    .name = "neo4j",
    .version = PACKAGE_VERSION,
    .summary = "Neo4j graphs with their constraints and indexes",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .option_stride = sizeof *options,
    .categories = PAB_CAT_DATABASES,
    .load = neo4j_load,
    .open = neo4j_open,
    .close = neo4j_close,
    .check = neo4j_check,
    .discover = neo4j_discover,
    .backup = neo4j_backup,
    .restore = neo4j_restore,
    .verify = neo4j_verify,
};

const struct pab_plugin *pab_plugin_init(void) { return &plugin; }
