/* names.h - the words of the manifest for the numbers of the code, and which paths may stand in one. */
#ifndef PAB_STORE_NAMES_H
#define PAB_STORE_NAMES_H

#include "core/store/manifest.h"

#define PAB_MANIFEST_FORMAT "pabengine-backup"
#define PAB_MANIFEST_VERSION 1
#define PAB_MANIFEST_MAX (64u << 20)

const char *pab_category_name(uint32_t bit);                 /* "databases"; also the folder */
int pab_category_parse(const char *name, uint32_t *ret);     /* 0 or -1 */
const char *pab_status_name(enum pab_mf_status s);
int pab_status_parse(const char *name, enum pab_mf_status *ret);
int pab_error_parse(const char *name);                       /* "NOSPACE" -> PAB_E_NOSPACE; unknown: PAB_E_INTERNAL */
/* A relative path below one of the category folders, of components as pab_str_file_name gives them. */
int pab_artifact_path_ok(const char *path);
/* All bytes kept, those that are no UTF-8 as \xNN and "\" as "\\". Caller frees. */
char *pab_str_escape(const char *s);

#endif
