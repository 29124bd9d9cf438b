/* crontab_text.h - the text of a crontab, edited between markers of ours; all other lines stay as they are, byte for byte.
 *
 *     # >>> pabengine pabengine-nightly-1a2b3c4d: written by pabengine schedule, do not edit
 *     # job: /etc/pabengine/nightly.yaml
 *     ...
 *     # <<< pabengine pabengine-nightly-1a2b3c4d
 *
 * Markers that do not fit together are an error (PAB_E_CORRUPT, with the line): nothing is guessed about other people's lines. */
#ifndef PAB_ENGINE_CRONTAB_TEXT_H
#define PAB_ENGINE_CRONTAB_TEXT_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/vec.h"

/* body: lines, each with its newline, to stand between the markers of id, in the place of what stands there, else at the end;
 * NULL: markers and lines go. ret: the new text. A last line without newline gets one when something follows it. */
int pab_crontab_set(const char *text, const char *id, const char *body, struct pab_buf *ret, struct pab_error *err);
/* *ret: the lines between the markers of id, or NULL when there are none. Caller frees. */
int pab_crontab_get(const char *text, const char *id, char **ret, struct pab_error *err);
/* The ids of all blocks, in their order. */
int pab_crontab_list(const char *text, struct pab_strs *ret, struct pab_error *err);
/* A command for a crontab line, where '%' would mean a newline: `words` quoted for sh. PAB_E_USAGE when a word has a newline. */
int pab_crontab_command(const char *const *words, char **ret, struct pab_error *err);

#endif
