/* hash.h - SHA-256 in pieces (OpenSSL's EVP). */
#ifndef PAB_STREAM_HASH_H
#define PAB_STREAM_HASH_H

#include <stddef.h>
#include "core/base/error.h"

struct pab_hash;
struct pab_hash *pab_hash_new(void);
void pab_hash_reset(struct pab_hash *h);                      /* for the next message, without a new allocation */
void pab_hash_add(struct pab_hash *h, const void *p, size_t n);
void pab_hash_hex(struct pab_hash *h, char out[65]);          /* ends the message */
void pab_hash_free(struct pab_hash *h);
void pab_hash_bytes(const void *p, size_t n, char out[65]);   /* in one go */
/* A whole file from its beginning: hash and size. PAB_E_CANCELLED when that comes in between. */
int pab_hash_fd(int fd, char out[65], uint64_t *ret_size, struct pab_error *err);

#endif
