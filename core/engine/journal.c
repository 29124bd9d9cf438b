/* journal.c - see journal.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/engine/journal.h"
#include "core/plug/op.h"

struct pab_journal {
    char *dir;
    char *name;          /* our file, once there is one */
    int dirfd, fd;
    uint64_t next_id, open_records;
    int torn;            /* the last write failed */
    pthread_mutex_t lock;
};

#define JOURNAL_MAX (16u << 20)
#define SUFFIX ".jsonl"
#define NEW_SUFFIX ".new"

struct pab_journal *pab_journal_new(const char *state_dir)
{
    struct pab_journal *j = pab_alloc(sizeof *j);
    j->dir = pab_sprintf("%s/journal", state_dir);
    j->dirfd = j->fd = -1;
    j->next_id = 1;
    pthread_mutex_init(&j->lock, NULL);
    return j;
}

void pab_journal_free(struct pab_journal *j)
{
    if (!j) return;
    if (j->fd >= 0) {
        if (!j->open_records) unlinkat(j->dirfd, j->name, 0);
        close(j->fd);
    }
    if (j->dirfd >= 0) close(j->dirfd);
    pthread_mutex_destroy(&j->lock);
    free(j->name);
    free(j->dir);
    free(j);
}

/* Created and locked under a name that no replay looks at, and only then named: another process could lock it, find it
 * empty and remove it otherwise. */
static int create_locked(const struct pab_journal *j, const char *name, int *ret_fd, struct pab_error *err)
{
    CLEANUP_FREE char *temp = pab_sprintf("%s" NEW_SUFFIX, name);
    CLEANUP_CLOSE int fd = openat(j->dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot create '%s/%s'", j->dir, temp);
    const char *failed = flock(fd, LOCK_EX | LOCK_NB) ? "lock" : NULL;
    pab_test_point("journal-locked");
    if (!failed && pab_rename_new(j->dirfd, temp, j->dirfd, name)) failed = "name";
    if (!failed && pab_fsync_dir(j->dirfd)) failed = "sync";
    if (failed) {
        pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot %s '%s/%s'", failed, j->dir, name);
        unlinkat(j->dirfd, temp, 0);
        unlinkat(j->dirfd, name, 0);
        return err ? err->code : PAB_E_IO;
    }
    *ret_fd = TAKE_FD(fd);
    return PAB_OK;
}

static int open_own_file(struct pab_journal *j, struct pab_error *err)
{
    if (j->fd >= 0) return PAB_OK;
    if (pab_mkdirs(AT_FDCWD, j->dir, 0700, err))
        return pab_error_hint(err, err->code, "set PABENGINE_STATE_DIR to a folder that this user may write");
    if (j->dirfd < 0) j->dirfd = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->dirfd < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot open '%s'", j->dir);
    free(j->name);
    j->name = pab_sprintf("%d-%lld" SUFFIX, (int)getpid(), (long long)pab_now_ns());
    return create_locked(j, j->name, &j->fd, err);
}

/* One line, durable when this returns. Takes the reference of `line`. */
static int append(struct pab_journal *j, json_t *line, struct pab_error *err)
{
    CLEANUP_FREE char *text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    if (!text) return pab_error_set(err, PAB_E_INTERNAL, 0, "journal record is not UTF-8");
    /* After a failed write half a line may stand there: this one must not become part of it. */
    CLEANUP_FREE char *whole = pab_sprintf("%s%s\n", j->torn ? "\n" : "", text);
    pab_test_point("journal-write");
    j->torn = pab_write_all(j->fd, whole, strlen(whole)) != 0;
    if (j->torn || fdatasync(j->fd)) {
        pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot write '%s/%s'", j->dir, j->name);
        pab_error_free_space(err, j->dirfd);
        return err ? err->code : PAB_E_IO;
    }
    pab_test_point("journal-written");
    return PAB_OK;
}

int pab_journal_add(struct pab_journal *j, const char *plugin, const char *record, uint64_t *ret_id, struct pab_error *err)
{
    pthread_mutex_lock(&j->lock);
    int rc = open_own_file(j, err);
    if (!rc) rc = append(j, json_pack("{s:I, s:s, s:s}", "add", (json_int_t)j->next_id, "plugin", plugin, "record", record), err);
    if (!rc) {
        *ret_id = j->next_id++;
        j->open_records++;
    }
    pthread_mutex_unlock(&j->lock);
    return rc;
}

int pab_journal_done(struct pab_journal *j, uint64_t id, struct pab_error *err)
{
    pthread_mutex_lock(&j->lock);
    int rc = j->fd < 0 ? PAB_OK : append(j, json_pack("{s:I}", "done", (json_int_t)id), err);
    if (!rc && j->open_records) j->open_records--;
    pthread_mutex_unlock(&j->lock);
    return rc;
}

struct record { uint64_t id; char *plugin, *text; };
struct records { struct record *items; size_t count, capacity; };

/* The records of a file that were not undone; a torn last line (killed while writing: nothing was done yet) is left out. */
static void parse_records(char *text, struct records *ret)
{
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        json_t *o = json_loads(line, 0, NULL);
        const char *plugin = json_string_value(json_object_get(o, "plugin")), *record = json_string_value(json_object_get(o, "record"));
        json_t *add = json_object_get(o, "add"), *done = json_object_get(o, "done");
        if (json_is_integer(add) && plugin && record) {
            struct record r = { (uint64_t)json_integer_value(add), pab_strdup(plugin), pab_strdup(record) };
            PAB_PUSH(ret, r);
        } else if (json_is_integer(done)) {
            for (size_t i = 0; i < ret->count; i++) {
                if (ret->items[i].id == (uint64_t)json_integer_value(done)) {
                    free(ret->items[i].plugin);
                    free(ret->items[i].text);
                    ret->items[i] = ret->items[--ret->count];
                    i--;
                }
            }
        }
        json_decref(o);
    }
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = ((const struct record *)a)->id, y = ((const struct record *)b)->id;
    return x < y ? 1 : x > y ? -1 : 0;
}

static int undo(const struct record *r, struct pab_plugs *plugs, struct pab_error *err)
{
    const struct pab_loaded *plugin;
    if (pab_plugs_get(plugs, r->plugin, &plugin, err)) return err->code;
    if (!plugin->p.recover) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' cannot undo anything", r->plugin);
    static const struct pab_op_backend nothing = { 0 };
    struct pab_operation *op = pab_operation_new(&(struct pab_operation_opts){ .backend = &nothing, .target = r->plugin, .timeout_ms = 300000 });
    int rc = plugin->p.recover(pab_operation_handle(op), r->text);
    return pab_operation_end(op, rc, "recover", err);
}

/* A process that was killed between creating its file and naming it had noted nothing yet. */
static void remove_stillborn(struct pab_journal *j, const char *name)
{
    struct stat st;
    if (!fstatat(j->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) && st.st_size == 0 && (int64_t)st.st_ctim.tv_sec < pab_now_ns() / 1000000000 - 60)
        unlinkat(j->dirfd, name, 0);
}

static int replay_file(struct pab_journal *j, const char *name, struct pab_plugs *plugs, const struct pab_events *ev)
{
    CLEANUP_CLOSE int fd = openat(j->dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB)) return 0; /* its process lives */
    if (fstat(fd, &st) || st.st_nlink == 0) return 0;     /* another start replayed it between the two */
    struct pab_error err = { 0 };
    CLEANUP_FREE char *text = NULL;
    if (pab_read_file(j->dirfd, name, JOURNAL_MAX, &text, NULL, &err)) {
        pab_emit(ev, &(struct pab_event){ .type = PAB_EV_WARNING, .text = err.message });
        return 0;
    }
    struct records records = { 0 };
    parse_records(text, &records);
    if (records.count) qsort(records.items, records.count, sizeof *records.items, newest_first);
    int undone = 0, failed = 0;
    for (size_t i = 0; i < records.count; i++) {
        struct pab_error why = { 0 };
        if (undo(&records.items[i], plugs, &why)) {
            failed++;
            CLEANUP_FREE char *message = pab_sprintf("could not undo what a killed run left: %s (kept in %s/%s)", why.message, j->dir, name);
            pab_emit(ev, &(struct pab_event){ .type = PAB_EV_WARNING, .target = records.items[i].plugin, .text = message });
        } else {
            undone++;
        }
        free(records.items[i].plugin);
        free(records.items[i].text);
    }
    free(records.items);
    if (!failed) unlinkat(j->dirfd, name, 0);
    return undone;
}

int pab_journal_replay(struct pab_journal *j, struct pab_plugs *plugs, const struct pab_events *ev)
{
    if (j->dirfd < 0) j->dirfd = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->dirfd < 0) return 0; /* no side effects were ever noted here */
    int fd = fcntl(j->dirfd, F_DUPFD_CLOEXEC, 0), undone = 0;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) return 0;
    struct pab_strs names = { 0 };
    for (struct dirent *e; (e = readdir(dir));) {
        if (pab_str_has_suffix(e->d_name, SUFFIX)) pab_strs_add(&names, e->d_name);
        else if (pab_str_has_suffix(e->d_name, SUFFIX NEW_SUFFIX)) remove_stillborn(j, e->d_name);
    }
    closedir(dir);
    for (size_t i = 0; i < names.count; i++) undone += replay_file(j, names.items[i], plugs, ev);
    pab_strs_release(&names);
    if (undone) pab_logf(PAB_LL_INFO, NULL, "put back %d thing%s that a killed run had changed", undone, undone == 1 ? "" : "s");
    return undone;
}
