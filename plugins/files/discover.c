/* discover.c - the sets with what they match now. */
#include "plugins/files/files.h"

/* One a line. Caller frees. */
static char *lines(const struct pab_strs *v)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    for (size_t i = 0; i < v->count; i++) pab_buf_addf(&b, "%s%s", i ? "\n" : "", v->items[i]);
    char *ret = pab_strdup(pab_buf_str(&b));
    pab_buf_release(&b);
    return ret;
}

int files_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    const struct files *f = instance;
    CLEANUP_CLOSE int root = -1;
    if (!(req->categories & PAB_CAT_CONFIG)) return PAB_OK;
    int rc = op->host->fact(op, "root", f->root);
    if (!rc) rc = files_open_root(f, op, f->root, &root);
    for (size_t i = 0; !rc && i < f->sets.count; i++) {
        const struct files_set *set = &f->sets.items[i];
        struct files_totals t;
        char count[32];
        if ((rc = files_count(f, set, op, root, &t))) return rc;
        CLEANUP_FREE char *detail = pab_sprintf("%s file%s", pab_format_count(t.files, count, sizeof count), t.files == 1 ? "" : "s");
        CLEANUP_FREE char *patterns = lines(&set->patterns), *exclude = lines(&f->exclude);
        const struct pab_kv attrs[] = { { "patterns", patterns }, { "exclude", exclude } };
        rc = op->host->object_add(op, &(struct pab_object){ .struct_size = sizeof(struct pab_object), .category = PAB_CAT_CONFIG, .id = set->name,
                                                           .kind = "set", .size = t.bytes, .detail = detail }, attrs, sizeof attrs / sizeof *attrs);
    }
    return rc;
}
