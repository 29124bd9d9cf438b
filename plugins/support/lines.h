/* lines.h - artifacts of JSON lines: one object a line, written as they come and read one by one.
 *
 *     struct lines l;
 *     rc = lines_open(&l, op, index, artifact_path, 0);
 *     while (!rc && !(rc = lines_next(&l, &object))) ... json_decref(object) ...   // PAB_END: no more, and the last was whole
 *     rc = lines_close(&l, rc);                                                    // PAB_OK, or the code of the failure, told to the host
 */
#ifndef PAB_SUPPORT_LINES_H
#define PAB_SUPPORT_LINES_H

#include "plugins/support/json.h"

struct lines {
    struct pab_op *op;
    struct pab_reader *reader;
    const char *what;
    struct pab_buf in;          /* bytes not yet handed out */
    size_t at;
    uint64_t number;            /* of the line last handed out */
    struct pab_error err;
};
/* `what` names the artifact in errors and must live until the close; max: longest line, 0: 32 MiB. */
int lines_open(struct lines *l, struct pab_op *op, uint32_t index, const char *what, size_t max);
int lines_next(struct lines *l, json_t **ret);      /* the caller's reference */
int lines_close(struct lines *l, int rc);

/* One object as a line of an artifact; an error is the host's. */
int lines_write(struct pab_op *op, struct pab_artifact *a, const json_t *object);
/* A whole artifact as one JSON value. The verb has failed when it is not PAB_OK. */
int artifact_json(struct pab_op *op, uint32_t index, const char *what, size_t max, json_t **ret);

#endif
