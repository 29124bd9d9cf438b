/* newer.c - a plugin of a later minor version that can live with an older host: larger structs, a longer table of functions. */
#include "tests/plugins/plain.h"

struct newer_object { struct pab_object now; const char *novelty; };
struct newer_option { struct pab_option now; const char *novelty; uint64_t more; };
struct newer_plugin { struct pab_plugin now; int32_t (*novelty)(void *instance, struct pab_op *op); void *more[8]; };

static const struct newer_option options[] = {
    { .now = { .key = "text", .type = PAB_OPT_STRING, .default_text = "hello", .help = "what each object holds" }, .novelty = "new" },
    { .now = { .key = "times", .type = PAB_OPT_INT, .default_text = "1", .min = 1, .max = 9, .help = "not used" }, .novelty = "new" },
};

/* Structs of its own time, too, where the host has smaller ones. */
static int32_t newer_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    struct newer_object o = { .now = { .struct_size = sizeof o, .category = PAB_CAT_SERVICES, .id = "zeroth", .kind = "text", .size = 5 }, .novelty = "new" };
    int32_t rc = op->host->object_add(op, &o.now, NULL, 0);
    return rc ? rc : plain_discover(instance, op, req);
}

static int32_t newer_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    struct { struct pab_artifact_desc now; uint64_t novelty[4]; } d = {
        .now = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .stem = "zeroth", .extension = "txt",
                 .object = "zeroth", .media_type = "text/plain", .size_hint = PAB_SIZE_UNKNOWN },
        .novelty = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX },
    };
    const char *text = ((struct plain *)instance)->text;
    struct pab_artifact *a = NULL;
    int32_t rc = op->host->artifact_begin(op, &d.now, &a);
    if (!rc) rc = op->host->artifact_write(a, text, strlen(text));
    if (rc) {
        op->host->artifact_abort(a);
        return rc;
    }
    rc = op->host->artifact_commit(a);
    return rc ? rc : plain_backup(instance, op, req);
}

static int32_t novelty(void *instance, struct pab_op *op)
{
    (void)instance;
    return pab_fail(op, PAB_E_INTERNAL, 0, NULL, "nobody knows me yet");
}

static const struct newer_plugin plugin = {
    .now = { .magic = PAB_ABI_MAGIC, .abi_major = PAB_ABI_MAJOR, .abi_minor = PAB_ABI_MINOR + 7, .struct_size = sizeof plugin,
             .thread_model = PAB_THREADS_PARALLEL, .name = "newer", .version = "1.0", .summary = "two small texts",
             .options = &options[0].now, .option_count = 2, .option_stride = sizeof *options, .categories = PAB_CAT_SERVICES,
             .open = plain_open, .close = plain_close, .discover = newer_discover, .backup = newer_backup,
             .restore = plain_restore, .verify = plain_verify },
    .novelty = novelty,
};

const struct pab_plugin *pab_plugin_init(void)
{
    return &plugin.now;
}
