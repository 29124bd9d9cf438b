/* schedule.c - see schedule.h: the crontab and the units as they are on this machine. */
#include "core/engine/schedule.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/proc.h"
#include "core/base/str.h"
#include "core/engine/crontab_text.h"
#include "core/engine/schedule_text.h"

#define MAX_TEXT (1u << 20)
#define SYSTEM_UNITS "/etc/systemd/system"

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

/* ---- units */

static char *unit_dir(int system)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (system)
        return pab_strdup(SYSTEM_UNITS);
    if (xdg && *xdg == '/')
        return pab_sprintf("%s/systemd/user", xdg);
    return pab_sprintf("%s/.config/systemd/user", home && *home == '/' ? home : "");
}

static int systemctl(int system, const char *verb, const char *flag, const char *unit, struct pab_error *err)
{
    const char *argv[6] = { "systemctl", system ? "--system" : "--user", verb };
    size_t n = 3;
    struct pab_proc *p;
    if (flag)
        argv[n++] = flag;
    if (unit)
        argv[n] = unit;
    if (pab_proc_start(&(struct pab_proc_opts){ .argv = argv, .what = "systemctl" }, &p, err))
        return err->code;
    return pab_proc_finish(p, err);
}

static int write_unit(int dir, const char *name, const char *text, int *changed, struct pab_error *err)
{
    CLEANUP_FREE char *old = NULL;
    struct pab_error why = { 0 };
    if (pab_read_file(dir, name, MAX_TEXT, &old, NULL, &why) == PAB_OK && strcmp(old, text) == 0)
        return PAB_OK;
    *changed = 1;
    return pab_write_file_atomic(dir, name, text, strlen(text), 0644, err);
}

static int open_unit_dir(int system, int create, struct pab_error *err)
{
    CLEANUP_FREE char *path = unit_dir(system);
    if (create && pab_mkdirs(AT_FDCWD, path, 0755, err))
        return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        pab_error_set(err, errno == ENOENT ? PAB_E_NOT_FOUND : PAB_E_IO, errno, "cannot open '%s'", path);
    return fd;
}

static int remove_units(int dir, const char *id)
{
    CLEANUP_FREE char *service = pab_sprintf("%s.service", id);
    CLEANUP_FREE char *timer = pab_sprintf("%s.timer", id);
    return !unlinkat(dir, timer, 0) | !unlinkat(dir, service, 0);
}

static int units_install(const struct pab_job *job, const struct pab_schedule_opts *o, const char *id, int *ret_changed, struct pab_error *err)
{
    CLEANUP_FREE char *service = NULL, *timer = NULL;
    CLEANUP_FREE char *service_name = pab_sprintf("%s.service", id);
    CLEANUP_FREE char *timer_name = pab_sprintf("%s.timer", id);
    if (pab_schedule_units(job, o, &service, &timer, err))
        return err->code;
    /* the unit makes it writable, which a folder that is not there cannot be */
    if (o->system && o->state_dir && pab_mkdirs(AT_FDCWD, o->state_dir, 0700, err))
        return err->code;
    CLEANUP_CLOSE int dir = open_unit_dir(o->system, 1, err);
    if (dir < 0 || write_unit(dir, service_name, service, ret_changed, err) || write_unit(dir, timer_name, timer, ret_changed, err))
        return err->code;
    if (!*ret_changed)
        return PAB_OK;
    if (systemctl(o->system, "daemon-reload", NULL, NULL, err) || systemctl(o->system, "enable", NULL, timer_name, err) ||
        systemctl(o->system, "restart", NULL, timer_name, err)) {
        remove_units(dir, id); /* so that installing again tries it all again */
        return err->code;
    }
    return PAB_OK;
}

static int units_uninstall(const struct pab_schedule_opts *o, const char *id, int *ret_changed, struct pab_error *err)
{
    struct pab_error why = { 0 };
    CLEANUP_FREE char *timer = pab_sprintf("%s.timer", id);
    CLEANUP_CLOSE int dir = open_unit_dir(o->system, 0, &why);
    if (dir < 0 || faccessat(dir, timer, F_OK, 0) != 0)
        return PAB_OK;
    if (systemctl(o->system, "disable", "--now", timer, err))
        return err->code;
    *ret_changed = remove_units(dir, id);
    return systemctl(o->system, "daemon-reload", NULL, NULL, err);
}

/* ---- the verbs */

int pab_schedule_install(const struct pab_job *job, const struct pab_schedule_opts *o, int *ret_changed, struct pab_error *err)
{
    CLEANUP_FREE char *id = pab_schedule_id(job);
    CLEANUP_FREE char *body = NULL;
    *ret_changed = 0;
    if (o->scheduler == PAB_SCHEDULER_SYSTEMD)
        return units_install(job, o, id, ret_changed, err);
    if (pab_schedule_cron_body(job, o, &body, err))
        return err->code;
    return crontab_change(id, body, ret_changed, err);
}

int pab_schedule_uninstall(const struct pab_job *job, const struct pab_schedule_opts *o, int *ret_changed, struct pab_error *err)
{
    CLEANUP_FREE char *id = pab_schedule_id(job);
    *ret_changed = 0;
    if (o->scheduler == PAB_SCHEDULER_SYSTEMD)
        return units_uninstall(o, id, ret_changed, err);
    return crontab_change(id, NULL, ret_changed, err);
}

/* The rest of the line that begins so, or "". Caller frees. */
static char *rest_of(const char *text, const char *prefix)
{
    for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n')
        if (pab_str_has_prefix(s, prefix))
            return pab_strndup(s + strlen(prefix), strcspn(s + strlen(prefix), "\r\n"));
    return pab_strdup("");
}

static void add(struct pab_schedules *list, const char *id, const char *text, const char *when, enum pab_scheduler scheduler, int system)
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
            add(ret, ids.items[i], body, "# when: ", PAB_SCHEDULER_CRON, 0);
    }
    pab_strs_release(&ids);
    return rc;
}

static void list_units(struct pab_schedules *ret, int system)
{
    struct pab_error why = { 0 };
    int fd = open_unit_dir(system, 0, &why);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        CLEANUP_FREE char *text = NULL;
        if (!pab_str_has_prefix(e->d_name, "pabengine-") || !pab_str_has_suffix(e->d_name, ".timer") ||
            pab_read_file(dirfd(dir), e->d_name, MAX_TEXT, &text, NULL, &why))
            continue;
        CLEANUP_FREE char *id = pab_strndup(e->d_name, strlen(e->d_name) - strlen(".timer"));
        add(ret, id, text, "OnCalendar=", PAB_SCHEDULER_SYSTEMD, system);
    }
    closedir(dir);
}

int pab_schedule_list(struct pab_schedules *ret, struct pab_error *err)
{
    list_units(ret, 1);
    list_units(ret, 0);
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
