/* turn.c - see turn.h. */
#include "core/engine/turn.h"

#include <errno.h>
#include <fcntl.h>

#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/engine/schedule.h"

static char *folder_of(const char *state_dir) { return pab_sprintf("%s/turns", state_dir); }

static char *name_of(const struct pab_job *job)
{
    CLEANUP_FREE char *id = pab_schedule_id(job);
    return pab_sprintf("%s.lock", id);
}

static int take(const struct pab_session *s, struct pab_lock **ret, struct pab_error *err)
{
    CLEANUP_FREE char *folder = folder_of(s->state_dir);
    CLEANUP_FREE char *name = name_of(s->job);
    CLEANUP_FREE char *what = pab_sprintf("run %s", s->job->name);
    if (pab_mkdirs(AT_FDCWD, folder, 0700, err))
        return err->code;
    CLEANUP_CLOSE int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return pab_error_set(err, PAB_E_IO, errno, "cannot open '%s'", folder);
    return pab_lock_take(dir, name, what, 0, ret, err);
}

int pab_turn_take(const struct pab_session *s, struct pab_lock **ret, struct pab_error *err)
{
    struct pab_error why = { 0 };
    struct pab_lock *lock = NULL;
    int rc = take(s, &lock, &why);
    if (rc == PAB_E_BUSY || rc == PAB_E_CANCELLED) {
        *err = why;
        return rc == PAB_E_BUSY ? pab_error_prefix(err, "another run of the job is under way") : rc;
    }
    if (rc) /* no reason to go without a backup */
        pab_logf(PAB_LL_WARNING, NULL, "nothing keeps another run of this job from starting beside this one: %s", why.message);
    if (pab_store_check_lock(s->store_path, err)) {
        pab_lock_release(lock);
        return err->code;
    }
    *ret = lock;
    return PAB_OK;
}

int pab_turn_is_taken(const char *state_dir, const struct pab_job *job, struct pab_lock_owner *ret)
{
    CLEANUP_FREE char *folder = folder_of(state_dir);
    CLEANUP_FREE char *name = name_of(job);
    struct pab_error why = { 0 };
    CLEANUP_CLOSE int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir >= 0 && pab_lock_check(dir, name, ret, &why) == PAB_E_BUSY;
}
