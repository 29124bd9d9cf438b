/* hello.c - the plugin of docs/plugin-tutorial.md: backs up one text file, counts its lines, puts it back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pab_plugin.h>

struct hello { const char *path; }; /* an instance: one target of a job */

static const struct pab_option options[] = {
    { .key = "path", .type = PAB_OPT_PATH, .flags = PAB_OPT_REQUIRED, .help = "the text file" },
};

static int32_t hello_open(struct pab_op *op, const struct pab_config *config, void **ret)
{
    struct hello *h = malloc(sizeof *h);
    if (!h) return pab_fail(op, PAB_E_NOMEM, 0, NULL, "out of memory");
    h->path = op->host->config_str(config, "path"); /* lives until close */
    *ret = h;
    return PAB_OK;
}
static void hello_close(void *instance) { free(instance); }

static int32_t open_text(const struct hello *h, struct pab_op *op, FILE **ret)
{
    *ret = fopen(h->path, "rb");
    return *ret ? PAB_OK : pab_fail(op, errno == ENOENT ? PAB_E_NOT_FOUND : PAB_E_IO, errno, "see option path", "cannot open '%s'", h->path);
}
static uint64_t lines_in(const char *p, size_t n)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < n; i++) lines += p[i] == '\n';
    return lines;
}

static int32_t hello_check(void *instance, struct pab_op *op, const struct pab_check_req *req)
{
    FILE *f;
    (void)req;
    int32_t rc = open_text(instance, op, &f);
    if (!rc) fclose(f);
    return rc;
}

static int32_t hello_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    struct pab_object object = { .struct_size = sizeof object, .category = PAB_CAT_SERVICES, .id = "text", .kind = "file", .size = PAB_SIZE_UNKNOWN };
    (void)instance, (void)req;
    return op->host->object_add(op, &object, NULL, 0);
}

static int32_t hello_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    const struct pab_host *host = op->host;
    struct pab_artifact_desc desc = { .struct_size = sizeof desc, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .stem = "hello",
                                      .extension = "txt", .object = "text", .media_type = "text/plain", .size_hint = PAB_SIZE_UNKNOWN };
    struct pab_artifact *a = NULL;
    uint64_t lines = 0;
    char buf[65536];
    size_t n;
    FILE *f;
    if (!(req->categories & PAB_CAT_SERVICES)) return PAB_OK;
    int32_t rc = open_text(instance, op, &f);
    if (rc) return rc;
    rc = host->artifact_begin(op, &desc, &a);
    while (!rc && (n = fread(buf, 1, sizeof buf, f)) > 0) {
        rc = host->artifact_write(a, buf, n); /* also says when it is time to stop */
        lines += lines_in(buf, n);
    }
    if (!rc && ferror(f)) rc = pab_fail(op, PAB_E_IO, errno, NULL, "cannot read '%s'", ((struct hello *)instance)->path);
    fclose(f);
    if (!rc) rc = host->artifact_count(a, "lines", lines);
    if (!rc) return host->artifact_commit(a); /* only now is it part of the backup */
    host->artifact_abort(a);                  /* NULL is fine */
    return rc;
}

/* Reads artifact `i` to its end, into `out` unless that is NULL, and compares the lines with the manifest's. */
static int32_t read_artifact(struct pab_op *op, const struct pab_artifact_info *info, uint32_t i, FILE *out)
{
    struct pab_reader *r = NULL;
    uint64_t lines = 0, wanted = info->count_count ? strtoull(info->counts[0].value, NULL, 10) : 0;
    char buf[65536];
    int64_t n = op->host->artifact_open(op, i, PAB_OPEN_DATA, &r);
    if (n < 0) return (int32_t)n;
    while ((n = op->host->artifact_read(r, buf, sizeof buf)) > 0) {
        lines += lines_in(buf, (size_t)n);
        if (out && fwrite(buf, 1, (size_t)n, out) != (size_t)n) {
            n = pab_fail(op, PAB_E_IO, errno, NULL, "cannot write the text");
            break;
        }
    }
    op->host->artifact_close(r);
    if (n == 0 && lines != wanted) return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s' has %llu lines, %llu were stored", info->path, (unsigned long long)lines, (unsigned long long)wanted);
    return (int32_t)n;
}

static int32_t hello_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    struct hello *h = instance;
    struct pab_plan plan = { .struct_size = sizeof plan, .action = PAB_PLAN_OVERWRITE, .object = "text", .detail = h->path, .size = PAB_SIZE_UNKNOWN };
    char staged[4096];
    if (req->flags & PAB_RESTORE_PLAN) return op->host->plan_add(op, &plan);
    if ((req->flags & PAB_RESTORE_CLEANUP) || !req->artifact_count) return PAB_OK; /* we keep nothing, so there is nothing to clean up */
    snprintf(staged, sizeof staged, "%s.new", h->path);
    FILE *out = fopen(staged, "wb");
    if (!out) return pab_fail(op, PAB_E_IO, errno, NULL, "cannot create '%s'", staged);
    int32_t rc = read_artifact(op, req->artifacts, 0, out);
    if (fclose(out) != 0 && !rc) rc = pab_fail(op, PAB_E_IO, errno, NULL, "cannot write '%s'", staged);
    if (!rc && rename(staged, h->path) != 0) rc = pab_fail(op, PAB_E_IO, errno, NULL, "cannot replace '%s'", h->path);
    if (rc) remove(staged);
    return rc;
}

static int32_t hello_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    (void)instance;
    return (req->flags & PAB_VERIFY_CONTENT) && req->artifact_count ? read_artifact(op, req->artifacts, 0, NULL) : PAB_OK;
}

static const struct pab_plugin plugin = {
    PAB_PLUGIN_HEADER, .thread_model = PAB_THREADS_PARALLEL,
    .name = "hello", .version = "1.0", .summary = "one text file", .options = options, .option_count = 1, .option_stride = sizeof *options,
    .categories = PAB_CAT_SERVICES, .caps = PAB_CAP_ONLINE, .open = hello_open, .close = hello_close, .check = hello_check,
    .discover = hello_discover, .backup = hello_backup, .restore = hello_restore, .verify = hello_verify,
};
const struct pab_plugin *pab_plugin_init(void) { return &plugin; }
