/* events.h - what happens during a verb, told to whoever watches (the CLI prints it as text or JSON lines).
 *
 * The callback may come from any thread, one at a time.  Everything pointed to lives only during the call.
 */
#ifndef PAB_ENGINE_EVENTS_H
#define PAB_ENGINE_EVENTS_H

#include "core/store/manifest.h"

enum pab_event_type {
    PAB_EV_START,          /* text: name of the verb; path: store; name: backup, if known */
    PAB_EV_TARGET_START,   /* target, plugin */
    PAB_EV_PROGRESS,       /* target, phase, done, total, unit; content_bytes, bytes: of the whole verb so far */
    PAB_EV_OBJECT,         /* target, object, text: its kind, size, detail; attrs */
    PAB_EV_FACT,           /* target, text: key, detail: value (discover only) */
    PAB_EV_ARTIFACT,       /* target, artifact: written, restored or verified whole; detail: what was checked */
    PAB_EV_FINDING,        /* target or NULL, path: file or artifact, text: what is wrong with it */
    PAB_EV_WARNING,        /* target, object, text */
    PAB_EV_ERROR,          /* target, error */
    PAB_EV_PLAN,           /* target, object (NULL: all of the target), action, text, size */
    PAB_EV_TARGET_END,     /* target, status, mf: the target's part of the manifest (backup), text: what was done (others); ms; optional */
    PAB_EV_BACKUP_START,   /* verify: name of the backup it looks at */
    PAB_EV_SUMMARY,        /* name, path: backup; text: one word status; exit_code; ms; totals */
};

struct pab_event {
    enum pab_event_type type;
    const char *target, *plugin, *object, *name, *path;
    const char *text, *detail;
    const char *phase, *unit;
    uint64_t done, total, bytes, content_bytes, size;
    uint32_t action;                      /* PAB_PLAN_ */
    enum pab_mf_status status;
    int optional;                         /* TARGET_END of a backup: the target is not required */
    const struct pab_error *error;
    const struct pab_mf_artifact *artifact;
    const struct pab_mf_target *mf;
    const struct pab_kv *attrs; uint64_t attr_count;
    const struct pab_manifest *manifest;  /* SUMMARY of a run: what was published */
    int64_t ms;
    int exit_code;
};

struct pab_events {
    void (*event)(void *ctx, const struct pab_event *e);
    void *ctx;
};
/* Calls it under a process-wide lock. NULL callback: nothing. */
void pab_emit(const struct pab_events *ev, const struct pab_event *e);
/* PROGRESS at most once in 250 ms. */
void pab_emit_progress(const struct pab_events *ev, const struct pab_event *e);

#endif
