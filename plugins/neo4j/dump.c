/* dump.c - neo4j-admin database dump and load, of the stopped server: the graph and `system`, which holds users and roles. The tool writes
 * to its stdout and reads from its stdin, so nothing lies on the disk in between. */
#include <errno.h>
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define CHUNK (256u << 10)

void admin_release(struct admin_command *c)
{
    pab_strs_release(&c->argv);
    pab_strs_release(&c->env);
}

void admin_init(struct admin_command *c, const struct neo4j *n)
{
    for (size_t i = 0; i < n->admin.count; i++) pab_strs_add(&c->argv, n->admin.items[i]);
    if (!n->home) return;
    CLEANUP_FREE char *home = pab_sprintf("NEO4J_HOME=%s", n->home), *conf = pab_sprintf("NEO4J_CONF=%s/conf", n->home);
    pab_strs_add(&c->env, home);
    pab_strs_add(&c->env, conf);
}

static void command_init(struct admin_command *c, const struct neo4j *n, const char *verb, const char *database, const char *how)
{
    const char *const words[] = { "database", verb, database, how };
    admin_init(c, n);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) pab_strs_add(&c->argv, words[i]);
}

struct pab_proc_opts admin_options(const struct admin_command *c, struct pab_op *op, const char *what)
{
    return (struct pab_proc_opts){ .argv = (const char *const *)c->argv.items, .env_add = c->env.count ? (const char *const *)c->env.items : NULL,
                                   .cancel_fd = op->host->cancel_fd(op), .what = what };
}

static int pour(struct pab_op *op, struct pab_proc *p, struct pab_artifact *a, int *host_failed)
{
    CLEANUP_FREE char *buf = pab_alloc_array(1, CHUNK);
    for (;;) {
        ssize_t n = read(pab_proc_out(p), buf, CHUNK);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return PAB_OK; /* how it ended is told by its status */
        int rc = op->host->artifact_write(a, buf, (uint64_t)n);
        if (rc) return *host_failed = 1, rc;
    }
}

static int run_dump(const struct stopped *s, const char *database, struct pab_artifact *a)
{
    CLEANUP(admin_release) struct admin_command c = { 0 };
    CLEANUP_FREE char *what = pab_sprintf("neo4j-admin database dump of '%s'", database);
    struct pab_error err = { 0 };
    struct pab_proc *p = NULL;
    int host_failed = 0;
    command_init(&c, s->n, "dump", database, "--to-stdout");
    struct pab_proc_opts o = admin_options(&c, s->op, what);
    o.out = PAB_PROC_PIPE;
    int rc = pab_proc_start(&o, &p, &err);
    if (rc) return sup_fail(s->op, &err);
    rc = pour(s->op, p, a, &host_failed);
    if (host_failed) return pab_proc_kill(p), rc;
    return pab_proc_finish(p, &err) ? sup_fail(s->op, &err) : PAB_OK;
}

static int dump_one(const struct stopped *s, const char *database, const char *version)
{
    const struct pab_host *h = s->op->host;
    CLEANUP_FREE char *stem = pab_sprintf(DUMP_STEM "%s", database);
    struct pab_artifact_desc desc = { .struct_size = sizeof desc, .kind = PAB_KIND_STREAM, .category = PAB_CAT_DATABASES, .flags = PAB_ART_STORED, .stem = stem, .extension = "dump",
                                      .object = database, .media_type = "application/x-neo4j-dump", .size_hint = PAB_SIZE_UNKNOWN };
    struct pab_object object = { .struct_size = sizeof object, .category = PAB_CAT_DATABASES, .id = database, .kind = "database", .size = PAB_SIZE_UNKNOWN, .detail = "dump of the stopped server" };
    struct pab_artifact *a = NULL;
    int rc = h->object_add(s->op, &object, NULL, 0);
    if (!rc) rc = h->artifact_begin(s->op, &desc, &a);
    if (rc) return rc;
    rc = h->artifact_fact(a, "database", database);
    if (!rc && *version) rc = h->artifact_fact(a, "server", version);
    if (!rc) rc = h->artifact_fact(a, "consistency", "a point in time");
    if (!rc) rc = run_dump(s, database, a);
    if (!rc) return h->artifact_commit(a);
    h->artifact_abort(a);
    return rc;
}

int dump_backup(struct stopped *s, const char *version)
{
    int rc = dump_one(s, s->n->database, version);
    return rc ? rc : dump_one(s, "system", version);
}

static int feed(struct pab_op *op, struct pab_reader *r, struct pab_proc *p, int *host_failed)
{
    CLEANUP_FREE char *buf = pab_alloc_array(1, CHUNK);
    int64_t n;
    while ((n = op->host->artifact_read(r, buf, CHUNK)) > 0)
        if (pab_write_all(pab_proc_in(p), buf, (size_t)n)) return PAB_OK; /* it ended: its status says why */
    *host_failed = n < 0;
    return (int)n;
}

static int run_load(const struct stopped *s, const char *database, struct pab_reader *r)
{
    CLEANUP(admin_release) struct admin_command c = { 0 };
    CLEANUP_FREE char *what = pab_sprintf("neo4j-admin database load of '%s'", database);
    struct pab_error err = { 0 };
    struct pab_proc *p = NULL;
    int host_failed = 0;
    command_init(&c, s->n, "load", database, "--from-stdin");
    pab_strs_add(&c.argv, "--overwrite-destination=true");
    struct pab_proc_opts o = admin_options(&c, s->op, what);
    o.in = PAB_PROC_PIPE;
    int rc = pab_proc_start(&o, &p, &err);
    if (rc) return sup_fail(s->op, &err);
    rc = feed(s->op, r, p, &host_failed);
    if (host_failed) return pab_proc_kill(p), rc;
    pab_proc_close_in(p);
    return pab_proc_finish(p, &err) ? sup_fail(s->op, &err) : PAB_OK;
}

/* What the tool writes as root, the server could not open. */
static int own(const struct stopped *s, const char *database, struct pab_error *err)
{
    static const char *const kinds[] = { "databases", "transactions" };
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < 2; i++) {
        CLEANUP_FREE char *path = pab_sprintf("%s/%s/%s", s->data_dir, kinds[i], database);
        if (!access(path, F_OK)) rc = own_like(path, s->data_dir, err);
        else if (!i) { /* into another folder than the one whose database was put aside */
            rc = pab_error_set(err, PAB_E_TOOL, 0, "neo4j-admin has loaded a dump and there is no '%s'", path);
            pab_error_hint(err, rc, "it must work in the same data folder as data_dir (or container) says");
        }
    }
    return rc;
}

const char *dump_database(const struct neo4j *n, const struct pab_artifact_info *a)
{
    const char *database = info_fact(a, "database");
    return *database && strcmp(database, "system") != 0 ? n->database : database;
}

int dump_restore(struct stopped *s, const struct pab_artifact_info *a, uint32_t index)
{
    struct pab_reader *r = NULL;
    struct pab_error err = { 0 };
    const char *database = dump_database(s->n, a);
    int rc = s->op->host->artifact_open(s->op, index, PAB_OPEN_DATA, &r);
    if (rc) return rc;
    rc = run_load(s, database, r);
    s->op->host->artifact_close(r);
    if (!rc && own(s, database, &err)) rc = sup_fail(s->op, &err);
    return rc;
}
