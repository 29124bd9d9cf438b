/* notify.h - who is told about the runs of a job: the key `notify`.
 *
 * Its form is checked when the job is loaded; its secrets are read only when somebody is about to be told, so that a variable that
 * is missing does not stop a restore:
 *
 *     struct pab_notify n;
 *     for (size_t i = 0; i < job->notify_count; i++)
 *         if (pab_notify_load(job, i, warn, ctx, &n, err) == PAB_OK) ... pab_notify_release(&n);
 */
#ifndef PAB_CONFIG_NOTIFY_H
#define PAB_CONFIG_NOTIFY_H

#include "core/config/job.h"

enum pab_notify_type { PAB_NOTIFY_HEALTHCHECKS, PAB_NOTIFY_NTFY, PAB_NOTIFY_WEBHOOK, PAB_NOTIFY_MAIL };
#define PAB_NOTIFY_MOMENTS 4             /* "start", "success", "partial", "failure": bits 0 to 3 of `on` */
#define PAB_NOTIFY_MAX 32                /* entries of one job */

struct pab_notify {
    enum pab_notify_type type;
    char *where;                         /* "notify[1] (ntfy at ntfy.sh)": for messages; no secret */
    char *url, *token;                   /* wiped by release; NULL: none */
    struct pab_strs to;                  /* mail */
    char *from, *sendmail;
    char *template, *content_type;       /* template NULL: the type's own text */
    unsigned on;
    int exit_code;                       /* healthchecks: it is told the number */
    int64_t timeout_ms;                  /* of one attempt */
    int retries;
};
/* Words that a template may have. */
extern const char *const pab_notify_words[];

/* The i-th entry of a loaded job, with its secrets. */
int pab_notify_load(const struct pab_job *j, size_t i, void (*warn)(void *ctx, const char *message), void *warn_ctx, struct pab_notify *ret,
                    struct pab_error *err);
void pab_notify_release(struct pab_notify *n);

/* For job.c: the form of all entries; c is the whole job. */
int pab_notify_check_all(const struct pab_config *c, struct pab_job *j, struct pab_error *err);

#endif
