/* n8n.h - what the sources of the n8n plugin share.
 *
 * Workflows are handled as text throughout: the service's JSON is checked while it is read (jsonscan.h), kept byte for byte, and a
 * restore cuts its requests out of it (text.h). So a number with more digits than a double has survives, and a workflow of
 * 16 MB costs its text and not a tree of it.
 */
#ifndef PAB_N8N_H
#define PAB_N8N_H

#include "plugins/support/info.h"
#include "plugins/support/rest.h"
#include "plugins/n8n/text.h"

enum n8n_credentials { CREDENTIALS_AUTO, CREDENTIALS_METADATA, CREDENTIALS_OMIT };

/* An instance: what the options say. */
struct n8n {
    const struct pab_config *config;
    const char *api_key;
    struct pab_strs cli;            /* argv of a local n8n command, or empty */
    const char *user_folder;        /* N8N_USER_FOLDER of it, or NULL */
    const char *encryption_key;     /* N8N_ENCRYPTION_KEY of it, or NULL */
    const char *container;          /* the command runs in there instead, or NULL */
    const char *docker_host;
    enum n8n_credentials credentials;
    int activate;
};

/* ---- connect.c */
int n8n_connect(const struct n8n *n, struct pab_op *op, struct rest **ret);
int n8n_has_cli(const struct n8n *n);
/* The failure of a request for something that an n8n may lack: by its licence, by its version or by the scopes of the key. PAB_OK when
 * it is one of those; then it became a fact or, for scopes, a warning. Else the code. */
int n8n_excuse(struct pab_op *op, const struct rest *r, const char *what, const char *scope, struct pab_error *err);
/* After the n-th refusal of a change: 1 when it was 409, "still being unpublished", which passes, and a moment was waited for that. */
int n8n_wait(struct pab_op *op, const struct rest *r, unsigned n);
int n8n_is_licence(const char *message); /* what a 403 said: 1 when it is about the licence */
/* 1 when this is such a failure, of whatever kind. */
int n8n_is_missing(const struct rest *r, int code);

/* ---- list.c: all items of a list that comes in pages, one object member by member */
/* Called with the scan before an item, which it reads. It must not make requests. */
typedef int (*n8n_item)(void *ctx, struct json_scan *s, struct pab_error *err);
/* `path` may have a query. Items are not deduplicated. */
int n8n_list(struct rest *r, const char *path, n8n_item item, void *ctx, struct pab_error *err);
/* The value's text lives until the next member. */
typedef int (*n8n_member)(void *ctx, const char *key, struct span value, struct pab_error *err);
int n8n_object(struct json_scan *s, n8n_member member, void *ctx, struct pab_error *err);
/* An object of id -> { "id", "name", "updatedAt", "type", "versionId", "active", "isArchived" as far as the items have them }. */
int n8n_ids(struct rest *r, const char *path, json_t **ret, struct pab_error *err);
/* One object; its members are never in memory together. */
int n8n_get(struct rest *r, const char *path, n8n_member member, void *ctx, struct pab_error *err);

/* ---- cli.c: the n8n command, on this machine or in the container */
struct cli;
int cli_open(const struct n8n *n, struct pab_op *op, struct cli **ret, struct pab_error *err);
void cli_close(struct cli *c);          /* NULL is fine; removes its files */
DEFINE_CLEANUP(cli, struct cli, cli_close)
/* Runs it with these arguments; *ret_out (may be NULL): what it printed. */
int cli_run(struct cli *c, const char *const *args, char **ret_out, struct pab_error *err);
/* A file that the command can read and write: its path where the command runs, inside a folder that only its user may enter. */
const char *cli_file(struct cli *c);
int cli_put(struct cli *c, const void *data, size_t size, struct pab_error *err);
/* Its bytes, piece by piece. */
typedef int (*cli_sink)(void *ctx, const void *data, size_t size, struct pab_error *err);
int cli_get(struct cli *c, cli_sink sink, void *ctx, struct pab_error *err);
int cli_version(struct cli *c, char **ret, struct pab_error *err);
/* The instance's encryption key; NULL when there is none to be found. The caller wipes and frees it. */
int cli_key(struct cli *c, char **ret, struct pab_error *err);

/* ---- key.c: the key's fingerprint, "sha256:SALT:DIGEST" */
char *key_fingerprint(const char *key);
int key_matches(const char *key, const char *fingerprint);

/* ---- stored.c */
/* Value of a fact or count, "" when it is not there. */
/* An artifact read as JSON. */
struct stored {
    struct pab_op *op;
    struct pab_reader *reader;
    struct json_scan *scan;
};
int stored_open(struct stored *s, struct pab_op *op, uint32_t index, const char *what);
/* Frees; rc of the reading, whose error becomes the verb's failure. PAB_END counts as PAB_OK. */
int stored_close(struct stored *s, int rc, const struct pab_error *err);

/* ---- the verbs */
int n8n_check(void *instance, struct pab_op *op, const struct pab_check_req *req);
int n8n_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req);
int n8n_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req);
int n8n_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req);
int n8n_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req);

#define N8N_API "/api/v1"
#define N8N_MAX_TEXT (48u << 20)    /* of one workflow; the service itself takes 16 MB unless told otherwise */

#endif
