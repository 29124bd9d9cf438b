/* check.c - the key is taken, what it may read, the command runs and works with the same instance. */
#include <string.h>
#include "plugins/n8n/n8n.h"

struct part { const char *path, *what, *scope; };

static int nothing(void *ctx, const char *key, struct span value, struct pab_error *err)
{
    (void)ctx, (void)key, (void)value, (void)err;
    return PAB_OK;
}

static int try_part(struct pab_op *op, struct rest *r, const struct part *p, int up)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("%s?limit=1", p->path);
    int rc = n8n_get(r, path, nothing, NULL, &err);
    if (rc) rc = n8n_excuse(op, r, p->what, p->scope, &err);
    if (rc && up) pab_error_prefix(&err, "n8n is up, but");
    return rc ? sup_fail(op, &err) : PAB_OK;
}

/* Is the service well, whatever it says to our key? An n8n may have its endpoint elsewhere, a proxy may not let it through. */
static int check_health(struct rest *r, int *ret_up, struct pab_error *err)
{
    struct pab_error why = { 0 };
    int rc = rest_json(r, &(struct rest_req){ .path = "/healthz", .flags = REST_NO_BODY }, NULL, &why);
    *ret_up = rc == PAB_OK;
    if (rc != PAB_E_UNREACHABLE && rc != PAB_E_TIMEOUT && rc != PAB_E_BUSY && rc != PAB_E_CANCELLED) return PAB_OK;
    *err = why;
    return rc;
}

static int check_cli(const struct n8n *n, struct pab_op *op)
{
    CLEANUP(pab_cleanup_cli) struct cli *c = NULL;
    CLEANUP_FREE char *version = NULL;
    char *key = NULL;
    struct pab_error err = { 0 };
    int rc = cli_open(n, op, &c, &err);
    if (!rc) rc = cli_version(c, &version, &err);
    if (!rc) rc = cli_key(c, &key, &err);
    if (rc) return sup_fail(op, &err);
    pab_log(op, PAB_LOG_INFO, "n8n %s", version);
    if (!key) pab_warn(op, "credentials", "the encryption key was not found: set user_folder or encryption_key, so that a restore can compare it");
    else explicit_bzero(key, strlen(key));
    free(key);
    return PAB_OK;
}

int n8n_check(void *instance, struct pab_op *op, const struct pab_check_req *req)
{
    static const struct part parts[] = {
        { N8N_API "/workflows", "workflows", "workflow:list" },
        { N8N_API "/tags", "tags", "tag:list" },
        { N8N_API "/credentials", "credentials", "credential:list" },
        { N8N_API "/data-tables", "data tables", "dataTable:list" },
        { N8N_API "/users", "users", "user:list" },
    };
    const struct n8n *n = instance;
    CLEANUP_REST struct rest *r = NULL;
    struct pab_error err = { 0 };
    int up = 0;
    (void)req;
    int rc = n8n_connect(n, op, &r);
    if (!rc && check_health(r, &up, &err)) rc = sup_fail(op, &err);
    for (size_t i = 0; !rc && i < sizeof parts / sizeof *parts; i++)
        if (strcmp(parts[i].what, "credentials") || n->credentials != CREDENTIALS_OMIT) rc = try_part(op, r, &parts[i], up);
    if (!rc && n8n_has_cli(n)) rc = check_cli(n, op);
    else if (!rc && n->credentials == CREDENTIALS_AUTO)
        pab_warn(op, "credentials", "the API does not give the secrets of credentials: name the n8n command in option cli or container, or say credentials: metadata");
    return rc;
}
