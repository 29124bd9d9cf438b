/* proof.h - is a backup still what was written, to the last byte?  What was read is remembered, so that it need not be read each time.
 *
 *     struct pab_proof *p = pab_proof_open(state_dir);
 *     if (pab_proof_of(p, store, "backup-20240121_120000", 0, err)) ... damaged, or cancelled ...
 *     pab_proof_close(p, 1);
 *
 * STATE/verified has a line for each file: when it was read, its SHA-256, inode, size, time of change.  A file that looks as it did then is
 * believed for 30 days; then it is read again, for disks forget without telling.  A record that cannot be read or written costs only time. */
#ifndef PAB_ENGINE_PROOF_H
#define PAB_ENGINE_PROOF_H

#include "core/store/store.h"

struct pab_proof;
struct pab_proof *pab_proof_open(const char *state_dir);
/* Manifest, set of files, SHA256SUMS and the bytes of each artifact; not those of its parents. `fresh`: it was written by this very
 * process, which need not read its files again, but for those that are links to files of an older backup.
 * PAB_E_CORRUPT, PAB_E_IO, or PAB_E_CANCELLED. */
int pab_proof_of(struct pab_proof *p, struct pab_store *s, const char *name, int fresh, struct pab_error *err);
void pab_proof_close(struct pab_proof *p, int save); /* NULL is fine */

#endif
