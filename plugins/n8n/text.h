/* text.h - JSON texts handled as text: members found, strings decoded, references exchanged, nothing else touched.
 *
 * The texts were checked before (by json_scan, of an answer or an artifact); these functions trust the grammar, yet never read
 * beyond the span.
 */
#ifndef PAB_N8N_TEXT_H
#define PAB_N8N_TEXT_H

#include "plugins/support/json.h"

struct span { const char *p; size_t n; };       /* p NULL: nothing there */
#define SPAN(text) ((struct span){ (text), strlen(text) })

/* The members of an object, or (keys stay empty) the elements of an array:
 *     for (struct members m = members_of(object); members_next(&m); ) ... m.key, m.value ... */
struct members { const char *at, *end; struct span key, value; };
struct members members_of(struct span text);
int members_next(struct members *m);            /* 0: no more */
int span_is(struct span s, const char *text);
struct span span_member(struct span object, const char *key);
int span_true(struct span object, const char *key);
int span_is_null(struct span value);            /* null, or not there */
/* The string decoded; NULL when it is not a string. The caller frees. */
char *span_string(struct span value);
char *span_text(struct span object, const char *key);   /* the string there, "" when there is none */
size_t span_elements(struct span array);

/* Identifiers that are exchanged: { old: new }; NULL leaves that kind alone. */
struct refs {
    const json_t *workflows, *credentials, *tables;
    int blank;                  /* instead: every reference becomes "", so that texts can be compared but for them */
};
/* Appends `value` with its references exchanged: workflowId, errorWorkflow, credentials.TYPE.id, dataTableId. */
int refs_write(const struct refs *r, struct span value, struct pab_buf *ret);

#endif
