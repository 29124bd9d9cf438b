/* refused.c - workflows that the server does not take: too large for it, or of a later version. The others do not suffer for them. */
#include <string.h>
#include "plugins/n8n/restore_private.h"

#define NAMED 10

void wanted_refused(struct restoring *r, struct wanted *w, const struct pab_error *err)
{
    pab_warn(r->op, w->id, "workflow '%s' is not restored: %s", w->name, err->message);
    if (!r->refusal) r->refusal = err->code;
    w->refused = 1;
}

int wanted_ends_all(const struct restoring *r, const struct pab_error *err)
{
    long status = rest_status(r->r);
    switch (err->code) {
    case PAB_E_CANCELLED:
    case PAB_E_TIMEOUT:
    case PAB_E_IO: return 1;
    case PAB_E_UNREACHABLE: return !status; /* no connection; a 500 may be about this one alone */
    default: return status == 401;
    }
}

int wanted_judge(const struct restoring *r)
{
    CLEANUP(pab_buf_release) struct pab_buf names = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < r->wanted.count; i++) {
        const struct wanted *w = &r->wanted.items[i];
        if (!w->refused) continue;
        if (count < NAMED) pab_buf_addf(&names, "%s'%s'", count ? ", " : "", w->name);
        count++;
    }
    if (!count) return PAB_OK;
    if (count > NAMED) pab_buf_addf(&names, " and %zu more", count - NAMED);
    return pab_fail(r->op, r->refusal, 0, "all others are restored; the warnings say why these are not", "%zu of %zu workflows are not restored: %s", count,
                    r->wanted.count, pab_buf_str(&names));
}
