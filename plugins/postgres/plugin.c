/* plugin.c - the postgres plugin: its options, an instance, the table of verbs. */
#include <stdio.h>
#include <string.h>
#include "config.h"
#include "plugins/postgres/pg.h"
#include "plugins/support/http.h"

#define MIB (INT64_C(1) << 20)

static const char *const ssl_modes[] = { "disable", "allow", "prefer", "require", "verify-ca", "verify-full", NULL };

static const char *const pooler_modes[] = { "refuse", "session", NULL };

static const struct pab_option options[] = {
    { .key = "host", .type = PAB_OPT_STRING, .help = "name or address of the server, or the folder of its socket" },
    { .key = "port", .type = PAB_OPT_INT, .min = 1, .max = 65535, .help = "port of the server (libpq's default: 5432)" },
    { .key = "user", .type = PAB_OPT_STRING, .help = "role to log in as: a superuser or a member of pg_read_all_data" },
    { .key = "password", .type = PAB_OPT_SECRET, .help = "its password; without it, the file that PGPASSFILE names" },
    { .key = "dbname", .type = PAB_OPT_STRING, .help = "database to log in to first (postgres, else template1)" },
    { .key = "sslmode", .type = PAB_OPT_CHOICE, .choices = ssl_modes, .help = "as libpq's option of that name" },
    { .key = "pooler", .type = PAB_OPT_CHOICE, .choices = pooler_modes, .default_text = "refuse", .help = "session: host is a pooler in session mode, for backups only" },
    { .key = "container", .type = PAB_OPT_STRING, .help = "name of a Docker container that runs the server, instead of host" },
    { .key = "docker_host", .type = PAB_OPT_STRING, .help = "address of the Docker daemon (DOCKER_HOST, else the context's or the local socket)" },
    { .key = "databases", .type = PAB_OPT_LIST, .help = "what to back up; default: every database that takes connections and is no template" },
    { .key = "exclude", .type = PAB_OPT_LIST, .help = "names or patterns of databases to leave out" },
    { .key = "globals", .type = PAB_OPT_BOOL, .default_text = "true", .help = "roles, their settings and tablespaces, too" },
    { .key = "bindir", .type = PAB_OPT_PATH, .help = "folder of pg_dump and pg_restore, when they are not where Debian has them" },
    { .key = "jobs", .type = PAB_OPT_INT, .default_text = "0", .min = 0, .max = 32, .help = "connections that read or write rows at once; 0: one more than there are cores, at most 8" },
    { .key = "lock_timeout", .type = PAB_OPT_DURATION, .default_text = "5m", .min = 1000, .max = INT64_C(86400000), .help = "how long to wait for tables that another session has locked" },
    { .key = "copy_threshold", .type = PAB_OPT_SIZE, .default_text = "8MiB", .min = 0, .max = INT64_MAX, .help = "tables from this size on are read side by side" },
    { .key = "block_size", .type = PAB_OPT_SIZE, .default_text = "8MiB", .min = 4096, .max = 1024 * MIB, .help = "rows of a big table are cut into blocks of about this much text" },
};

static void pg_free(struct pg *pg)
{
    if (!pg) return;
    pab_strs_release(&pg->databases);
    pab_strs_release(&pg->exclude);
    free(pg);
}
DEFINE_CLEANUP(pg, struct pg, pg_free)

static void add_all(struct pab_strs *ret, const struct pab_host *h, const struct pab_config *c, const char *key)
{
    for (uint64_t i = 0; i < h->config_count(c, key); i++) pab_strs_add(ret, h->config_item(c, key, i));
}

static int pg_open(struct pab_op *op, const struct pab_config *c, void **ret)
{
    const struct pab_host *h = op->host;
    CLEANUP(pab_cleanup_pg) struct pg *pg = pab_alloc(sizeof *pg);
    *pg = (struct pg){ .host = h->config_str(c, "host"), .user = h->config_str(c, "user"), .password = h->config_str(c, "password"),
                       .dbname = h->config_str(c, "dbname"), .sslmode = h->config_str(c, "sslmode"), .bindir = h->config_str(c, "bindir"),
                       .container = h->config_str(c, "container"), .docker_host = h->config_str(c, "docker_host"),
                       .globals = h->config_int(c, "globals") != 0, .jobs = (int)h->config_int(c, "jobs"), .lock_timeout_ms = h->config_int(c, "lock_timeout"),
                       .copy_threshold = (uint64_t)h->config_int(c, "copy_threshold"), .block_size = (uint64_t)h->config_int(c, "block_size") };
    const char *pooler = h->config_str(c, "pooler");
    pg->session_pool = pooler && strcmp(pooler, "session") == 0;
    if (h->config_has(c, "port")) {
        snprintf(pg->port_text, sizeof pg->port_text, "%lld", (long long)h->config_int(c, "port"));
        pg->port = pg->port_text;
    }
    if (pg->container) {
        if (pg->host) return pab_fail(op, PAB_E_CONFIG, 0, "leave out host: Docker is asked for the address", "%s: container and host exclude each other", h->config_where(c, "container"));
        if (!pg->port) pg->port = "5432"; /* not what PGPORT says of this machine */
    }
    if (!pg->jobs) {
        pg->jobs = (int)pab_cpu_count() + 1;
        if (pg->jobs > 8) pg->jobs = 8;
    }
    add_all(&pg->databases, h, c, "databases");
    add_all(&pg->exclude, h, c, "exclude");
    *ret = TAKE_PTR(pg);
    return PAB_OK;
}

/* libcurl, for Docker */
static int pg_load(const struct pab_host *host)
{
    (void)host;
    return http_load(NULL) ? PAB_E_INTERNAL : PAB_OK;
}

static void pg_close(void *instance) { pg_free(instance); }

static const struct pab_plugin plugin = {
    PAB_PLUGIN_HEADER,
    .thread_model = PAB_THREADS_PARALLEL,
    .name = "postgres",
    .version = PACKAGE_VERSION,
    .summary = "databases of a PostgreSQL server",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .option_stride = sizeof *options,
    .caps = PAB_CAP_ONLINE | PAB_CAP_SELECTIVE | PAB_CAP_RENAME | PAB_CAP_WHOLE_OBJECTS,
    .categories = PAB_CAT_DATABASES,
    .load = pg_load,
    .open = pg_open,
    .close = pg_close,
    .check = pg_check,
    .discover = pg_discover,
    .backup = pg_backup,
    .restore = pg_restore,
    .verify = pg_verify,
};

const struct pab_plugin *pab_plugin_init(void) { return &plugin; }
