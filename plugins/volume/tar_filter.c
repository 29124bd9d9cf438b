/* tar_filter.c - a tar stream without the members that `exclude` names: see volume.h. Members are passed on as they came, with their
 * extension headers; damage is passed on, too, for the reader of the whole stream to find.
 */
#include <string.h>
#include "plugins/volume/volume.h"

#define BLOCK 512u
#define EXTENSION_MAX (1u << 20)

struct tar_filter {
    struct pab_op *op;
    pab_read_fn read;
    void *ctx;
    const struct pab_strs *exclude;
    struct pab_buf out;          /* headers to be given out */
    size_t out_start;
    struct pab_buf pending;      /* extension headers of the member to come */
    char *path, *link;           /* as they say, or NULL */
    int64_t size;                /* likewise; -1: not said */
    uint64_t pass, skip;         /* bytes to be passed on, or left out, next */
    int ended;
};

struct tar_filter *tar_filter_new(struct pab_op *op, const struct pab_strs *exclude, pab_read_fn read, void *ctx)
{
    struct tar_filter *f = pab_alloc(sizeof *f);
    *f = (struct tar_filter){ .op = op, .read = read, .ctx = ctx, .exclude = exclude, .size = -1 };
    return f;
}

static void forget_member(struct tar_filter *f)
{
    free(f->path);
    free(f->link);
    f->path = f->link = NULL;
    f->size = -1;
    pab_buf_clear(&f->pending);
}

void tar_filter_free(struct tar_filter *f)
{
    if (!f) return;
    forget_member(f);
    pab_buf_release(&f->pending);
    pab_buf_release(&f->out);
    free(f);
}

/* Bytes read, fewer only at the end, or a negative code. */
static int64_t read_full(struct tar_filter *f, char *p, uint64_t n)
{
    uint64_t have = 0;
    while (have < n) {
        int64_t got = f->read(f->ctx, p + have, n - have);
        if (got < 0) return got;
        if (got == 0) break;
        have += (uint64_t)got;
    }
    return (int64_t)have;
}

/* Octal, or big-endian binary when the first bit is set. */
static uint64_t number(const char *p, size_t n)
{
    uint64_t v = 0;
    if (*p & 0x80) {
        for (size_t i = 1; i < n; i++) v = v << 8 | (unsigned char)p[i];
        return v;
    }
    for (size_t i = 0; i < n; i++)
        if (p[i] >= '0' && p[i] <= '7') v = v << 3 | (uint64_t)(p[i] - '0');
    return v;
}

static uint64_t padded(uint64_t n) { return (n + BLOCK - 1) / BLOCK * BLOCK; }

static void take(char **field, const char *text, size_t n)
{
    free(*field);
    *field = pab_strndup(text, n);
}

/* "30 path=v/a\n": a length that counts itself, a key, a value. */
static void parse_pax(struct tar_filter *f, const char *p, size_t size)
{
    for (const char *end = p + size; p < end;) {
        char *key;
        size_t n = strtoul(p, &key, 10);
        if (n < 3 || n > (size_t)(end - p) || *key != ' ') return;
        const char *record = key + 1, *equals = memchr(record, '=', (size_t)(p + n - record));
        if (!equals) return;
        size_t name = (size_t)(equals - record), length = (size_t)(p + n - 1 - (equals + 1));
        int64_t number_value;
        if (name == 4 && !memcmp(record, "path", 4)) take(&f->path, equals + 1, length);
        if (name == 8 && !memcmp(record, "linkpath", 8)) take(&f->link, equals + 1, length);
        CLEANUP_FREE char *value = pab_strndup(equals + 1, length);
        if (name == 4 && !memcmp(record, "size", 4) && pab_parse_int(value, &number_value) == 0) f->size = number_value;
        p += n;
    }
}

static int take_extension(struct tar_filter *f, const char *block, char type)
{
    uint64_t size = number(block + 124, 12);
    if (size > EXTENSION_MAX) return pab_fail(f->op, PAB_E_CORRUPT, 0, NULL, "the tar stream has a header of %llu bytes", (unsigned long long)size);
    CLEANUP_FREE char *data = pab_alloc(padded(size) + 1);
    int64_t n = read_full(f, data, padded(size));
    if (n < 0) return (int)n;
    pab_buf_add(&f->pending, block, BLOCK);
    pab_buf_add(&f->pending, data, (size_t)n);
    if (type == 'x') parse_pax(f, data, size);
    else if (type == 'L') take(&f->path, data, strnlen(data, size));
    else if (type == 'K') take(&f->link, data, strnlen(data, size));
    return PAB_OK;
}

/* The path below the first component, without a slash at the end. */
static void below(char *path)
{
    char *slash = strchr(path, '/');
    memmove(path, slash ? slash + 1 : "", strlen(slash ? slash + 1 : "") + 1);
    for (size_t n = strlen(path); n && path[n - 1] == '/'; n--) path[n - 1] = '\0';
}

static int is_excluded(const struct tar_filter *f, const char *path, int is_dir)
{
    for (size_t i = 0; *path && i < f->exclude->count; i++)
        if (pab_glob_match(f->exclude->items[i], path, is_dir)) return 1;
    return 0;
}

static char *header_path(const char *block)
{
    int ustar = !memcmp(block + 257, "ustar", 6) && block[345];
    return ustar ? pab_sprintf("%.155s/%.100s", block + 345, block) : pab_sprintf("%.100s", block);
}

static void judge_member(struct tar_filter *f, const char *block, char type)
{
    CLEANUP_FREE char *path = f->path ? pab_strdup(f->path) : header_path(block);
    CLEANUP_FREE char *link = f->link ? pab_strdup(f->link) : pab_sprintf("%.100s", block + 157);
    uint64_t size = type >= '1' && type <= '6' ? 0 : padded(f->size >= 0 ? (uint64_t)f->size : number(block + 124, 12));
    below(path);
    below(link);
    if (is_excluded(f, path, type == '5')) {
        f->skip = size;
    } else if (type == '1' && is_excluded(f, link, 0)) {
        CLEANUP_FREE char *name = pab_str_printable(path);
        pab_warn(f->op, NULL, "'%s' is a hard link to an excluded file: left out, too", name);
        f->skip = size;
    } else {
        pab_buf_add(&f->out, f->pending.data, f->pending.size);
        pab_buf_add(&f->out, block, BLOCK);
        f->pass = size;
    }
    forget_member(f);
}

static int step(struct tar_filter *f)
{
    static const char zeros[BLOCK];
    char block[BLOCK];
    int64_t n;
    while (f->skip) {
        char waste[16 * 1024];
        n = read_full(f, waste, f->skip < sizeof waste ? f->skip : sizeof waste);
        if (n <= 0) return n ? (int)n : (f->ended = 1, PAB_OK);
        f->skip -= (uint64_t)n;
    }
    n = read_full(f, block, BLOCK);
    if (n < 0) return (int)n;
    if (n < (int64_t)BLOCK || !memcmp(block, zeros, BLOCK)) { /* the end, or what is left of one */
        pab_buf_add(&f->out, block, (size_t)n);
        f->pass = UINT64_MAX;
        return PAB_OK;
    }
    if (strchr("xLK", block[156]) && block[156]) return take_extension(f, block, block[156]);
    judge_member(f, block, block[156]);
    return PAB_OK;
}

int64_t tar_filter_read(void *ctx, void *buf, uint64_t capacity)
{
    struct tar_filter *f = ctx;
    for (;;) {
        uint64_t n = f->out.size - f->out_start;
        if (n) {
            if (n > capacity) n = capacity;
            memcpy(buf, f->out.data + f->out_start, n);
            f->out_start += n;
            return (int64_t)n;
        }
        pab_buf_clear(&f->out);
        f->out_start = 0;
        if (f->ended) return 0;
        if (f->pass) {
            int64_t got = f->read(f->ctx, buf, capacity < f->pass ? capacity : f->pass);
            if (got > 0 && f->pass != UINT64_MAX) f->pass -= (uint64_t)got;
            return got;
        }
        int rc = step(f);
        if (rc) return rc;
    }
}
