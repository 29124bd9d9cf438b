/* plain.h - verbs of a plugin with two small objects, for test plugins that differ in their struct pab_plugin alone.
 *
 * TEST_PLUGIN_HEADER names the header to compile against (a frozen one, for instance). OBJECT_SIZE and DESC_SIZE are the
 * struct sizes that the plugin says it knows.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#ifdef TEST_PLUGIN_HEADER
#include TEST_PLUGIN_HEADER
#else
#include "core/include/pab_plugin.h"
#endif
#ifndef OBJECT_SIZE
#define OBJECT_SIZE sizeof(struct pab_object)
#endif
#ifndef DESC_SIZE
#define DESC_SIZE sizeof(struct pab_artifact_desc)
#endif

struct plain { const char *text; };
static const char *const plain_ids[] = { "first", "second" };

__attribute__((unused)) static const struct pab_option plain_options[] = {
    { .key = "text", .type = PAB_OPT_STRING, .default_text = "hello", .help = "what each object holds" },
};

static inline int32_t plain_open(struct pab_op *op, const struct pab_config *config, void **ret)
{
    struct plain *p = calloc(1, sizeof *p);
    if (!p) return pab_fail(op, PAB_E_NOMEM, 0, NULL, "out of memory");
    p->text = op->host->config_str(config, "text");
    *ret = p;
    return PAB_OK;
}

static inline void plain_close(void *instance)
{
    free(instance);
}

static inline int32_t plain_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    (void)req;
    for (int i = 0; i < 2; i++) {
        struct pab_object o = { .struct_size = OBJECT_SIZE, .category = PAB_CAT_SERVICES, .id = plain_ids[i], .kind = "text",
                                .size = strlen(((struct plain *)instance)->text), .detail = (const char *)8 };
        if (OBJECT_SIZE > offsetof(struct pab_object, detail)) o.detail = NULL; /* otherwise nobody may look at it */
        int32_t rc = op->host->object_add(op, &o, NULL, 0);
        if (rc) return rc;
    }
    return PAB_OK;
}

static inline int32_t plain_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    const char *text = ((struct plain *)instance)->text;
    (void)req;
    for (int i = 0; i < 2; i++) {
        struct pab_artifact *a = NULL;
        struct pab_artifact_desc d = { .struct_size = DESC_SIZE, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .stem = plain_ids[i],
                                       .extension = "txt", .object = plain_ids[i], .media_type = "text/plain", .size_hint = 5 };
        int32_t rc = op->host->artifact_begin(op, &d, &a);
        if (!rc) rc = op->host->artifact_write(a, text, strlen(text));
        if (!rc) rc = op->host->artifact_commit(a);
        else op->host->artifact_abort(a);
        if (rc) return rc;
    }
    return PAB_OK;
}

/* The text of artifact `i` must be the one of the options. */
static inline int32_t plain_compare(struct plain *p, struct pab_op *op, uint32_t i)
{
    struct pab_reader *r = NULL;
    char buf[1024];
    uint64_t have = 0;
    int64_t n = op->host->artifact_open(op, i, PAB_OPEN_DATA, &r);
    if (n) return (int32_t)n;
    while ((n = op->host->artifact_read(r, buf + have, sizeof buf - have)) > 0) have += (uint64_t)n;
    op->host->artifact_close(r);
    if (n < 0) return (int32_t)n;
    if (have != strlen(p->text) || memcmp(buf, p->text, have) != 0) return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "another text than '%s'", p->text);
    return PAB_OK;
}

static inline int32_t plain_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    int32_t rc = PAB_OK;
    for (uint32_t i = 0; i < req->artifact_count && !rc && (req->flags & PAB_VERIFY_CONTENT); i++) rc = plain_compare(instance, op, i);
    return rc;
}

static inline int32_t plain_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    int32_t rc = PAB_OK;
    for (uint32_t i = 0; i < req->artifact_count && !rc; i++) {
        struct pab_plan plan = { .struct_size = sizeof plan, .action = PAB_PLAN_KEEP, .object = "text", .detail = "compares the text", .size = 0 };
        rc = req->flags & PAB_RESTORE_PLAN ? op->host->plan_add(op, &plan) : plain_compare(instance, op, i);
    }
    return rc;
}

/* To be followed by what is special: the last initializer of a member counts. */
#define PLAIN_MEMBERS(its_name)                                                                                          \
    .thread_model = PAB_THREADS_PARALLEL, .name = its_name, .version = "1.0", .summary = "two small texts",               \
    .options = plain_options, .option_count = 1, .option_stride = sizeof *plain_options, .categories = PAB_CAT_SERVICES,  \
    .open = plain_open, .close = plain_close, .discover = plain_discover, .backup = plain_backup, .restore = plain_restore, \
    .verify = plain_verify
