/* pins.c - which backups no cleanup may take; see store.h.
 *
 * A pin is the file .pins/NAME of the store, holding the reason: beside the backup, whose files SHA256SUMS covers.  No lock keeps pins and
 * removals apart, but the order of steps: a pin is written before its backup is looked for, a backup is set aside before its pin is
 * looked for (remove.c).  So one of the two sees the other, and a run that goes on for hours keeps nobody from pinning. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/store/directory.h"

#define PINS ".pins"
#define REASON_MAX 4096

static int open_pins(struct pab_store *s)
{
    return openat(s->dirfd, PINS, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static int pins_error(struct pab_store *s, const char *doing, const char *name, struct pab_error *err)
{
    int e = errno;
    pab_error_set(err, pab_error_code_of_errno(e), e, "cannot %s '%s/" PINS "%s%s'", doing, s->path, name ? "/" : "", name ? name : "");
    return pab_error_free_space(err, s->dirfd);
}

static int is_backup(struct pab_store *s, const char *name)
{
    struct stat st;
    return fstatat(s->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int no_backup(struct pab_store *s, const char *name, struct pab_error *err)
{
    CLEANUP_FREE char *shown = pab_str_printable(name);
    pab_error_set(err, PAB_E_NOT_FOUND, 0, "no backup '%s' in '%s'", shown, s->path);
    return pab_error_hint(err, err->code, "'pabengine list JOB' shows what there is");
}

int pab_store_pin(struct pab_store *s, const char *name, const char *reason, struct pab_error *err)
{
    if (!pab_backup_name_ok(name) || !is_backup(s, name)) return no_backup(s, name, err);
    if (strlen(reason) > PAB_PIN_REASON_MAX || !pab_utf8_valid(reason, strlen(reason)))
        return pab_error_set(err, PAB_E_USAGE, 0, "a reason is text of at most %d bytes", PAB_PIN_REASON_MAX);
    if (mkdirat(s->dirfd, PINS, 0700) && errno != EEXIST) return pins_error(s, "make", NULL, err);
    CLEANUP_CLOSE int pins = open_pins(s);
    if (pins < 0) return pins_error(s, "open", NULL, err);
    CLEANUP_FREE char *text = pab_sprintf("%s\n", reason);
    if (pab_write_file_atomic(pins, name, text, strlen(text), 0600, err)) {
        pab_error_prefix(err, "'%s/" PINS "'", s->path);
        return pab_error_free_space(err, s->dirfd);
    }
    if (pab_fsync_dir(s->dirfd)) return pins_error(s, "sync", NULL, err);
    pab_test_point("pinned");
    if (is_backup(s, name)) return PAB_OK;
    unlinkat(pins, name, 0); /* removed meanwhile */
    return no_backup(s, name, err);
}

int pab_store_unpin(struct pab_store *s, const char *name, struct pab_error *err)
{
    CLEANUP_FREE char *shown = pab_str_printable(name);
    CLEANUP_CLOSE int pins = pab_backup_name_ok(name) ? open_pins(s) : -1;
    if (pins >= 0 && unlinkat(pins, name, 0) == 0) return pab_fsync_dir(pins) ? pins_error(s, "sync", NULL, err) : PAB_OK;
    if (errno != ENOENT && pab_backup_name_ok(name)) return pins_error(s, "remove", name, err);
    return pab_error_set(err, PAB_E_NOT_FOUND, 0, "no backup '%s' is pinned in '%s'", shown, s->path);
}

int pab_store_is_pinned(struct pab_store *s, const char *name, int *ret, struct pab_error *err)
{
    struct stat st;
    CLEANUP_CLOSE int pins = open_pins(s);
    if (pins < 0 && errno != ENOENT) return pins_error(s, "open", NULL, err);
    int there = pins >= 0 && fstatat(pins, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (pins >= 0 && !there && errno != ENOENT) return pins_error(s, "read", name, err);
    *ret = there;
    return PAB_OK;
}

static struct pab_backup_info *find(struct pab_backup_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0) return &list->items[i];
    return NULL;
}

/* A pin that cannot be read is one all the same. */
static char *reason_of(int pins, const char *name)
{
    char *text = NULL;
    struct pab_error ignored = { 0 };
    if (pab_read_plain(pins, name, REASON_MAX, &text, NULL, &ignored)) return pab_strdup("");
    text[strcspn(text, "\n")] = '\0';
    return text;
}

int pab_store_read_pins(struct pab_store *s, struct pab_backup_list *io, struct pab_error *err)
{
    int fd = open_pins(s);
    if (fd < 0 && errno == ENOENT) return PAB_OK;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) return pins_error(s, "read", NULL, err);
    for (struct dirent *e; (errno = 0, e = readdir(dir));) {
        struct pab_backup_info *info = pab_backup_name_ok(e->d_name) ? find(io, e->d_name) : NULL;
        if (info && !info->pin) info->pin = reason_of(dirfd(dir), e->d_name);
    }
    int rc = errno ? pins_error(s, "read", NULL, err) : PAB_OK;
    closedir(dir);
    return rc;
}
