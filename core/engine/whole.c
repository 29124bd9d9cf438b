/* whole.c - see whole.h. */
#include "core/engine/whole.h"

#include <string.h>

static void forget_artifact(struct pab_stage *stage, struct pab_mf_artifact *a)
{
    struct pab_error ignored = { 0 };
    pab_stage_remove(stage, a->path, &ignored);
    if (a->index_path) pab_stage_remove(stage, a->index_path, &ignored);
    pab_mf_artifact_release(a);
}

static int has_artifact(const struct pab_mf_target *mf, const char *object)
{
    for (size_t i = 0; i < mf->artifacts.count; i++)
        if (strcmp(mf->artifacts.items[i].object, object) == 0) return 1;
    return 0;
}

/* What is no object (the roles of a server) is of no use without one. */
uint64_t pab_keep_whole_objects(struct pab_opctx *c, int code)
{
    struct pab_mf_target *mf = c->mf;
    int may = c->instance->plugin->p.caps & PAB_CAP_WHOLE_OBJECTS && code != PAB_E_NOSPACE;
    uint64_t whole = 0;
    size_t kept = 0;
    for (size_t i = 0; may && i < c->announced.count; i++)
        whole += !pab_strs_has(&c->broken, c->announced.items[i]) && has_artifact(mf, c->announced.items[i]);
    for (size_t i = 0; i < mf->artifacts.count; i++) {
        struct pab_mf_artifact *a = &mf->artifacts.items[i];
        if (!whole || pab_strs_has(&c->broken, a->object)) forget_artifact(c->stage, a);
        else mf->artifacts.items[kept++] = *a;
    }
    mf->artifacts.count = kept;
    return whole;
}

void pab_forget_attempt(struct pab_stage *stage, struct pab_mf_target *mf)
{
    for (size_t i = 0; i < mf->artifacts.count; i++) forget_artifact(stage, &mf->artifacts.items[i]);
    mf->artifacts.count = 0;
    pab_kvs_release(&mf->facts);
    pab_strs_release(&mf->warnings);
    mf->warning_count = 0;
}
