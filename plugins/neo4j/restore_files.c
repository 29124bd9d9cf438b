/* restore_files.c - the data folder or dumps into the stopped server, which is started again whatever comes of it. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

struct files {
    struct stopped s;
    struct aside aside;
    const struct pab_restore_req *req;
    const struct pab_artifact_info *data;   /* NULL: not among them */
    uint32_t data_index, dumps;
};

static int plan(struct files *f, uint32_t action, const char *object, uint64_t size, char *detail)
{
    CLEANUP_FREE char *text = detail;
    return sup_plan(f->s.op, action, object, size, "%s", text);
}

static int plan_data(struct files *f)
{
    const char *dir = f->s.data_dir;
    CLEANUP_FREE char *why = NULL;
    if (cold_refusal(&f->s, f->req, &why)) return plan(f, PAB_PLAN_CONFLICT, DATA_STEM, 0, TAKE_PTR(why));
    return plan(f, PAB_PLAN_OVERWRITE, DATA_STEM, f->data->content_size, f->req->flags & PAB_RESTORE_DROP_OLD ? pab_sprintf("data folder '%s' is replaced; the old one is not kept", dir)
                : pab_sprintf("data folder '%s' is replaced; the old one stays as '%s" OLD_SUFFIX "'", dir, dir));
}

/* Where a graph is, a load needs the word of the user; and what an earlier one kept is never lost by the next. *ret: why not, the caller frees. */
static int dump_refusal(struct files *f, const char *database, char **ret)
{
    CLEANUP_FREE char *dir = pab_sprintf("%s/databases/%s", f->s.data_dir, database);
    CLEANUP_SERVER struct neo4j_server server = { 0 };
    struct graph_size size = { 0 };
    struct pab_error err = { 0 };
    if (aside_refusal(&f->s, f->req, database, ret)) return PAB_OK;
    if ((f->req->flags & PAB_RESTORE_FORCE) || !strcmp(database, "system") || access(dir, F_OK)) return PAB_OK;
    if (!f->s.was_running) return *ret = pab_sprintf("database '%s' is there, and may hold a graph", database), PAB_OK;
    int rc = neo4j_connect(f->s.n, f->s.op, &server);
    if (!rc && graph_size(&server, &size, &err)) rc = sup_fail(f->s.op, &err);
    if (!rc && size.nodes) *ret = pab_sprintf("database '%s' is not empty: it holds %lld nodes", database, (long long)size.nodes);
    return rc;
}

/* Each dump: planned, or (before the server is stopped) refused. A damaged one is refused under --force, too: it can be of no use. */
static int plan_dump(struct files *f, const struct pab_artifact_info *a, uint32_t index)
{
    const char *database = dump_database(f->s.n, a);
    const char *fate = f->req->flags & PAB_RESTORE_DROP_OLD ? "is not kept" : "stays beside it as NAME" OLD_SUFFIX;
    CLEANUP_FREE char *why = NULL;
    if (!*database) return pab_fail(f->s.op, PAB_E_CORRUPT, 0, NULL, "'%s': the manifest does not say which database it is", a->path);
    int rc = dump_refusal(f, database, &why), planning = f->req->flags & PAB_RESTORE_PLAN;
    if (rc) return rc;
    if (why && planning) return plan(f, PAB_PLAN_CONFLICT, a->object, 0, TAKE_PTR(why));
    if (why && (f->req->flags & PAB_RESTORE_FORCE)) return pab_fail(f->s.op, PAB_E_EXISTS, 0, NULL, "%s", why);
    if (why) return pab_fail(f->s.op, PAB_E_REFUSED, 0, "use --force to overwrite it", "%s", why);
    if (planning)
        return plan(f, PAB_PLAN_OVERWRITE, a->object, a->content_size, pab_sprintf("database '%s' is replaced by its dump; the old one %s", database, fate));
    pab_strs_add(&f->aside.databases, database);
    return dump_verify(f->s.op, index, a);
}

static int plan_all(struct files *f)
{
    int rc = PAB_OK, planning = f->req->flags & PAB_RESTORE_PLAN;
    CLEANUP_FREE char *why = NULL;
    if (planning && f->s.was_running) rc = plan(f, PAB_PLAN_STOP, f->data ? DATA_STEM : f->s.n->database, 0, pab_strdup("the server is stopped, and started again"));
    if (!rc && f->data && planning) rc = plan_data(f);
    else if (!rc && f->data && cold_refusal(&f->s, f->req, &why)) rc = pab_fail(f->s.op, PAB_E_EXISTS, 0, NULL, "%s", why);
    for (uint32_t i = 0; !rc && !f->data && i < f->req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_of(f->req, i);
        if (artifact_is_dump(a)) rc = plan_dump(f, a, i);
    }
    return rc;
}

static int restore_dumps(struct files *f)
{
    int rc = aside_move(&f->aside, &f->s);
    pab_test_point("neo4j-aside");
    for (uint32_t i = 0; !rc && i < f->req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_of(f->req, i);
        if (artifact_is_dump(a)) rc = dump_restore(&f->s, a, i);
    }
    return aside_end(&f->aside, &f->s, f->req, rc);
}

static int restore_all(struct files *f)
{
    int rc = service_stop(&f->s);
    if (!rc) rc = f->data ? cold_restore(&f->s, f->req, f->data_index) : restore_dumps(f);
    return service_start(&f->s, rc);
}

static int cleanup_all(struct files *f)
{
    if (f->data) return cold_cleanup(&f->s, f->req);
    int rc = PAB_OK;
    for (uint32_t i = 0; !rc && i < f->req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_of(f->req, i);
        const char *database = artifact_is_dump(a) ? dump_database(f->s.n, a) : "";
        if (*database) rc = aside_cleanup(&f->s, f->req, database);
    }
    return rc;
}

int restore_files(const struct neo4j *n, struct pab_op *op, const struct pab_restore_req *req)
{
    struct files f = { .req = req };
    for (uint32_t i = 0; i < req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_of(req, i);
        if (artifact_is(a, DATA_STEM)) f.data = a, f.data_index = i;
        else f.dumps += artifact_is_dump(a) != 0;
    }
    if (!f.data && !f.dumps) return PAB_OK;
    if (!n->container && !n->data_dir) return pab_fail(op, PAB_E_CONFIG, 0, "give option container or data_dir",
                                                       "the backup is of a stopped server, and the job does not say where its data folder is");
    int rc = service_find(n, op, &f.s);
    if (!rc && (req->flags & PAB_RESTORE_CLEANUP)) rc = cleanup_all(&f);
    else if (!rc && !(rc = plan_all(&f)) && !(req->flags & PAB_RESTORE_PLAN)) rc = restore_all(&f);
    aside_release(&f.aside);
    service_release(&f.s);
    return rc;
}
