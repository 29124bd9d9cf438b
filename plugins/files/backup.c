/* backup.c - one tree artifact a set. */
#include "plugins/files/files.h"

static int record_patterns(const struct files_set *set, struct pab_op *op, struct pab_artifact *a)
{
    CLEANUP(pab_buf_release) struct pab_buf text = PAB_BUF_INIT(64 * 1024);
    for (size_t i = 0; i < set->patterns.count; i++)
        if (pab_buf_addf(&text, "%s%s", i ? " " : "", set->patterns.items[i])) break;
    return op->host->artifact_fact(a, "patterns", pab_buf_str(&text));
}

/* Something that a set names and that is not there: worth knowing, though the set as a whole may be fine. */
static int nothing_found(const struct files *f, const struct files_set *set, struct pab_op *op)
{
    if (set->required)
        return pab_fail(op, PAB_E_NOT_FOUND, 0, "see options root and sets", "set '%s' is required and matches nothing in '%s'", set->name, f->root);
    pab_warn(op, set->name, "set '%s' matches nothing in '%s': left out", set->name, f->root);
    return PAB_OK;
}

static int backup_set(const struct files *f, const struct files_set *set, struct pab_op *op)
{
    const struct pab_host *h = op->host;
    struct pab_artifact_desc desc = { .struct_size = sizeof desc, .kind = PAB_KIND_TREE, .category = PAB_CAT_CONFIG, .stem = set->name,
                                      .object = set->name, .size_hint = PAB_SIZE_UNKNOWN };
    struct pab_walk walk = { .struct_size = sizeof walk, .root = f->root,
                             .only = (const char *const *)set->patterns.items, .only_count = (uint32_t)set->patterns.count,
                             .exclude = (const char *const *)f->exclude.items, .exclude_count = (uint32_t)f->exclude.count };
    struct pab_artifact *a = NULL;
    int rc = h->artifact_begin(op, &desc, &a);
    if (rc) return rc;
    rc = h->tree_walk(a, &walk);
    if (!rc && walk.matched) rc = record_patterns(set, op, a);
    if (!rc && walk.matched) return h->artifact_commit(a);
    h->artifact_abort(a);
    return rc ? rc : nothing_found(f, set, op);
}

int files_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    const struct files *f = instance;
    CLEANUP_CLOSE int root = -1;
    int first = PAB_OK; /* one set that fails does not lose the others */
    if (!(req->categories & PAB_CAT_CONFIG)) return PAB_OK;
    int rc = files_open_root(f, op, f->root, &root);
    if (!rc) rc = op->host->fact(op, "root", f->root);
    for (size_t i = 0; !rc && i < f->sets.count; i++) {
        const struct files_set *set = &f->sets.items[i];
        if (!sup_wanted(op, set->name)) continue;
        int one = op->host->object_add(op, &(struct pab_object){ .struct_size = sizeof(struct pab_object), .category = PAB_CAT_CONFIG, .id = set->name,
                                                                 .kind = "set", .size = PAB_SIZE_UNKNOWN }, NULL, 0);
        if (!one) one = backup_set(f, set, op);
        if (one && !first) first = one;
        if (one && !sup_goes_on(op, set->name, i + 1 < f->sets.count, one)) rc = one;
    }
    return first ? first : rc;
}
