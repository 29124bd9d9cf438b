/* codec.h - the ways in which artifacts are compressed. */
#ifndef PAB_STREAM_CODEC_H
#define PAB_STREAM_CODEC_H

#include "core/base/error.h"

enum pab_codec { PAB_CODEC_NONE, PAB_CODEC_GZIP, PAB_CODEC_ZSTD };

struct pab_compression {
    enum pab_codec codec;
    int level;  /* gzip: PAB_GZIP_FAST or PAB_GZIP_SMALL; zstd: 1..19, PAB_ZSTD_TEXT or PAB_ZSTD_FILES; none: 0 */
};
#define PAB_GZIP_FAST 1   /* default: ISA-L */
#define PAB_GZIP_SMALL 2  /* libdeflate, no larger than gzip -6 */
/* zstd without a level: parameters between the levels, chosen by measuring (tests/bench).  Next to level 3, TEXT (the
 * default) is as small on SQL and JSON and a little quicker; FILES is 2 % larger on trees of files and a quarter quicker. */
#define PAB_ZSTD_TEXT 0
#define PAB_ZSTD_FILES (-1)
/* The same for an artifact that holds a tree of files. */
struct pab_compression pab_compression_of_files(struct pab_compression c);

/* From the words of a job file: codec "gzip", "zstd", "none"; level "fast", "small", "1".."19" or NULL (default). */
int pab_compression_parse(const char *codec, const char *level, struct pab_compression *ret, struct pab_error *err);
const char *pab_codec_name(enum pab_codec c);     /* "gzip": the manifest's encoding */
const char *pab_codec_suffix(enum pab_codec c);   /* ".gz", ".zst", "" */
int pab_codec_from_name(const char *name, enum pab_codec *ret); /* 0 or -1 */

#endif
