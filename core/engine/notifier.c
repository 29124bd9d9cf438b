/* notifier.c - see notifier.h. */
#include "core/engine/notifier.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/talk.h"
#include "core/engine/message.h"

#define EX_TEMPFAIL 75
#define MARGIN_MS 2000 /* pabengine-post keeps the time limit itself, and has better words for it */

struct delivery {
    const struct pab_notify *entry;
    struct pab_message message;
    const char *moment;
    pthread_t thread;
    int attempts, delivered;
    char answer[PAB_TALK_LINE + 1]; /* what the program said last */
    struct pab_error err;
};

struct pab_notifier {
    const struct pab_session *s;
    struct { struct pab_notify *items; size_t count, capacity; } entries;
    struct delivery *running;
    size_t count;
};

static void warn(void *ctx, const char *message)
{
    pab_emit_warning(ctx, NULL, NULL, message);
}

struct pab_notifier *pab_notifier_new(const struct pab_session *s)
{
    struct pab_notifier *n = pab_alloc(sizeof *n);
    n->s = s;
    for (size_t i = 0; i < s->job->notify_count; i++) {
        struct pab_notify entry;
        struct pab_error why = { 0 };
        if (pab_notify_load(s->job, i, warn, (void *)(uintptr_t)s, &entry, &why) == PAB_OK) {
            PAB_PUSH(&n->entries, entry);
            continue;
        }
        CLEANUP_FREE char *text = pab_sprintf("%s; the run goes on without this notification", why.message);
        pab_emit_warning(s, NULL, NULL, text);
    }
    n->running = pab_alloc_array(n->entries.count + 1, sizeof *n->running);
    return n;
}

static void keep_answer(void *ctx, const char *line)
{
    struct delivery *d = ctx;
    snprintf(d->answer, sizeof d->answer, "%s", line);
}

/* *ret_passing: another attempt may help. A mail whose sending took too long is not sent again: it may be under way. */
static int attempt(struct delivery *d, int *ret_passing)
{
    int mail = d->entry->type == PAB_NOTIFY_MAIL, status = 0;
    struct pab_talk talk = { .input = d->message.input, .input_size = d->message.size, .limit_ms = d->entry->timeout_ms + (mail ? 0 : MARGIN_MS),
                             .line = keep_answer, .ctx = d, .max_lines = 20 };
    struct pab_proc_opts opts = { .argv = (const char *const *)d->message.argv.items, .cwd = "/" };
    d->answer[0] = '\0';
    pab_error_clear(&d->err);
    if (pab_talk(&opts, &talk, &status, &d->err)) {
        *ret_passing = d->err.code == PAB_E_TIMEOUT && !mail;
        return d->err.code;
    }
    *ret_passing = status == EX_TEMPFAIL;
    if (status == 0) return PAB_OK;
    if (mail) return pab_error_set(&d->err, PAB_E_TOOL, 0, "'%s' failed with exit status %d%s%s", d->message.argv.items[0], status, d->answer[0] ? ": " : "", d->answer);
    return pab_error_set(&d->err, PAB_E_UNREACHABLE, 0, "%s", d->answer[0] ? d->answer : "it was not said why");
}

static void *deliver(void *arg)
{
    struct delivery *d = arg;
    int passing = 0;
    for (;;) {
        d->delivered = attempt(d, &passing) == PAB_OK;
        if (d->delivered || !passing || d->attempts++ >= d->entry->retries) return NULL;
        int64_t pause = d->attempts > 5 ? 30000 : 1000 << (d->attempts - 1);
        if (pause > d->entry->timeout_ms) pause = d->entry->timeout_ms;
        if (pab_cancel_sleep_ms((unsigned)pause)) return NULL;
    }
}

void pab_notifier_send(struct pab_notifier *n, const struct pab_outcome *o)
{
    sigset_t all, before;
    sigfillset(&all);
    for (size_t i = 0; i < n->entries.count; i++) {
        const struct pab_notify *entry = &n->entries.items[i];
        if (!(entry->on & 1u << o->moment)) continue;
        struct delivery *d = &n->running[n->count];
        *d = (struct delivery){ .entry = entry, .moment = pab_moment_name(o->moment) };
        pab_message_make(entry, o, &d->message);
        pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the run */
        int rc = pthread_create(&d->thread, NULL, deliver, d);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (rc == 0) n->count++;
        else {
            pab_message_release(&d->message);
            pab_logf(PAB_LL_WARNING, NULL, "%s: '%s' was not delivered: no thread", entry->where, d->moment);
        }
    }
}

void pab_notifier_wait(struct pab_notifier *n)
{
    for (size_t i = 0; i < n->count; i++) {
        struct delivery *d = &n->running[i];
        pthread_join(d->thread, NULL);
        if (d->delivered) {
            pab_logf(PAB_LL_VERBOSE, NULL, "%s: '%s' was delivered", d->entry->where, d->moment);
        } else {
            char tries[40] = "";
            if (d->attempts > 1) snprintf(tries, sizeof tries, " (%d attempts)", d->attempts);
            CLEANUP_FREE char *text = pab_sprintf("%s: '%s' was not delivered: %s%s", d->entry->where, d->moment, d->err.message, tries);
            pab_emit_warning(n->s, NULL, NULL, text);
        }
        pab_message_release(&d->message);
    }
    n->count = 0;
}

void pab_notifier_free(struct pab_notifier *n)
{
    if (!n) return;
    pab_notifier_wait(n);
    for (size_t i = 0; i < n->entries.count; i++) pab_notify_release(&n->entries.items[i]);
    free(n->entries.items);
    free(n->running);
    free(n);
}

size_t pab_notifier_check(const struct pab_session *s, struct pab_error *ret_first)
{
    size_t faults = 0;
    for (size_t i = 0; i < s->job->notify_count; i++) {
        struct pab_notify entry;
        struct pab_error why = { 0 };
        int rc = pab_notify_load(s->job, i, warn, (void *)(uintptr_t)s, &entry, &why);
        if (!rc && entry.type == PAB_NOTIFY_MAIL && access(entry.sendmail, X_OK))
            pab_error_hint(&why, pab_error_set(&why, PAB_E_TOOL, 0, "%s: there is no program '%s'", entry.where, entry.sendmail), "install a mail server, or name the program with sendmail");
        if (!rc) pab_notify_release(&entry);
        if (why.code) {
            if (!faults++) *ret_first = why;
            pab_emit_error(s, "notify", &why);
        }
    }
    return faults;
}
