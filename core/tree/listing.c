/* listing.c - see listing.h. */
#include "core/tree/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/alloc.h"

static void add(struct pab_names *n, unsigned char type, const char *name)
{
    size_t need = strlen(name) + 2;
    if (n->size + need > n->capacity) {
        n->capacity = (n->capacity + need) * 3 / 2 + 256;
        n->bytes = pab_realloc_array(n->bytes, n->capacity, 1);
    }
    if (n->count == n->items_capacity) {
        n->items_capacity = n->items_capacity * 3 / 2 + 32;
        n->items = pab_realloc_array(n->items, n->items_capacity, sizeof *n->items);
    }
    n->items[n->count++] = (uint32_t)n->size;
    n->bytes[n->size] = (char)type;
    memcpy(n->bytes + n->size + 1, name, need - 1);
    n->size += need;
}

static int by_name(const void *a, const void *b, void *bytes)
{
    return strcmp((const char *)bytes + *(const uint32_t *)a + 1, (const char *)bytes + *(const uint32_t *)b + 1);
}

static void sort(struct pab_names *n)
{
    if (n->count > 1) qsort_r(n->items, n->count, sizeof *n->items, by_name, n->bytes);
}

/* A file that became a folder while the names were read stands in both lists: the folder is what is there now. */
static void drop_former(struct pab_names *others, const struct pab_names *dirs)
{
    size_t kept = 0, d = 0;
    for (size_t i = 0; i < others->count; i++) {
        const char *name = pab_names_get(others, i);
        while (d < dirs->count && strcmp(pab_names_get(dirs, d), name) < 0) d++;
        if (d == dirs->count || strcmp(pab_names_get(dirs, d), name) != 0) others->items[kept++] = others->items[i];
    }
    others->count = kept;
}

void pab_names_release(struct pab_names *n)
{
    free(n->bytes);
    free(n->items);
    *n = (struct pab_names){ 0 };
}

static unsigned char look_up(int fd, const char *name)
{
    struct stat st;
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW)) return DT_REG; /* whoever opens it will see what is wrong */
    return (unsigned char)IFTODT(st.st_mode);
}

int pab_listing_read(struct pab_listing *l, int fd, size_t budget)
{
    char buf[32 << 10] __attribute__((aligned(8)));
    ssize_t n = 0;
    l->others.size = l->others.count = l->dirs.size = l->dirs.count = 0;
    l->more = 0;
    while ((n = getdents64(fd, buf, sizeof buf)) > 0) {
        for (char *p = buf; p < buf + n;) {
            struct dirent64 d, *at = (struct dirent64 *)(void *)p;
            memcpy(&d, p, offsetof(struct dirent64, d_name));
            p += d.d_reclen;
            const char *name = at->d_name;
            if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
            unsigned char type = d.d_type == DT_UNKNOWN ? look_up(fd, name) : d.d_type;
            add(type == DT_DIR ? &l->dirs : &l->others, type, name);
        }
        l->more = l->others.size + l->dirs.size + sizeof(uint32_t) * (l->others.count + l->dirs.count) > budget;
        if (l->more) break;
    }
    int failed = n < 0 ? errno : 0;
    sort(&l->others);
    sort(&l->dirs);
    if (l->dirs.count) drop_former(&l->others, &l->dirs);
    errno = failed;
    return n < 0 ? -1 : 0;
}
