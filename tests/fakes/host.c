/* host.c - the fake host: making, messages, cancellation, findings, journal; see host.h. */
#include "tests/fakes/host_private.h"

#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int32_t add_failure(struct fake_host *h, int32_t code, int32_t os_errno, const char *hint, const char *fmt, va_list ap)
{
    struct fake_failure *f = &h->failure;
    if (f->code) return code;
    f->code = code;
    f->os_errno = os_errno;
    f->retryable = code == PAB_E_UNREACHABLE || code == PAB_E_TIMEOUT || code == PAB_E_BUSY;
    vsnprintf(f->message, sizeof f->message, fmt, ap);
    snprintf(f->hint, sizeof f->hint, "%s", hint ? hint : "");
    return code;
}

int32_t fake_failed(struct fake_host *h, int32_t code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_failure(h, code, 0, NULL, fmt, ap);
    va_end(ap);
    return code;
}

int32_t fake_misused(struct fake_host *h, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fake_add_text(&h->misuse, "%s", text);
    return fake_failed(h, PAB_E_INTERNAL, "%s", text);
}

static struct fake_call *find_call(struct fake_host *h, const char *function)
{
    for (size_t i = 0; i < FAKE_CALLS; i++) {
        struct fake_call *c = &h->priv->calls[i];
        if (!c->name) c->name = function;
        if (strcmp(c->name, function) == 0) return c;
    }
    fake_wrong_test("too many names of host functions: '%s'", function);
}

int32_t fake_enter(struct fake_host *h, const char *function)
{
    struct fake_call *c = find_call(h, function);
    c->calls++;
    if (c->fail_in && --c->fail_in == 0) {
        if (c->code == PAB_E_CANCELLED) fake_cancel(h);
        return fake_failed(h, c->code, "%s failed: the test said so", function);
    }
    return PAB_OK;
}

static void host_log(struct pab_op *op, int32_t level, const char *fmt, ...)
{
    static const char *const names[] = { "debug", "verbose", "info" };
    struct fake_host *h = fake_host_of(op);
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fake_lock(h);
    fake_enter(h, "log");
    fake_add_text(&h->logs, "%s: %s", level >= 0 && level <= PAB_LOG_INFO ? names[level] : "?", text);
    fake_unlock(h);
}

static int32_t host_fail(struct pab_op *op, int32_t code, int32_t os_errno, const char *hint, const char *fmt, ...)
{
    struct fake_host *h = fake_host_of(op);
    va_list ap;
    fake_lock(h);
    find_call(h, "fail_with")->calls++;
    if (code >= 0) fake_misused(h, "pab_fail with code %d, which is no failure", code);
    va_start(ap, fmt);
    add_failure(h, code, os_errno, hint, fmt, ap);
    va_end(ap);
    h->failure.count++;
    fake_unlock(h);
    return code;
}

static void host_set_retryable(struct pab_op *op, int32_t retryable)
{
    struct fake_host *h = fake_host_of(op);
    fake_lock(h);
    fake_enter(h, "set_retryable");
    h->failure.retryable = retryable;
    fake_unlock(h);
}

static void host_warn(struct pab_op *op, const char *object, const char *fmt, ...)
{
    struct fake_host *h = fake_host_of(op);
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fake_lock(h);
    fake_enter(h, "warn");
    fake_add_text(&h->warnings, "%s%s%s", object ? object : "", object ? ": " : "", text);
    fake_unlock(h);
}

static void host_progress(struct pab_op *op, const struct pab_progress *theirs)
{
    struct fake_host *h = fake_host_of(op);
    struct pab_progress p = { 0 };
    FAKE_TAKE(p, theirs);
    fake_lock(h);
    fake_enter(h, "progress");
    fake_add_text(&h->progress, "%s %llu/%llu %s", p.phase ? p.phase : "", (unsigned long long)p.done, (unsigned long long)p.total, p.unit ? p.unit : "");
    fake_unlock(h);
}

static void host_secret(struct pab_op *op, const char *value)
{
    struct fake_host *h = fake_host_of(op);
    fake_lock(h);
    fake_enter(h, "secret");
    fake_add_text(&h->secrets, "%s", value);
    fake_unlock(h);
}

void fake_cancel(struct fake_host *h)
{
    fake_lock(h);
    if (!h->priv->cancelled && write(h->priv->cancel_pipe[1], "", 1) != 1) fake_wrong_test("cannot write to a pipe");
    h->priv->cancelled = 1;
    fake_unlock(h);
}

static int32_t host_cancelled(struct pab_op *op)
{
    struct fake_host *h = fake_host_of(op);
    fake_lock(h);
    fake_enter(h, "cancelled");
    int32_t cancelled = h->priv->cancelled;
    fake_unlock(h);
    return cancelled;
}

static int32_t host_cancel_fd(struct pab_op *op)
{
    return fake_host_of(op)->priv->cancel_pipe[0];
}

static int32_t host_sleep_ms(struct pab_op *op, uint32_t ms)
{
    struct fake_host *h = fake_host_of(op);
    struct pollfd p = { .fd = h->priv->cancel_pipe[0], .events = POLLIN };
    if (h->real_sleep) poll(&p, 1, (int)ms);
    fake_lock(h);
    int32_t rc = fake_enter(h, "sleep_ms");
    h->slept_ms += ms;
    if (!rc && h->priv->cancelled) rc = fake_failed(h, PAB_E_CANCELLED, "cancelled");
    fake_unlock(h);
    return rc;
}

static int64_t host_remaining_ms(struct pab_op *op)
{
    return fake_host_of(op)->remaining_ms;
}

static int32_t host_object_add(struct pab_op *op, const struct pab_object *theirs, const struct pab_kv *attrs, uint64_t n)
{
    struct fake_host *h = fake_host_of(op);
    struct fake_object o = { .object = { 0 } };
    FAKE_TAKE(o.object, theirs);
    fake_lock(h);
    int32_t rc = fake_enter(h, "object_add");
    if (!rc && (!o.object.id || !*o.object.id || !o.object.kind)) rc = fake_misused(h, "object_add: an object without id or kind");
    for (size_t i = 0; !rc && i < h->object_count; i++) {
        if (strcmp(h->objects[i].object.id, o.object.id) == 0) rc = fake_misused(h, "object_add: '%s' was there already", o.object.id);
    }
    if (!rc) {
        o.object.id = fake_own_text(h, o.object.id);
        o.object.kind = fake_own_text(h, o.object.kind);
        o.object.detail = fake_own_text(h, o.object.detail);
        for (uint64_t i = 0; i < n; i++) fake_set_kv(h, &o.attrs, attrs[i].key, attrs[i].value);
        h->objects = fake_grow(h->objects, h->object_count, sizeof *h->objects);
        h->objects[h->object_count++] = o;
    }
    fake_unlock(h);
    return rc;
}

static int32_t host_fact(struct pab_op *op, const char *key, const char *value)
{
    struct fake_host *h = fake_host_of(op);
    fake_lock(h);
    int32_t rc = fake_enter(h, "fact");
    if (!rc && (!key || !*key || !value)) rc = fake_misused(h, "fact: no key or no value");
    if (!rc) fake_set_kv(h, &h->facts, key, value);
    fake_unlock(h);
    return rc;
}

static int32_t host_plan_add(struct pab_op *op, const struct pab_plan *theirs)
{
    struct fake_host *h = fake_host_of(op);
    struct pab_plan p = { 0 };
    FAKE_TAKE(p, theirs);
    fake_lock(h);
    int32_t rc = fake_enter(h, "plan_add");
    if (!rc && (!p.object || !p.detail || p.action < PAB_PLAN_CREATE || p.action > PAB_PLAN_CONFLICT)) {
        rc = fake_misused(h, "plan_add: no object, no detail or no valid action");
    }
    if (!rc) {
        p.object = fake_own_text(h, p.object);
        p.detail = fake_own_text(h, p.detail);
        h->plans = fake_grow(h->plans, h->plan_count, sizeof *h->plans);
        h->plans[h->plan_count++].plan = p;
    }
    fake_unlock(h);
    return rc;
}

static int32_t host_journal_add(struct pab_op *op, const char *record, uint64_t *ret_id)
{
    struct fake_host *h = fake_host_of(op);
    struct fake_private *p = h->priv;
    fake_lock(h);
    int32_t rc = fake_enter(h, "journal_add");
    if (!rc && (!record || !ret_id)) rc = fake_misused(h, "journal_add: no record");
    if (!rc) {
        p->journal_id = fake_grow(p->journal_id, h->journal.count, sizeof *p->journal_id);
        p->journal_id[h->journal.count] = *ret_id = ++p->journal_ids;
        fake_add_text(&h->journal, "%s", record);
        fake_add_text(&h->journal_calls, "add %llu %s", (unsigned long long)*ret_id, record);
    }
    fake_unlock(h);
    return rc;
}

static int32_t host_journal_done(struct pab_op *op, uint64_t id)
{
    struct fake_host *h = fake_host_of(op);
    struct fake_private *p = h->priv;
    fake_lock(h);
    int32_t rc = fake_enter(h, "journal_done");
    size_t i = 0;
    while (i < h->journal.count && p->journal_id[i] != id) i++;
    if (!rc && i == h->journal.count) rc = fake_misused(h, "journal_done: no record %llu", (unsigned long long)id);
    if (!rc) {
        free(h->journal.items[i]);
        for (; i < h->journal.count; i++) { /* the NULL at the end moves along */
            h->journal.items[i] = h->journal.items[i + 1];
            if (i + 1 < h->journal.count) p->journal_id[i] = p->journal_id[i + 1];
        }
        h->journal.count--;
        fake_add_text(&h->journal_calls, "done %llu", (unsigned long long)id);
    }
    fake_unlock(h);
    return rc;
}

static const char *host_scratch_dir(struct pab_op *op)
{
    struct fake_host *h = fake_host_of(op);
    fake_lock(h);
    if (fake_enter(h, "scratch_dir") == PAB_OK && !h->priv->scratch) {
        const char *tmp = getenv("TMPDIR");
        char path[4096];
        snprintf(path, sizeof path, "%s/pab-fake-XXXXXX", tmp && *tmp ? tmp : "/tmp");
        if (!mkdtemp(path)) fake_wrong_test("cannot make a scratch folder in '%s'", path);
        h->priv->scratch = strdup(path);
    }
    const char *dir = h->failure.code ? NULL : h->priv->scratch;
    fake_unlock(h);
    return dir;
}

static int32_t host_object_wanted(struct pab_op *op, const char *id)
{
    const struct fake_host *h = fake_host_of(op);
    return !h->only || strcmp(h->only, id) == 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void fill_table(struct pab_host *t)
{
    *t = (struct pab_host){
        .struct_size = sizeof *t, .abi_major = PAB_ABI_MAJOR, .abi_minor = PAB_ABI_MINOR, .version = "0-fake",
        .log = host_log, .fail_with = host_fail, .set_retryable = host_set_retryable, .warn = host_warn, .progress = host_progress,
        .secret = host_secret, .cancelled = host_cancelled, .cancel_fd = host_cancel_fd, .sleep_ms = host_sleep_ms,
        .remaining_ms = host_remaining_ms, .object_add = host_object_add, .fact = host_fact, .plan_add = host_plan_add,
        .journal_add = host_journal_add, .journal_done = host_journal_done, .scratch_dir = host_scratch_dir,
        .object_wanted = host_object_wanted,
    };
    fake_fill_config(t);
    fake_fill_write(t);
    fake_fill_tree(t);
    fake_fill_read(t);
}

struct fake_host *fake_host_new(void)
{
    struct fake_host *h = calloc(1, sizeof *h);
    struct fake_private *p = calloc(1, sizeof *p);
    pthread_mutexattr_t recursive;
    if (!h || !p || pipe(p->cancel_pipe)) fake_wrong_test("cannot make a fake host");
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&p->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    fill_table(&p->table);
    p->op = (struct fake_op){ .pub = { &p->table }, .h = h };
    h->priv = p;
    h->remaining_ms = -1;
    h->may_fail = 1;
    return h;
}

struct pab_op *fake_op(struct fake_host *h) { return &h->priv->op.pub; }
const struct pab_host *fake_table(struct fake_host *h) { return &h->priv->table; }
struct fake_host *fake_host_of(struct pab_op *op) { return ((struct fake_op *)op)->h; }
void fake_lock(struct fake_host *h) { pthread_mutex_lock(&h->priv->lock); }
void fake_unlock(struct fake_host *h) { pthread_mutex_unlock(&h->priv->lock); }

void fake_fail_call(struct fake_host *h, const char *function, unsigned n, int32_t code)
{
    fake_lock(h);
    struct fake_call *c = find_call(h, function);
    c->fail_in = n;
    c->code = code;
    fake_unlock(h);
}

unsigned fake_calls(struct fake_host *h, const char *function)
{
    fake_lock(h);
    unsigned calls = find_call(h, function)->calls;
    fake_unlock(h);
    return calls;
}

void fake_new_verb(struct fake_host *h)
{
    char byte;
    fake_lock(h);
    h->failure = (struct fake_failure){ 0 };
    fake_free_texts(&h->misuse);
    fake_free_texts(&h->warnings);
    h->plan_count = 0;
    if (h->priv->cancelled && read(h->priv->cancel_pipe[0], &byte, 1) != 1) fake_wrong_test("somebody read cancel_fd");
    h->priv->cancelled = 0;
    fake_unlock(h);
}

static const char *judge(struct fake_host *h, int32_t rc)
{
    struct fake_private *p = h->priv;
    const char *open_stem = NULL;
    for (size_t i = 0; i < h->artifact_count; i++) {
        struct fake_artifact *a = h->artifacts[i];
        if (a->state != FAKE_OPEN && a->state != FAKE_FAILED) continue;
        a->state = FAKE_ABORTED;
        open_stem = a->desc.stem;
    }
    if (h->misuse.count) snprintf(p->judgement, sizeof p->judgement, "%s", h->misuse.items[0]);
    else if (rc > 0) snprintf(p->judgement, sizeof p->judgement, "returned %d, which is neither success nor an error code", rc);
    else if (rc < 0 && !h->failure.code) snprintf(p->judgement, sizeof p->judgement, "failed with code %d without saying why", rc);
    else if (rc == PAB_OK && h->failure.code) snprintf(p->judgement, sizeof p->judgement, "succeeded after it had failed: %s", h->failure.message);
    else if (h->failure.count > h->may_fail) snprintf(p->judgement, sizeof p->judgement, "called pab_fail %u times", h->failure.count);
    else if (open_stem) snprintf(p->judgement, sizeof p->judgement, "artifact '%s' was left open", open_stem);
    else return NULL;
    return p->judgement;
}

const char *fake_end_verb(struct fake_host *h, int32_t rc)
{
    fake_lock(h);
    const char *wrong = judge(h, rc);
    fake_unlock(h);
    return wrong;
}

void fake_host_free(struct fake_host *h)
{
    if (!h) return;
    struct fake_private *p = h->priv;
    struct fake_texts *const texts[] = { &h->logs, &h->warnings, &h->progress, &h->secrets, &h->journal, &h->journal_calls, &h->misuse };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) fake_free_texts(texts[i]);
    for (size_t i = 0; i < h->object_count; i++) free(h->objects[i].attrs.items);
    for (size_t i = 0; i < h->artifact_count; i++) fake_free_artifact(h->artifacts[i]);
    if (p->scratch) nftw(p->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    fake_free_options(p->options);
    for (size_t i = 0; i < p->owned_count; i++) free(p->owned[i]);
    close(p->cancel_pipe[0]);
    close(p->cancel_pipe[1]);
    pthread_mutex_destroy(&p->lock);
    void *const rest[] = { p->owned, p->scratch, p->journal_id, p->infos, h->facts.items, h->objects, h->plans, h->artifacts, p, h };
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) free(rest[i]);
}
