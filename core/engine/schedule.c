/* schedule.c - see schedule.h: the crontab, and the verbs over it and the units. */
#include "core/engine/schedule.h"

#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/proc.h"
#include "core/base/str.h"
#include "core/engine/crontab_text.h"
#include "core/engine/schedule_text.h"
#include "core/engine/schedule_units.h"

#define MAX_TEXT (1u << 20)

enum pab_scheduler pab_scheduler_here(void)
{
    return access("/run/systemd/system", F_OK) == 0 ? PAB_SCHEDULER_SYSTEMD : PAB_SCHEDULER_CRON;
}

const char *pab_schedule_place(enum pab_scheduler scheduler, int system)
{
    return scheduler == PAB_SCHEDULER_CRON ? "crontab" : system ? "systemd" : "systemd --user";
}

/* ---- crontab */

static const char *const c_locale[] = { "LC_ALL=C", NULL };

static int crontab_read(char **ret, struct pab_error *err)
{
    static const char *const argv[] = { "crontab", "-l", NULL };
    if (pab_proc_capture(&(struct pab_proc_opts){ .argv = argv, .env_add = c_locale, .out = PAB_PROC_PIPE, .what = "crontab -l" }, MAX_TEXT, ret, err) == PAB_OK)
        return PAB_OK;
    if (!strstr(err->message, "no crontab for"))
        return pab_error_prefix(err, "cannot read the crontab");
    pab_error_clear(err);
    *ret = pab_strdup("");
    return PAB_OK;
}

static int crontab_write(const struct pab_buf *text, struct pab_error *err)
{
    static const char *const argv[] = { "crontab", "-", NULL };
    struct pab_proc *p;
    if (pab_proc_start(&(struct pab_proc_opts){ .argv = argv, .env_add = c_locale, .in = PAB_PROC_PIPE, .what = "crontab -" }, &p, err))
        return pab_error_prefix(err, "cannot write the crontab");
    int failed = pab_write_all(pab_proc_in(p), pab_buf_str(text), text->size);
    pab_proc_close_in(p);
    if (pab_proc_finish(p, err))
        return pab_error_prefix(err, "cannot write the crontab");
    return failed ? pab_error_set(err, PAB_E_TOOL, 0, "cannot write the crontab: crontab did not read it all") : PAB_OK;
}

/* body NULL: remove. */
static int crontab_change(const char *id, const char *body, int *ret_changed, struct pab_error *err)
{
    CLEANUP_FREE char *text = NULL;
    struct pab_buf changed = PAB_BUF_INIT(0);
    int rc = crontab_read(&text, err);
    if (!rc)
        rc = pab_crontab_set(text, id, body, &changed, err);
    *ret_changed = !rc && strcmp(text, pab_buf_str(&changed)) != 0;
    if (*ret_changed)
        rc = crontab_write(&changed, err);
    pab_buf_release(&changed);
    return rc;
}

/* ---- the verbs */

static int remove_from(const char *id, enum pab_scheduler scheduler, int system, struct pab_strs *places, struct pab_error *err)
{
    int changed = 0;
    int rc = scheduler == PAB_SCHEDULER_SYSTEMD ? pab_units_uninstall(system, id, &changed, err) : crontab_change(id, NULL, &changed, err);
    if (changed)
        pab_strs_add(places, pab_schedule_place(scheduler, system));
    return rc;
}

/* From every place but the one that `kept` says (NULL: from all). What can be removed is, also when another place fails. */
static int remove_elsewhere(const char *id, const struct pab_schedule_opts *kept, struct pab_strs *places, struct pab_error *err)
{
    struct pab_schedules all = { 0 };
    int rc = pab_schedule_list(&all, err);
    for (size_t i = 0; i < all.count; i++) {
        const struct pab_schedule *e = &all.items[i];
        struct pab_error why = { 0 };
        if (strcmp(e->id, id) != 0 || (kept && e->scheduler == kept->scheduler && (e->scheduler == PAB_SCHEDULER_CRON || e->system == kept->system)))
            continue;
        if (!remove_from(id, e->scheduler, e->system, places, &why) || rc)
            continue;
        *err = why;
        rc = pab_error_prefix(err, "the schedule in %s", pab_schedule_place(e->scheduler, e->system));
    }
    pab_schedules_release(&all);
    return rc;
}

int pab_schedule_install(const struct pab_job *job, const struct pab_schedule_opts *o, int *ret_changed, struct pab_strs *ret_removed,
                         struct pab_error *err)
{
    CLEANUP_FREE char *id = pab_schedule_id(job);
    CLEANUP_FREE char *body = NULL;
    *ret_changed = 0;
    int rc = o->scheduler == PAB_SCHEDULER_SYSTEMD ? pab_units_install(job, o, id, ret_changed, err) : pab_schedule_cron_body(job, o, &body, err);
    if (!rc && body)
        rc = crontab_change(id, body, ret_changed, err);
    if (rc || remove_elsewhere(id, o, ret_removed, err) == PAB_OK)
        return rc;
    return pab_error_prefix(err, "it is installed in %s, but another schedule of the job may be left", pab_schedule_place(o->scheduler, o->system));
}

int pab_schedule_uninstall(const struct pab_job *job, const struct pab_schedule_opts *o, struct pab_strs *ret_removed, struct pab_error *err)
{
    CLEANUP_FREE char *id = pab_schedule_id(job);
    return o->everywhere ? remove_elsewhere(id, NULL, ret_removed, err) : remove_from(id, o->scheduler, o->system, ret_removed, err);
}

/* The rest of the line that begins so, or "". Caller frees. */
static char *rest_of(const char *text, const char *prefix)
{
    for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n')
        if (pab_str_has_prefix(s, prefix))
            return pab_strndup(s + strlen(prefix), strcspn(s + strlen(prefix), "\r\n"));
    return pab_strdup("");
}

void pab_schedules_add(struct pab_schedules *list, const char *id, const char *text, const char *when, enum pab_scheduler scheduler, int system)
{
    struct pab_schedule s = { .id = pab_strdup(id), .job_file = rest_of(text, "# job: "), .when = rest_of(text, when), .scheduler = scheduler, .system = system };
    PAB_PUSH(list, s);
}

static int list_crontab(struct pab_schedules *ret, struct pab_error *err)
{
    struct pab_strs ids = { 0 };
    CLEANUP_FREE char *text = NULL;
    CLEANUP_FREE char *tool = pab_proc_which("crontab");
    if (!tool)
        return PAB_OK;
    int rc = crontab_read(&text, err);
    if (!rc)
        rc = pab_crontab_list(text, &ids, err);
    for (size_t i = 0; !rc && i < ids.count; i++) {
        CLEANUP_FREE char *body = NULL;
        rc = pab_crontab_get(text, ids.items[i], &body, err);
        if (body)
            pab_schedules_add(ret, ids.items[i], body, "# when: ", PAB_SCHEDULER_CRON, 0);
    }
    pab_strs_release(&ids);
    return rc;
}

int pab_schedule_list(struct pab_schedules *ret, struct pab_error *err)
{
    pab_units_list(ret, 1);
    pab_units_list(ret, 0);
    return list_crontab(ret, err);
}

int pab_schedule_find(const char *id, struct pab_schedule *ret, struct pab_error *err)
{
    struct pab_schedules all = { 0 };
    int rc = pab_schedule_list(&all, err);
    *ret = (struct pab_schedule){ .id = pab_strdup(id), .job_file = pab_strdup(""), .when = pab_strdup("") };
    for (size_t i = 0; !rc && i < all.count; i++)
        if (strcmp(all.items[i].id, id) == 0) {
            pab_schedule_release(ret);
            *ret = all.items[i];
            all.items[i] = (struct pab_schedule){ 0 };
            break;
        }
    pab_schedules_release(&all);
    return rc;
}

void pab_schedule_release(struct pab_schedule *s)
{
    free(s->id);
    free(s->job_file);
    free(s->when);
    *s = (struct pab_schedule){ 0 };
}

void pab_schedules_release(struct pab_schedules *s)
{
    for (size_t i = 0; i < s->count; i++)
        pab_schedule_release(&s->items[i]);
    free(s->items);
    *s = (struct pab_schedules){ 0 };
}
