/* envfile.h - files of NAME=VALUE lines (".env"), as env_file names them.
 *
 *     # comment
 *     NAME=value            # a comment after a blank
 *     export NAME='taken as it is, over several lines if need be'
 *     NAME="with \n \r \t \" \\ \$ escapes"
 *
 * Nothing is expanded or executed.  The last of several lines with one name
 * counts.  Errors are PAB_E_CONFIG, name the line and show none of its text.
 */
#ifndef PAB_CONFIG_ENVFILE_H
#define PAB_CONFIG_ENVFILE_H

#include "core/base/error.h"
#include "core/base/vec.h"

/* Appends "NAME=VALUE" strings. */
int pab_envfile_load(const char *path, struct pab_strs *ret, struct pab_error *err);
int pab_envfile_parse(const char *text, size_t n, const char *name, struct pab_strs *ret, struct pab_error *err);
/* Wipes the values before it frees them. */
void pab_envfile_release(struct pab_strs *v);

#endif
