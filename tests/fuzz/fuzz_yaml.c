/* fuzz_yaml.c - any bytes as a job file, as options of a plugin and as an env file: a tree within its caps or one clean error. */
#include "tests/fuzz/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/secret.h"
#include "core/config/envfile.h"
#include "core/config/job.h"

#define COUNT(table) (uint32_t)(sizeof(table) / sizeof *(table))

static const char *const words[] = { "none", "pause", "stop", NULL };
static const struct pab_option fields[] = {
    { .key = "name", .type = PAB_OPT_STRING, .flags = PAB_OPT_REQUIRED, .help = "h" },
    { .key = "quiesce", .type = PAB_OPT_CHOICE, .default_text = "none", .choices = words, .help = "h" },
    { .key = "exclude", .type = PAB_OPT_LIST, .help = "h" },
};
/* One key a type, so that the seeds reach every branch. */
static const struct pab_option table[] = {
    { .key = "text", .type = PAB_OPT_STRING, .help = "h" },
    { .key = "port", .type = PAB_OPT_INT, .default_text = "5432", .min = 1, .max = 65535, .help = "h" },
    { .key = "flag", .type = PAB_OPT_BOOL, .default_text = "true", .help = "h" },
    { .key = "size", .type = PAB_OPT_SIZE, .default_text = "32MiB", .min = 1, .max = 1 << 30, .help = "h" },
    { .key = "wait", .type = PAB_OPT_DURATION, .help = "h" },
    { .key = "root", .type = PAB_OPT_PATH, .help = "h" },
    { .key = "mode", .type = PAB_OPT_CHOICE, .choices = words, .help = "h" },
    { .key = "list", .type = PAB_OPT_LIST, .default_text = "[a, b]", .help = "h" },
    { .key = "password", .type = PAB_OPT_SECRET, .help = "h" },
    { .key = "one", .type = PAB_OPT_RECORD, .help = "h", .fields = fields, .field_count = COUNT(fields) },
    { .key = "volumes", .type = PAB_OPT_RECORDS, .flags = PAB_OPT_SHORTHAND, .help = "h", .fields = fields, .field_count = COUNT(fields) },
    { .key = "sets", .type = PAB_OPT_SETS, .help = "h" },
};

static size_t measure(const struct pab_node *n, unsigned depth)
{
    size_t nodes = 1;
    PROMISE(depth <= PAB_NODE_MAX_DEPTH);
    PROMISE(n->line >= 1 && n->column >= 1);
    PROMISE((n->kind == PAB_NODE_SCALAR || n->kind == PAB_NODE_NULL) ? n->count == 0 : n->text == NULL);
    for (size_t i = 0; i < n->count; i++) {
        nodes += measure(n->items[i], depth + 1) + (n->keys != NULL);
        PROMISE(!n->keys || n->keys[i][0]);
    }
    return nodes;
}

static void is_clean_error(int code, const struct pab_error *err)
{
    PROMISE(code == PAB_E_CONFIG && err->code == PAB_E_CONFIG);
    PROMISE(strncmp(err->message, "fuzz", 4) == 0);
    for (const char *p = err->message; *p; p++)
        PROMISE((unsigned char)*p >= 0x20);
}

static void try_options(const struct pab_node *root)
{
    struct pab_config_env env = { .file = "fuzz", .dir = "/jobs" };
    struct pab_config *c = NULL;
    struct pab_error err = { 0 };
    int code = pab_config_check(root, table, COUNT(table), sizeof *table, &env, "o", &c, &err);
    if (code) {
        is_clean_error(code, &err);
        PROMISE(c == NULL);
        return;
    }
    PROMISE(pab_config_int(c, "port") >= 1 && pab_config_int(c, "port") <= 65535);
    PROMISE(pab_config_str(c, "password") == NULL); /* nothing is resolved, nothing is run */
    for (uint64_t i = 0; i < pab_config_count(c, "volumes"); i++)
        PROMISE(pab_config_str(pab_config_record(c, "volumes", i), "name") != NULL);
    PROMISE(pab_config_misuse(c) == NULL);
    pab_config_free(c);
}

static void try_job(const char *text, size_t size)
{
    struct pab_job *j = NULL;
    struct pab_error err = { 0 };
    int code = pab_job_parse(text, size, "fuzz", 0, NULL, NULL, &j, &err);
    if (code) {
        is_clean_error(code, &err);
        return;
    }
    PROMISE(j->target_count > 0 && j->store_path && j->store_path[0] == '/');
    for (size_t i = 0; i < j->target_count; i++)
        PROMISE(j->targets[i].name && j->targets[i].plugin && j->targets[i].options);
    pab_job_free(j);
}

static void try_env_file(const char *text, size_t size)
{
    struct pab_strs v = { 0 };
    struct pab_error err = { 0 };
    int code = pab_envfile_parse(text, size, "fuzz", &v, &err);
    if (code)
        is_clean_error(code, &err);
    for (size_t i = 0; i < v.count; i++)
        PROMISE(strchr(v.items[i], '=') > v.items[i]);
    pab_envfile_release(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pab_node *root = NULL;
    struct pab_error err = { 0 };
    int code = pab_node_parse((const char *)data, size, "fuzz", &root, &err);
    if (code) {
        is_clean_error(code, &err);
        PROMISE(root == NULL);
    } else {
        PROMISE(measure(root, 1) <= PAB_NODE_MAX_NODES);
        try_options(root);
        pab_node_free(root);
    }
    try_job((const char *)data, size);
    CLEANUP_FREE char *text = pab_strndup((const char *)data, size);
    try_env_file(text, strlen(text));
    pab_secret_clear_all();
    return 0;
}
