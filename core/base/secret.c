/* secret.c - see secret.h. */
#include "core/base/secret.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"

#define LEAST_SECRET 4
#define LEAST_LINE 12 /* shorter lines of a longer secret say little and would turn up everywhere */
#define LEAST_FORM 6 /* forms that are cut out of a longer base64 text */

struct form {
    char *text;
    size_t size;
};

static struct {
    pthread_rwlock_t lock;
    struct form *items; /* the longest first, so that a secret inside another does not spoil its masking */
    size_t count, capacity;
    unsigned char starts[256]; /* 1: some form begins with this byte */
} forms = { .lock = PTHREAD_RWLOCK_INITIALIZER };

void pab_secret_wipe(void *p, size_t n)
{
    if (n) explicit_bzero(p, n);
}

static void add_form(const char *text, size_t size)
{
    for (size_t i = 0; i < forms.count; i++) {
        if (forms.items[i].size == size && memcmp(forms.items[i].text, text, size) == 0) return;
    }
    if (forms.count == forms.capacity) {
        forms.capacity = forms.capacity ? forms.capacity * 2 : 16;
        forms.items = pab_realloc_array(forms.items, forms.capacity, sizeof *forms.items);
    }
    size_t at = forms.count++;
    for (; at > 0 && forms.items[at - 1].size < size; at--) forms.items[at] = forms.items[at - 1];
    forms.items[at] = (struct form){ pab_strndup(text, size), size };
    forms.starts[(unsigned char)text[0]] = 1;
}

static void add_percent_form(const char *value, size_t n, const char *digits)
{
    char *out = pab_alloc_array(n + 1, 3);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("-._~", c))) {
            out[at++] = (char)c;
        } else {
            out[at++] = '%';
            out[at++] = digits[c >> 4];
            out[at++] = digits[c & 15];
        }
    }
    add_form(out, at);
    pab_secret_wipe(out, at);
    free(out);
}

/* As it stands inside a JSON string. */
static void add_escaped_form(const char *value, size_t n)
{
    static const char plain[] = "\"\\\n\t\r\b\f", letters[] = "\"\\ntrbf";
    char *out = pab_alloc_array(n + 1, 2);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const char *special = strchr(plain, value[i]);
        if (special) out[at++] = '\\';
        out[at++] = special ? letters[special - plain] : value[i];
    }
    add_form(out, at);
    pab_secret_wipe(out, at);
    free(out);
}

/* A key in several lines: a tool that complains may show one of them alone. */
static void add_lines(const char *value)
{
    if (!strchr(value, '\n')) return;
    for (const char *line = value; *line;) {
        size_t n = strcspn(line, "\r\n");
        if (n >= LEAST_LINE) add_form(line, n);
        line += n + strspn(line + n, "\r\n");
    }
}

/* base64 without padding of `shift` unknown bytes and the value: the digits that depend on the value alone. "user:VALUE"
 * in an Authorization header is found by one of the three shifts. */
static void add_base64_form(const char *value, size_t n, size_t shift, const char *last_two)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t bits = 8 * (shift + n), first = (8 * shift + 5) / 6, whole = bits / 6;
    char *out = pab_alloc(whole + 2);
    size_t at = 0;
    for (size_t i = first; i < whole + (shift == 0 && bits % 6); i++) {
        unsigned digit = 0;
        for (size_t bit = 6 * i; bit < 6 * i + 6; bit++) {
            unsigned set = bit < bits ? (unsigned char)value[bit / 8 - shift] >> (7 - bit % 8) & 1 : 0;
            digit = digit << 1 | set;
        }
        out[at++] = digit < 62 ? digits[digit] : last_two[digit - 62];
    }
    if (at >= LEAST_FORM) add_form(out, at);
    if (shift == 0 && bits % 6 && at > LEAST_FORM) add_form(out, at - 1); /* followed by more: without the last digit */
    pab_secret_wipe(out, at);
    free(out);
}

void pab_secret_register(const char *value)
{
    size_t n = value ? strlen(value) : 0;
    if (n < LEAST_SECRET) return;
    pthread_rwlock_wrlock(&forms.lock);
    add_form(value, n);
    add_percent_form(value, n, "0123456789ABCDEF");
    add_percent_form(value, n, "0123456789abcdef");
    add_escaped_form(value, n);
    add_lines(value);
    for (size_t shift = 0; shift < 3; shift++) {
        add_base64_form(value, n, shift, "+/");
        add_base64_form(value, n, shift, "-_");
    }
    pthread_rwlock_unlock(&forms.lock);
}

/* Bytes of a secret at p, 0 when none begins there. `cut`: the text was cut at its end, so a beginning will do, too. */
static size_t secret_at(const char *p, size_t left, int cut)
{
    if (!forms.starts[(unsigned char)*p]) return 0;
    for (size_t i = 0; i < forms.count; i++) {
        size_t size = forms.items[i].size;
        if (left >= size ? memcmp(p, forms.items[i].text, size) == 0 : cut && memcmp(p, forms.items[i].text, left) == 0) {
            return left < size ? left : size;
        }
    }
    return 0;
}

void pab_secret_mask_inplace(char *text, size_t capacity)
{
    size_t n = strlen(text), at = 0;
    int cut = n + 4 >= capacity; /* 4: a character may have been dropped whole */
    pthread_rwlock_rdlock(&forms.lock);
    for (size_t i = 0; forms.count && i < n;) {
        size_t secret = secret_at(text + i, n - i, cut);
        if (secret) {
            for (size_t star = 0; star < 3 && star < secret; star++) text[at++] = '*';
            i += secret;
        } else {
            text[at++] = text[i++];
        }
    }
    if (forms.count) text[at] = '\0';
    pthread_rwlock_unlock(&forms.lock);
}

char *pab_secret_mask(const char *text)
{
    char *copy = pab_strdup(text);
    if (copy) pab_secret_mask_inplace(copy, (size_t)-1);
    return copy;
}

void pab_secret_clear_all(void)
{
    pthread_rwlock_wrlock(&forms.lock);
    for (size_t i = 0; i < forms.count; i++) {
        pab_secret_wipe(forms.items[i].text, forms.items[i].size);
        free(forms.items[i].text);
    }
    free(forms.items);
    forms.items = NULL;
    forms.count = forms.capacity = 0;
    memset(forms.starts, 0, sizeof forms.starts);
    pthread_rwlock_unlock(&forms.lock);
}
