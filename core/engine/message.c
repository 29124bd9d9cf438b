/* message.c - see message.h. */
#include "core/engine/message.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/config/template.h"

#define MAX_MAIL_LINE 900 /* RFC 5322: 998 */
#define ENCODED_PART 45   /* bytes of an encoded word: 75 characters with its frame (RFC 2047) */

/* For a header, where only ASCII may stand: "=?UTF-8?B?...?=" words when there is something else. */
static char *header_text(const char *s)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    int plain = 1;
    for (const char *p = s; *p; p++) plain &= *p >= 0x20 && *p < 0x7f;
    if (plain) return pab_strdup(s);
    for (size_t left = strlen(s); left;) {
        unsigned char coded[4 * ((ENCODED_PART + 2) / 3) + 1];
        size_t n = left < ENCODED_PART ? left : pab_utf8_cut(s, ENCODED_PART);
        EVP_EncodeBlock(coded, (const unsigned char *)s, (int)n);
        pab_buf_addf(&b, "%s=?UTF-8?B?%s?=", b.size ? " " : "", (const char *)coded);
        s += n;
        left -= n;
    }
    return pab_buf_take(&b);
}

static char *title(const struct pab_outcome *o)
{
    if (o->moment == PAB_MOMENT_START) return pab_sprintf("%s on %s: backup started", o->m->job, o->m->host);
    int warned = o->moment == PAB_MOMENT_PARTIAL && strcmp(o->status, "complete") == 0;
    return pab_sprintf("%s on %s: backup %s%s", o->m->job, o->m->host, o->status, warned ? ", with warnings" : "");
}

struct words {
    const struct pab_outcome *o;
    int json;                      /* values go into JSON strings */
};

static char *raw_value(const struct pab_outcome *o, const char *word)
{
    char text[40];
    int ended = o->finished_ns != 0;
    if (strcmp(word, "job") == 0) return pab_strdup(o->m->job);
    if (strcmp(word, "host") == 0) return pab_strdup(o->m->host);
    if (strcmp(word, "event") == 0) return pab_strdup(pab_moment_name(o->moment));
    if (strcmp(word, "status") == 0) return pab_strdup(o->status ? o->status : "started");
    if (strcmp(word, "exit_code") == 0) return ended ? pab_sprintf("%d", o->exit_code) : NULL;
    if (strcmp(word, "backup") == 0) return o->path ? pab_strdup(o->m->name) : NULL;
    if (strcmp(word, "path") == 0) return pab_strdup(o->path);
    if (strcmp(word, "store") == 0) return pab_strdup(o->s->store_path);
    if (strcmp(word, "error") == 0) return pab_outcome_error(o);
    if (strcmp(word, "failed_targets") == 0) return pab_outcome_failed_targets(o);
    if (strcmp(word, "duration") == 0) return ended ? pab_strdup(pab_format_ms((o->finished_ns - o->m->started_ns) / 1000000, text, sizeof text)) : NULL;
    if (strcmp(word, "size") == 0) return pab_strdup(pab_format_size(o->m->totals.size, text, sizeof text));
    if (strcmp(word, "artifacts") == 0) return pab_sprintf("%llu", (unsigned long long)o->m->totals.artifacts);
    if (strcmp(word, "message") == 0) return pab_outcome_line(o);
    return pab_outcome_text(o);
}

static char *value_of(void *ctx, const char *word)
{
    const struct words *w = ctx;
    if (strcmp(word, "json") == 0) return pab_outcome_json(w->o, pab_moment_name(w->o->moment));
    char *raw = raw_value(w->o, word);
    if (!raw || !w->json) return raw;
    json_t *j = json_string(raw);
    char *quoted = j ? json_dumps(j, JSON_ENCODE_ANY) : NULL;
    char *ret = quoted ? pab_strndup(quoted + 1, strlen(quoted) - 2) : NULL;
    json_decref(j);
    free(quoted);
    free(raw);
    return ret;
}

static char *body_of(const struct pab_notify *n, const struct pab_outcome *o)
{
    int json = n->type == PAB_NOTIFY_WEBHOOK && strstr(n->content_type, "json") != NULL;
    struct words w = { o, json };
    if (n->template) return pab_template_fill(n->template, value_of, &w);
    return n->type == PAB_NOTIFY_WEBHOOK ? pab_outcome_json(o, pab_moment_name(o->moment)) : pab_outcome_text(o);
}

/* The address of a check with what a run came to, as Healthchecks wants it: URL/start, URL, URL/fail, URL/3; rid holds start and end together. */
static void add_check_url(struct pab_buf *b, const struct pab_notify *n, const struct pab_outcome *o)
{
    size_t path = strcspn(n->url, "?#"), end = path;
    while (end && n->url[end - 1] == '/') end--;
    pab_buf_add(b, n->url, end);
    if (o->moment == PAB_MOMENT_START) pab_buf_adds(b, "/start");
    else if (n->exit_code) pab_buf_addf(b, "/%d", o->exit_code);
    else if (o->moment != PAB_MOMENT_SUCCESS) pab_buf_adds(b, "/fail");
    const char *query = n->url[path] == '?' ? n->url + path + 1 : "";
    pab_buf_addf(b, "?%.*s%srid=%s", (int)strcspn(query, "#"), query, *query ? "&" : "", o->m->id);
}

static void add_ntfy_headers(struct pab_buf *b, const struct pab_outcome *o)
{
    static const struct { int priority; const char *tag; } looks[] = {
        { 2, "hourglass_flowing_sand" }, { 2, "white_check_mark" }, { 4, "warning" }, { 5, "rotating_light" },
    };
    CLEANUP_FREE char *plain = title(o);
    CLEANUP_FREE char *coded = header_text(plain);
    pab_buf_addf(b, "header Title: %s\nheader Priority: %d\nheader Tags: %s\n", coded, looks[o->moment].priority, looks[o->moment].tag);
}

static void make_request(const struct pab_notify *n, const struct pab_outcome *o, const char *body, struct pab_message *ret)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    const char *folder = getenv("PABENGINE_LIBEXEC_PATH");
    CLEANUP_FREE char *program = pab_sprintf("%s/pabengine-post", folder && *folder ? folder : PAB_LIBEXECDIR);
    pab_strs_add(&ret->argv, program);
    pab_buf_adds(&b, "url ");
    if (n->type == PAB_NOTIFY_HEALTHCHECKS) add_check_url(&b, n, o);
    else pab_buf_adds(&b, n->url);
    pab_buf_addf(&b, "\ntimeout-ms %lld\nheader Content-Type: %s\n", (long long)n->timeout_ms, n->type == PAB_NOTIFY_WEBHOOK ? n->content_type : "text/plain; charset=utf-8");
    if (n->type == PAB_NOTIFY_NTFY) add_ntfy_headers(&b, o);
    if (n->token) pab_buf_addf(&b, "header Authorization: Bearer %s\n", n->token);
    pab_buf_addf(&b, "\n%s", body);
    ret->size = b.size;
    ret->input = pab_buf_take(&b);
}

/* Lines that are not too long for any mail server. */
static void add_mail_lines(struct pab_buf *b, const char *body)
{
    while (*body) {
        size_t n = strcspn(body, "\n"), part = n > MAX_MAIL_LINE ? pab_utf8_cut(body, MAX_MAIL_LINE) : n;
        pab_buf_add(b, body, part);
        pab_buf_addc(b, '\n');
        body += part + (part == n && body[n] == '\n');
    }
}

static void make_mail(const struct pab_notify *n, const struct pab_outcome *o, const char *body, struct pab_message *ret)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    CLEANUP_FREE char *plain = title(o);
    CLEANUP_FREE char *subject = header_text(plain);
    pab_strs_add(&ret->argv, n->sendmail);
    pab_strs_add(&ret->argv, "-i"); /* a line with a dot alone is no end */
    if (n->from) pab_buf_addf(&b, "From: %s\n", n->from);
    pab_buf_adds(&b, "To: ");
    for (size_t i = 0; i < n->to.count; i++) {
        pab_strs_add(&ret->argv, n->to.items[i]);
        pab_buf_addf(&b, "%s%s", i ? ",\n " : "", n->to.items[i]);
    }
    pab_buf_addf(&b, "\nSubject: %s\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
                     "Content-Transfer-Encoding: 8bit\n\n", subject);
    add_mail_lines(&b, body);
    ret->size = b.size;
    ret->input = pab_buf_take(&b);
}

void pab_message_make(const struct pab_notify *n, const struct pab_outcome *o, struct pab_message *ret)
{
    CLEANUP_FREE char *body = body_of(n, o);
    *ret = (struct pab_message){ 0 };
    if (n->type == PAB_NOTIFY_MAIL) make_mail(n, o, body, ret);
    else make_request(n, o, body, ret);
}

void pab_message_release(struct pab_message *m)
{
    if (m->input) pab_secret_wipe(m->input, m->size);
    free(m->input);
    pab_strs_release(&m->argv);
}
