/* wanted.c - the workflows that a restore wants: from the file of each, or, when only the file of all was chosen, cut out of that. */
#include <fcntl.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "plugins/n8n/restore_private.h"

void wanted_release(struct restoring *r)
{
    for (size_t i = 0; i < r->wanted.count; i++) {
        struct wanted *w = &r->wanted.items[i];
        if (w->file) unlink(w->file);
        free(w->file);
        free(w->id);
        free(w->name);
        json_decref(w->tags);
    }
    free(r->wanted.items);
}

struct head { struct wanted w; char *version, *active_version; };

static void add_tags(struct wanted *w, struct span value)
{
    json_decref(w->tags);
    w->tags = json_array();
    for (struct members m = members_of(value); members_next(&m);) {
        CLEANUP_FREE char *name = span_text(m.value, "name");
        if (*name) json_array_append_new(w->tags, json_string(name));
    }
}

static void set_text(char **ret, struct span value)
{
    free(*ret);
    *ret = span_string(value);
}

static int take_head(void *ctx, const char *key, struct span value, struct pab_error *err)
{
    struct head *h = ctx;
    (void)err;
    if (!strcmp(key, "id")) set_text(&h->w.id, value);
    else if (!strcmp(key, "name")) set_text(&h->w.name, value);
    else if (!strcmp(key, "active")) h->w.active = span_is(value, "true");
    else if (!strcmp(key, "isArchived")) h->w.archived = span_is(value, "true");
    else if (!strcmp(key, "versionId")) set_text(&h->version, value);
    else if (!strcmp(key, "activeVersionId")) set_text(&h->active_version, value);
    else if (!strcmp(key, "activeVersion")) h->w.split = !span_is_null(span_member(value, "nodes"));
    else if (!strcmp(key, "tags")) add_tags(&h->w, value);
    return PAB_OK;
}

static int add_wanted(struct restoring *r, struct head *h, struct pab_error *err)
{
    int has_id = h->w.id && *h->w.id;
    h->w.split = h->w.split && h->w.active && h->version && h->active_version && strcmp(h->version, h->active_version) != 0;
    free(h->version);
    free(h->active_version);
    if (!h->w.name) h->w.name = pab_strdup("");
    if (has_id) json_object_set_new(r->expected, h->w.id, json_true());
    PAB_PUSH(&r->wanted, h->w); /* which frees it, whatever follows */
    return has_id ? PAB_OK : pab_error_set(err, PAB_E_CORRUPT, 0, "a workflow in the backup has no id");
}

/* ---- the file of all, cut into files of one */

struct cut { struct head head; int fd, members; };

static int write_text(int fd, const char *p, size_t n, struct pab_error *err)
{
    return pab_write_all(fd, p, n) ? pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot write into the private folder") : PAB_OK;
}

static int cut_member(void *ctx, const char *key, struct span value, struct pab_error *err)
{
    struct cut *c = ctx;
    CLEANUP_JSON json_t *name = json_string(key);
    CLEANUP_FREE char *quoted = json_dumps(name, JSON_ENCODE_ANY);
    CLEANUP_FREE char *lead = pab_sprintf("%c%s:", c->members++ ? ',' : '{', quoted);
    int rc = take_head(&c->head, key, value, err);
    if (!rc) rc = write_text(c->fd, lead, strlen(lead), err);
    return rc ? rc : write_text(c->fd, value.p, value.n, err);
}

static int cut_one(struct restoring *r, struct json_scan *s, const char *dir, struct pab_error *err)
{
    struct cut c = { .head.w = { .index = -1, .file = pab_sprintf("%s/workflow-%zu.json", dir, r->wanted.count) } };
    c.fd = open(c.head.w.file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc = c.fd < 0 ? pab_error_set(err, PAB_E_IO, errno, "cannot make '%s'", c.head.w.file) : n8n_object(s, cut_member, &c, err);
    if (!rc) rc = write_text(c.fd, c.members ? "}" : "{}", c.members ? 1 : 2, err);
    if (c.fd >= 0) close(c.fd);
    int added = add_wanted(r, &c.head, rc ? NULL : err);
    return rc ? rc : added;
}

static int cut_all(struct restoring *r, uint32_t index)
{
    struct stored s;
    struct pab_error err = { 0 };
    const char *dir = r->op->host->scratch_dir(r->op);
    if (!dir) return PAB_E_IO;
    int rc = stored_open(&s, r->op, index, restoring_artifact(r, index)->path);
    if (rc) return rc;
    rc = json_scan_array(s.scan, &err);
    while (!rc && !(rc = json_scan_more(s.scan, &err))) rc = cut_one(r, s.scan, dir, &err);
    if (rc == PAB_END) rc = json_scan_end(s.scan, &err);
    return stored_close(&s, rc, &err);
}

/* ---- */

static int load_one(struct restoring *r, uint32_t index)
{
    struct head h = { .w = { .index = index } };
    struct pab_error err = { 0 };
    int rc = wanted_read(r, &h.w, take_head, &h, &err);
    int added = add_wanted(r, &h, rc ? NULL : &err);
    if (!rc) rc = added;
    return rc ? sup_fail(r->op, &err) : PAB_OK;
}

int wanted_load(struct restoring *r)
{
    int rc = PAB_OK;
    for (uint32_t i = 0; !rc && i < r->req->artifact_count; i++)
        if (!strncmp(restoring_artifact(r, i)->object, "workflow:", 9)) rc = load_one(r, i);
    int64_t all = restoring_find(r, "workflows");
    return !rc && !r->wanted.count && all >= 0 ? cut_all(r, (uint32_t)all) : rc;
}

static int64_t read_fd(void *ctx, void *buf, uint64_t capacity, struct pab_error *err)
{
    ssize_t n = read(*(int *)ctx, buf, capacity);
    return n < 0 ? pab_error_set(err, PAB_E_IO, errno, "cannot read from the private folder") : n;
}

static int read_file(const struct wanted *w, n8n_member member, void *ctx, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = open(w->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot open '%s'", w->file);
    CLEANUP_JSON_SCAN struct json_scan *s = json_scan_new(&(struct json_scan_opts){ .read = read_fd, .ctx = &fd, .what = "a workflow", .max_value = N8N_MAX_TEXT });
    return n8n_object(s, member, ctx, err);
}

int wanted_read(const struct restoring *r, const struct wanted *w, n8n_member member, void *ctx, struct pab_error *err)
{
    struct stored s;
    if (w->file) return read_file(w, member, ctx, err);
    int rc = stored_open(&s, r->op, (uint32_t)w->index, restoring_artifact(r, (uint32_t)w->index)->path);
    if (rc) return pab_error_set(err, rc, 0, "cannot open '%s'", restoring_artifact(r, (uint32_t)w->index)->path);
    rc = n8n_object(s.scan, member, ctx, err);
    if (!rc) rc = json_scan_end(s.scan, err);
    json_scan_free(s.scan);
    r->op->host->artifact_close(s.reader);
    return rc;
}
