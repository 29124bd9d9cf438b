/* refs.c - identifiers exchanged in the text of a workflow, wherever n8n keeps references:
 *     "workflowId": "ID" and "workflowId": { "value": "ID", "cachedResultUrl": ... }      sub-workflows, as a node or as a tool
 *     "errorWorkflow": "ID"                                                               in the settings
 *     "credentials": { TYPE: { "id": "ID", "name": ... } }                                of a node
 *     "dataTableId": the two forms of workflowId                                          data tables
 * Everything between is copied as it stands. */
#include <string.h>
#include "plugins/n8n/text.h"

#define MAX_DEPTH 256

/* Where we are: the names that lead here, innermost last. */
struct place { struct span keys[MAX_DEPTH]; size_t depth; };

static struct span up(const struct place *at, size_t n) { return at->depth > n ? at->keys[at->depth - 1 - n] : (struct span){ 0 }; }

enum kind { NO_REF, WORKFLOW, CREDENTIAL, TABLE, ADDRESS };

static enum kind kind_here(const struct place *at)
{
    struct span key = up(at, 0), parent = up(at, 1);
    if (span_is(key, "workflowId") || span_is(key, "errorWorkflow")) return WORKFLOW;
    if (span_is(key, "dataTableId")) return TABLE;
    if (span_is(key, "value")) return span_is(parent, "workflowId") ? WORKFLOW : span_is(parent, "dataTableId") ? TABLE : NO_REF;
    if (span_is(key, "cachedResultUrl")) return ADDRESS;
    if (span_is(key, "id") && span_is(up(at, 2), "credentials")) return CREDENTIAL;
    return NO_REF;
}

static int put_string(const char *text, struct pab_buf *ret)
{
    CLEANUP_JSON json_t *v = json_string(text);
    char *line = v ? json_dumps(v, JSON_ENCODE_ANY) : NULL;
    int rc = line ? pab_buf_adds(ret, line) : PAB_E_NOMEM;
    free(line);
    return rc;
}

/* A link in the editor, ".../workflow/ID" or ".../datatables/ID": only its last part is one. */
static int put_address(const struct refs *r, const char *old, struct span value, struct pab_buf *ret)
{
    const char *last = strrchr(old, '/');
    const char *found = NULL;
    if (r->blank) return pab_buf_adds(ret, "\"\"");
    if (last && r->workflows) found = json_string_value(json_object_get(r->workflows, last + 1));
    if (last && !found && r->tables) found = json_string_value(json_object_get(r->tables, last + 1));
    if (!found) return pab_buf_add(ret, value.p, value.n);
    CLEANUP_FREE char *text = pab_sprintf("%.*s%s", (int)(last + 1 - old), old, found);
    return put_string(text, ret);
}

static int put_ref(const struct refs *r, enum kind kind, struct span value, struct pab_buf *ret)
{
    const json_t *map = kind == WORKFLOW ? r->workflows : kind == CREDENTIAL ? r->credentials : r->tables;
    CLEANUP_FREE char *old = span_string(value);
    if (!old || *old == '=') return pab_buf_add(ret, value.p, value.n); /* not a string, or an expression */
    if (kind == ADDRESS) return put_address(r, old, value, ret);
    if (r->blank) return pab_buf_adds(ret, "\"\"");
    const char *found = map ? json_string_value(json_object_get(map, old)) : NULL;
    return found ? put_string(found, ret) : pab_buf_add(ret, value.p, value.n);
}

static int write_value(const struct refs *r, struct place *at, struct span value, struct pab_buf *ret);

/* The text between the values is copied, too: `from` is how far we got. */
static int write_members(const struct refs *r, struct place *at, struct span value, struct pab_buf *ret)
{
    const char *from = value.p;
    int rc = PAB_OK;
    for (struct members m = members_of(value); !rc && members_next(&m);) {
        /* an element of an array stands where its array stands, but is nobody's key */
        at->keys[at->depth++] = m.key.p ? m.key : (struct span){ "", 0 };
        rc = pab_buf_add(ret, from, (size_t)(m.value.p - from));
        if (!rc) rc = write_value(r, at, m.value, ret);
        from = m.value.p + m.value.n;
        at->depth--;
    }
    return rc ? rc : pab_buf_add(ret, from, (size_t)(value.p + value.n - from));
}

static int write_value(const struct refs *r, struct place *at, struct span value, struct pab_buf *ret)
{
    int nested = value.n && (*value.p == '{' || *value.p == '[');
    if (nested && at->depth < MAX_DEPTH) return write_members(r, at, value, ret);
    enum kind kind = value.n && *value.p == '"' ? kind_here(at) : NO_REF;
    return kind == NO_REF ? pab_buf_add(ret, value.p, value.n) : put_ref(r, kind, value, ret);
}

int refs_write(const struct refs *r, struct span value, struct pab_buf *ret)
{
    struct place at = { .depth = 0 };
    if (!value.p) return PAB_OK;
    return write_value(r, &at, value, ret);
}
