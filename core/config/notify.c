/* notify.c - see notify.h. */
#include "core/config/notify.h"

#include <ctype.h>
#include <string.h>
#include "config.h"
#include "core/base/cleanup.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/config/config_impl.h"
#include "core/config/job_tables.h"
#include "core/config/template.h"

const char *const pab_notify_words[] = { "job", "host", "event", "status", "exit_code", "backup", "path", "store", "error", "failed_targets", "duration",
                                         "size", "artifacts", "message", "text", "json", NULL };

static const char *const type_names[] = { "healthchecks", "ntfy", "webhook", "mail" };
static const char *const moments[PAB_NOTIFY_MOMENTS + 1] = { "start", "success", "partial", "failure", NULL };

#define BIT(type) (1u << PAB_NOTIFY_##type)
#define HTTP (BIT(HEALTHCHECKS) | BIT(NTFY) | BIT(WEBHOOK))
static const struct { const char *key; unsigned types, required; } belongs[] = {
    { "url", HTTP, HTTP }, { "token", BIT(NTFY) | BIT(WEBHOOK), 0 }, { "content_type", BIT(WEBHOOK), 0 }, { "exit_code", BIT(HEALTHCHECKS), 0 },
    { "to", BIT(MAIL), BIT(MAIL) }, { "from", BIT(MAIL), 0 }, { "sendmail", BIT(MAIL), 0 },
};

static int check_keys(const struct pab_config *c, enum pab_notify_type type, struct pab_error *err)
{
    for (size_t i = 0; i < sizeof belongs / sizeof *belongs; i++) {
        if (pab_config_given(c, belongs[i].key) && !(belongs[i].types & 1u << type))
            return pab_config_complain(c, belongs[i].key, err, "type %s has no such key", type_names[type]);
        if (!pab_config_given(c, belongs[i].key) && belongs[i].required & 1u << type)
            return pab_config_complain(c, belongs[i].key, err, "required key is missing: type %s needs it", type_names[type]);
    }
#ifndef HAVE_NOTIFY_HTTP
    if (type != PAB_NOTIFY_MAIL)
        return pab_error_hint(err, pab_config_complain(c, "type", err, "'%s': this pabengine was built without notifications over HTTP", type_names[type]),
                              "build it without --without-notify, or call a program in hooks");
#endif
    return PAB_OK;
}

/* Healthchecks wants to know that a run began and ended; people want to hear of what went wrong. */
static int read_moments(const struct pab_config *c, enum pab_notify_type type, unsigned *ret, struct pab_error *err)
{
    unsigned on = type == PAB_NOTIFY_HEALTHCHECKS ? 15 : 12;
    if (pab_config_given(c, "on"))
        on = 0;
    for (uint64_t i = 0; i < pab_config_count(c, "on"); i++) {
        const char *given = pab_config_item(c, "on", i);
        size_t m = 0;
        while (moments[m] && strcmp(moments[m], given) != 0)
            m++;
        if (!moments[m]) {
            CLEANUP_FREE char *shown = pab_str_printable(given);
            return pab_error_hint(err, pab_config_complain(c, "on", err, "expected some of start, success, partial, failure, found '%s'", shown), "write for instance [partial, failure]");
        }
        on |= 1u << m;
    }
    if (!on)
        return pab_config_complain(c, "on", err, "expected some of start, success, partial, failure, found nothing");
    *ret = on;
    return PAB_OK;
}

/* What ends up in the head of a request or a mail, or as an argument of sendmail. */
static int is_plain(const char *s)
{
    for (; *s; s++)
        if (iscntrl((unsigned char)*s))
            return 0;
    return 1;
}

static int is_address(const char *s)
{
    return *s && *s != '-' && is_plain(s) && !strpbrk(s, " \t,;<>()\"'\\");
}

static int check_texts(const struct pab_config *c, struct pab_error *err)
{
    const char *template = pab_config_str(c, "template"), *content_type = pab_config_str(c, "content_type"), *from = pab_config_str(c, "from");
    CLEANUP_FREE char *unknown = template ? pab_template_unknown(template, pab_notify_words) : NULL;
    if (unknown) {
        CLEANUP_FREE char *shown = pab_str_printable(unknown);
        size_t n = 0;
        while (pab_notify_words[n])
            n++;
        const char *near = pab_str_nearest(unknown, pab_notify_words, n);
        pab_config_complain(c, "template", err, "'{{%s}}' is not known", shown);
        return pab_error_hint(err, err->code, "did you mean '{{%s}}'?", near ? near : "message");
    }
    if (content_type && (!*content_type || !is_plain(content_type)))
        return pab_config_complain(c, "content_type", err, "expected a media type such as application/json");
    if (from && !is_address(from))
        return pab_config_complain(c, "from", err, "expected a mail address");
    for (uint64_t i = 0; i < pab_config_count(c, "to"); i++)
        if (!is_address(pab_config_item(c, "to", i)))
            return pab_config_complain(c, "to", err, "expected mail addresses");
    if (pab_config_given(c, "to") && !pab_config_count(c, "to"))
        return pab_config_complain(c, "to", err, "expected mail addresses");
    return PAB_OK;
}

/* All but the secrets. */
static int read_entry(const struct pab_config *c, struct pab_notify *n, struct pab_error *err)
{
    while (strcmp(type_names[n->type], pab_config_str(c, "type")) != 0)
        n->type++;
    if (check_keys(c, n->type, err) || read_moments(c, n->type, &n->on, err) || check_texts(c, err))
        return err->code;
    for (uint64_t i = 0; i < pab_config_count(c, "to"); i++)
        pab_strs_add(&n->to, pab_config_item(c, "to", i));
    n->from = pab_strdup(pab_config_str(c, "from"));
    n->sendmail = pab_strdup(pab_config_str(c, "sendmail"));
    n->template = pab_strdup(pab_config_str(c, "template"));
    n->content_type = pab_strdup(pab_config_str(c, "content_type"));
    n->exit_code = pab_config_int(c, "exit_code") != 0;
    n->timeout_ms = pab_config_int(c, "timeout");
    n->retries = (int)pab_config_int(c, "retries");
    return PAB_OK;
}

/* The host of an address, which is shown; or NULL. */
static char *host_of(const char *url)
{
    const char *p = strstr(url, "://");
    if (!p || !(pab_str_has_prefix(url, "http://") || pab_str_has_prefix(url, "https://")))
        return NULL;
    p += 3;
    size_t n = strcspn(p, "/?#");
    const char *at = memrchr(p, '@', n); /* what is before it is a password */
    if (at) {
        n -= (size_t)(at + 1 - p);
        p = at + 1;
    }
    return n ? pab_strndup(p, n) : NULL;
}

static int read_secrets(const struct pab_config *c, size_t i, struct pab_notify *n, struct pab_error *err)
{
    const char *url = pab_config_str(c, "url"), *token = pab_config_str(c, "token"), *type = type_names[n->type];
    if (n->type == PAB_NOTIFY_MAIL) {
        n->where = pab_sprintf("notify[%zu] (mail to %s)", i, n->to.items[0]);
        return PAB_OK;
    }
    CLEANUP_FREE char *host = host_of(url);
    int on_socket = pab_str_has_prefix(url, "unix:///") && strstr(url + strlen("unix://"), ":/");
    if ((!host && !on_socket) || !is_plain(url) || strchr(url, ' '))
        return pab_error_hint(err, pab_config_complain(c, "url", err, "expected an address that begins with https:// or http://"), "the value is not shown: it may be a secret");
    if (token && !is_plain(token))
        return pab_config_complain(c, "token", err, "it has control characters");
    CLEANUP_FREE char *shown = host ? pab_str_printable(host) : pab_strdup("a socket");
    n->where = pab_sprintf("notify[%zu] (%s at %s)", i, type, shown);
    n->url = pab_strdup(url);
    n->token = pab_strdup(token);
    return PAB_OK;
}

int pab_notify_load(const struct pab_job *j, size_t i, void (*warn)(void *ctx, const char *message), void *warn_ctx, struct pab_notify *ret,
                    struct pab_error *err)
{
    struct pab_notify n = { 0 };
    struct pab_config_env env;
    CLEANUP(pab_cleanup_config) struct pab_config *c = NULL;
    CLEANUP_FREE char *path = pab_sprintf("notify[%zu]", i);
    pab_job_config_env(j, 1, &env);
    env.warn = warn;
    env.warn_ctx = warn_ctx;
    if (pab_config_check(pab_node_get(j->root, "notify")->items[i], pab_notify_table, pab_notify_table_count, sizeof *pab_notify_table, &env, path, &c, err))
        return err->code;
    int rc = read_entry(c, &n, err);
    if (!rc)
        rc = read_secrets(c, i, &n, err);
    if (rc)
        pab_notify_release(&n);
    else
        *ret = n;
    return rc;
}

static void wipe(char *s)
{
    if (s)
        pab_secret_wipe(s, strlen(s));
    free(s);
}

void pab_notify_release(struct pab_notify *n)
{
    wipe(n->url);
    wipe(n->token);
    pab_strs_release(&n->to);
    char *const texts[] = { n->where, n->from, n->sendmail, n->template, n->content_type };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    *n = (struct pab_notify){ 0 };
}

int pab_notify_check_all(const struct pab_config *c, struct pab_job *j, struct pab_error *err)
{
    if (!pab_config_given(c, "notify"))
        return PAB_OK;
    size_t count = pab_config_count(c, "notify");
    if (count > PAB_NOTIFY_MAX)
        return pab_config_complain(c, "notify", err, "more than %d entries", PAB_NOTIFY_MAX);
    for (size_t i = 0; i < count; i++) {
        struct pab_notify n = { 0 };
        int rc = read_entry(pab_config_record(c, "notify", i), &n, err);
        pab_notify_release(&n);
        if (rc)
            return rc;
    }
    j->notify_count = count;
    return PAB_OK;
}
