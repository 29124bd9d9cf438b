/* remove.c - how a backup goes: aside by one rename, then its files; and how much room that makes. See store.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/store/directory.h"

static int remove_error(struct pab_store *s, const char *doing, const char *name, struct pab_error *err)
{
    int e = errno;
    return pab_error_set(err, pab_error_code_of_errno(e), e, "cannot %s '%s/%s'", doing, s->path, name);
}

static int is_latest(struct pab_store *s, const char *name)
{
    CLEANUP_FREE char *latest = pab_store_latest(s);
    return latest && strcmp(latest, name) == 0;
}

/* ---- room */

/* Of files with several names, those that were met: one is freed with its last name. */
struct pab_usage_link { dev_t dev; ino_t ino; nlink_t links, met; uint64_t bytes; };

static void add_link(struct pab_usage *u, const struct stat *st)
{
    for (size_t i = u->count; i-- > 0;) { /* the other name is in the backup before this one, most likely */
        struct pab_usage_link *l = &u->items[i];
        if (l->ino != st->st_ino || l->dev != st->st_dev) continue;
        if (++l->met == l->links) u->bytes += l->bytes;
        return;
    }
    PAB_PUSH(u, ((struct pab_usage_link){ st->st_dev, st->st_ino, st->st_nlink, 1, (uint64_t)st->st_blocks * 512 }));
}

/* Backups are three levels deep, or a few more where services have folders: what is deeper is not ours. */
#define DEEPEST 40

static void measure(struct pab_usage *u, int dirfd, const char *name, int depth)
{
    struct stat st;
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0) close(fd);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW)) continue;
        if (S_ISDIR(st.st_mode) && depth < DEEPEST) measure(u, fd, e->d_name, depth + 1);
        if (!S_ISDIR(st.st_mode) && st.st_nlink > 1) add_link(u, &st);
        else u->bytes += (uint64_t)st.st_blocks * 512;
    }
    closedir(dir);
}

static void measure_folder(struct pab_store *s, const char *folder, struct pab_usage *io)
{
    struct stat st;
    if (fstatat(s->dirfd, folder, &st, AT_SYMLINK_NOFOLLOW)) return;
    io->bytes += (uint64_t)st.st_blocks * 512;
    measure(io, s->dirfd, folder, 0);
}

void pab_store_measure(struct pab_store *s, const char *name, struct pab_usage *io)
{
    if (pab_backup_name_ok(name)) measure_folder(s, name, io);
}

void pab_usage_release(struct pab_usage *u)
{
    free(u->items);
    *u = (struct pab_usage){ 0 };
}

/* ---- removal */

int pab_store_set_aside(struct pab_store *s, const char *name, struct pab_usage *io, struct pab_error *err)
{
    int pinned = 0;
    CLEANUP_FREE char *aside = pab_sprintf(PAB_DELETING_PREFIX "%s", name);
    if (!pab_backup_name_ok(name)) return pab_error_set(err, PAB_E_USAGE, 0, "'%s' is not the name of a backup", name);
    if (is_latest(s, name)) return pab_error_set(err, PAB_E_REFUSED, 0, "'%s' is the latest backup", name);
    if (pab_remove_tree(s->dirfd, aside, err)) return err ? err->code : PAB_E_IO; /* of a backup with that name, long ago */
    pab_test_point("aside");
    if (pab_rename_new(s->dirfd, name, s->dirfd, aside)) return remove_error(s, "set aside", name, err);
    pab_test_point("aside-renamed");
    int rc = pab_store_is_pinned(s, name, &pinned, err);
    if (!rc && !pinned) {
        if (io) measure_folder(s, aside, io);
        return PAB_OK;
    }
    if (pab_rename_new(s->dirfd, aside, s->dirfd, name)) return remove_error(s, "put back", name, err);
    return rc ? rc : pab_error_set(err, PAB_E_REFUSED, 0, "'%s' was pinned meanwhile", name);
}
