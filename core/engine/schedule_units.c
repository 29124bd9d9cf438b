/* schedule_units.c - see schedule_units.h. */
#include "core/engine/schedule_units.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/proc.h"
#include "core/base/str.h"
#include "core/engine/schedule_text.h"

#define MAX_TEXT (1u << 20)
#define SYSTEM_UNITS "/etc/systemd/system"

static char *unit_dir(int system)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (system)
        return pab_strdup(SYSTEM_UNITS);
    if (xdg && *xdg == '/')
        return pab_sprintf("%s/systemd/user", xdg);
    return pab_sprintf("%s/.config/systemd/user", home && *home == '/' ? home : "");
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

/* daemon-reload, so that what is in the folder counts; then the timer, which begins with its new times. */
static int activate(int system, const char *timer, struct pab_error *err)
{
    if (systemctl(system, "daemon-reload", NULL, NULL, err) || systemctl(system, "enable", NULL, timer, err) ||
        systemctl(system, "restart", NULL, timer, err))
        return err->code;
    return PAB_OK;
}

struct unit {
    char *name, *text, *old;         /* old NULL: it was not there */
};

static int unit_differs(int dir, struct unit *u, struct pab_error *err)
{
    struct pab_error why = { 0 };
    if (pab_read_file(dir, u->name, MAX_TEXT, &u->old, NULL, &why) && why.code != PAB_E_NOT_FOUND) {
        *err = why; /* what cannot be read could not be put back */
        return -1;
    }
    return !u->old || strcmp(u->old, u->text) != 0;
}

static void put_back(int dir, const struct unit *u)
{
    struct pab_error why = { 0 };
    if (u->old)
        (void)pab_write_file_atomic(dir, u->name, u->old, strlen(u->old), 0644, &why);
    else
        (void)unlinkat(dir, u->name, 0);
}

static int change_units(int dir, int system, const struct unit *service, const struct unit *timer, struct pab_error *err)
{
    struct pab_error why = { 0 };
    if (!pab_write_file_atomic(dir, service->name, service->text, strlen(service->text), 0644, err) &&
        !pab_write_file_atomic(dir, timer->name, timer->text, strlen(timer->text), 0644, err) && !activate(system, timer->name, err))
        return PAB_OK;
    if (!timer->old)
        (void)systemctl(system, "disable", "--now", timer->name, &why);
    put_back(dir, service);
    put_back(dir, timer);
    if (timer->old)
        (void)activate(system, timer->name, &why);
    else
        (void)systemctl(system, "daemon-reload", NULL, NULL, &why);
    return pab_error_hint(err, err->code, timer->old ? "the schedule is what it was before" : "nothing was installed");
}

static void release(struct unit *u)
{
    free(u->name);
    free(u->text);
    free(u->old);
}

int pab_units_install(const struct pab_job *job, const struct pab_schedule_opts *o, const char *id, int *ret_changed, struct pab_error *err)
{
    struct unit service = { .name = pab_sprintf("%s.service", id) }, timer = { .name = pab_sprintf("%s.timer", id) };
    CLEANUP_CLOSE int dir = -1;
    int rc = pab_schedule_units(job, o, &service.text, &timer.text, err);
    /* the unit makes it writable, which a folder that is not there cannot be */
    if (!rc && o->system && o->state_dir)
        rc = pab_mkdirs(AT_FDCWD, o->state_dir, 0700, err);
    if (!rc && (dir = open_unit_dir(o->system, 1, err)) < 0)
        rc = err->code;
    int one = rc ? 0 : unit_differs(dir, &service, err), other = rc || one < 0 ? 0 : unit_differs(dir, &timer, err);
    if (one < 0 || other < 0)
        rc = err->code;
    *ret_changed = !rc && (one || other);
    if (*ret_changed)
        rc = change_units(dir, o->system, &service, &timer, err);
    release(&service);
    release(&timer);
    return rc;
}

int pab_units_uninstall(int system, const char *id, int *ret_changed, struct pab_error *err)
{
    struct pab_error why = { 0 };
    CLEANUP_FREE char *service = pab_sprintf("%s.service", id);
    CLEANUP_FREE char *timer = pab_sprintf("%s.timer", id);
    CLEANUP_CLOSE int dir = open_unit_dir(system, 0, &why);
    if (dir < 0 || faccessat(dir, timer, F_OK, 0) != 0)
        return PAB_OK;
    if (systemctl(system, "disable", "--now", timer, err))
        return err->code;
    *ret_changed = !unlinkat(dir, timer, 0) | !unlinkat(dir, service, 0);
    return systemctl(system, "daemon-reload", NULL, NULL, err);
}

void pab_units_list(struct pab_schedules *io, int system)
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
        pab_schedules_add(io, id, text, "OnCalendar=", PAB_SCHEDULER_SYSTEMD, system);
    }
    closedir(dir);
}
