/* cli_container.c - the n8n command inside its container, through the Docker Engine: files go in as a tar and come out through cat. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include "plugins/n8n/cli_private.h"

#define MAX_OUTPUT (4u << 20)

static const char folder_script[] = "umask 077; d=$(mktemp -d /tmp/pabengine.XXXXXX) && echo \"$(id -u) $(id -g) $d\"";

int boxed_open(struct cli *c, struct pab_error *err)
{
    const char *const argv[] = { "sh", "-c", folder_script, NULL };
    CLEANUP_FREE char *out = NULL;
    long long uid, gid;
    int at = 0;
    int rc = docker_connect(&(struct docker_opts){ .host = c->n->docker_host, .cancel_fd = c->op->host->cancel_fd(c->op) }, &c->d, err);
    if (!rc) rc = boxed_run(c, argv, &out, err);
    if (rc) return rc;
    out[strcspn(out, "\r\n")] = '\0';
    if (sscanf(out, "%lld %lld %n", &uid, &gid, &at) != 2 || !at || out[at] != '/')
        return pab_error_set(err, PAB_E_TOOL, 0, "cannot make a folder in container '%s': its shell said '%s'", c->n->container, out);
    c->uid = uid;
    c->gid = gid;
    c->dir = pab_strdup(out + at);
    return PAB_OK;
}

void boxed_close(struct cli *c)
{
    /* also after a cancellation: what lies there may be credentials */
    docker_set_cancel_fd(c->d, -1);
    if (c->dir) {
        struct pab_error err = { 0 };
        const char *const argv[] = { "rm", "-rf", c->dir, NULL };
        CLEANUP_FREE char *out = NULL;
        if (boxed_run(c, argv, &out, &err))
            pab_warn(c->op, NULL, "folder '%s' stays in container '%s': %s", c->dir, c->n->container, err.message);
    }
    docker_free(c->d);
}

/* Whatever it prints goes to the sink. */
static int run_into(struct cli *c, const char *const *argv, cli_sink sink, void *ctx, struct pab_error *err)
{
    struct docker_exec *e = NULL;
    char chunk[65536];
    int64_t n = 0;
    int rc = docker_exec_start(c->d, c->n->container, argv, (const char *const *)c->env.items, NULL, &e, err);
    if (rc) return rc;
    while (!rc && (n = docker_exec_read(e, chunk, sizeof chunk, err)) > 0) rc = sink(ctx, chunk, (size_t)n, err);
    if (n < 0) rc = (int)n;
    if (!rc) return docker_exec_finish(e, err);
    docker_exec_abandon(e);
    return rc;
}

static int into_buffer(void *ctx, const void *data, size_t size, struct pab_error *err)
{
    return pab_buf_add(ctx, data, size) ? pab_error_set(err, PAB_E_NOMEM, 0, "a command in the container prints too much") : PAB_OK;
}

int boxed_run(struct cli *c, const char *const *argv, char **ret_out, struct pab_error *err)
{
    struct pab_buf b = PAB_BUF_INIT(MAX_OUTPUT);
    int rc = run_into(c, argv, into_buffer, &b, err);
    if (rc == PAB_E_TOOL) rc = cli_failed(pab_buf_str(&b), err);
    if (!rc) *ret_out = b.size ? pab_buf_take(&b) : pab_strdup("");
    pab_buf_release(&b);
    return rc;
}

int boxed_get(struct cli *c, cli_sink sink, void *ctx, struct pab_error *err)
{
    const char *const argv[] = { "cat", c->file, NULL };
    return run_into(c, argv, sink, ctx, err);
}

struct pieces { const char *at; size_t left; };

static int64_t next_piece(void *ctx, void *buf, uint64_t capacity)
{
    struct pieces *p = ctx;
    size_t n = p->left < capacity ? p->left : (size_t)capacity;
    memcpy(buf, p->at, n);
    p->at += n;
    p->left -= n;
    return (int64_t)n;
}

/* A tar of the one file, of the user that runs the command. */
static int make_tar(struct cli *c, const void *data, size_t size, void *out, size_t capacity, size_t *used, struct pab_error *err)
{
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    archive_write_set_format_pax_restricted(a);
    archive_write_set_bytes_in_last_block(a, 1);
    archive_entry_set_pathname(e, strrchr(c->file, '/') + 1);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0600);
    archive_entry_set_uid(e, c->uid);
    archive_entry_set_gid(e, c->gid);
    archive_entry_set_size(e, (la_int64_t)size);
    int ok = archive_write_open_memory(a, out, capacity, used) == ARCHIVE_OK && archive_write_header(a, e) == ARCHIVE_OK &&
             archive_write_data(a, data, size) == (la_ssize_t)size && archive_write_close(a) == ARCHIVE_OK;
    int rc = ok ? PAB_OK : pab_error_set(err, PAB_E_NOMEM, 0, "cannot make a tar: %s", archive_error_string(a));
    archive_entry_free(e);
    archive_write_free(a);
    return rc;
}

int boxed_put(struct cli *c, const void *data, size_t size, struct pab_error *err)
{
    size_t capacity = size + 65536, used = 0;
    CLEANUP_FREE char *tar = pab_try_alloc(capacity);
    if (!tar) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory for %zu bytes", capacity);
    int rc = make_tar(c, data, size, tar, capacity, &used, err);
    struct pieces p = { tar, used };
    return rc ? rc : docker_archive_put(c->d, c->n->container, c->dir, next_piece, &p, err);
}
