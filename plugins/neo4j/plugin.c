/* plugin.c - the neo4j plugin: its options, an instance, the table of verbs. */
#include <string.h>
#include "config.h"
#include "plugins/neo4j/neo4j.h"

static const char *const methods[] = { "auto", "cold", "dump", "logical", NULL };

static const char *const downtimes[] = { "none", "allowed", NULL };

static const struct pab_option service_fields[] = {
    { .key = "stop", .type = PAB_OPT_LIST, .flags = PAB_OPT_REQUIRED, .help = "command that stops the server, word by word" },
    { .key = "start", .type = PAB_OPT_LIST, .flags = PAB_OPT_REQUIRED, .help = "command that starts it and returns" },
};
static const struct pab_option options[] = {
    REST_OPTIONS,
    { .key = "user", .type = PAB_OPT_STRING, .default_text = "neo4j", .help = "name to log in with" },
    { .key = "password", .type = PAB_OPT_SECRET, .help = "its password; none: the server asks for no credentials" },
    { .key = "database", .type = PAB_OPT_STRING, .default_text = "neo4j", .help = "name of the database" },
    { .key = "method", .type = PAB_OPT_CHOICE, .choices = methods, .default_text = "auto", .help = "logical: of the running server; cold, dump: of the stopped one" },
    { .key = "downtime", .type = PAB_OPT_CHOICE, .choices = downtimes, .default_text = "none", .help = "allowed: method auto may stop the server" },
    { .key = "container", .type = PAB_OPT_STRING, .help = "name of the container that the server runs in" },
    { .key = "service", .type = PAB_OPT_RECORD, .fields = service_fields, .field_count = sizeof service_fields / sizeof *service_fields,
      .help = "commands that stop and start the server" },
    { .key = "data_dir", .type = PAB_OPT_PATH, .help = "data folder of the server; default: where the container has its /data" },
    { .key = "home", .type = PAB_OPT_PATH, .help = "home of the server, for the admin tool" },
    { .key = "admin", .type = PAB_OPT_LIST, .help = "the admin tool, word by word; default: neo4j-admin" },
    { .key = "stop_timeout", .type = PAB_OPT_DURATION, .default_text = "2m", .min = 1000, .max = 86400000, .help = "how long the server may take to stop" },
    { .key = "start_timeout", .type = PAB_OPT_DURATION, .default_text = "3m", .min = 1000, .max = 86400000, .help = "how long it may take until it answers again" },
    { .key = "batch", .type = PAB_OPT_INT, .default_text = "5000", .min = 1, .max = 100000, .help = "rows a statement at a restore" },
    { .key = "docker_host", .type = PAB_OPT_STRING, .help = "address of the Docker Engine; default: DOCKER_HOST, the context, the usual sockets" },
    { .key = "context", .type = PAB_OPT_STRING, .help = "name of a Docker context" },
};

static void neo4j_close(void *instance)
{
    struct neo4j *n = instance;
    if (!n) return;
    pab_strs_release(&n->stop);
    pab_strs_release(&n->start);
    pab_strs_release(&n->admin);
    free(n);
}

static int choice(const char *text, const char *const *choices)
{
    int i = 0;
    while (choices[i] && strcmp(choices[i], text) != 0) i++;
    return i;
}

static void add_list(struct pab_strs *ret, const struct pab_host *h, const struct pab_config *c, const char *key)
{
    for (uint64_t i = 0; i < h->config_count(c, key); i++) pab_strs_add(ret, h->config_item(c, key, i));
}

static void read_options(struct neo4j *n, const struct pab_host *h, const struct pab_config *c)
{
    const struct pab_config *service = h->config_record(c, "service", 0);
    n->config = c;
    n->method = (enum neo4j_method)choice(h->config_str(c, "method"), methods);
    n->database = h->config_str(c, "database");
    n->password = h->config_str(c, "password");
    n->user = n->password ? h->config_str(c, "user") : NULL;
    n->batch = (uint32_t)h->config_int(c, "batch");
    n->container = h->config_str(c, "container");
    n->docker_host = h->config_str(c, "docker_host");
    n->context = h->config_str(c, "context");
    n->data_dir = h->config_str(c, "data_dir");
    n->home = h->config_str(c, "home");
    n->stop_ms = h->config_int(c, "stop_timeout");
    n->start_ms = h->config_int(c, "start_timeout");
    add_list(&n->admin, h, c, "admin");
    if (service) add_list(&n->stop, h, service, "stop");
    if (service) add_list(&n->start, h, service, "start");
}

/* auto: cold or dump when the server can be stopped and may be; a dump when its tool was named. */
static void choose_method(struct neo4j *n, const struct pab_host *h, const struct pab_config *c)
{
    int can_stop = n->container || (n->stop.count && n->data_dir), may_stop = !strcmp(h->config_str(c, "downtime"), "allowed");
    if (n->method == METHOD_AUTO) n->method = !can_stop || !may_stop ? METHOD_LOGICAL : n->admin.count ? METHOD_DUMP : METHOD_COLD;
    if (!n->admin.count) pab_strs_add(&n->admin, "neo4j-admin");
}

static int check_options(const struct neo4j *n, struct pab_op *op, const struct pab_config *c)
{
    const struct pab_host *h = op->host;
    const char *where = h->config_where(c, "method");
    if (n->container && n->stop.count) return pab_fail(op, PAB_E_CONFIG, 0, "choose one of them", "%s: the server is stopped either as a container or by commands", h->config_where(c, "service"));
    if (h->config_has(c, "service") && (!n->stop.count || !n->start.count))
        return pab_fail(op, PAB_E_CONFIG, 0, NULL, "%s: what is stopped must be started again: give both commands", h->config_where(c, "service"));
    if (n->method != METHOD_LOGICAL && !n->container && !n->data_dir)
        return pab_fail(op, PAB_E_CONFIG, 0, "it tells whether the server runs", "%s: methods cold and dump need option data_dir or container", where);
    return PAB_OK;
}

static int neo4j_open(struct pab_op *op, const struct pab_config *c, void **ret)
{
    struct neo4j *n = pab_alloc(sizeof *n);
    read_options(n, op->host, c);
    choose_method(n, op->host, c);
    int rc = check_options(n, op, c);
    if (rc) neo4j_close(n);
    else *ret = n;
    return rc;
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
    .categories = PAB_CAT_DATABASES | PAB_CAT_VOLUMES,
    .load = neo4j_load,
    .open = neo4j_open,
    .close = neo4j_close,
    .check = neo4j_check,
    .discover = neo4j_discover,
    .backup = neo4j_backup,
    .restore = neo4j_restore,
    .verify = neo4j_verify,
    .recover = neo4j_recover,
};

const struct pab_plugin *pab_plugin_init(void) { return &plugin; }
