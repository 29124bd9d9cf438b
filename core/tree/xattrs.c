/* xattrs.c - extended attributes: lists of them, and reading them from files. See entry.h. */
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/tree/entry.h"

int pab_xattr_list_add(struct pab_xattr_list *l, const char *name, const void *value, size_t size)
{
    size_t at = l->bytes.size, name_size = strlen(name) + 1;
    if (pab_buf_reserve(&l->bytes, name_size + size + 1)) return PAB_E_NOMEM;
    if (pab_buf_add(&l->bytes, name, name_size) || pab_buf_add(&l->bytes, value, size)) return PAB_E_NOMEM;
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 8;
        l->items = pab_realloc_array(l->items, l->capacity, sizeof *l->items);
    }
    l->items[l->count].name = at;
    l->items[l->count].value = at + name_size;
    l->items[l->count++].size = size;
    return PAB_OK;
}

void pab_xattr_list_clear(struct pab_xattr_list *l)
{
    l->count = 0;
    pab_buf_clear(&l->bytes);
}

void pab_xattr_list_release(struct pab_xattr_list *l)
{
    pab_buf_release(&l->bytes);
    free(l->items);
    free(l->view);
    *l = (struct pab_xattr_list){ 0 };
}

const struct pab_xattr *pab_xattr_list_view(struct pab_xattr_list *l, size_t first, size_t n)
{
    if (n == 0) return NULL;
    if (n > l->view_capacity) {
        l->view_capacity = n + 8;
        l->view = pab_realloc_array(l->view, l->view_capacity, sizeof *l->view);
    }
    for (size_t i = 0; i < n; i++)
        l->view[i] = (struct pab_xattr){ .name = l->bytes.data + l->items[first + i].name,
                                         .value = l->bytes.data + l->items[first + i].value,
                                         .size = l->items[first + i].size };
    return l->view;
}

static int wanted(const char *name)
{
    return pab_str_has_prefix(name, "user.") || pab_str_has_prefix(name, "trusted.") || pab_str_has_prefix(name, "security.")
        || !strcmp(name, PAB_ACL_ACCESS) || !strcmp(name, PAB_ACL_DEFAULT);
}

static ssize_t list_names(int fd, const char *path, char *buf, size_t n)
{
    return path ? llistxattr(path, buf, n) : flistxattr(fd, buf, n);
}

static ssize_t get_value(int fd, const char *path, const char *name, void *buf, size_t n)
{
    return path ? lgetxattr(path, name, buf, n) : fgetxattr(fd, name, buf, n);
}

/* One value, with a second try when it grew between the two calls; one that vanished meanwhile is left out. */
static int read_value(int fd, const char *path, const char *name, struct pab_xattr_list *l)
{
    char small[512];
    ssize_t n = get_value(fd, path, name, small, sizeof small);
    if (n >= 0) return pab_xattr_list_add(l, name, small, (size_t)n);
    if (errno == ENODATA) return 0;
    if (errno != ERANGE) return -1;
    CLEANUP_FREE char *value = pab_try_alloc(XATTR_SIZE_MAX);
    if (!value) return errno = ENOMEM, -1;
    n = get_value(fd, path, name, value, XATTR_SIZE_MAX);
    if (n < 0) return errno == ENODATA ? 0 : -1;
    return pab_xattr_list_add(l, name, value, (size_t)n);
}

int pab_xattrs_read(int fd, const char *path, struct pab_xattr_list *l)
{
    char small[1024];
    CLEANUP_FREE char *big = NULL;
    char *names = small;
    ssize_t n = list_names(fd, path, small, sizeof small);
    if (n < 0 && errno == ERANGE) {
        names = big = pab_try_alloc(XATTR_LIST_MAX);
        if (!big) return errno = ENOMEM, -1;
        n = list_names(fd, path, big, XATTR_LIST_MAX);
    }
    if (n < 0) return errno == ENOTSUP || errno == ENOSYS ? 0 : -1;
    for (const char *p = names; p < names + n; p += strlen(p) + 1)
        if (wanted(p) && read_value(fd, path, p, l)) return -1;
    return 0;
}
