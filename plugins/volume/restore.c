/* restore.c - the verb: each artifact to the volume or folder that it came from, or below --to. */
#include <fcntl.h>
#include <string.h>
#include "plugins/volume/volume.h"

int restore_extract(const struct restore *r, const char *dir, uint32_t flags)
{
    const struct pab_host *h = r->op->host;
    struct pab_extract x = { .struct_size = sizeof x, .flags = flags, .dest = dir, .include = r->req->include, .include_count = r->req->include_count };
    struct pab_reader *reader = NULL;
    int rc = h->artifact_open(r->op, r->index, PAB_OPEN_DATA, &reader);
    if (rc) return rc;
    rc = h->tree_extract(reader, &x);
    h->artifact_close(reader);
    if (!rc) pab_log(r->op, PAB_LOG_VERBOSE, "%s: %llu files extracted", r->a->object, (unsigned long long)x.files);
    return rc;
}

int restore_remove_kept(const struct restore *r, const char *dir)
{
    int only_plan = (r->req->flags & PAB_RESTORE_PLAN) != 0;
    uint64_t n = 0;
    CLEANUP_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int rc = fd < 0 ? PAB_OK : sup_remove_kept(r->op, r->index, fd, only_plan, &n);
    if (rc || !n) return rc;
    CLEANUP_FREE char *text = pab_sprintf("%llu file%s kept as NAME" PAB_KEPT_SUFFIX " in '%s'", (unsigned long long)n, n == 1 ? "" : "s", r->name);
    if (only_plan) return restore_plan(r, PAB_PLAN_DROP, PAB_SIZE_UNKNOWN, "%s", text);
    pab_log(r->op, PAB_LOG_INFO, "%s: removed %s", r->a->object, text);
    return PAB_OK;
}

/* --to: a folder for each volume, nothing of Docker is asked. */
static int restore_beside(const struct restore *r)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *dir = pab_sprintf("%s/%s", r->req->to_dir, r->req->as_name ? r->req->as_name : r->a->object);
    if (!pab_path_is_safe(r->req->as_name ? r->req->as_name : r->a->object))
        return pab_fail(r->op, PAB_E_REFUSED, 0, "give it another name with --as", "'%s' does not lie below '%s'", dir, r->req->to_dir);
    if (r->req->flags & PAB_RESTORE_PLAN) return restore_plan(r, PAB_PLAN_CREATE, r->a->content_size, "the files of volume '%s' are written to '%s'", r->name, dir);
    if (pab_mkdirs(AT_FDCWD, dir, 0755, &err)) return sup_fail(r->op, &err);
    return restore_extract(r, dir, r->req->flags & PAB_RESTORE_DROP_OLD ? 0 : PAB_EXTRACT_KEEP_OLD);
}

static int restore_one(struct restore *r)
{
    if (r->req->flags & PAB_RESTORE_CLEANUP) {
        if (r->req->to_dir) return PAB_OK;
        return r->v->is_path ? restore_cleanup_folder(r) : restore_cleanup_docker(r);
    }
    if (r->req->to_dir) return restore_beside(r);
    return r->v->is_path ? restore_folder(r) : restore_docker(r);
}

int volume_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    struct restore r = { .v = instance, .op = op, .req = req };
    CLEANUP(pab_cleanup_docker) struct docker *d = NULL;
    int rc = PAB_OK;
    if (req->as_name && req->artifact_count > 1) return pab_fail(op, PAB_E_USAGE, 0, "name one with --object", "--as gives a name to one volume, not to %u", req->artifact_count);
    if (!req->to_dir) rc = volumes_connect(r.v, op, &d);
    r.d = d;
    for (uint32_t i = 0; !rc && i < req->artifact_count; i++) {
        r.index = i;
        r.a = info_of(req, i);
        r.name = req->as_name ? req->as_name : info_fact(r.a, "volume");
        if (!*r.name) rc = pab_fail(op, PAB_E_CORRUPT, 0, "use --to to get at the files", "'%s': the manifest does not say which volume it is", r.a->path);
        else rc = restore_one(&r);
        users_release(&r.users);
    }
    return rc;
}
