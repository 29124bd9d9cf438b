/* warnings.c - what an operation warns of: told and kept up to a ceiling, counted beyond it; see opctx.h.
 *
 * One tree may give a warning for each of its files. Neither the manifest, which is read whole, nor a log or a terminal is
 * better for the ten-thousandth of them. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/engine/opctx.h"

/* The middle of a long text is left out: a path stands at its beginning, the reason at its end. Caller frees. */
static char *shortened(const char *text)
{
    size_t n = strlen(text), half = PAB_WARNING_TEXT_MAX / 2 - 2;
    if (n <= PAB_WARNING_TEXT_MAX) return pab_strdup(text);
    const char *end = text + n - half;
    while (((unsigned char)*end & 0xc0) == 0x80) end++;
    return pab_sprintf("%.*s...%s", (int)pab_utf8_cut(text, half), text, end);
}

static void tell(struct pab_opctx *c, const char *object, const char *text)
{
    if (c->mf) {
        CLEANUP_FREE char *line = object ? pab_sprintf("%s: %s", object, text) : pab_strdup(text);
        pthread_mutex_lock(&c->lock);
        pab_strs_add(&c->mf->warnings, line);
        pthread_mutex_unlock(&c->lock);
    }
    pab_emit_warning(c->session, c->target, object, text);
}

void pab_opctx_warn(struct pab_opctx *c, enum pab_warning_kind kind, const char *object, const char *text)
{
    pthread_mutex_lock(&c->lock);
    c->warnings++;
    int listed = c->warnings_of[kind]++ < PAB_WARNINGS_LISTED;
    if (c->mf) c->mf->warning_count++;
    pthread_mutex_unlock(&c->lock);
    if (!listed) return;
    CLEANUP_FREE char *message = shortened(text);
    tell(c, object, message);
}

void pab_opctx_warnings_begin(struct pab_opctx *c)
{
    c->warnings = 0;
    memset(c->warnings_of, 0, sizeof c->warnings_of);
}

void pab_opctx_warnings_end(struct pab_opctx *c)
{
    static const char *const kinds[] = { "", " about files" };
    for (int k = 0; k < PAB_WARNING_KINDS; k++) {
        if (c->warnings_of[k] <= PAB_WARNINGS_LISTED) continue;
        char number[32];
        uint64_t more = c->warnings_of[k] - PAB_WARNINGS_LISTED;
        CLEANUP_FREE char *text = pab_sprintf("and %s more warning%s%s, not listed", pab_format_count(more, number, sizeof number), more == 1 ? "" : "s", kinds[k]);
        tell(c, NULL, text);
    }
}
