/* codec.c - the words for codecs and levels; see codec.h. */
#include "core/stream/codec.h"

#include <stdlib.h>
#include <string.h>
#include "core/stream/codec_impl.h"

static const struct {
    enum pab_codec codec;
    const char *name, *suffix;
    int default_level;
} codecs[] = {
    { PAB_CODEC_NONE, "none", "", 0 },
    { PAB_CODEC_GZIP, "gzip", ".gz", PAB_GZIP_FAST },
    { PAB_CODEC_ZSTD, "zstd", ".zst", PAB_ZSTD_TEXT },
};

static int level_of(enum pab_codec codec, const char *word, int *ret)
{
    if (codec == PAB_CODEC_GZIP) {
        if (strcmp(word, "fast") && strcmp(word, "small")) return -1;
        *ret = strcmp(word, "fast") ? PAB_GZIP_SMALL : PAB_GZIP_FAST;
        return 0;
    }
    size_t digits = strspn(word, "0123456789");
    if (codec != PAB_CODEC_ZSTD || digits < 1 || digits > 2 || word[digits]) return -1;
    int level = (int)strtol(word, NULL, 10);
    if (level < 1 || level > 19) return -1;
    *ret = level;
    return 0;
}

int pab_compression_parse(const char *codec, const char *level, struct pab_compression *ret, struct pab_error *err)
{
    struct pab_compression c;
    if (pab_codec_from_name(codec, &c.codec)) {
        int code = pab_error_set(err, PAB_E_CONFIG, 0, "unknown compression '%s'", codec);
        return pab_error_hint(err, code, "use gzip, zstd or none");
    }
    c.level = codecs[c.codec].default_level;
    if (level && level_of(c.codec, level, &c.level)) {
        int code = pab_error_set(err, PAB_E_CONFIG, 0, "%s has no level '%s'", codec, level);
        return pab_error_hint(err, code, "gzip: fast or small; zstd: 1 to 19; none: no level");
    }
    *ret = c;
    return PAB_OK;
}

struct pab_compression pab_compression_of_files(struct pab_compression c)
{
    if (c.codec == PAB_CODEC_ZSTD && c.level == PAB_ZSTD_TEXT) c.level = PAB_ZSTD_FILES;
    return c;
}

const char *pab_codec_name(enum pab_codec c)
{
    return codecs[c].name;
}

const char *pab_codec_suffix(enum pab_codec c)
{
    return codecs[c].suffix;
}

int pab_codec_from_name(const char *name, enum pab_codec *ret)
{
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        if (strcmp(codecs[i].name, name)) continue;
        *ret = codecs[i].codec;
        return 0;
    }
    return -1;
}

const struct pab_packer *pab_packer_for(struct pab_compression c)
{
    switch (c.codec) {
    case PAB_CODEC_GZIP: return c.level == PAB_GZIP_SMALL ? &pab_packer_gzip_small : &pab_packer_gzip_fast;
    case PAB_CODEC_ZSTD: return &pab_packer_zstd;
    case PAB_CODEC_NONE: break;
    }
    return &pab_packer_none;
}

const struct pab_unpacker *pab_unpacker_for(enum pab_codec c)
{
    switch (c) {
    case PAB_CODEC_GZIP: return &pab_unpacker_gzip;
    case PAB_CODEC_ZSTD: return &pab_unpacker_zstd;
    case PAB_CODEC_NONE: break;
    }
    return NULL;
}

const struct pab_packer pab_packer_none = { .chunk = 1u << 20 };
