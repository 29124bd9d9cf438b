/* buf.c - see buf.h. */
#include "core/base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/include/pab_plugin.h"

int pab_buf_reserve(struct pab_buf *b, size_t more)
{
    size_t need;
    if (__builtin_add_overflow(b->size, more, &need) || need == SIZE_MAX) return PAB_E_NOMEM;
    if (b->max && need > b->max) return PAB_E_NOMEM;
    if (b->data && need <= b->capacity) return PAB_OK;

    size_t capacity = b->capacity < 64 ? 64 : b->capacity;
    while (capacity < need) capacity = capacity > SIZE_MAX / 4 ? need : capacity * 2;
    if (b->max && capacity > b->max) capacity = b->max;
    /* one for the NUL */
    char *data = b->max ? pab_try_realloc(b->data, capacity + 1) : pab_realloc_array(b->data, capacity + 1, 1);
    if (!data) return PAB_E_NOMEM;
    data[b->size] = '\0';
    b->data = data;
    b->capacity = capacity;
    return PAB_OK;
}

int pab_buf_add(struct pab_buf *b, const void *p, size_t n)
{
    int rc = pab_buf_reserve(b, n);
    if (rc) return rc;
    if (n) memcpy(b->data + b->size, p, n);
    b->size += n;
    b->data[b->size] = '\0';
    return PAB_OK;
}

int pab_buf_adds(struct pab_buf *b, const char *s)
{
    return pab_buf_add(b, s, strlen(s));
}

int pab_buf_addc(struct pab_buf *b, char c)
{
    return pab_buf_add(b, &c, 1);
}

int pab_buf_addf(struct pab_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *text = pab_vsprintf(fmt, ap);
    va_end(ap);
    return pab_buf_adds(b, text);
}

const char *pab_buf_str(const struct pab_buf *b)
{
    return b->data ? b->data : "";
}

void pab_buf_clear(struct pab_buf *b)
{
    b->size = 0;
    if (b->data) b->data[0] = '\0';
}

void pab_buf_release(struct pab_buf *b)
{
    free(b->data);
    b->data = NULL;
    b->size = b->capacity = 0;
}

char *pab_buf_take(struct pab_buf *b)
{
    char *text = b->data ? b->data : pab_strdup("");
    b->data = NULL;
    b->size = b->capacity = 0;
    return text;
}
