/* aside.c - what a load would overwrite: the folders of each database are renamed to NAME.pab-old where they lie, put back when the restore
 * fails, and else kept. A killed run has noted it, after its stopping of the server: what is newest in the journal is undone first,
 * so the old databases are back before the server starts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "plugins/neo4j/neo4j.h"

static const char *const kinds[] = { "databases", "transactions" };
#define KINDS (sizeof kinds / sizeof *kinds)

static char *live_path(const struct stopped *s, size_t kind, const char *database)
{
    return pab_sprintf("%s/%s/%s", s->data_dir, kinds[kind], database);
}

static char *old_path(const char *live) { return pab_sprintf("%s" OLD_SUFFIX, live); }

/* The first of its folders that was kept before; the caller frees. NULL: none. */
static char *kept_before(const struct stopped *s, const char *database)
{
    for (size_t i = 0; i < KINDS; i++) {
        CLEANUP_FREE char *live = live_path(s, i, database), *old = old_path(live);
        if (path_exists(old)) return TAKE_PTR(old);
    }
    return NULL;
}

int aside_refusal(const struct stopped *s, const struct pab_restore_req *req, const char *database, char **ret)
{
    CLEANUP_FREE char *old = req->flags & PAB_RESTORE_DROP_OLD ? NULL : kept_before(s, database);
    if (old) *ret = pab_sprintf("'%s' of an earlier restore is still there; restore --cleanup removes it", old);
    return old != NULL;
}

static int remove_old(const struct stopped *s, const char *database)
{
    struct pab_error err = { 0 };
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < KINDS; i++) {
        CLEANUP_FREE char *live = live_path(s, i, database), *old = old_path(live);
        if (path_exists(old) && pab_remove_tree(AT_FDCWD, old, &err)) rc = sup_fail(s->op, &err);
    }
    return rc;
}

/* "was": folders that have to come back; "new": folders that were not there. */
static int note(struct aside *a, const struct stopped *s)
{
    CLEANUP_JSON json_t *o = json_pack("{s:s, s:[], s:[]}", "undo", "databases", "was", "new");
    for (size_t i = 0; i < a->databases.count; i++)
        for (size_t k = 0; k < KINDS; k++) {
            CLEANUP_FREE char *live = live_path(s, k, a->databases.items[i]);
            json_t *path = json_string(live);
            if (!path) return pab_fail(s->op, PAB_E_INTERNAL, 0, NULL, "the name of the data folder is not UTF-8");
            json_array_append_new(json_object_get(o, path_exists(live) ? "was" : "new"), path);
        }
    CLEANUP_FREE char *text = json_line(o);
    int rc = text ? s->op->host->journal_add(s->op, text, &a->journal_id) : PAB_E_NOMEM;
    if (!rc) a->record = json_incref(o);
    return rc;
}

int aside_move(struct aside *a, const struct stopped *s)
{
    size_t i;
    json_t *path;
    int rc = PAB_OK;
    for (i = 0; !rc && i < a->databases.count; i++) rc = remove_old(s, a->databases.items[i]); /* there only with --drop-old */
    if (!rc) rc = note(a, s);
    if (rc) return rc;
    json_array_foreach(json_object_get(a->record, "was"), i, path) {
        const char *live = json_string_value(path);
        CLEANUP_FREE char *old = old_path(live);
        if (rename(live, old)) return pab_fail(s->op, pab_error_code_of_errno(errno), errno, NULL, "cannot keep '%s' as '%s'", live, old);
    }
    return PAB_OK;
}

int aside_undo(const json_t *record, struct pab_error *err)
{
    size_t i;
    json_t *path;
    int rc = PAB_OK;
    json_array_foreach(json_object_get(record, "new"), i, path) {
        const char *live = json_string_value(path);
        if (!rc && live && *live == '/' && path_exists(live)) rc = pab_remove_tree(AT_FDCWD, live, err);
    }
    json_array_foreach(json_object_get(record, "was"), i, path) {
        const char *live = json_string_value(path);
        CLEANUP_FREE char *old = old_path(live ? live : "");
        if (rc || !live || *live != '/' || !path_exists(old)) continue; /* it was not moved yet */
        if (path_exists(live)) rc = pab_remove_tree(AT_FDCWD, live, err);
        if (!rc && rename(old, live)) rc = pab_error_set(err, PAB_E_IO, errno, "cannot put '%s' back", live);
    }
    return rc;
}

int aside_end(struct aside *a, const struct stopped *s, const struct pab_restore_req *req, int failed)
{
    struct pab_error err = { 0 };
    if (!a->record) return failed;
    if (failed && aside_undo(a->record, &err)) {
        pab_warn(s->op, NULL, "%s: the next run of pabengine tries it, too", err.message);
        return failed;
    }
    int rc = s->op->host->journal_done(s->op, a->journal_id);
    int drop = !failed && (req->flags & PAB_RESTORE_DROP_OLD);
    for (size_t i = 0; drop && !rc && i < a->databases.count; i++) rc = remove_old(s, a->databases.items[i]);
    return failed ? failed : rc;
}

void aside_release(struct aside *a)
{
    pab_strs_release(&a->databases);
    json_decref(a->record);
}

int aside_cleanup(const struct stopped *s, const struct pab_restore_req *req, const char *database)
{
    CLEANUP_FREE char *old = kept_before(s, database);
    if (!old) return PAB_OK;
    if (!(req->flags & PAB_RESTORE_PLAN)) return remove_old(s, database);
    return sup_plan(s->op, PAB_PLAN_DROP, database, PAB_SIZE_UNKNOWN, "'%s' is removed, and what was kept with it", old);
}
