/* fuzz_manifest.c - any bytes as manifest.json: a manifest that survives being written and read again, or one clean error. */
#include "tests/fuzz/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/store/names.h"

static void is_clean_error(int code, const struct pab_error *err)
{
    PROMISE(code == PAB_E_CORRUPT || code == PAB_E_UNSUPPORTED);
    PROMISE(err->code == code);
    PROMISE(strncmp(err->message, "fuzz:", 5) == 0);
    for (const char *p = err->message; *p; p++)
        PROMISE((unsigned char)*p >= 0x20 && *p != 0x7f);
}

static void is_sound_artifact(const struct pab_mf_artifact *a)
{
    uint64_t end = 0;
    PROMISE(pab_artifact_path_ok(a->path));
    PROMISE(!a->index_path || (pab_artifact_path_ok(a->index_path) && strcmp(a->index_path, a->path) != 0));
    PROMISE(a->object && a->encoding && a->encryption);
    PROMISE(strncmp(a->path, pab_category_name(a->category), strlen(pab_category_name(a->category))) == 0);
    PROMISE(a->size <= INT64_MAX && a->content_size <= INT64_MAX);
    PROMISE(strlen(a->sha256) == 64 && strlen(a->content_sha256) == 64);
    for (uint64_t i = 0; i < a->block_count; i++) {
        PROMISE(a->blocks[i].offset >= end && a->blocks[i].offset <= a->size);
        PROMISE(a->blocks[i].size <= a->size - a->blocks[i].offset);
        end = a->blocks[i].offset + a->blocks[i].size;
    }
}

/* What was read can be written; what is written can be read, and is the same. */
static void survives(struct pab_manifest *m)
{
    struct pab_manifest again = { 0 };
    struct pab_error err = { 0 };
    CLEANUP_FREE char *json = pab_manifest_to_json(m);
    PROMISE(pab_manifest_parse(json, strlen(json), "fuzz", &again, &err) == PAB_OK);
    CLEANUP_FREE char *second = pab_manifest_to_json(&again);
    PROMISE(strcmp(json, second) == 0);
    pab_manifest_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pab_manifest m = { 0 };
    struct pab_error err = { 0 };
    setenv("TZ", "UTC", 1);
    int code = pab_manifest_parse((const char *)data, size, "fuzz", &m, &err);
    if (code) {
        is_clean_error(code, &err);
        PROMISE(m.name == NULL && m.targets.count == 0);
        return 0;
    }
    PROMISE(m.name && m.job && m.kind && m.status);
    for (size_t t = 0; t < m.targets.count; t++) {
        PROMISE(m.targets.items[t].name && m.targets.items[t].plugin);
        for (size_t i = 0; i < m.targets.items[t].artifacts.count; i++)
            is_sound_artifact(&m.targets.items[t].artifacts.items[i]);
    }
    survives(&m);
    pab_manifest_release(&m);
    return 0;
}
