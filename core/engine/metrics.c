/* metrics.c - see metrics.h. The text is Prometheus' exposition format 0.0.4: all samples of a metric stand together below its HELP and TYPE. */
#include "core/engine/metrics.h"

#include <fcntl.h>
#include <string.h>
#include "config.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/store/names.h"

#define MAX_FILE (4u << 20)

struct writer {
    const struct pab_outcome *o;
    struct pab_buf text;
    char *before;                  /* the file that is replaced; "" */
    char *job;                     /* the label's value, escaped */
};

static char *label_value(const char *s)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    CLEANUP_FREE char *utf8 = pab_utf8_valid(s, strlen(s)) ? pab_strdup(s) : pab_str_escape(s);
    for (const char *p = utf8; *p; p++) {
        if (*p == '\\' || *p == '"') pab_buf_addc(&b, '\\');
        if (*p == '\n') pab_buf_adds(&b, "\\n");
        else pab_buf_addc(&b, *p);
    }
    pab_buf_adds(&b, "");
    return pab_buf_take(&b);
}

/* What the replaced file says of a sample. Caller frees; NULL: nothing that is a number. */
static char *value_before(const struct writer *w, const char *sample)
{
    size_t n = strlen(sample);
    for (const char *line = w->before; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, sample, n) != 0 || line[n] != ' ') continue;
        size_t size = strcspn(line + n + 1, "\n");
        if (size && size < 32 && strspn(line + n + 1, "0123456789.") == size) return pab_strndup(line + n + 1, size);
    }
    return NULL;
}

static void head(struct writer *w, const char *name, const char *help)
{
    pab_buf_addf(&w->text, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* Frees sample and value; without a value the one from before is taken over. */
static void put(struct writer *w, char *sample, char *value)
{
    if (!value) value = value_before(w, sample);
    if (value) pab_buf_addf(&w->text, "%s %s\n", sample, value);
    free(sample);
    free(value);
}

static void put_run(struct writer *w, const char *name, const char *help, char *value)
{
    head(w, name, help);
    put(w, pab_sprintf("%s{job=\"%s\"}", name, w->job), value);
}

static char *of_time(int64_t ns) { return pab_sprintf("%lld.%03lld", (long long)(ns / 1000000000), (long long)(ns / 1000000 % 1000)); }
static char *of_duration(int64_t from, int64_t to) { return of_time(to > from ? to - from : 0); }
static char *of_number(uint64_t n) { return pab_sprintf("%llu", (unsigned long long)n); }

static void put_runs(struct writer *w)
{
    static const char *const states[] = { "complete", "partial", "failed", "cancelled" };
    const struct pab_outcome *o = w->o;
    const struct pab_manifest *m = o->m;
    int made = o->path != NULL;
    head(w, "pabengine_run_state", "What the last run came to: 1 for one of complete, partial, failed, cancelled.");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        put(w, pab_sprintf("pabengine_run_state{job=\"%s\",state=\"%s\"}", w->job, states[i]), of_number(strcmp(states[i], o->status) == 0));
    put_run(w, "pabengine_run_exit_code", "Exit code of the last run: 0 complete, 3 partial or with warnings, else no backup was made.", of_number((uint64_t)o->exit_code));
    put_run(w, "pabengine_run_finish_timestamp_seconds", "When the last run ended, well or not.", of_time(o->finished_ns));
    put_run(w, "pabengine_run_duration_seconds", "How long the last run took.", of_duration(m->started_ns, o->finished_ns));
    put_run(w, "pabengine_last_success_timestamp_seconds", "When the last complete backup ended.",
            made && strcmp(o->status, "complete") == 0 ? of_time(m->finished_ns) : NULL);
    put_run(w, "pabengine_last_backup_timestamp_seconds", "When the last backup ended, complete or partial.", made ? of_time(m->finished_ns) : NULL);
    put_run(w, "pabengine_last_backup_artifacts", "How many artifacts the last backup has.", made ? of_number(m->totals.artifacts) : NULL);
    put_run(w, "pabengine_last_backup_size_bytes", "Size of the last backup.", made ? of_number(m->totals.size) : NULL);
    put_run(w, "pabengine_last_backup_content_bytes", "Size of what is in the last backup, unpacked.", made ? of_number(m->totals.content_size) : NULL);
}

enum target_metric { SUCCESS, DURATION, ARTIFACTS, SIZE, CONTENT, WARNINGS };
static const struct { enum target_metric what; const char *name, *help; } target_metrics[] = {
    { SUCCESS, "pabengine_target_last_success_timestamp_seconds", "When the target was last backed up." },
    { DURATION, "pabengine_target_duration_seconds", "How long the target took in the last run that tried it." },
    { ARTIFACTS, "pabengine_target_artifacts", "How many artifacts the target had when it was last backed up." },
    { SIZE, "pabengine_target_size_bytes", "Size of the target's artifacts when it was last backed up." },
    { CONTENT, "pabengine_target_content_bytes", "The same, unpacked." },
    { WARNINGS, "pabengine_target_warnings", "How many warnings the target gave in the last run that tried it." },
};

static char *target_value(const struct writer *w, const struct pab_mf_target *t, enum target_metric what)
{
    if (!t || t->status == PAB_MF_SKIPPED) return NULL;
    struct pab_target_sum sum = pab_target_sum(t);
    int kept = w->o->path && t->status != PAB_MF_FAILED;
    switch (what) {
    case SUCCESS: return kept ? of_time(t->finished_ns) : NULL;
    case DURATION: return of_duration(t->started_ns, t->finished_ns);
    case ARTIFACTS: return kept ? of_number(sum.artifacts) : NULL;
    case SIZE: return kept ? of_number(sum.size) : NULL;
    case CONTENT: return kept ? of_number(sum.content_size) : NULL;
    case WARNINGS: return of_number(pab_target_warnings(t));
    }
    return NULL;
}

static const struct pab_mf_target *found(const struct pab_manifest *m, const char *name)
{
    for (size_t i = 0; i < m->targets.count; i++)
        if (strcmp(m->targets.items[i].name, name) == 0) return &m->targets.items[i];
    return NULL;
}

/* The state of a target that this run did not try is that of the run before. */
static char *state_value(const struct pab_mf_target *t, enum pab_mf_status s)
{
    return t && t->status != PAB_MF_SKIPPED ? of_number(t->status == s) : NULL;
}

static void put_targets(struct writer *w)
{
    static const enum pab_mf_status states[] = { PAB_MF_OK, PAB_MF_WARNING, PAB_MF_FAILED };
    const struct pab_job *j = w->o->s->job;
    head(w, "pabengine_target_state", "What the last run that tried the target came to: 1 for one of ok, warning, failed.");
    for (size_t i = 0; i < j->target_count; i++)
        for (size_t s = 0; s < sizeof states / sizeof *states && j->targets[i].enabled; s++)
            put(w, pab_sprintf("pabengine_target_state{job=\"%s\",target=\"%s\",plugin=\"%s\",state=\"%s\"}", w->job, j->targets[i].name, j->targets[i].plugin,
                               pab_status_name(states[s])), state_value(found(w->o->m, j->targets[i].name), states[s]));
    for (size_t n = 0; n < sizeof target_metrics / sizeof *target_metrics; n++) {
        head(w, target_metrics[n].name, target_metrics[n].help);
        for (size_t i = 0; i < j->target_count; i++) {
            const struct pab_job_target *t = &j->targets[i];
            if (!t->enabled) continue;
            put(w, pab_sprintf("%s{job=\"%s\",target=\"%s\",plugin=\"%s\"}", target_metrics[n].name, w->job, t->name, t->plugin),
                target_value(w, found(w->o->m, t->name), target_metrics[n].what));
        }
    }
}

int pab_metrics_write(const char *path, const struct pab_outcome *o, struct pab_error *err)
{
    struct writer w = { .o = o, .text = PAB_BUF_INIT(0) };
    struct pab_error ignored = { 0 };
    if (pab_read_file(AT_FDCWD, path, MAX_FILE, &w.before, NULL, &ignored)) w.before = pab_strdup(""); /* the first run, or nothing of use */
    w.job = label_value(o->m->job);
    head(&w, "pabengine_build_info", "The version that wrote this file.");
    pab_buf_addf(&w.text, "pabengine_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
    put_runs(&w);
    put_targets(&w);
    int rc = pab_write_file_atomic(AT_FDCWD, path, w.text.data, w.text.size, 0644, err);
    if (rc) pab_error_prefix(err, "metrics were not written");
    pab_buf_release(&w.text);
    free(w.before);
    free(w.job);
    return rc;
}
