/* base.c - see base.h. Entries in an array, their paths in one text: searched by halves, or through open addressing. */
#include "core/tree/base.h"

#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "core/tree/entry.h"
#include "core/tree/hashes.h"
#include "core/tree/index.h"
#include "core/tree/text.h"

struct pab_base {
    struct { struct pab_base_entry *items; size_t count, capacity; } entries;
    struct pab_buf text;
    uint64_t *slots;          /* place in entries + 1, and above it half of the path's hash; 0: free; NULL: all are in order */
    size_t size;              /* a power of two */
    int unordered;
    size_t next;              /* nothing before this entry may be kept any more */
    int64_t settled_ns;
};

static const char *path_of(const struct pab_base *b, const struct pab_base_entry *r) { return b->text.data + r->path; }
const char *pab_base_link(const struct pab_base *b, const struct pab_base_entry *r) { return r->link ? b->text.data + r->link : NULL; }

static struct pab_base_entry *entry_in(const struct pab_base *b, uint64_t slot) { return &b->entries.items[(uint32_t)slot - 1]; }

/* The slot of the path, or the free one where it belongs; *ret_tag is what goes above its place. */
static uint64_t *slot_of(const struct pab_base *b, const char *path, uint64_t *ret_tag)
{
    uint64_t h = pab_hash_text(path), tag = h & ~(uint64_t)UINT32_MAX;
    *ret_tag = tag;
    for (size_t i = h ^ h >> 32;; i++) {
        uint64_t *slot = &b->slots[i & (b->size - 1)];
        if (!*slot || ((*slot ^ tag) <= UINT32_MAX && !strcmp(path_of(b, entry_in(b, *slot)), path))) return slot;
    }
}

static struct pab_base_entry *look_up(const struct pab_base *b, const char *path)
{
    uint64_t tag, slot = *slot_of(b, path, &tag);
    return slot ? entry_in(b, slot) : NULL;
}

static struct pab_base_entry *search(const struct pab_base *b, const char *path, int is_dir)
{
    size_t low = 0, high = b->entries.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct pab_base_entry *r = &b->entries.items[middle];
        int order = pab_tree_order(path, is_dir, path_of(b, r), r->type == PAB_TYPE_DIR);
        if (order == 0) return r;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

/* Whatever it was: a file may have become a folder since. */
static struct pab_base_entry *search_both(const struct pab_base *b, const char *path)
{
    struct pab_base_entry *r = search(b, path, 0);
    return r ? r : search(b, path, 1);
}

struct pab_base_entry *pab_base_find(const struct pab_base *b, const char *path, size_t *near)
{
    struct pab_base_entry *r = near && *near < b->entries.count ? &b->entries.items[*near] : NULL;
    if (!r || strcmp(path_of(b, r), path) != 0) r = b->slots ? look_up(b, path) : search_both(b, path);
    if (r && near) *near = (size_t)(r - b->entries.items) + 1;
    return r && !r->twice ? r : NULL;
}

static int keep_text(struct pab_base *b, const char *s, uint64_t *ret)
{
    *ret = b->text.size;
    return pab_buf_add(&b->text, s, strlen(s) + 1);
}

static int add(struct pab_base *b, const struct pab_entry *e, uint32_t header, uint32_t content)
{
    struct pab_base_entry r = { .type = e->type, .mode = e->mode, .uid = e->uid, .gid = e->gid, .size = e->size, .inode = e->inode,
                                .mtime_ns = e->mtime_ns, .ctime_ns = e->ctime_ns, .header = header, .content = content };
    if (e->sha256) memcpy(r.sha256, e->sha256, 64);
    if (keep_text(b, e->path, &r.path) || (e->link && keep_text(b, e->link, &r.link))) return PAB_E_NOMEM;
    const struct pab_base_entry *last = b->entries.count ? &b->entries.items[b->entries.count - 1] : NULL;
    if (last && pab_tree_order(path_of(b, last), last->type == PAB_TYPE_DIR, path_of(b, &r), r.type == PAB_TYPE_DIR) >= 0) b->unordered = 1;
    PAB_PUSH(&b->entries, r);
    return b->entries.count < UINT32_MAX ? PAB_OK : PAB_E_NOMEM;
}

static int make_table(struct pab_base *b)
{
    b->size = 256;
    while (b->size < b->entries.count * 2) b->size *= 2;
    b->slots = pab_try_alloc(b->size * sizeof *b->slots);
    if (!b->slots) return PAB_E_NOMEM;
    memset(b->slots, 0, b->size * sizeof *b->slots);
    for (size_t i = 0; i < b->entries.count; i++) {
        uint64_t tag, *slot = slot_of(b, path_of(b, &b->entries.items[i]), &tag);
        if (*slot) entry_in(b, *slot)->twice = b->entries.items[i].twice = 1;
        else *slot = tag | (i + 1);
    }
    return PAB_OK;
}

DEFINE_CLEANUP(index, struct pab_index, pab_index_free)

static int load(struct pab_base *b, struct pab_source *source, struct pab_error *err)
{
    CLEANUP(pab_cleanup_index) struct pab_index *x = NULL;
    struct pab_entry e;
    int rc;
    pab_index_new(source, &x);
    while ((rc = pab_index_next(x, &e, err)) == PAB_OK) {
        uint32_t header, content;
        pab_index_layers(x, &header, &content);
        if (add(b, &e, header, content)) return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for the index");
    }
    if (rc != PAB_END) return rc;
    return b->unordered && make_table(b) ? pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for the index") : PAB_OK;
}

int pab_base_load(struct pab_source *index, int64_t parent_started_ns, struct pab_base **ret, struct pab_error *err)
{
    struct pab_base *b = pab_alloc(sizeof *b);
    b->settled_ns = parent_started_ns - PAB_BASE_SETTLED_NS;
    b->text.max = SIZE_MAX;
    int rc = pab_buf_addc(&b->text, '\0') ? pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for the index") : load(b, index, err);
    if (rc) pab_base_free(b);
    else *ret = b;
    return rc;
}

void pab_base_free(struct pab_base *b)
{
    if (!b) return;
    free(b->entries.items);
    free(b->slots);
    pab_buf_release(&b->text);
    free(b);
}

int pab_base_unchanged(const struct pab_base *b, const struct pab_base_entry *r, const struct stat *st)
{
    struct pab_entry e;
    if (!r->ctime_ns || r->ctime_ns >= b->settled_ns || pab_entry_from_stat(&e, st)) return 0;
    if (r->type != e.type && !(r->type == PAB_TYPE_HARDLINK && e.type == PAB_TYPE_FILE)) return 0;
    if (r->type == PAB_TYPE_FILE && r->size != e.size) return 0;
    return r->ctime_ns == e.ctime_ns && r->mtime_ns == e.mtime_ns && r->inode == e.inode && r->mode == e.mode && r->uid == e.uid && r->gid == e.gid;
}

int pab_base_take_in_order(struct pab_base *b, const struct pab_base_entry *r)
{
    size_t place = (size_t)(r - b->entries.items);
    if (place < b->next) return 0;
    b->next = place + 1;
    return 1;
}

int pab_base_each_gone(const struct pab_base *b, int (*gone)(void *ctx, const char *path, enum pab_base_state state), void *ctx)
{
    int rc = PAB_OK;
    for (size_t i = 0; i < b->entries.count && !rc; i++) {
        const struct pab_base_entry *r = &b->entries.items[i];
        if ((r->state == PAB_BASE_GONE || r->state == PAB_BASE_REPLACED) && !r->twice) rc = gone(ctx, path_of(b, r), r->state);
    }
    return rc;
}
