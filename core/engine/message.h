/* message.h - what an entry of `notify` is told about a run, as the input of the program that delivers it. */
#ifndef PAB_ENGINE_MESSAGE_H
#define PAB_ENGINE_MESSAGE_H

#include "core/config/notify.h"
#include "core/engine/outcome.h"

struct pab_message {
    struct pab_strs argv;          /* pabengine-post, or sendmail with its arguments: no secret */
    char *input;                   /* for its stdin: with secrets */
    size_t size;
};
void pab_message_make(const struct pab_notify *n, const struct pab_outcome *o, struct pab_message *ret);
void pab_message_release(struct pab_message *m); /* wipes */

#endif
