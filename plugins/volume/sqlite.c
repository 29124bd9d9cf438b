/* sqlite.c - a database that may be in use, copied as SQLite itself sees it: see volume.h.
 *
 * The source is opened for reading only when a log lies beside it: then somebody has it open, or died with it, and nothing may be
 * checkpointed by us. Without a log it is opened as any program would, so that SQLite takes away again the log that it makes
 * to read. Who holds it locked for good, or a rollback that only a writer may do, is gone around: the files are copied as they
 * lie, and the copy is opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/volume/volume.h"

#define LOCKED_MS 15000
#define PAGES_A_STEP 2048

static const char *const companions[] = { "-wal", "-shm", "-journal" };

int sqlite_is_database(int dir_fd, const char *name)
{
    static const char magic[16] = "SQLite format 3";
    char head[16];
    struct stat st;
    /* a database is made of pages of at least 512 bytes: most files need not be opened */
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) || st.st_size < 512 || st.st_size % 512) return 0;
    CLEANUP_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return fd >= 0 && pab_read_full(fd, head, sizeof head) == (ssize_t)sizeof head && !memcmp(head, magic, sizeof head);
}

int sqlite_is_companion(int dir_fd, const char *name)
{
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        if (!pab_str_has_suffix(name, companions[i])) continue;
        CLEANUP_FREE char *base = pab_strndup(name, strlen(name) - strlen(companions[i]));
        return sqlite_is_database(dir_fd, base);
    }
    return 0;
}

static int code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY: case SQLITE_LOCKED: return PAB_E_BUSY;
    case SQLITE_FULL: return PAB_E_NOSPACE;
    case SQLITE_NOMEM: return PAB_E_NOMEM;
    case SQLITE_INTERRUPT: return PAB_E_CANCELLED;
    case SQLITE_CORRUPT: case SQLITE_NOTADB: return PAB_E_CORRUPT;
    default: return PAB_E_IO;
    }
}

static int failed(sqlite3 *db, int rc, const char *path, struct pab_error *err)
{
    CLEANUP_FREE char *name = pab_str_printable(path);
    return pab_error_set(err, code_of(rc), 0, "cannot copy the database '%s' through SQLite: %s", name, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
}

struct pair { sqlite3 *from, *to; struct pab_op *op; };

static void pair_close(struct pair *p)
{
    sqlite3_close(p->from);
    sqlite3_close(p->to);
}

static int on_progress(void *ctx)
{
    struct pab_op *op = ctx;
    return op->host->cancelled(op);
}

/* Holding a reading transaction from the first page to the last keeps it one state, however many steps it takes. */
static int copy_pages(struct pair *p, const char *path, struct pab_error *err)
{
    int rc = sqlite3_exec(p->from, "BEGIN; SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
    if (rc) return failed(p->from, rc, path, err);
    sqlite3_backup *b = sqlite3_backup_init(p->to, "main", p->from, "main");
    if (!b) return failed(p->to, sqlite3_errcode(p->to), path, err);
    int waited = 0;
    while ((rc = sqlite3_backup_step(b, PAGES_A_STEP)) != SQLITE_DONE) {
        if (p->op->host->cancelled(p->op)) break;
        if (rc == SQLITE_OK) continue;
        if ((rc != SQLITE_BUSY && rc != SQLITE_LOCKED) || waited >= LOCKED_MS) break;
        sqlite3_sleep(50);
        waited += 50;
    }
    int finished = rc == SQLITE_DONE;
    rc = sqlite3_backup_finish(b);
    if (p->op->host->cancelled(p->op)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
    if (!finished || rc) return failed(p->to, rc ? rc : SQLITE_BUSY, path, err);
    return PAB_OK;
}

static int copy_open(struct pab_op *op, const char *source, int flags, const char *path, const char *copy, struct pab_error *err)
{
    CLEANUP(pair_close) struct pair p = { .op = op };
    int rc = sqlite3_open_v2(source, &p.from, flags | SQLITE_OPEN_NOFOLLOW, NULL);
    if (rc) return failed(p.from, rc, path, err);
    sqlite3_busy_timeout(p.from, LOCKED_MS);
    sqlite3_progress_handler(p.from, 10000, on_progress, op);
    rc = sqlite3_open_v2(copy, &p.to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    /* of a file that is thrown away when anything fails */
    if (!rc) rc = sqlite3_exec(p.to, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", NULL, NULL, NULL);
    if (rc) return failed(p.to, rc, path, err);
    return copy_pages(&p, path, err);
}

static int copy_file(const char *from, const char *to, struct pab_error *err)
{
    char chunk[64 * 1024];
    ssize_t n;
    CLEANUP_CLOSE int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out = -1;
    if (in < 0 && errno == ENOENT) return PAB_OK;
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (in < 0 || out < 0) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot copy '%s'", from);
    while ((n = read(in, chunk, sizeof chunk)) > 0)
        if (pab_write_all(out, chunk, (size_t)n)) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot write '%s'", to);
    return n < 0 ? pab_error_set(err, PAB_E_IO, errno, "cannot read '%s'", from) : PAB_OK;
}

static void remove_copy(const char *copy)
{
    unlink(copy);
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        CLEANUP_FREE char *beside = pab_sprintf("%s%s", copy, companions[i]);
        unlink(beside);
    }
}

/* What tells that nobody wrote meanwhile. */
struct marks { struct { off_t size; struct timespec changed; } file[1 + sizeof companions / sizeof *companions]; };

static void take_marks(const char *source, struct marks *ret)
{
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < sizeof ret->file / sizeof *ret->file; i++) {
        struct stat st;
        CLEANUP_FREE char *path = pab_sprintf("%s%s", source, i ? companions[i - 1] : "");
        if (stat(path, &st)) continue;
        ret->file[i].size = st.st_size;
        ret->file[i].changed = st.st_mtim;
    }
}

/* The files as they lie, with their log, and the copy brought in order by SQLite: only when nobody wrote while they were read. */
static int copy_at_rest(struct pab_op *op, const char *source, const char *path, const char *copy, struct pab_error *err)
{
    CLEANUP_FREE char *raw = pab_sprintf("%s.raw", copy);
    struct marks before, after;
    take_marks(source, &before);
    int rc = copy_file(source, raw, err);
    for (size_t i = 0; !rc && i < sizeof companions / sizeof *companions; i++) {
        CLEANUP_FREE char *from = pab_sprintf("%s%s", source, companions[i]);
        CLEANUP_FREE char *to = pab_sprintf("%s%s", raw, companions[i]);
        if (strcmp(companions[i], "-shm")) rc = copy_file(from, to, err);
    }
    take_marks(source, &after);
    if (!rc && memcmp(&before, &after, sizeof before)) rc = pab_error_set(err, PAB_E_BUSY, 0, "the database '%s' is locked and being written", path);
    if (!rc) rc = copy_open(op, raw, SQLITE_OPEN_READWRITE, path, copy, err);
    remove_copy(raw);
    return rc;
}

static int has_log(const char *source)
{
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        CLEANUP_FREE char *beside = pab_sprintf("%s%s", source, companions[i]);
        if (access(beside, F_OK) == 0) return 1;
    }
    return 0;
}

int sqlite_copy(struct pab_op *op, const char *dir, const char *path, const char *copy, struct pab_error *err)
{
    CLEANUP_FREE char *real = realpath(dir, NULL); /* below it no link is followed */
    if (!real) return pab_error_set(err, PAB_E_IO, errno, "cannot resolve '%s'", dir);
    CLEANUP_FREE char *source = pab_path_join(real, path);
    int log = has_log(source);
    int rc = copy_open(op, source, log ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, path, copy, err);
    if (rc == PAB_E_IO && !log) {
        remove_copy(copy);
        rc = copy_open(op, source, SQLITE_OPEN_READONLY, path, copy, err);
    }
    if (rc == PAB_E_BUSY || rc == PAB_E_IO) {
        remove_copy(copy);
        rc = copy_at_rest(op, source, path, copy, err);
    }
    return rc;
}
