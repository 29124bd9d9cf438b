/* kvs.c - small ordered maps of text, and the release of a manifest's parts; see manifest.h. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/store/manifest.h"

void pab_kvs_set(struct pab_kvs *v, const char *key, const char *value)
{
    for (size_t i = 0; i < v->count; i++) {
        if (strcmp(v->items[i].key, key) != 0) continue;
        free((void *)(uintptr_t)v->items[i].value);
        v->items[i].value = pab_strdup(value);
        return;
    }
    struct pab_kv kv = { pab_strdup(key), pab_strdup(value) };
    PAB_PUSH(v, kv);
}

const char *pab_kvs_get(const struct pab_kvs *v, const char *key)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->items[i].key, key) == 0) return v->items[i].value;
    return NULL;
}

void pab_kvs_release(struct pab_kvs *v)
{
    for (size_t i = 0; i < v->count; i++) {
        free((void *)(uintptr_t)v->items[i].key);
        free((void *)(uintptr_t)v->items[i].value);
    }
    free(v->items);
    *v = (struct pab_kvs){ 0 };
}

void pab_mf_artifact_release(struct pab_mf_artifact *a)
{
    struct pab_stream_result blocks = { .blocks = a->blocks, .block_count = a->block_count };
    free(a->path);
    free(a->object);
    free(a->index_path);
    free(a->media_type);
    free(a->encoding);
    free(a->encryption);
    free(a->parent_path);
    pab_strs_release(&a->layers);
    pab_strs_release(&a->layer_indexes);
    pab_kvs_release(&a->counts);
    pab_kvs_release(&a->facts);
    pab_stream_result_release(&blocks);
    *a = (struct pab_mf_artifact){ 0 };
}

static void release_target(struct pab_mf_target *t)
{
    free(t->name);
    free(t->plugin);
    free(t->plugin_version);
    pab_kvs_release(&t->facts);
    pab_strs_release(&t->warnings);
    for (size_t i = 0; i < t->artifacts.count; i++) pab_mf_artifact_release(&t->artifacts.items[i]);
    free(t->artifacts.items);
}

void pab_manifest_release(struct pab_manifest *m)
{
    char *const strings[] = { m->name, m->job, m->kind, m->parent, m->status, m->host, m->engine_version, m->compression, m->encryption };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) free(strings[i]);
    for (size_t i = 0; i < m->targets.count; i++) release_target(&m->targets.items[i]);
    free(m->targets.items);
    *m = (struct pab_manifest){ 0 };
}
