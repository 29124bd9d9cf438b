/* key.c - the encryption key's fingerprint: two instances have the same key when the digests over one salt agree, and nobody can
 * tell the key from it. */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include "plugins/n8n/n8n.h"

#define SALT 16

static void hex(const unsigned char *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static char *with_salt(const char *salt, const char *key)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    char text[2 * EVP_MAX_MD_SIZE + 1];
    unsigned size = 0;
    CLEANUP_FREE char *input = pab_sprintf("%s:%s", salt, key);
    int ok = EVP_Digest(input, strlen(input), md, &size, EVP_sha256(), NULL);
    explicit_bzero(input, strlen(input));
    if (!ok) return NULL;
    hex(md, size, text);
    return pab_sprintf("sha256:%s:%s", salt, text);
}

char *key_fingerprint(const char *key)
{
    unsigned char salt[SALT];
    char text[2 * SALT + 1];
    if (RAND_bytes(salt, sizeof salt) != 1) return NULL;
    hex(salt, sizeof salt, text);
    return with_salt(text, key);
}

int key_matches(const char *key, const char *fingerprint)
{
    static const char prefix[] = "sha256:";
    if (strncmp(fingerprint, prefix, sizeof prefix - 1)) return 0;
    const char *salt = fingerprint + sizeof prefix - 1, *end = strchr(salt, ':');
    if (!end) return 0;
    CLEANUP_FREE char *text = pab_strndup(salt, (size_t)(end - salt));
    CLEANUP_FREE char *mine = with_salt(text, key);
    return mine && !strcmp(mine, fingerprint);
}
