/* host_tree.c - the fake host's trees: entries, a simple walk, a simple extraction. */
#include "tests/fakes/host_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* As the job file's patterns, nearly: "**" is a star that crosses slashes, and then so are the others. */
int fake_matches(const char *pattern, const char *path)
{
    char p[1024], part[4096];
    int anchored = *pattern == '/';
    size_t n = (size_t)snprintf(p, sizeof p, "%s", pattern + anchored);
    while (n && n < sizeof p && p[n - 1] == '/') p[--n] = '\0';
    anchored |= strchr(p, '/') != NULL;
    snprintf(part, sizeof part, "%s", path);
    for (char *end = part + strlen(part); end; end = strrchr(part, '/')) { /* what matches a folder matches all below */
        *end = '\0';
        const char *base = strrchr(part, '/');
        if (fnmatch(p, anchored || !base ? part : base + 1, strstr(p, "**") ? 0 : FNM_PATHNAME) == 0) return 1;
    }
    return 0;
}

int fake_matches_any(const char *const *patterns, uint32_t count, const char *path)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fake_matches(patterns[i], path)) return 1;
    }
    return 0;
}

struct fake_entry *fake_entry_named(struct fake_artifact *a, const char *path)
{
    for (size_t i = 0; i < a->entry_count; i++) {
        if (strcmp(a->entries[i]->entry.path, path) == 0) return a->entries[i];
    }
    return NULL;
}

static int32_t tree_usable(struct pab_artifact *a, const char *function)
{
    int32_t rc = fake_artifact_usable(a, function);
    const char *wrong = rc ? NULL : a->a->desc.kind != PAB_KIND_TREE ? "not a tree" : a->entry_left ? "data of the last entry is missing" : NULL;
    if (!wrong) return rc;
    a->a->state = FAKE_FAILED;
    return fake_misused(a->h, "%s on '%s': %s", function, a->a->desc.stem, wrong);
}

static void add_entry(struct pab_artifact *a, struct pab_entry e)
{
    struct fake_entry *copy = fake_own(a->h, sizeof *copy);
    struct pab_xattr *xattrs = fake_own_copy(a->h, e.xattrs, e.xattr_count * sizeof *e.xattrs);
    for (uint64_t i = 0; i < e.xattr_count; i++) {
        xattrs[i].name = fake_own_text(a->h, xattrs[i].name);
        xattrs[i].value = fake_own_copy(a->h, xattrs[i].value, xattrs[i].size);
    }
    e.xattrs = e.xattr_count ? xattrs : NULL;
    e.path = fake_own_text(a->h, e.path);
    e.link = fake_own_text(a->h, e.link);
    e.user = fake_own_text(a->h, e.user);
    e.group = fake_own_text(a->h, e.group);
    e.sha256 = fake_own_text(a->h, e.sha256);
    e.extents = e.extents ? fake_own_copy(a->h, e.extents, e.extent_count * sizeof *e.extents) : NULL;
    copy->entry = e;
    fake_add_bytes(&copy->data, NULL, 0);
    a->a->entries = fake_grow(a->a->entries, a->a->entry_count, sizeof *a->a->entries);
    a->a->entries[a->a->entry_count++] = copy;
    a->entry_left = e.type == PAB_TYPE_FILE && !e.extents ? e.size : 0;
    for (uint64_t i = 0; e.extents && i < e.extent_count; i++) a->entry_left += e.extents[i].length;
}

static int path_is_safe(const char *path)
{
    if (strcmp(path, ".") == 0) return 1;
    for (const char *p = path;; p++) {
        size_t n = strcspn(p, "/");
        if (n == 0 || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.')) return 0;
        p += n;
        if (!*p) return 1;
    }
}

static int32_t tree_entry(struct pab_artifact *a, const struct pab_entry *theirs)
{
    struct pab_entry e = { 0 };
    FAKE_TAKE(e, theirs);
    fake_lock(a->h);
    int32_t rc = tree_usable(a, "tree_entry");
    if (!rc && (!e.path || e.type < PAB_TYPE_FILE || e.type > PAB_TYPE_BLOCK)) rc = fake_misused(a->h, "tree_entry: no path or unknown type %u", e.type);
    if (!rc && !path_is_safe(e.path)) rc = fake_failed(a->h, PAB_E_CORRUPT, "unsafe path '%s'", e.path);
    if (!rc) add_entry(a, e);
    else a->a->state = FAKE_FAILED;
    fake_unlock(a->h);
    return rc;
}

/* ---- walk ---- */

struct walking {
    struct pab_artifact *a;
    struct pab_walk *w;
    struct { dev_t dev; ino_t ino; const char *path; } *links;
    size_t link_count;
};

static uint32_t type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return PAB_TYPE_FILE;
    case S_IFDIR: return PAB_TYPE_DIR;
    case S_IFLNK: return PAB_TYPE_SYMLINK;
    case S_IFIFO: return PAB_TYPE_FIFO;
    case S_IFCHR: return PAB_TYPE_CHAR;
    case S_IFBLK: return PAB_TYPE_BLOCK;
    default: return 0;
    }
}

/* The path of an earlier link to the same file, or NULL (then this one is noted). */
static const char *earlier_link(struct walking *k, const struct stat *st, const char *path)
{
    if (S_ISDIR(st->st_mode) || st->st_nlink < 2) return NULL;
    for (size_t i = 0; i < k->link_count; i++) {
        if (k->links[i].dev == st->st_dev && k->links[i].ino == st->st_ino) return k->links[i].path;
    }
    k->links = fake_grow(k->links, k->link_count, sizeof *k->links);
    k->links[k->link_count].dev = st->st_dev;
    k->links[k->link_count].ino = st->st_ino;
    k->links[k->link_count++].path = fake_own_text(k->a->h, path);
    return NULL;
}

static void add_file_data(struct walking *k, const char *full, uint64_t size)
{
    char block[4096];
    FILE *f = fopen(full, "re");
    if (!f) fake_wrong_test("cannot read '%s'", full);
    while (size) { /* a file that shrinks while it is read is filled up with zeros, as the real host does */
        size_t want = size < sizeof block ? size : sizeof block, n = fread(block, 1, want, f);
        if (n < want) memset(block + n, 0, want - n);
        fake_add_bytes(&k->a->a->entries[k->a->a->entry_count - 1]->data, block, want);
        size -= want;
    }
    fclose(f);
    k->a->entry_left = 0;
}

static void add_found(struct walking *k, const char *full, const char *path, const struct stat *st)
{
    char link[4096] = "", stored[8192];
    const char *prefix = k->w->prefix;
    snprintf(stored, sizeof stored, "%s%s%s", prefix ? prefix : "", prefix ? "/" : "", path);
    struct pab_entry e = {
        .struct_size = sizeof e, .type = type_of(st->st_mode), .mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid,
        .dev_major = major(st->st_rdev), .dev_minor = minor(st->st_rdev), .path = stored, .inode = st->st_ino,
        .mtime_ns = st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec,
    };
    if (e.type == PAB_TYPE_SYMLINK && readlink(full, link, sizeof link - 1) >= 0) e.link = link;
    const char *earlier = earlier_link(k, st, stored);
    if (earlier) e.type = PAB_TYPE_HARDLINK, e.link = earlier;
    if (e.type == PAB_TYPE_FILE) e.size = (uint64_t)st->st_size;
    add_entry(k->a, e);
    if (e.type == PAB_TYPE_FILE) add_file_data(k, full, e.size);
    k->w->matched++;
}

static int leave_out(const struct pab_walk *w, const char *path, uint32_t type)
{
    return !type || fake_matches_any(w->exclude, w->exclude_count, path) || (w->filter && !w->filter(w->filter_ctx, path, type));
}

static int32_t walk_folder(struct walking *k, const char *folder, const char *path)
{
    struct dirent **names;
    int n = scandir(folder, &names, NULL, alphasort);
    if (n < 0) return fake_failed(k->a->h, PAB_E_IO, "cannot read folder '%s': %s", folder, strerror(errno));
    int32_t rc = PAB_OK;
    for (int i = 0; i < n; i++) {
        char full[8192], below[4096];
        struct stat st;
        const char *name = names[i]->d_name;
        int dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        snprintf(full, sizeof full, "%s/%s", folder, name);
        snprintf(below, sizeof below, "%s%s%s", path, *path ? "/" : "", name);
        free(names[i]);
        if (dots || rc || lstat(full, &st) || leave_out(k->w, below, type_of(st.st_mode))) continue;
        int wanted = !k->w->only || fake_matches_any(k->w->only, k->w->only_count, below);
        if (wanted) add_found(k, full, below, &st);
        if (S_ISDIR(st.st_mode)) rc = walk_folder(k, full, below);
    }
    free(names);
    return rc;
}

static int32_t tree_walk(struct pab_artifact *a, struct pab_walk *theirs)
{
    struct pab_walk w = { 0 };
    struct stat st;
    FAKE_TAKE(w, theirs);
    fake_lock(a->h);
    int32_t rc = tree_usable(a, "tree_walk");
    if (!rc && (!w.root || *w.root != '/')) rc = fake_misused(a->h, "tree_walk: the root must be an absolute path");
    if (!rc && (lstat(w.root, &st) || !S_ISDIR(st.st_mode))) rc = fake_failed(a->h, PAB_E_NOT_FOUND, "no folder '%s'", w.root);
    if (!rc) {
        struct walking k = { .a = a, .w = &w };
        w.matched = 0;
        if (!w.only && !w.prefix) add_found(&k, w.root, ".", &st);
        w.matched = 0;
        rc = walk_folder(&k, w.root, "");
        theirs->matched = w.matched;
        free(k.links);
    }
    if (rc) a->a->state = FAKE_FAILED;
    fake_unlock(a->h);
    return rc;
}

static int32_t tree_tar(struct pab_artifact *a, pab_read_fn read_fn, void *ctx, uint32_t strip)
{
    char block[10240];
    fake_lock(a->h);
    int32_t rc = tree_usable(a, "tree_tar");
    a->a->tar_strip = strip;
    fake_unlock(a->h); /* read_fn may call the host from another thread and wait for it */
    for (int64_t n = 1; !rc && n > 0;) {
        n = read_fn(ctx, block, sizeof block);
        if (n > 0) fake_add_bytes(&a->a->data, block, (size_t)n);
        if (n < 0) {
            a->a->state = FAKE_FAILED;
            rc = (int32_t)n;
        }
    }
    return rc;
}

/* ---- extraction ---- */

static int make_folders(char *path)
{
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        int failed = mkdir(path, 0755) && errno != EEXIST;
        *p = '/';
        if (failed) return -1;
    }
    return 0;
}

static int extract_one(struct pab_extract *x, const struct fake_entry *f, const char *path)
{
    char full[8192], old[8200];
    const struct pab_entry *e = &f->entry;
    struct stat st;
    snprintf(full, sizeof full, "%s/%s", x->dest, path);
    if (make_folders(full)) return -1;
    if (e->type == PAB_TYPE_DIR) return mkdir(full, e->mode) && errno != EEXIST ? -1 : 0;
    if (lstat(full, &st) == 0) {
        snprintf(old, sizeof old, "%s.pab-old", full);
        if (x->flags & PAB_EXTRACT_KEEP_OLD ? rename(full, old) : unlink(full)) return -1;
    }
    x->files++;
    if (e->type == PAB_TYPE_SYMLINK) return symlink(e->link, full);
    if (e->type != PAB_TYPE_FILE) return 0;
    FILE *out = fopen(full, "wxe");
    if (!out) return -1;
    int bad = fwrite(f->data.bytes, 1, f->data.size, out) != f->data.size;
    bad |= fchmod(fileno(out), e->mode) != 0;
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { e->mtime_ns / 1000000000, e->mtime_ns % 1000000000 } };
    bad |= fflush(out) != 0 || futimens(fileno(out), times) != 0;
    bad |= fclose(out) != 0;
    x->bytes += f->data.size;
    return bad ? -1 : 0;
}

int32_t fake_extract(struct pab_reader *r, struct pab_extract *x)
{
    size_t skip = x->strip ? strlen(x->strip) : 0;
    x->files = x->bytes = 0;
    for (size_t i = 0; i < r->a->entry_count; i++) {
        const struct fake_entry *f = r->a->entries[i];
        const char *path = f->entry.path;
        if (x->include && !fake_matches_any(x->include, x->include_count, path)) continue;
        if (x->filter && !x->filter(x->filter_ctx, path, f->entry.type)) continue;
        if (skip && strncmp(path, x->strip, skip) == 0 && (path[skip] == '/' || !path[skip])) path += skip + (path[skip] == '/');
        if (!*path || strcmp(path, ".") == 0) continue;
        if (extract_one(x, f, path)) return fake_failed(r->h, PAB_E_IO, "cannot extract '%s': %s", path, strerror(errno));
    }
    return PAB_OK;
}

void fake_fill_tree(struct pab_host *t)
{
    t->tree_entry = tree_entry;
    t->tree_walk = tree_walk;
    t->tree_tar = tree_tar;
}
