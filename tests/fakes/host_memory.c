/* host_memory.c - the fake host's strings, bytes and lists. */
#include "tests/fakes/host_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fake_wrong_test(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("fake host: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    abort();
}

/* The capacity is the next power of two, so it need not be kept. */
void *fake_grow(void *p, size_t count, size_t size)
{
    if (count && (count & (count - 1))) return p;
    p = realloc(p, (count ? 2 * count : 1) * size);
    if (!p) fake_wrong_test("out of memory");
    return p;
}

void *fake_own(struct fake_host *h, size_t size)
{
    struct fake_private *p = h->priv;
    void *mem = calloc(1, size ? size : 1);
    if (!mem) fake_wrong_test("out of memory");
    fake_lock(h);
    p->owned = fake_grow(p->owned, p->owned_count, sizeof *p->owned);
    p->owned[p->owned_count++] = mem;
    fake_unlock(h);
    return mem;
}

void *fake_own_copy(struct fake_host *h, const void *p, size_t n)
{
    void *mem = fake_own(h, n);
    if (n) memcpy(mem, p, n);
    return mem;
}

char *fake_own_text(struct fake_host *h, const char *s)
{
    return s ? fake_own_copy(h, s, strlen(s) + 1) : NULL;
}

void fake_add_text(struct fake_texts *t, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (t->count + 2 > t->capacity) {
        t->capacity = t->capacity ? 2 * t->capacity : 8;
        t->items = realloc(t->items, t->capacity * sizeof *t->items);
        if (!t->items) fake_wrong_test("out of memory");
    }
    t->items[t->count++] = strdup(text);
    t->items[t->count] = NULL;
}

void fake_free_texts(struct fake_texts *t)
{
    for (size_t i = 0; i < t->count; i++) free(t->items[i]);
    free(t->items);
    *t = (struct fake_texts){ 0 };
}

void fake_add_bytes(struct fake_bytes *b, const void *p, size_t n)
{
    if (b->size + n + 1 > b->capacity) {
        b->capacity = 2 * (b->size + n) + 64;
        b->bytes = realloc(b->bytes, b->capacity);
        if (!b->bytes) fake_wrong_test("out of memory");
    }
    if (n) memcpy(b->bytes + b->size, p, n);
    b->size += n;
    b->bytes[b->size] = '\0';
}

void fake_set_kv(struct fake_host *h, struct fake_kvs *kvs, const char *key, const char *value)
{
    for (size_t i = 0; i < kvs->count; i++) {
        if (strcmp(kvs->items[i].key, key) == 0) {
            kvs->items[i].value = fake_own_text(h, value);
            return;
        }
    }
    kvs->items = fake_grow(kvs->items, kvs->count, sizeof *kvs->items);
    kvs->items[kvs->count++] = (struct pab_kv){ fake_own_text(h, key), fake_own_text(h, value) };
}

const char *fake_value(const struct fake_kvs *kvs, const char *key)
{
    for (size_t i = 0; i < kvs->count; i++) {
        if (strcmp(kvs->items[i].key, key) == 0) return kvs->items[i].value;
    }
    return NULL;
}

int fake_has_text(const struct fake_texts *texts, const char *part)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strstr(texts->items[i], part)) return 1;
    }
    return 0;
}
