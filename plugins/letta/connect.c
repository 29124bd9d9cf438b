/* connect.c - the way to the server, and which one it is. */
#include <stdio.h>
#include <string.h>
#include "plugins/letta/letta.h"

/* Other products answer under the same name: 0.11 and older (other shapes, SQLite), and Letta Code (no server of this kind at all). */
static int check_version(const char *version, struct pab_error *err)
{
    int major = 0, minor = 0;
    if (sscanf(version, "%d.%d", &major, &minor) != 2) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "letta: the server does not say its version");
    if (major == 0 && minor >= 12 && minor < 20) return PAB_OK;
    CLEANUP_FREE char *shown = pab_str_printable(version);
    int rc = pab_error_set(err, PAB_E_UNSUPPORTED, 0, "letta: version %s is none that this plugin knows (0.12 to 0.16)", shown);
    return pab_error_hint(err, rc, "%s", major == 0 && minor < 12 ? "back up its folder ~/.letta (SQLite) or its database with the volume, files or postgres plugin"
                                                                  : "Letta Code keeps its agents in ~/.letta: back up that folder with the files plugin");
}

int letta_connect(const struct letta *l, struct pab_op *op, struct rest **ret, char **version)
{
    CLEANUP_REST struct rest *r = NULL;
    CLEANUP_JSON json_t *health = NULL;
    CLEANUP_FREE char *bearer = l->password ? pab_sprintf("Bearer %s", l->password) : NULL;
    struct rest_opts o = { .service = "letta", .secret_header = "Authorization", .secret = bearer };
    struct pab_error err = { 0 };
    rest_options(op, l->config, &o);
    if (l->password) op->host->secret(op, l->password);
    if (l->user_id) {
        o.header_name = "user_id";
        o.header_value = l->user_id;
    }
    int rc = rest_open(op, &o, &r, &err);
    if (!rc) rc = rest_json(r, &(struct rest_req){ .path = "/v1/health/" }, &health, &err);
    if (rc == PAB_E_NOT_FOUND) pab_error_hint(&err, rc, "is this a Letta server? Letta Code keeps its agents in ~/.letta: back up that folder with the files plugin");
    if (!rc) rc = check_version(json_text(health, "version"), &err);
    if (rc) return sup_fail(op, &err);
    if (version) *version = pab_strdup(json_text(health, "version"));
    *ret = TAKE_PTR(r);
    return PAB_OK;
}
