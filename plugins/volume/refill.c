/* refill.c - a volume copied into another through the Docker Engine, and one that was being made anew put back from such a copy: also
 * by a process that knows of it only from a journal record. See volume.h. */
#include <string.h>
#include "plugins/volume/volume.h"

struct source { struct http_stream *stream; struct pab_error err; };

static int64_t read_source(void *ctx, void *buf, uint64_t capacity)
{
    struct source *s = ctx;
    return http_read(s->stream, buf, capacity, &s->err);
}

/* Their names are in the record of what they are for: they need none of their own. */
static int remove_helpers(struct docker *d, const char *helper, struct pab_error *err)
{
    static const char *const ends[] = { "from", "to" };
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < sizeof ends / sizeof *ends; i++) {
        CLEANUP_FREE char *name = pab_sprintf("%s-%s", helper, ends[i]);
        rc = docker_container_remove(d, name, err);
    }
    return rc;
}

static int copy(struct docker *d, struct docker *other, const char *helper, const char *from, const char *to, struct pab_error *err)
{
    CLEANUP_FREE char *reader = pab_sprintf("%s-from", helper);
    CLEANUP_FREE char *writer = pab_sprintf("%s-to", helper);
    CLEANUP_FREE char *reader_id = NULL, *writer_id = NULL;
    struct source s = { 0 };
    int rc = docker_helper_create(other, reader, from, 1, &reader_id, err);
    if (!rc) rc = docker_helper_create(d, writer, to, 0, &writer_id, err);
    if (!rc) rc = docker_archive_get(other, reader_id, "/v", &s.stream, err);
    if (!rc) rc = docker_archive_put(d, writer_id, "/", read_source, &s, err);
    http_close(s.stream);
    if (rc && s.err.code) *err = s.err;
    return rc && s.err.code ? s.err.code : rc;
}

int volume_copy(struct docker *d, const char *helper, const char *from, const char *to, int cancel_fd, struct pab_error *err)
{
    CLEANUP(pab_cleanup_docker) struct docker *other = NULL; /* one transfer each way at a time on a connection */
    struct pab_error why = { 0 };
    int rc = docker_connect(&(struct docker_opts){ .host = docker_host(d), .cancel_fd = cancel_fd }, &other, err);
    if (!rc) rc = copy(d, other, helper, from, to, err);
    int fd = docker_set_cancel_fd(d, -1); /* cleaning up is not cancelled */
    int removed = remove_helpers(d, helper, &why);
    docker_set_cancel_fd(d, fd);
    if (!rc && removed) *err = why;
    return rc ? rc : removed;
}

json_t *copy_record(struct docker *d, const char *name, const char *helper)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "undo", "copy", "docker", docker_host(d), "name", name, "helper", helper);
}

int copy_undo(struct docker *d, const json_t *o, struct pab_error *err)
{
    int rc = remove_helpers(d, json_text(o, "helper"), err);
    return rc ? rc : docker_volume_remove(d, json_text(o, "name"), err);
}

json_t *refill_record(struct docker *d, const json_t *info, const char *from, const char *marker, const char *helper)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O?, s:O?}", "undo", "refill", "docker", docker_host(d), "name", json_text(info, "Name"),
                     "from", from, "marker", marker, "helper", helper, "driver", json_text(info, "Driver"), "labels", json_at(info, "Labels"),
                     "options", json_at(info, "Options"));
}

static int is_there(struct docker *d, const char *name, int *ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *info = NULL;
    struct pab_error why = { 0 };
    int rc = docker_volume(d, name, &info, &why);
    *ret = rc == PAB_OK;
    if (rc && rc != PAB_E_NOT_FOUND) *err = why;
    return rc == PAB_E_NOT_FOUND ? PAB_OK : rc;
}

/* Each step may have been done by an undoing that was itself killed. */
static int refill(struct docker *d, const json_t *o, const char *from, struct pab_error *err)
{
    const char *name = json_text(o, "name");
    int rc = docker_volume_remove(d, name, err);
    if (!rc) rc = docker_volume_create(d, name, json_text(o, "driver"), json_at(o, "labels"), json_at(o, "options"), NULL, err);
    pab_test_point("volume-refill-created");
    if (!rc && *from) rc = volume_copy(d, json_text(o, "helper"), from, name, -1, err);
    pab_test_point("volume-refill-copied");
    return rc || !*from ? rc : docker_volume_remove(d, from, err);
}

int refill_undo(struct docker *d, const json_t *o, struct pab_error *err)
{
    const char *name = json_text(o, "name"), *from = json_text(o, "from"), *marker = json_text(o, "marker");
    int marked = 0, kept = !*from;
    int rc = remove_helpers(d, json_text(o, "helper"), err);
    if (!rc) rc = is_there(d, marker, &marked, err);
    if (!rc && !marked) return PAB_OK; /* not begun, or the new content stands */
    if (!rc && *from) rc = is_there(d, from, &kept, err);
    if (!rc && kept) rc = refill(d, o, from, err);
    if (!rc) rc = docker_volume_remove(d, marker, err);
    if (rc) pab_error_prefix(err, "cannot put volume '%s' back", name);
    if (rc && *from) pab_error_hint(err, rc, "remove the containers that refer to it; what was in it lies in volume '%s'", from);
    return rc;
}
