/* restore.c - files back to where they were: only those that differ are written; what they replace is kept beside them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "plugins/files/files.h"

struct restore {
    const struct files *f;
    struct pab_op *op;
    const struct pab_restore_req *req;
    const char *root;
    int root_fd;               /* -1: not there yet */
    int keep_old;
};

/* "2 changed, 1 missing, 40 unchanged, 1 extra that stays (.env changed, ...)" */
static void summarize(const struct restore *r, const struct files_diff *d, struct pab_buf *text)
{
    pab_buf_addf(text, "%llu changed, %llu missing, %llu unchanged", (unsigned long long)d->changed, (unsigned long long)d->missing,
                 (unsigned long long)(d->same + d->touched));
    if (d->touched) pab_buf_addf(text, " (%llu with another mode, owner or time)", (unsigned long long)d->touched);
    if (d->extra) pab_buf_addf(text, ", %llu extra that stay%s", (unsigned long long)d->extra, d->extra == 1 ? "s" : "");
    pab_buf_addf(text, " in '%s'", r->root);
    if (d->names.size) pab_buf_addf(text, ": %s", pab_buf_str(&d->names));
    if (d->changed && r->keep_old) pab_buf_adds(text, "; the replaced files stay as NAME" PAB_KEPT_SUFFIX);
    else if (d->changed) pab_buf_adds(text, "; the replaced files are not kept");
}

static int plan_set(const struct restore *r, uint32_t i)
{
    CLEANUP(files_diff_release) struct files_diff d = FILES_DIFF_INIT;
    CLEANUP(pab_buf_release) struct pab_buf text = PAB_BUF_INIT(8192);
    int rc = files_diff(r->f, r->op, r->req, i, r->root_fd, &d);
    if (rc) return rc;
    summarize(r, &d, &text);
    uint32_t action = d.changed ? PAB_PLAN_OVERWRITE : d.missing ? PAB_PLAN_CREATE : d.touched ? PAB_PLAN_OVERWRITE : PAB_PLAN_KEEP;
    return sup_plan(r->op, action, info_of(r->req, i)->object, d.bytes, "%s", pab_buf_str(&text));
}

/* Folders always pass: their times must be set again after what is in them was written. */
static uint32_t in_paths(void *ctx, const char *path, uint32_t type)
{
    return type == PAB_TYPE_DIR || files_paths_has(ctx, path);
}

static int extract(const struct restore *r, uint32_t i, struct files_paths *which, uint32_t flags, uint64_t *ret_files)
{
    const struct pab_host *h = r->op->host;
    struct pab_reader *reader = NULL;
    struct pab_extract x = { .struct_size = sizeof x, .flags = flags | (geteuid() ? PAB_EXTRACT_NO_OWNER : 0), .dest = r->root,
                             .include = r->req->include, .include_count = r->req->include_count, .filter = in_paths, .filter_ctx = which };
    if (!which->count) return PAB_OK;
    int rc = h->artifact_open(r->op, i, PAB_OPEN_DATA, &reader);
    if (rc) return rc;
    rc = h->tree_extract(reader, &x);
    h->artifact_close(reader);
    *ret_files += x.files;
    return rc;
}

static int restore_set(const struct restore *r, uint32_t i)
{
    CLEANUP(files_diff_release) struct files_diff before = FILES_DIFF_INIT, after = FILES_DIFF_INIT;
    CLEANUP(pab_buf_release) struct pab_buf text = PAB_BUF_INIT(8192);
    const char *object = info_of(r->req, i)->object;
    uint64_t files = 0;
    int rc = files_diff(r->f, r->op, r->req, i, r->root_fd, &before);
    if (!rc) rc = extract(r, i, &before.write, r->keep_old ? PAB_EXTRACT_KEEP_OLD : 0, &files);
    if (!rc) rc = extract(r, i, &before.touch, 0, &files);
    if (!rc) rc = files_diff(r->f, r->op, r->req, i, r->root_fd, &after);
    if (rc) return rc;
    if (after.changed || after.missing)
        return pab_fail(r->op, PAB_E_IO, 0, "is something else writing there?", "set '%s' differs from the backup after it was restored: %s", object, pab_buf_str(&after.names));
    summarize(r, &before, &text);
    pab_log(r->op, PAB_LOG_INFO, "%s: %s", object, pab_buf_str(&text));
    return PAB_OK;
}

static int clean_up(const struct restore *r, uint32_t i)
{
    uint64_t removed = 0;
    const char *object = info_of(r->req, i)->object;
    if (r->root_fd < 0) return PAB_OK;
    int rc = sup_remove_kept(r->op, i, r->root_fd, (r->req->flags & PAB_RESTORE_PLAN) != 0, &removed);
    if (rc || !removed) return rc;
    CLEANUP_FREE char *text = pab_sprintf("%llu file%s kept as NAME" PAB_KEPT_SUFFIX " in '%s'", (unsigned long long)removed, removed == 1 ? "" : "s", r->root);
    if (r->req->flags & PAB_RESTORE_PLAN) return sup_plan(r->op, PAB_PLAN_DROP, object, PAB_SIZE_UNKNOWN, "%s", text);
    pab_log(r->op, PAB_LOG_INFO, "%s: removed %s", object, text);
    return PAB_OK;
}

static int open_destination(struct restore *r)
{
    struct pab_error err = { 0 };
    int make = !(r->req->flags & (PAB_RESTORE_PLAN | PAB_RESTORE_CLEANUP));
    if (make && pab_mkdirs(AT_FDCWD, r->root, 0755, &err)) return sup_fail(r->op, &err);
    r->root_fd = open(r->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->root_fd < 0 && (make || errno != ENOENT))
        return pab_fail(r->op, PAB_E_IO, errno, NULL, "cannot open the folder '%s'", r->root);
    return PAB_OK;
}

int files_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    const struct files *f = instance;
    struct restore r = { .f = f, .op = op, .req = req, .root = req->to_dir ? req->to_dir : f->root, .root_fd = -1,
                         .keep_old = f->keep_old && !(req->flags & PAB_RESTORE_DROP_OLD) };
    int rc = open_destination(&r);
    for (uint32_t i = 0; !rc && i < req->artifact_count; i++) {
        if (req->flags & PAB_RESTORE_CLEANUP) rc = clean_up(&r, i);
        else rc = req->flags & PAB_RESTORE_PLAN ? plan_set(&r, i) : restore_set(&r, i);
    }
    if (r.root_fd >= 0) close(r.root_fd);
    return rc;
}
