/* check_files.c - the set of files of a backup against its manifest; see store.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/store/directory.h"
#include "core/store/manifest_limits.h"
#include "core/stream/hash.h"

struct check {
    const struct pab_backup *b;
    void (*finding)(void *ctx, const struct pab_finding *f);
    void *ctx;
    struct { struct expected { const char *path, *sha256; uint64_t size; int seen, summed; } *items; size_t count, capacity; } expected; /* sorted */
};

static void found(struct check *c, const char *path, const char *problem)
{
    c->finding(c->ctx, &(struct pab_finding){ .path = path, .problem = problem });
}

static void found_mode(struct check *c, const char *path, const char *problem)
{
    c->finding(c->ctx, &(struct pab_finding){ .path = path, .problem = problem, .harmless = 1, .mode = 1 });
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct expected *)a)->path, ((const struct expected *)b)->path);
}

static struct expected *find(struct check *c, const char *path)
{
    struct expected key = { .path = path };
    return bsearch(&key, c->expected.items, c->expected.count, sizeof key, by_path);
}

static void expect(struct check *c, const char *path, uint64_t size, const char *sha256)
{
    struct expected e = { .path = path, .sha256 = sha256, .size = size };
    PAB_PUSH(&c->expected, e);
}

static void check_file(struct check *c, const char *path, const struct stat *st)
{
    struct expected *e = find(c, path);
    if (!e) {
        c->finding(c->ctx, &(struct pab_finding){ .path = path, .problem = "is not in the manifest", .harmless = 1 });
        return;
    }
    e->seen = 1;
    if (!S_ISREG(st->st_mode)) {
        found(c, path, "is not a plain file");
    } else if (e->size != PAB_SIZE_UNKNOWN && (uint64_t)st->st_size != e->size) {
        CLEANUP_FREE char *text = pab_sprintf("has %llu bytes, the manifest says %llu", (unsigned long long)st->st_size, (unsigned long long)e->size);
        found(c, path, text);
    } else if (st->st_mode & 077) {
        CLEANUP_FREE char *text = pab_sprintf("may be read by others (mode %04o)", (unsigned)(st->st_mode & 07777));
        found_mode(c, path, text);
    }
}

/* All that lies in the folder, and the folder itself. */
static int walk(struct check *c, const char *below, int depth, struct pab_error *err)
{
    int fd = openat(pab_backup_dirfd(c->b), below, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) return pab_error_set(err, PAB_E_IO, errno, "cannot read '%s/%s'", pab_backup_path(c->b), below);
    struct stat own;
    int rc = PAB_OK;
    if (!fstat(fd, &own) && (own.st_mode & 077)) {
        CLEANUP_FREE char *text = pab_sprintf("folder may be entered by others (mode %04o)", (unsigned)(own.st_mode & 07777));
        found_mode(c, below, text);
    }
    for (struct dirent *e; !rc && (e = readdir(dir));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        CLEANUP_FREE char *path = strcmp(below, ".") == 0 ? pab_strdup(e->d_name) : pab_sprintf("%s/%s", below, e->d_name);
        if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW)) continue;
        if (S_ISDIR(st.st_mode) && depth > 0) rc = walk(c, path, depth - 1, err);
        else check_file(c, path, &st);
    }
    closedir(dir);
    return rc;
}

/* One line of SHA256SUMS: HASH, two blanks, PATH. NULL: it is something else. */
static struct expected *check_sum(struct check *c, char *line)
{
    if (strlen(line) < 67 || line[64] != ' ') {
        found(c, PAB_SUMS_FILE, "holds a line that is not a checksum");
        return NULL;
    }
    line[64] = 0;
    struct expected *e = find(c, line + 66);
    if (!e) {
        CLEANUP_FREE char *shown = pab_str_printable(line + 66);
        CLEANUP_FREE char *text = pab_sprintf("names '%s', which is not in the manifest", shown);
        found(c, PAB_SUMS_FILE, text);
        return NULL;
    }
    char own[65] = "";
    uint64_t size;
    struct pab_error err = { 0 };
    if (!e->sha256) { /* manifest.json and RESTORE.md: small, so hash them here */
        CLEANUP_CLOSE int fd = pab_backup_open_file(c->b, e->path, &err);
        if (fd < 0 || pab_hash_fd(fd, own, &size, &err)) return e; /* missing: told by the walk */
    }
    if (strcmp(e->sha256 ? e->sha256 : own, line) != 0) found(c, e->path, e->sha256 ? "SHA256SUMS and manifest.json disagree about it" : "is not what SHA256SUMS says");
    return e;
}

/* SHA256SUMS must list the same files with the same hashes as the manifest. */
static void check_sums(struct check *c)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *text = NULL;
    int rc = pab_read_plain(pab_backup_dirfd(c->b), PAB_SUMS_FILE, PAB_SUMS_MAX, &text, NULL, &err);
    if (rc == PAB_E_NOT_FOUND) return; /* told by the walk */
    if (rc) {
        found(c, PAB_SUMS_FILE, err.message);
        return;
    }
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        struct expected *e = check_sum(c, line);
        if (e) e->summed = 1;
    }
    for (size_t i = 0; i < c->expected.count; i++)
        if (!c->expected.items[i].summed && strcmp(c->expected.items[i].path, PAB_SUMS_FILE) != 0) found(c, c->expected.items[i].path, "is not in SHA256SUMS");
}

int pab_backup_check_manifest(const struct pab_backup *b, struct pab_error *err)
{
    char own[65];
    uint64_t size;
    CLEANUP_FREE char *text = NULL;
    if (pab_read_plain(pab_backup_dirfd(b), PAB_SUMS_FILE, PAB_SUMS_MAX, &text, NULL, err)) return pab_error_prefix(err, "'%s'", pab_backup_path(b));
    CLEANUP_CLOSE int fd = pab_backup_open_file(b, PAB_MANIFEST_FILE, err);
    if (fd < 0 || pab_hash_fd(fd, own, &size, err)) return err ? err->code : PAB_E_CORRUPT;
    CLEANUP_FREE char *line = pab_sprintf("%s  " PAB_MANIFEST_FILE "\n", own);
    const char *at = strstr(text, line);
    if (at && (at == text || at[-1] == '\n')) return PAB_OK;
    return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s/" PAB_MANIFEST_FILE "' is not what " PAB_SUMS_FILE " says", pab_backup_path(b));
}

int pab_backup_check_files(const struct pab_backup *b, void (*finding)(void *ctx, const struct pab_finding *f), void *ctx, struct pab_error *err)
{
    struct check c = { .b = b, .finding = finding, .ctx = ctx };
    const struct pab_manifest *m = pab_backup_manifest(b);
    expect(&c, PAB_MANIFEST_FILE, PAB_SIZE_UNKNOWN, NULL);
    expect(&c, PAB_RESTORE_FILE, PAB_SIZE_UNKNOWN, NULL);
    expect(&c, PAB_SUMS_FILE, PAB_SIZE_UNKNOWN, "");
    for (size_t t = 0; t < m->targets.count; t++) {
        for (size_t i = 0; i < m->targets.items[t].artifacts.count; i++) {
            const struct pab_mf_artifact *a = &m->targets.items[t].artifacts.items[i];
            expect(&c, a->path, a->size, a->sha256);
            if (a->index_path) expect(&c, a->index_path, a->index_size, a->index_sha256);
        }
    }
    qsort(c.expected.items, c.expected.count, sizeof *c.expected.items, by_path);
    int rc = walk(&c, ".", PAB_MANIFEST_DEPTH, err);
    for (size_t i = 0; i < c.expected.count && !rc; i++)
        if (!c.expected.items[i].seen) found(&c, c.expected.items[i].path, "is missing");
    if (!rc) check_sums(&c);
    free(c.expected.items);
    return rc;
}
