/* undo.c - side effects and their undoing. A record says it all: where the daemon is, what was made or changed, what it was before. */
#include <fcntl.h>
#include <string.h>
#include "plugins/volume/volume.h"

int undo_note(struct pab_op *op, json_t *record, uint64_t *ret_id)
{
    CLEANUP_FREE char *text = record ? json_line(record) : NULL;
    json_decref(record);
    if (!text) return pab_fail(op, PAB_E_INTERNAL, 0, NULL, "cannot write down what is about to be done: a name is not UTF-8");
    return op->host->journal_add(op, text, ret_id);
}

int undo_forget(struct pab_op *op, uint64_t id) { return op->host->journal_done(op, id); }

int volume_recover(struct pab_op *op, const char *record)
{
    CLEANUP_JSON json_t *o = NULL;
    CLEANUP(pab_cleanup_docker) struct docker *d = NULL;
    struct pab_error err = { 0 };
    int rc = json_parse(record, strlen(record), "the record", &o, &err);
    const char *kind = json_text(o, "undo"), *host = json_text(o, "docker");
    if (!rc && *host && strcmp(kind, "container") != 0) rc = docker_connect(&(struct docker_opts){ .host = host, .cancel_fd = op->host->cancel_fd(op) }, &d, &err);
    if (rc) return sup_fail(op, &err);
    if (!strcmp(kind, "container") && *host) rc = container_undo(op, o, &err);
    else if (!strcmp(kind, "helper") && d) rc = docker_container_remove(d, json_text(o, "name"), &err);
    else if (!strcmp(kind, "volume") && d) rc = docker_volume_remove(d, json_text(o, "name"), &err);
    else if (!strcmp(kind, "copy") && d) rc = copy_undo(d, o, &err);
    else if (!strcmp(kind, "refill") && d) rc = refill_undo(d, o, &err);
    else if (!strcmp(kind, "folder") && json_text(o, "path")[0] == '/') rc = pab_remove_tree(AT_FDCWD, json_text(o, "path"), &err);
    else rc = pab_error_set(&err, PAB_E_UNSUPPORTED, 0, "a record of the kind '%s' is of another version of pabengine", kind);
    return rc ? sup_fail(op, &err) : PAB_OK;
}
