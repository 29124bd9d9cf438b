/* links.c - see links.h. Open addressing; the paths lie in one arena, the folder's part of consecutive ones only once. */
#include "core/tree/links.h"

#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/buf.h"

struct slot { uint64_t device, inode; uint32_t dir, name; }; /* offsets into the arena, + 1; name 0: free */

struct pab_links {
    struct slot *slots;
    size_t size, used;     /* size is a power of two */
    struct pab_buf arena, scratch;
    uint32_t last_dir;     /* offset + 1 of the last folder added */
};

struct pab_links *pab_links_new(void)
{
    struct pab_links *l = pab_alloc(sizeof *l);
    l->size = 256;
    l->slots = pab_alloc_array(l->size, sizeof *l->slots);
    return l;
}

void pab_links_free(struct pab_links *l)
{
    if (!l) return;
    free(l->slots);
    pab_buf_release(&l->arena);
    pab_buf_release(&l->scratch);
    free(l);
}

static struct slot *lookup(const struct pab_links *l, uint64_t device, uint64_t inode)
{
    uint64_t h = (inode ^ device << 32 ^ device >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = h >> 20;; i++) {
        struct slot *s = &l->slots[i & (l->size - 1)];
        if (!s->name || (s->inode == inode && s->device == device)) return s;
    }
}

const char *pab_links_find(struct pab_links *l, uint64_t device, uint64_t inode)
{
    const struct slot *s = lookup(l, device, inode);
    if (!s->name) return NULL;
    const char *dir = l->arena.data + s->dir - 1;
    pab_buf_clear(&l->scratch);
    if (*dir && (pab_buf_adds(&l->scratch, dir) || pab_buf_addc(&l->scratch, '/'))) return NULL;
    return pab_buf_adds(&l->scratch, l->arena.data + s->name - 1) ? NULL : l->scratch.data;
}

static int grow(struct pab_links *l)
{
    struct pab_links bigger = { .size = l->size * 2 };
    bigger.slots = pab_try_alloc(bigger.size * sizeof *bigger.slots);
    if (!bigger.slots) return -1;
    memset(bigger.slots, 0, bigger.size * sizeof *bigger.slots);
    for (size_t i = 0; i < l->size; i++)
        if (l->slots[i].name) *lookup(&bigger, l->slots[i].device, l->slots[i].inode) = l->slots[i];
    free(l->slots);
    l->slots = bigger.slots;
    l->size = bigger.size;
    return 0;
}

/* Offset + 1 of a copy of the text in the arena. */
static uint32_t keep(struct pab_links *l, const char *text, size_t n)
{
    uint32_t at = (uint32_t)l->arena.size + 1;
    return pab_buf_add(&l->arena, text, n) || pab_buf_addc(&l->arena, '\0') ? 0 : at;
}

int pab_links_add(struct pab_links *l, uint64_t device, uint64_t inode, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t dir_size = slash ? (size_t)(slash - path) : 0;
    size_t more = strlen(path) + 2, doubled = 4 * (l->used + 1) > 3 * l->size ? 3 : 1; /* both tables, while it grows */
    if (l->arena.size + more + doubled * l->size * sizeof *l->slots > PAB_LINKS_MEMORY) return -1;
    if (doubled > 1 && grow(l)) return -1;
    const char *last = l->last_dir ? l->arena.data + l->last_dir - 1 : NULL;
    uint32_t dir = last && strlen(last) == dir_size && !memcmp(last, path, dir_size) ? l->last_dir : keep(l, path, dir_size);
    uint32_t kept = dir ? keep(l, name, strlen(name)) : 0;
    if (!kept) return -1;
    l->last_dir = dir;
    struct slot *s = lookup(l, device, inode);
    *s = (struct slot){ device, inode, dir, kept };
    l->used++;
    return 0;
}
