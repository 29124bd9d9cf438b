/* integrity.h - is a published backup still what was written? Shared by verify and by restore's first step. */
#ifndef PAB_ENGINE_INTEGRITY_H
#define PAB_ENGINE_INTEGRITY_H

#include "core/engine/session.h"
#include "core/stream/reader.h"

/* PAB_E_UNSUPPORTED when the artifact is compressed or encrypted in a way that this version does not know. */
int pab_integrity_known(const struct pab_mf_artifact *a, struct pab_error *err);

/* Opens one of its files, unpacked: a->path or a->index_path. *ret_fd is the caller's, to close after the source, also on failure
 * when it is not negative. */
int pab_integrity_open(const struct pab_backup *b, const struct pab_mf_artifact *a, const char *path, unsigned threads, int *ret_fd,
                       struct pab_source **ret, struct pab_error *err);

/* Compares the SHA-256 of the artifact's file (and its index) with the manifest: reads the stored bytes only, no
 * decompression. PAB_E_CORRUPT naming the file. */
int pab_integrity_stored(const struct pab_backup *b, const struct pab_mf_artifact *a, struct pab_error *err);

/* Reads everything: decompression to the end, hashes of stored and plain bytes; trees: every tar entry against the
 * index. *ret_detail (caller frees) says what was checked: "sha256, 1,204 files against the index". */
int pab_integrity_content(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, char **ret_detail, struct pab_error *err);

#endif
