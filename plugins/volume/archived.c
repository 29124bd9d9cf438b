/* archived.c - a volume through the Docker Engine's archive calls, on a container that is never started. The container is in the
 * journal, so that a killed run's is removed: it would keep the volume from being removed. */
#include <string.h>
#include <unistd.h>
#include "plugins/volume/volume.h"

struct helper { struct pab_op *op; struct docker *d; char *id; uint64_t journal_id; int journalled; };

static int helper_open(struct helper *h, struct pab_op *op, struct docker *d, const char *volume, int read_only)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *name = pab_sprintf("pabengine-%d-%llx", (int)getpid(), (unsigned long long)pab_now_ns());
    *h = (struct helper){ .op = op, .d = d };
    int rc = undo_note(op, json_pack("{s:s, s:s, s:s}", "undo", "helper", "docker", docker_host(d), "name", name), &h->journal_id);
    if (rc) return rc;
    h->journalled = 1;
    pab_test_point("volume-helper-journalled");
    rc = docker_helper_create(d, name, volume, read_only, &h->id, &err) ? sup_fail(op, &err) : PAB_OK;
    pab_test_point("volume-helper-made");
    return rc;
}

/* Cleaning up is not cancelled. What cannot be removed now stays in the journal. */
static int helper_close(struct helper *h, int rc)
{
    struct pab_error err = { 0 };
    int fd = docker_set_cancel_fd(h->d, -1);
    int removed = h->id ? docker_container_remove(h->d, h->id, &err) : PAB_OK;
    docker_set_cancel_fd(h->d, fd);
    if (removed) pab_warn(h->op, NULL, "%s", err.message);
    else if (h->journalled && undo_forget(h->op, h->journal_id) && !rc) rc = PAB_E_IO;
    free(h->id);
    h->id = NULL;
    return rc;
}

struct source { struct pab_op *op; struct http_stream *stream; struct pab_error err; };

static int64_t read_stream(void *ctx, void *buf, uint64_t capacity)
{
    struct source *s = ctx;
    int64_t n = http_read(s->stream, buf, capacity, &s->err);
    if (n < 0) sup_fail(s->op, &s->err);
    return n;
}

int archived_backup(struct pab_op *op, struct docker *d, const struct volume *vol, struct pab_artifact *a)
{
    struct helper h;
    struct source s = { .op = op };
    struct pab_error err = { 0 };
    pab_warn(op, vol->stem, "volume '%s' is read through the Docker Engine: extended attributes, ACLs, holes and times below a second are lost%s", vol->name,
             vol->spec->quiesce == QUIESCE_STOP ? "" : "; a SQLite database that is written meanwhile may be torn");
    int rc = helper_open(&h, op, d, vol->name, 1);
    if (!rc && docker_archive_get(d, h.id, "/v", &s.stream, &err)) rc = sup_fail(op, &err);
    struct tar_filter *f = tar_filter_new(op, &vol->spec->exclude, read_stream, &s);
    if (!rc) rc = op->host->tree_tar(a, tar_filter_read, f, 1);
    tar_filter_free(f);
    http_close(s.stream);
    return helper_close(&h, rc);
}

void archived_warn(struct pab_op *op, const char *volume)
{
    pab_warn(op, NULL, "volume '%s' is written through the Docker Engine: ACLs and holes are lost, and attributes that it does not know", volume);
}

int archived_restore(struct pab_op *op, struct docker *d, const char *volume, uint32_t index, const struct pab_restore_req *req)
{
    struct helper h;
    struct pack *pack = NULL;
    struct pab_error err = { 0 };
    int rc = pack_open(op, index, "v", req, &pack);
    if (rc) return rc;
    rc = helper_open(&h, op, d, volume, 0);
    if (!rc) rc = docker_archive_put(d, h.id, "/", pack_read, pack, &err);
    if (rc && err.code) rc = sup_fail(op, &err);
    rc = helper_close(&h, rc);
    pack_close(pack);
    return rc;
}

int archived_is_empty(struct pab_op *op, struct docker *d, const char *volume, int *ret)
{
    struct helper h;
    struct http_stream *s = NULL;
    struct pab_error err = { 0 };
    char head[4096];
    uint64_t have = 0;
    int64_t n = 1;
    int rc = helper_open(&h, op, d, volume, 1);
    if (!rc && docker_archive_get(d, h.id, "/v/.", &s, &err)) rc = sup_fail(op, &err);
    while (!rc && have < sizeof head && (n = http_read(s, head + have, sizeof head - have, &err)) > 0) have += (uint64_t)n;
    if (!rc && n < 0) rc = sup_fail(op, &err);
    /* one header of the folder itself, and then zeros */
    if (!rc) *ret = have < 1024 || head[512] == '\0';
    http_close(s);
    return helper_close(&h, rc);
}
