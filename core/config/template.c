/* template.c - see template.h. */
#include "core/config/template.h"

#include <string.h>
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"

/* The next word at or after text, a new string; *ret_begin and *ret_end are the place of its braces. NULL: none. */
static char *next_word(const char *text, const char **ret_begin, const char **ret_end)
{
    const char *begin = strstr(text, "{{"), *end = begin ? strstr(begin, "}}") : NULL;
    if (!end) return NULL;
    *ret_begin = begin;
    *ret_end = end + 2;
    begin += 2;
    begin += strspn(begin, " \t");
    if (begin > end) begin = end;
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t')) end--;
    return pab_strndup(begin, (size_t)(end - begin));
}

char *pab_template_unknown(const char *text, const char *const *words)
{
    const char *begin, *end;
    for (char *word; (word = next_word(text, &begin, &end)); text = end) {
        size_t i = 0;
        while (words[i] && strcmp(words[i], word) != 0) i++;
        if (!words[i]) return word;
        free(word);
    }
    return NULL;
}

char *pab_template_fill(const char *text, char *(*value)(void *ctx, const char *word), void *ctx)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    const char *begin, *end;
    for (char *word; (word = next_word(text, &begin, &end)); text = end) {
        CLEANUP_FREE char *v = value(ctx, word);
        pab_buf_add(&b, text, (size_t)(begin - text));
        if (v) pab_buf_adds(&b, v);
        free(word);
    }
    pab_buf_adds(&b, text);
    return pab_buf_take(&b);
}
