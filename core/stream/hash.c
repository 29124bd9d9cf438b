/* hash.c - see hash.h. */
#include "core/stream/hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"

#define FILE_PIECE (256u << 10)

struct pab_hash { EVP_MD_CTX *md; };

DEFINE_CLEANUP(hash, struct pab_hash, pab_hash_free)

/* OpenSSL fails here only for want of memory or of its default provider: neither leaves anything sensible to do. */
static void must(int ok)
{
    if (!ok) abort();
}

struct pab_hash *pab_hash_new(void)
{
    struct pab_hash *h = pab_alloc(sizeof *h);
    h->md = EVP_MD_CTX_new();
    must(h->md && EVP_DigestInit_ex(h->md, EVP_sha256(), NULL));
    return h;
}

void pab_hash_reset(struct pab_hash *h)
{
    must(EVP_DigestInit_ex(h->md, NULL, NULL));
}

void pab_hash_add(struct pab_hash *h, const void *p, size_t n)
{
    must(EVP_DigestUpdate(h->md, p, n));
}

void pab_hash_hex(struct pab_hash *h, char out[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    must(EVP_DigestFinal_ex(h->md, sum, NULL));
    for (unsigned i = 0; i < 32; i++) {
        out[2 * i] = digits[sum[i] >> 4];
        out[2 * i + 1] = digits[sum[i] & 15];
    }
    out[64] = '\0';
}

void pab_hash_free(struct pab_hash *h)
{
    if (!h) return;
    EVP_MD_CTX_free(h->md);
    free(h);
}

void pab_hash_bytes(const void *p, size_t n, char out[65])
{
    CLEANUP(pab_cleanup_hash) struct pab_hash *h = pab_hash_new();
    pab_hash_add(h, p, n);
    pab_hash_hex(h, out);
}

int pab_hash_fd(int fd, char out[65], uint64_t *ret_size, struct pab_error *err)
{
    CLEANUP_FREE void *buf = pab_try_alloc(FILE_PIECE);
    if (!buf) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory to hash a file");
    CLEANUP(pab_cleanup_hash) struct pab_hash *h = pab_hash_new();
    uint64_t at = 0;
    for (;;) {
        ssize_t n = pread(fd, buf, FILE_PIECE, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read a file to hash it");
        if (n == 0) break;
        if (pab_cancelled()) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
        pab_hash_add(h, buf, (size_t)n);
        at += (uint64_t)n;
    }
    pab_hash_hex(h, out);
    if (ret_size) *ret_size = at;
    return PAB_OK;
}
