/* connect.c - the way to the service, and what its refusals mean. */
#include <string.h>
#include "plugins/n8n/n8n.h"

int n8n_connect(const struct n8n *n, struct pab_op *op, struct rest **ret)
{
    struct rest_opts o = { .service = "n8n", .secret_header = "X-N8N-API-KEY", .secret = n->api_key };
    struct pab_error err = { 0 };
    rest_options(op, n->config, &o);
    return rest_open(op, &o, ret, &err) ? sup_fail(op, &err) : PAB_OK;
}

int n8n_has_cli(const struct n8n *n) { return n->cli.count || n->container; }

int n8n_is_missing(const struct rest *r, int code)
{
    long status = rest_status(r);
    return (code == PAB_E_AUTH && status == 403) || (code == PAB_E_NOT_FOUND && status == 404) || status == 405;
}

/* "Your license does not allow for feat:variables": other than a missing scope, whose 403 says "Forbidden". */
int n8n_is_licence(const char *message) { return strstr(message, "feat:") || strstr(message, "license") || strstr(message, "licence"); }

int n8n_excuse(struct pab_op *op, const struct rest *r, const char *what, const char *scope, struct pab_error *err)
{
    CLEANUP_FREE char *key = pab_sprintf("without_%s", what);
    if (!n8n_is_missing(r, err->code)) return err->code;
    /* every n8n has workflows: where there are none, there is no n8n, or its API is switched off */
    if (!strcmp(what, "workflows") && rest_status(r) != 403)
        return pab_error_hint(err, err->code, "is this the address of an n8n, and is its public API switched on (N8N_PUBLIC_API_DISABLED)?");
    for (char *p = key; *p; p++)
        if (*p == ' ') *p = '_';
    if (rest_status(r) != 403) return op->host->fact(op, key, "not in this version");
    if (n8n_is_licence(err->message)) return op->host->fact(op, key, "not in this licence");
    pab_warn(op, what, "%s are not in the backup: the API key lacks the scope %s", what, scope);
    return op->host->fact(op, key, "missing scope");
}

int n8n_wait(struct pab_op *op, const struct rest *r, unsigned n)
{
    return rest_status(r) == 409 && n < 40 && op->host->sleep_ms(op, 250) == PAB_OK;
}
