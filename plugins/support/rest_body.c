/* rest_body.c - what is sent: JSON, text, or multipart/form-data (RFC 7578). */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
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

static void add_part(struct rest_body *body, const char *boundary, const struct rest_part *p)
{
    struct pab_buf *b = body->file ? &body->tail : &body->head;
    pab_buf_addf(b, "--%s\r\nContent-Disposition: form-data", boundary);
    add_quoted(b, "name", p->name);
    if (p->file_name) add_quoted(b, "filename", p->file_name);
    if (p->content_type) pab_buf_addf(b, "\r\nContent-Type: %s", p->content_type);
    pab_buf_adds(b, "\r\n\r\n");
    if (p->file) {
        body->file = p->file;
        body->file_size = p->size;
        b = &body->tail;
    } else {
        pab_buf_add(b, p->data, p->size);
    }
    pab_buf_adds(b, "\r\n");
}

static int multipart(const struct rest_req *q, struct rest_body *ret, struct pab_error *err)
{
    unsigned char random[16];
    char boundary[33];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return pab_error_set(err, PAB_E_INTERNAL, 0, "no random numbers for a boundary");
    pab_hex(random, sizeof random, boundary);
    for (size_t i = 0; i < q->part_count; i++) add_part(ret, boundary, &q->parts[i]);
    pab_buf_addf(ret->file ? &ret->tail : &ret->head, "--%s--\r\n", boundary);
    ret->type = pab_sprintf("multipart/form-data; boundary=%s", boundary);
    return PAB_OK;
}

int rest_body_make(const struct rest_req *q, struct rest_body *ret, struct pab_error *err)
{
    *ret = (struct rest_body){ 0 };
    if (q->part_count) return multipart(q, ret, err);
    if (q->body) {
        CLEANUP_FREE char *text = json_dumps(q->body, JSON_COMPACT | JSON_ENCODE_ANY);
        if (!text) return pab_error_set(err, PAB_E_INTERNAL, 0, "a request to '%s' cannot be written as JSON", q->path);
        pab_buf_adds(&ret->head, text);
    } else if (q->text) {
        pab_buf_add(&ret->head, q->text, q->text_size);
    } else {
        return PAB_OK;
    }
    ret->type = pab_strdup(q->content_type ? q->content_type : "application/json");
    return PAB_OK;
}

int64_t rest_body_read(void *body, void *buf, uint64_t capacity)
{
    struct rest_body *b = body;
    const uint64_t tail_at = b->head.size + b->file_size;
    uint64_t n;
    if (b->at < b->head.size) {
        n = b->head.size - b->at < capacity ? b->head.size - b->at : capacity;
        memcpy(buf, b->head.data + b->at, n);
    } else if (b->at < tail_at) {
        n = tail_at - b->at < capacity ? tail_at - b->at : capacity;
        ssize_t got = pread(*b->file, buf, n, (off_t)(b->at - b->head.size));
        if (got <= 0) return PAB_E_IO;
        n = (uint64_t)got;
    } else {
        n = tail_at + b->tail.size - b->at < capacity ? tail_at + b->tail.size - b->at : capacity;
        if (n) memcpy(buf, b->tail.data + (b->at - tail_at), n);
    }
    b->at += n;
    return (int64_t)n;
}

void rest_body_release(struct rest_body *b)
{
    free(b->type);
    pab_buf_release(&b->head);
    pab_buf_release(&b->tail);
}
