/* hashes.h - a bounded set of 64-bit hashes of texts: when it is full it takes in no more. */
#ifndef PAB_TREE_HASHES_H
#define PAB_TREE_HASHES_H

#include <stddef.h>
#include <stdint.h>

#define PAB_HASHES_MAX (1u << 20)

struct pab_hashes { uint64_t *items; size_t size, used; };  /* zeroed is empty */
void pab_hashes_add(struct pab_hashes *h, uint64_t v);
int pab_hashes_has(const struct pab_hashes *h, uint64_t v);
void pab_hashes_release(struct pab_hashes *h);
uint64_t pab_hash_text(const char *s);

#endif
