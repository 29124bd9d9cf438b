/* rest_body.c - what is sent: JSON, text, or multipart/form-data (RFC 7578). */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "plugins/support/rest_private.h"

char *rest_escape(const char *text)
{
    struct pab_buf b = { 0 };
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-._~", *p)) pab_buf_addc(&b, (char)*p);
        else pab_buf_addf(&b, "%%%02X", *p);
    }
    return b.data ? pab_buf_take(&b) : pab_strdup("");
}

/* A quoted parameter of a part's header: RFC 7578 section 5.1 leaves " CR LF to be percent-encoded. */
static void add_quoted(struct pab_buf *b, const char *name, const char *value)
{
    pab_buf_addf(b, "; %s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\r' || *value == '\n') pab_buf_addf(b, "%%%02X", *value);
        else pab_buf_addc(b, *value);
    }
    pab_buf_addc(b, '"');
}

static void add_part(struct pab_buf *b, const char *boundary, const struct rest_part *p)
{
    pab_buf_addf(b, "--%s\r\nContent-Disposition: form-data", boundary);
    add_quoted(b, "name", p->name);
    if (p->file_name) add_quoted(b, "filename", p->file_name);
    if (p->content_type) pab_buf_addf(b, "\r\nContent-Type: %s", p->content_type);
    pab_buf_adds(b, "\r\n\r\n");
    pab_buf_add(b, p->data, p->size);
    pab_buf_adds(b, "\r\n");
}

static int multipart(const struct rest_req *q, char **ret, size_t *size, char **type, struct pab_error *err)
{
    unsigned char random[16];
    char boundary[33];
    struct pab_buf b = { 0 };
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return pab_error_set(err, PAB_E_INTERNAL, 0, "no random numbers for a boundary");
    pab_hex(random, sizeof random, boundary);
    for (size_t i = 0; i < q->part_count; i++) add_part(&b, boundary, &q->parts[i]);
    pab_buf_addf(&b, "--%s--\r\n", boundary);
    *type = pab_sprintf("multipart/form-data; boundary=%s", boundary);
    *size = b.size;
    *ret = pab_buf_take(&b);
    return PAB_OK;
}

int rest_make_body(const struct rest_req *q, char **ret, size_t *size, char **type, struct pab_error *err)
{
    if (q->part_count) return multipart(q, ret, size, type, err);
    if (q->body) {
        *ret = json_dumps(q->body, JSON_COMPACT | JSON_ENCODE_ANY);
        if (!*ret) return pab_error_set(err, PAB_E_INTERNAL, 0, "a request to '%s' cannot be written as JSON", q->path);
        *size = strlen(*ret);
    } else if (q->text) {
        *ret = pab_memdup(q->text, q->text_size);
        *size = q->text_size;
    } else {
        return PAB_OK;
    }
    *type = pab_strdup(q->content_type ? q->content_type : "application/json");
    return PAB_OK;
}
