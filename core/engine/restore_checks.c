/* restore_checks.c - is what is to be restored whole, and is there anything of what was asked for? See restore_private.h. */
#include <string.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/engine/includes.h"
#include "core/engine/integrity.h"
#include "core/engine/lineage.h"
#include "core/engine/restore_private.h"

static int is_damaged(struct restore *r, const char *target, const char *object, const struct pab_error *why, struct pab_error *err)
{
    if (r->o->force) {
        pab_emit_warning(r->s, target, object, why->message);
        r->warned++;
        return PAB_OK;
    }
    *err = *why;
    pab_error_prefix(err, "backup '%s' is damaged", pab_backup_name(r->backup));
    return pab_error_hint(err, err->code, "restore from another backup%s; --force tries all the same", object ? ", or leave the object out" : "");
}

static int check_artifact(struct restore *r, const char *target, const struct pab_mf_artifact *a, struct pab_error *err)
{
    struct pab_lineage line = { 0 };
    int rc = pab_integrity_stored(r->backup, a, err);
    if (rc || !a->parent_path) return rc;
    rc = pab_lineage_open(r->backup, target, a, &line, err);
    if (!rc) rc = pab_lineage_check(&line, err);
    pab_lineage_release(&line);
    return rc;
}

struct file_check { struct restore *r; struct pab_strs told; struct pab_error *err; };

/* What is wrong beside the chosen artifacts makes nothing of them incomplete: with --force it is said, and changes no exit code. */
static void file_finding(void *ctx, const struct pab_finding *f)
{
    struct file_check *c = ctx;
    struct pab_error why = { 0 };
    if (f->mode || c->err->code) return;
    for (size_t i = 0; i < c->told.count; i++)
        if (strcmp(c->told.items[i], f->path) == 0) return;
    size_t warned = c->r->warned;
    CLEANUP_FREE char *shown = pab_str_printable(f->path);
    pab_error_set(&why, PAB_E_CORRUPT, 0, "'%s' %s", shown, f->problem);
    is_damaged(c->r, NULL, NULL, &why, c->err);
    c->r->warned = warned;
}

/* Nothing is written from a backup that is not what was written, unless forced. */
static int check_contents(struct restore *r, struct pab_strs *told, struct pab_error *err)
{
    struct pab_error changed = { 0 };
    if (pab_backup_check_manifest(r->backup, &changed)) {
        pab_strs_add(told, "manifest.json");
        if (is_damaged(r, NULL, NULL, &changed, err)) return err->code;
    }
    for (size_t i = 0; i < r->parts.count; i++) {
        struct pab_opctx *c = &r->parts.items[i]->c;
        for (size_t a = 0; a < c->source_count; a++) {
            struct pab_error why = { 0 };
            if (pab_cancelled()) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled; nothing was changed");
            if (!check_artifact(r, c->target, c->source[a], &why)) continue;
            pab_strs_add(told, c->source[a]->path);
            if (c->source[a]->index_path) pab_strs_add(told, c->source[a]->index_path);
            if (is_damaged(r, c->target, c->source[a]->object, &why, err)) return err->code;
        }
    }
    return PAB_OK;
}

int pab_restore_check_backup(struct restore *r, struct pab_error *err)
{
    struct pab_error first = { 0 }, why = { 0 };
    struct file_check files = { .r = r, .err = &first };
    if (!check_contents(r, &files.told, &first) && pab_backup_check_files(r->backup, file_finding, &files, &why) && !first.code) is_damaged(r, NULL, NULL, &why, &first);
    pab_strs_release(&files.told);
    if (first.code) *err = first;
    return first.code;
}

/* --include that matches nothing in any chosen tree would write nothing, and nobody would notice. */
int pab_restore_check_includes(struct restore *r, struct pab_error *err)
{
    uint32_t n = pab_count_strings(r->o->includes), matched = 0;
    CLEANUP_FREE unsigned char *seen = pab_alloc(n + 1);
    if (!n) return PAB_OK;
    for (size_t i = 0; i < r->parts.count; i++) {
        const struct pab_opctx *c = &r->parts.items[i]->c;
        for (size_t a = 0; a < c->source_count; a++) {
            struct pab_error why = { 0 };
            if (!c->source[a]->index_path || !pab_includes_look(r->backup, c->source[a], r->o->includes, seen, &why)) continue;
            if (!r->o->force || why.code == PAB_E_CANCELLED) return pab_error_set(err, why.code, 0, "%s", why.message);
            return PAB_OK; /* it was told as damaged, and what it held cannot be said */
        }
    }
    for (uint32_t i = 0; i < n; i++) matched += seen[i];
    for (uint32_t i = 0; i < n && matched; i++) {
        if (seen[i]) continue;
        CLEANUP_FREE char *text = pab_sprintf("--include '%s' matches nothing in what is restored", r->o->includes[i]);
        pab_emit_warning(r->s, NULL, NULL, text);
        r->warned++;
    }
    if (matched) return PAB_OK;
    pab_error_set(err, PAB_E_USAGE, 0, "--include '%s'%s matches nothing in what is to be restored of backup '%s'", r->o->includes[0], n > 1 ? " and the others" : "", pab_backup_name(r->backup));
    return pab_error_hint(err, err->code, "'pabengine list JOB %s PATH' shows the names in a tree", pab_backup_name(r->backup));
}
