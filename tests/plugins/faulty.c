/* faulty.c - a plugin with one fault at a time.
 *
 * What pab_plugin_init returns is spoilt as PABENGINE_TEST_FAULT says; what the verbs do, as the option `fault` says.
 */
#include <stdio.h>
#include "tests/plugins/plain.h"

static const char *const faults[] = {
    "none", "open-fails-silently", "silent", "positive", "fails-but-succeeds", "left-open", "deaf", "twins", "fickle", "no-objects-id",
    "unknown-kind", "two-categories", "unknown-flags", "wrong-key", "wrong-type", "write-after-commit", "no-artifacts", "stubborn", NULL,
};
static const struct pab_option options[] = {
    { .key = "text", .type = PAB_OPT_STRING, .default_text = "hello", .help = "what each object holds" },
    { .key = "fault", .type = PAB_OPT_CHOICE, .default_text = "none", .choices = faults, .help = "what to do wrong" },
};

struct faulty { struct plain plain; const char *fault; const struct pab_config *config; };

static int has(const struct faulty *f, const char *fault)
{
    return strcmp(f->fault, fault) == 0;
}

static int32_t f_open(struct pab_op *op, const struct pab_config *config, void **ret)
{
    struct faulty *f = calloc(1, sizeof *f);
    if (!f) return pab_fail(op, PAB_E_NOMEM, 0, NULL, "out of memory");
    f->plain.text = op->host->config_str(config, "text");
    f->fault = op->host->config_str(config, "fault");
    f->config = config;
    if (has(f, "open-fails-silently")) {
        free(f);
        return PAB_E_AUTH;
    }
    *ret = f;
    return PAB_OK;
}

static int32_t f_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    static int calls;
    struct faulty *f = instance;
    int extra = has(f, "twins") || (has(f, "fickle") && calls++ % 2), nameless = has(f, "no-objects-id");
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_SERVICES, .id = has(f, "twins") ? "first" : "third", .kind = "text" };
    if (nameless) o.id = NULL;
    if (extra || nameless) {
        int32_t rc = op->host->object_add(op, &o, NULL, 0);
        if (rc) return rc;
    }
    return plain_discover(instance, op, req);
}

/* An artifact that is begun wrong, or not ended. */
static int32_t begin(struct faulty *f, struct pab_op *op, struct pab_artifact **ret)
{
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .stem = "odd", .extension = "txt",
                                   .object = "first", .media_type = "text/plain", .size_hint = PAB_SIZE_UNKNOWN };
    if (has(f, "unknown-kind")) d.kind = 77;
    if (has(f, "two-categories")) d.category = PAB_CAT_SERVICES | PAB_CAT_CONFIG;
    if (has(f, "unknown-flags")) d.flags = 0x8000;
    return op->host->artifact_begin(op, &d, ret);
}

static int32_t misuse(struct faulty *f, struct pab_op *op)
{
    struct pab_artifact *a = NULL;
    int32_t rc = begin(f, op, &a);
    if (rc || has(f, "left-open")) return rc;
    rc = op->host->artifact_write(a, "x", 1);
    if (rc) {
        op->host->artifact_abort(a);
        return rc;
    }
    rc = op->host->artifact_commit(a);
    return rc ? rc : op->host->artifact_write(a, "y", 1);
}

static int32_t f_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    struct faulty *f = instance;
    if (has(f, "silent")) return PAB_E_IO;
    if (has(f, "positive")) return 3;
    if (has(f, "no-artifacts")) return PAB_OK;
    if (has(f, "wrong-key")) op->host->config_str(f->config, "colour");
    if (has(f, "wrong-type")) op->host->config_int(f->config, "text");
    if (has(f, "left-open") || has(f, "unknown-kind") || has(f, "two-categories") || has(f, "unknown-flags") || has(f, "write-after-commit")) return misuse(f, op);
    int32_t rc = plain_backup(instance, op, req);
    if (has(f, "fails-but-succeeds")) pab_fail(op, PAB_E_IO, 0, NULL, "half of it is missing");
    return has(f, "deaf") || has(f, "stubborn") || has(f, "fails-but-succeeds") ? PAB_OK : rc;
}

static int32_t load_fails(const struct pab_host *host)
{
    (void)host;
    return PAB_E_TOOL;
}

/* A second call would find what the first one set up: many libraries do not like that. */
static int32_t loads_once(const struct pab_host *host)
{
    static int calls;
    (void)host;
    return calls++ ? PAB_E_INTERNAL : PAB_OK;
}

static const struct pab_plugin sound = {
    PAB_PLUGIN_HEADER, .thread_model = PAB_THREADS_PARALLEL, .name = "faulty", .version = "1.0", .summary = "one fault at a time",
    .options = options, .option_count = 2, .option_stride = sizeof *options, .categories = PAB_CAT_SERVICES,
    .open = f_open, .close = plain_close, .discover = f_discover, .backup = f_backup, .restore = plain_restore, .verify = plain_verify,
};
static struct pab_plugin plugin;
static struct pab_option table[2];

static void spoil_head(const char *fault)
{
    if (strcmp(fault, "magic") == 0) plugin.magic = 0x464c457f;
    else if (strcmp(fault, "short") == 0) plugin.struct_size = 40;
    else if (strcmp(fault, "nameless") == 0) plugin.name = NULL;
    else if (strcmp(fault, "bad-name") == 0) plugin.name = "Not/A Name";
    else if (strcmp(fault, "other-name") == 0) plugin.name = "somebody-else";
    else if (strcmp(fault, "no-version") == 0) plugin.version = NULL;
    else if (strcmp(fault, "no-summary") == 0) plugin.summary = NULL;
    else if (strcmp(fault, "thread-model") == 0) plugin.thread_model = 7;
    else if (strcmp(fault, "categories") == 0) plugin.categories = 0x100;
    else if (strcmp(fault, "load-fails") == 0) plugin.load = load_fails;
    else if (strcmp(fault, "loads-once") == 0) plugin.load = loads_once;
}

static void spoil_verbs(const char *fault)
{
    if (strcmp(fault, "no-open") == 0) plugin.open = NULL;
    else if (strcmp(fault, "no-close") == 0) plugin.close = NULL;
    else if (strcmp(fault, "no-discover") == 0) plugin.discover = NULL;
    else if (strcmp(fault, "no-backup") == 0) plugin.backup = NULL;
    else if (strcmp(fault, "no-restore") == 0) plugin.restore = NULL;
    else if (strcmp(fault, "no-verify") == 0) plugin.verify = NULL;
}

static void spoil_options(const char *fault)
{
    if (strcmp(fault, "no-table") == 0) plugin.options = NULL;
    else if (strcmp(fault, "short-options") == 0) plugin.option_stride = 16;
    else if (strcmp(fault, "many-options") == 0) plugin.option_count = 1000000;
    else if (strcmp(fault, "no-key") == 0) table[1].key = NULL;
    else if (strcmp(fault, "bad-key") == 0) table[1].key = "Fault!\n";
    else if (strcmp(fault, "same-key") == 0) table[1].key = "text";
    else if (strcmp(fault, "bad-type") == 0) table[1].type = 99;
    else if (strcmp(fault, "bad-flag") == 0) table[1].flags = 0x4000;
    else if (strcmp(fault, "no-help") == 0) table[1].help = "";
    else if (strcmp(fault, "no-choices") == 0) table[1].choices = NULL;
    else if (strcmp(fault, "bad-default") == 0) table[1].default_text = "perfection";
    else if (strcmp(fault, "no-fields") == 0) table[1] = (struct pab_option){ .key = "fault", .type = PAB_OPT_RECORD, .help = "nothing in it" };
}

const struct pab_plugin *pab_plugin_init(void)
{
    const char *fault = getenv("PABENGINE_TEST_FAULT");
    plugin = sound;
    memcpy(table, options, sizeof table);
    plugin.options = table;
    if (!fault) return &plugin;
    if (strcmp(fault, "nothing") == 0) return NULL;
    spoil_head(fault);
    spoil_verbs(fault);
    spoil_options(fault);
    return &plugin;
}
