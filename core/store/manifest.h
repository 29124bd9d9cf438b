/* manifest.h - manifest.json of a backup: what is in it, where it came from, how it went.
 *
 * The format is the contract's section 2; keys are written in that order, UTF-8, two-space indent, and only ever added
 * to.  A reader takes unknown keys as given and ignores them; a manifest from outside is hostile until checked: paths
 * must be relative paths below the folder of their category, of the bytes that this program writes (A-Za-z0-9._-%),
 * numbers non-negative and below 2^63; at most 64 levels deep, 4,000,000 values, 64 MiB.
 */
#ifndef PAB_STORE_MANIFEST_H
#define PAB_STORE_MANIFEST_H

#include <stdint.h>
#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/stream/writer.h"

struct pab_kvs { struct pab_kv *items; size_t count, capacity; };  /* owns its strings */
void pab_kvs_set(struct pab_kvs *v, const char *key, const char *value); /* adds or replaces */
const char *pab_kvs_get(const struct pab_kvs *v, const char *key);       /* NULL: not there */
void pab_kvs_release(struct pab_kvs *v);

struct pab_mf_artifact {
    char *path, *object;           /* path inside the backup */
    char *index_path;              /* trees: X.mtree.gz (manifest key "index") */
    uint64_t index_size; char index_sha256[65]; /* trees: of the index file (keys "index_size", "index_sha256") */
    uint32_t category, kind;       /* PAB_CAT_, PAB_KIND_ */
    char *media_type;              /* NULL for trees: "application/x-tar" is written */
    char *encoding, *encryption;   /* "gzip", "zstd", "none"; "none" */
    uint64_t size, content_size;
    char sha256[65], content_sha256[65];
    struct pab_kvs counts, facts;
    struct pab_stream_block *blocks; uint64_t block_count;   /* key "blocks", left out when there are none */
    int64_t started_ns, finished_ns;
    /* Incremental trees: the parent's artifact that this one builds on, NULL when it stands alone. */
    char *parent_path, parent_sha256[65];
    uint64_t deleted;              /* entries of the parent that are gone */
    struct pab_strs layers;        /* not in the JSON, only for RESTORE.md: "BACKUP/PATH" of all that it builds on, oldest first, */
    struct pab_strs layer_indexes; /* ... and of their indexes */
};
enum pab_mf_status { PAB_MF_OK, PAB_MF_WARNING, PAB_MF_FAILED, PAB_MF_SKIPPED };
struct pab_mf_target {
    char *name, *plugin, *plugin_version;
    enum pab_mf_status status;
    int64_t started_ns, finished_ns;
    struct pab_kvs facts;
    struct pab_strs warnings;
    uint64_t warning_count;        /* not in the JSON: with those beyond the ceiling of a list; 0: as many as are listed */
    struct pab_error error;        /* code 0: none */
    struct { struct pab_mf_artifact *items; size_t count, capacity; } artifacts;
};
struct pab_manifest {
    char id[37];                   /* UUID */
    char *name, *job, *kind, *parent, *status, *host, *engine_version; /* kind "full" or "incremental", which has a parent: a backup's name; status "complete" or "partial" */
    char parent_id[37];            /* of the parent; "" when there is none */
    int64_t started_ns, finished_ns;
    char *compression, *encryption;
    struct { struct pab_mf_target *items; size_t count, capacity; } targets;
    struct { uint64_t artifacts, size, content_size; double seconds; } totals; /* filled by write */
};

void pab_mf_artifact_release(struct pab_mf_artifact *a);
void pab_manifest_init(struct pab_manifest *m);      /* zeroes, gives a new id */
void pab_manifest_release(struct pab_manifest *m);
char *pab_manifest_to_json(struct pab_manifest *m);  /* caller frees; secrets in facts, warnings and errors are masked */
int pab_manifest_parse(const char *json, size_t n, const char *what, struct pab_manifest *ret, struct pab_error *err);

#endif
