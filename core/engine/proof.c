/* proof.c - see proof.h. */
#include "core/engine/proof.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/engine/integrity.h"

#define NS_PER_S 1000000000LL
#define BELIEVED_S (30LL * 24 * 3600)
#define MAX_FILES 20000
#define MAX_RECORD (8u << 20)

struct known { long long when; char sha256[65]; unsigned long long ino, size; long long mtime_ns; };
struct pab_proof {
    char *folder, *path;
    struct known *items; size_t count, capacity;
    size_t sorted;               /* so many of them are in order, the others were added */
};

static int by_file(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    int n = strcmp(x->sha256, y->sha256);
    if (n) return n;
    return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

static int latest_first(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    return x->when == y->when ? 0 : x->when < y->when ? 1 : -1;
}

struct pab_proof *pab_proof_open(const char *state_dir)
{
    struct pab_proof *p = pab_alloc(sizeof *p);
    struct pab_error ignored = { 0 };
    CLEANUP_FREE char *text = NULL;
    long long now = pab_now_ns() / NS_PER_S;
    p->folder = pab_strdup(state_dir);
    p->path = pab_sprintf("%s/verified", state_dir);
    if (pab_read_file(AT_FDCWD, p->path, MAX_RECORD, &text, NULL, &ignored)) return p;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        struct known k;
        if (sscanf(line, "%lld %64[0-9a-f] %llu %llu %lld", &k.when, k.sha256, &k.ino, &k.size, &k.mtime_ns) != 5) continue;
        if (k.when <= now && now - k.when <= BELIEVED_S) PAB_PUSH(p, k);
    }
    p->sorted = p->count;
    if (p->count) qsort(p->items, p->count, sizeof *p->items, by_file);
    return p;
}

static void save(struct pab_proof *p)
{
    struct pab_buf out = PAB_BUF_INIT(0);
    struct pab_error why = { 0 };
    if (p->count == p->sorted) return; /* nothing was added */
    qsort(p->items, p->count, sizeof *p->items, latest_first);
    for (size_t i = 0; i < p->count && i < MAX_FILES; i++) {
        const struct known *k = &p->items[i];
        pab_buf_addf(&out, "%lld %s %llu %llu %lld\n", k->when, k->sha256, k->ino, k->size, k->mtime_ns);
    }
    if (pab_mkdirs(AT_FDCWD, p->folder, 0700, &why) || pab_write_file_atomic(AT_FDCWD, p->path, out.data, out.size, 0600, &why))
        pab_logf(PAB_LL_VERBOSE, NULL, "what was verified could not be noted: %s", why.message);
    pab_buf_release(&out);
}

void pab_proof_close(struct pab_proof *p, int keep)
{
    if (!p) return;
    if (keep) save(p);
    free(p->items);
    free(p->path);
    free(p->folder);
    free(p);
}

/* ---- files */

static struct known as_it_is(const struct stat *st, const char *sha256)
{
    struct known k = { .when = pab_now_ns() / NS_PER_S, .ino = st->st_ino, .size = (unsigned long long)st->st_size,
                       .mtime_ns = st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec };
    snprintf(k.sha256, sizeof k.sha256, "%s", sha256);
    return k;
}

/* ctime is not asked: a further link to the file changes it. */
static int is_known(const struct pab_proof *p, const struct known *k)
{
    const struct known *found = p->sorted ? bsearch(k, p->items, p->sorted, sizeof *k, by_file) : NULL;
    for (size_t i = p->sorted; i < p->count && !found; i++)
        if (by_file(&p->items[i], k) == 0) found = &p->items[i];
    return found && found->size == k->size && found->mtime_ns == k->mtime_ns;
}

struct file { const char *path, *sha256; struct known now; };

/* 1 when its bytes need not be read. */
static int is_believed(struct pab_proof *p, const struct pab_backup *b, int fresh, struct file *f)
{
    struct stat st;
    if (fstatat(pab_backup_dirfd(b), f->path, &st, AT_SYMLINK_NOFOLLOW)) return 0;
    f->now = as_it_is(&st, f->sha256);
    return is_known(p, &f->now) || (fresh && st.st_nlink == 1);
}

static int prove_artifact(struct pab_proof *p, const struct pab_backup *b, const struct pab_mf_artifact *a, int fresh, struct pab_error *err)
{
    struct file files[] = { { .path = a->path, .sha256 = a->sha256 }, { .path = a->index_path, .sha256 = a->index_sha256 } };
    size_t n = a->index_path ? 2 : 1, believed = 0;
    for (size_t i = 0; i < n; i++) believed += (size_t)is_believed(p, b, fresh, &files[i]);
    if (believed < n && pab_integrity_stored(b, a, err)) return err->code;
    for (size_t i = 0; i < n; i++)
        if (!is_known(p, &files[i].now)) PAB_PUSH(p, files[i].now);
    return PAB_OK;
}

/* ---- a backup */

static void keep_first(void *ctx, const struct pab_finding *f)
{
    struct pab_error *err = ctx;
    if (!err->code && !f->harmless) pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' %s", f->path, f->problem);
}

int pab_proof_of(struct pab_proof *p, struct pab_store *s, const char *name, int fresh, struct pab_error *err)
{
    struct pab_backup *b = NULL;
    if (pab_backup_open(s, name, &b, err)) return err->code;
    if (!pab_backup_check_manifest(b, err)) pab_backup_check_files(b, keep_first, err, err);
    const struct pab_manifest *m = pab_backup_manifest(b);
    for (size_t t = 0; t < m->targets.count; t++)
        for (size_t i = 0; i < m->targets.items[t].artifacts.count && !err->code; i++) prove_artifact(p, b, &m->targets.items[t].artifacts.items[i], fresh, err);
    pab_backup_close(b);
    return err->code;
}
