/* session.h - a loaded job with everything around it, and one target of it opened; for the files of this folder. */
#ifndef PAB_ENGINE_SESSION_H
#define PAB_ENGINE_SESSION_H

#include "core/engine/engine.h"
#include "core/engine/journal.h"
#include "core/plug/load.h"
#include "core/plug/op.h"
#include "core/store/store.h"

/* Of a target under trial: its one object that is backed up, or why there is none. */
struct pab_pick { char *target, *object, *why; uint64_t rank; };
struct pab_picks { struct pab_pick *items; size_t count, capacity; };

struct pab_session {
    struct pab_job *job;
    char *store_path, *state_dir;
    struct pab_plugs *plugs;
    struct pab_journal *journal;
    struct pab_events events;
    struct pab_strs only;          /* --target names; none: all */
    uint32_t categories;
    int resolve_secrets;
    struct pab_picks *picks;       /* a trial backup is under way: only these; NULL: everything */
    unsigned inject_at, cancel_at; /* for trying plugins: see struct pab_operation_opts; only backups */
};

/* Is this target wanted by --target and `enabled`? */
int pab_session_wants(const struct pab_session *s, const char *target);

/* A target with its plugin loaded and its options checked. */
struct pab_instance {
    const struct pab_job_target *target;
    const struct pab_loaded *plugin;
    struct pab_config *config;
    void *data;                    /* the plugin's; NULL until opened */
    int is_open;
};
/* Loads the plugin and checks the options (no call into the plugin's verbs). */
int pab_instance_prepare(struct pab_session *s, const struct pab_job_target *t, struct pab_instance *ret, struct pab_error *err);
int pab_instance_open(struct pab_session *s, struct pab_instance *i, struct pab_error *err);
void pab_instance_close(struct pab_instance *i);
/* All wanted targets prepared, so that a mistake in any is told before anything is done. Caller closes and frees. */
int pab_session_prepare(struct pab_session *s, struct pab_instance **ret, size_t *ret_count, struct pab_error *err);
void pab_instances_free(struct pab_instance *list, size_t n);

void pab_emit_warning(const struct pab_session *s, const char *target, const char *object, const char *text);
void pab_emit_error(const struct pab_session *s, const char *target, const struct pab_error *err);

#endif
