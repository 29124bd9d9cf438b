/* outcome.h - what a run came to, as hooks, notifications and metrics are told it.
 *
 * The struct lives with the run and borrows everything; the texts that these functions make are the caller's to free.
 * Secrets are masked in all of them.
 */
#ifndef PAB_ENGINE_OUTCOME_H
#define PAB_ENGINE_OUTCOME_H

#include "core/base/vec.h"
#include "core/engine/session.h"

/* When somebody is told. Exactly one of the last three ends a run. */
enum pab_moment {
    PAB_MOMENT_START,
    PAB_MOMENT_SUCCESS,            /* exit code 0 */
    PAB_MOMENT_PARTIAL,            /* 3: a backup was made, but not of everything, or with warnings */
    PAB_MOMENT_FAILURE,            /* no backup was made */
};
const char *pab_moment_name(enum pab_moment m); /* "start", "success", "partial", "failure" */

struct pab_outcome {
    const struct pab_session *s;
    const struct pab_manifest *m;  /* targets and times as far as the run came */
    enum pab_moment moment;
    const char *status;            /* NULL at the start; "complete", "partial", "failed", "cancelled" */
    const char *path;              /* of the backup that was published, or NULL */
    const struct pab_error *error; /* of the run itself; code 0: none */
    int exit_code;
    int64_t finished_ns;           /* 0 at the start */
};

struct pab_target_sum { uint64_t artifacts, size, content_size; };
struct pab_target_sum pab_target_sum(const struct pab_mf_target *t);

/* How many warnings it gave, also when not all of them are listed. */
uint64_t pab_target_warnings(const struct pab_mf_target *t);

/* One JSON object, the same for hooks (stdin) and webhooks; see HOOKS in pabengine-job(5). event: what it calls itself. */
char *pab_outcome_json(const struct pab_outcome *o, const char *event);
/* What went wrong, in one line: the error of the run, else that of the first failed target, else the first warning; "" when nothing did. */
char *pab_outcome_error(const struct pab_outcome *o);
/* The names of the targets that failed, with blanks between them. */
char *pab_outcome_failed_targets(const struct pab_outcome *o);
/* One line for people: "nightly: backup partial: db: server did not answer (3 targets, 212 MB in 5.8 s)". */
char *pab_outcome_line(const struct pab_outcome *o);
/* The same and a line a target, and where the backup is. */
char *pab_outcome_text(const struct pab_outcome *o);

#endif
