/* pab_plugin.h - all that a pabengine plugin may know of its host.
 *
 * A plugin is a shared object that knows one kind of service.  It exports ONE
 * symbol, pab_plugin_init(), which returns a constant struct pab_plugin: its
 * name, the table of its options and its verbs.  The host (pabengine) reads a
 * job file, checks the options against the table, opens an instance per
 * target and calls the verbs.  Everything that a plugin wants from the host it
 * asks through the function table struct pab_host that every operation handle
 * (struct pab_op) carries; a plugin never sees the path of a store, a key, a
 * terminal or the command line.
 *
 * The order of calls, per process and per target:
 *
 *     pab_plugin_init -> load            once, serially, before any thread
 *       open                             once a target; checks the options
 *         check | discover | backup | restore | verify     any number
 *       close
 *     recover                            at the start of a later process, for
 *                                        each journal record a killed one left
 *
 * CALLING CONVENTIONS
 *   - Verbs return PAB_OK or a negative PAB_E_ code; on failure they have
 *     called pab_fail() exactly once ("return pab_fail(op, ...)"), or once for
 *     each object that failed where they went on with the others; they return
 *     the first code, and the first failure is the verb's.
 *   - Strings are UTF-8 unless said otherwise and NUL-terminated; a string
 *     passed to the host is copied by it; a string got from the host lives as
 *     long as the object it came from.
 *   - Sizes are bytes, times are nanoseconds since 1970 (UTC), durations are
 *     milliseconds, unless a name says otherwise.
 *   - Host functions may be called from any thread of the plugin for as long
 *     as the verb has not returned; one artifact or reader is used by one
 *     thread at a time, blocks of one artifact by different threads.
 *   - A plugin keeps no state outside its instance: two targets of one plugin
 *     may run side by side.
 *   - A plugin writes neither to stdout nor stderr and never calls exit().
 *
 * ABI RULES (1.x)
 *   Structs that cross the border begin with their size, as the side that
 *   filled them knew it.  Fields are only ever appended.  The reader copies
 *   min(sizes) into a zeroed struct of its own; so an old plugin's missing
 *   tail reads as zero, and a newer plugin's tail is ignored.  A plugin that
 *   cannot live without a host function of minor N says needs_minor = N.
 *   Another PAB_ABI_MAJOR is refused.  Integers have fixed widths; there is no
 *   bool, enum, off_t, time_t or FILE * here.  Flag bits that the reader does
 *   not know are refused where their meaning could matter for the data.
 *
 * This header is C11 and C++11.  See pab_plugin(3) and docs/plugin-tutorial.md.
 */
#ifndef PAB_PLUGIN_H
#define PAB_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PAB_ABI_MAGIC UINT32_C(0x50414250) /* "PABP" */
#define PAB_ABI_MAJOR 1
#define PAB_ABI_MINOR 2 /* 1.1: object_wanted, PAB_BACKUP_TRIAL; 1.2: PAB_CAP_WHOLE_OBJECTS */

#define PAB_EXPORT __attribute__((visibility("default")))
#define PAB_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* ---- codes ------------------------------------------------------------- */

#define PAB_OK 0
#define PAB_END 1              /* nothing more to read: not an error */
#define PAB_E_USAGE (-1)       /* the caller asked for something that makes no sense */
#define PAB_E_CONFIG (-2)      /* the job file is wrong */
#define PAB_E_AUTH (-3)        /* the service refused the credentials or the rights do not suffice */
#define PAB_E_UNREACHABLE (-4) /* nobody answers there, or the connection was lost: worth a retry */
#define PAB_E_TIMEOUT (-5)     /* it took longer than allowed: worth a retry */
#define PAB_E_NOT_FOUND (-6)   /* a named object does not exist */
#define PAB_E_BUSY (-7)        /* in use by somebody else; see the hint */
#define PAB_E_UNSUPPORTED (-8) /* this version of the service or plugin cannot do that */
#define PAB_E_IO (-9)          /* reading or writing failed; the errno says why */
#define PAB_E_NOSPACE (-10)    /* the disk is full */
#define PAB_E_CORRUPT (-11)    /* what was read is not what was written */
#define PAB_E_CANCELLED (-12)  /* the user or a deadline said stop */
#define PAB_E_NOMEM (-13)
#define PAB_E_INTERNAL (-14)   /* a bug; please report */
#define PAB_E_EXISTS (-15)     /* refusing to overwrite */
#define PAB_E_TOOL (-16)       /* a helper program is missing, of the wrong version, or failed */
#define PAB_E_REFUSED (-17)    /* a safety check says no; --force may say yes */

/* ---- option table ------------------------------------------------------ */

#define PAB_OPT_STRING 1
#define PAB_OPT_INT 2      /* min..max when min < max */
#define PAB_OPT_BOOL 3     /* true/false/yes/no/on/off */
#define PAB_OPT_SIZE 4     /* "512", "64k", "32MiB": int64 bytes */
#define PAB_OPT_DURATION 5 /* "90", "90s", "10m", "2h", "1d", "250ms": int64 milliseconds */
#define PAB_OPT_PATH 6     /* made absolute against the folder of the job file */
#define PAB_OPT_CHOICE 7   /* one of `choices` */
#define PAB_OPT_LIST 8     /* list of strings; a lone scalar is a list of one */
#define PAB_OPT_SECRET 9   /* env:NAME, file:PATH, command:[argv...] or (with a warning) a literal */
#define PAB_OPT_RECORD 10  /* a map with the keys of `fields` */
#define PAB_OPT_RECORDS 11 /* a list of such maps */
#define PAB_OPT_SETS 12    /* a map from free names to lists of strings: read as records {name, items} */

#define PAB_OPT_REQUIRED 0x01u
#define PAB_OPT_DEPRECATED 0x02u
#define PAB_OPT_SHORTHAND 0x04u /* RECORD(S): what the first field takes, a scalar or a LIST, stands for a map with it alone */
#define PAB_OPT_LATER 0x08u     /* known and checked, but "not in this version": using it is an error */

struct pab_option {
    const char *key;
    uint32_t type;             /* PAB_OPT_ type */
    uint32_t flags;            /* PAB_OPT_ flags */
    const char *default_text;  /* as it would stand in YAML; NULL: none */
    const char *help;          /* one line, no full stop */
    const char *const *choices; /* NULL-terminated, for PAB_OPT_CHOICE */
    int64_t min, max;          /* for INT, SIZE, DURATION; ignored unless min < max */
    const struct pab_option *fields; /* for RECORD and RECORDS */
    uint32_t field_count;
    uint32_t reserved;
};

/* ---- opaque handles ---------------------------------------------------- */

struct pab_host;
struct pab_config;   /* checked options of a target, or one record inside them */
struct pab_artifact; /* an artifact being written */
struct pab_block;    /* a self-contained block of a stream artifact being written */
struct pab_reader;   /* an artifact, or one block of it, being read */

/* The handle of one operation (one verb call on one target).  Made by the
 * host; more may follow `host`, which plugins cannot see. */
struct pab_op {
    const struct pab_host *host;
};

/* ---- categories, kinds -------------------------------------------------- */

#define PAB_CAT_DATABASES 0x1u
#define PAB_CAT_VOLUMES 0x2u
#define PAB_CAT_CONFIG 0x4u
#define PAB_CAT_SERVICES 0x8u
#define PAB_CAT_ALL 0xfu

#define PAB_KIND_STREAM 1 /* bytes: SQL, JSON */
#define PAB_KIND_TREE 2   /* files with their metadata: stored as tar with an mtree index */

#define PAB_SIZE_UNKNOWN UINT64_MAX

/* ---- what plugins tell the host ----------------------------------------- */

/* One thing found inside a target.  `id` is stable between runs and unique in
 * the target; it is what --object takes. */
struct pab_object {
    uint32_t struct_size;
    uint32_t category;      /* one PAB_CAT_ bit */
    const char *id;         /* "letta" */
    const char *kind;       /* "database", "volume", "files": free, lower case */
    uint64_t size;          /* estimate of the bytes to read, or PAB_SIZE_UNKNOWN */
    const char *detail;     /* one line for people, or NULL */
};

/* One key with a text value, to accompany an object or artifact. */
struct pab_kv {
    const char *key;
    const char *value;
};

/* How far a long step has come.  Bytes through artifacts are counted by the
 * host itself; this is for the rest ("building indexes 3/17"). */
struct pab_progress {
    uint32_t struct_size;
    uint32_t flags;         /* 0 */
    const char *phase;      /* "post-data" */
    uint64_t done, total;   /* total 0: unknown */
    const char *unit;       /* "indexes", "files", "bytes" */
};

/* What an artifact is; see artifact_begin. */
#define PAB_ART_PLAIN_NAME 0x1u /* no timestamp in the file name: services/letta_agent.json */
#define PAB_ART_STORED 0x2u     /* never compress: already compressed, or to be read as it is */

struct pab_artifact_desc {
    uint32_t struct_size;
    uint32_t kind;          /* PAB_KIND_ */
    uint32_t category;      /* one PAB_CAT_ bit: the folder */
    uint32_t flags;         /* PAB_ART_ */
    const char *stem;       /* "letta_data": file name without time and extension; may hold "/" only in services/ */
    const char *extension;  /* "sql", "json", "dump"; NULL for trees ("tar") */
    const char *object;     /* id of the object it belongs to */
    const char *media_type; /* "application/sql"; NULL for trees */
    uint64_t size_hint;     /* bytes before compression, or PAB_SIZE_UNKNOWN */
};

/* One entry of a tree.  Paths are relative, "/"-separated bytes (not
 * necessarily UTF-8) without "." or ".." components; the root is ".". */
#define PAB_TYPE_FILE 1
#define PAB_TYPE_DIR 2
#define PAB_TYPE_SYMLINK 3
#define PAB_TYPE_HARDLINK 4  /* link = path of an earlier entry of the same artifact */
#define PAB_TYPE_FIFO 5
#define PAB_TYPE_CHAR 6
#define PAB_TYPE_BLOCK 7

struct pab_xattr {
    const char *name;       /* "user.supabase.etag"; ACLs as system.posix_acl_access / _default */
    const void *value;
    uint64_t size;
};

struct pab_extent {         /* a region that holds data; the rest of the file is a hole */
    uint64_t offset, length;
};

struct pab_entry {
    uint32_t struct_size;
    uint32_t type;          /* PAB_TYPE_ */
    uint32_t mode;          /* permission bits with setuid, setgid, sticky: 07777 */
    uint32_t uid, gid;
    uint32_t dev_major, dev_minor;  /* CHAR and BLOCK */
    uint32_t reserved;
    const char *path;
    const char *link;       /* SYMLINK: its target; HARDLINK: the earlier path */
    const char *user, *group; /* names, or NULL */
    uint64_t size;          /* FILE: apparent size in bytes */
    int64_t mtime_ns, atime_ns, ctime_ns; /* atime and ctime 0: not known */
    uint64_t inode;         /* 0: not known; kept in the index for incremental runs */
    const struct pab_xattr *xattrs;
    uint64_t xattr_count;
    const struct pab_extent *extents; /* FILE: data regions in order; NULL: not sparse.  Only their bytes are written as data. */
    uint64_t extent_count;
    const char *sha256;     /* index reads: 64 hex digits of a FILE's content, or NULL */
};

/* Options of the host's own walk below a folder (tree_walk). */
struct pab_walk {
    uint32_t struct_size;
    uint32_t flags;             /* PAB_WALK_ */
    const char *root;           /* absolute path of the folder that becomes ".", or of its parent with `only` */
    const char *const *only;    /* NULL or patterns of what to take (glob(7), "/"-separated, "**" crosses folders) */
    uint32_t only_count;
    uint32_t exclude_count;
    const char *const *exclude; /* patterns: "*.tmp" matches at any depth, "cache/" a folder and all below, "/x" anchored at root */
    const char *prefix;         /* put before every path inside the artifact, or NULL */
    uint32_t (*filter)(void *ctx, const char *path, uint32_t type); /* NULL, or 0: leave this entry out (a folder: with all below) */
    void *filter_ctx;
    uint64_t matched;           /* out: entries written, beside "." */
};
#define PAB_WALK_ONE_FILESYSTEM 0x1u /* do not descend into other mounts */

/* ---- what the host tells plugins ----------------------------------------- */

struct pab_block_info {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;       /* as given to block_begin, e.g. the table */
    uint64_t offset, size;  /* where its compressed bytes lie in the artifact */
    uint64_t content_size;  /* bytes before compression */
    uint64_t rows;          /* as given to block_end */
};

/* An artifact of a backup, as the manifest has it. */
struct pab_artifact_info {
    uint32_t struct_size;
    uint32_t kind, category;
    uint32_t reserved;
    const char *path;       /* inside the backup; for messages */
    const char *object;
    const char *media_type;
    uint64_t size, content_size;
    const struct pab_kv *facts;  uint64_t fact_count;
    const struct pab_kv *counts; uint64_t count_count; /* values are decimal numbers */
};

/* A fact "down" of a check names something that the service is made of and that does not run, though a backup is possible: for health
 * it is a failure. There may be several. */
struct pab_check_req {
    uint32_t struct_size;
    uint32_t flags;         /* 0 */
};

struct pab_discover_req {
    uint32_t struct_size;
    uint32_t flags;         /* 0 */
    uint32_t categories;    /* PAB_CAT_ bits wanted: objects of others need not be reported */
    uint32_t reserved;
};

/* Since 1.1, and told only to plugins of 1.1 and later: what comes of this call
 * is verified and thrown away.  Stop, pause and change nothing for it; what
 * cannot be had so is left out, with a line of log that says why. */
#define PAB_BACKUP_TRIAL 0x1u

struct pab_backup_req {
    uint32_t struct_size;
    uint32_t flags;         /* PAB_BACKUP_ */
    uint32_t categories;    /* PAB_CAT_ bits wanted; artifact_begin refuses others */
    uint32_t reserved;
};

#define PAB_RESTORE_PLAN 0x1u     /* only report with plan_add what would be done; change nothing */
#define PAB_RESTORE_FORCE 0x2u    /* proceed although the target is in use or not empty */
#define PAB_RESTORE_DROP_OLD 0x4u /* do not keep what is replaced */
#define PAB_RESTORE_CLEANUP 0x8u  /* do not restore: remove what earlier restores kept (X__pab_old, X.pab-old) */

struct pab_restore_req {
    uint32_t struct_size;
    uint32_t flags;         /* PAB_RESTORE_ */
    const struct pab_artifact_info *artifacts; /* this target's, already narrowed by --object and categories */
    uint32_t artifact_count;
    uint32_t artifact_stride; /* sizeof of the host's struct: step by it */
    const char *as_name;    /* --as: restore one object beside the original under this name, or NULL */
    const char *to_dir;     /* --to: put files below this folder instead, or NULL */
    const char *const *include; /* --include patterns for trees, or NULL */
    uint32_t include_count;
    uint32_t reserved;
    const struct pab_kv *facts; uint64_t fact_count; /* the target's facts in the manifest */
};

#define PAB_VERIFY_CONTENT 0x1u   /* read everything; without it: cheap checks of structure only */

struct pab_verify_req {
    uint32_t struct_size;
    uint32_t flags;         /* PAB_VERIFY_ */
    const struct pab_artifact_info *artifacts;
    uint32_t artifact_count;
    uint32_t artifact_stride;
    const struct pab_kv *facts; uint64_t fact_count;
};

/* The plan of a restore, one line each. */
#define PAB_PLAN_CREATE 1
#define PAB_PLAN_OVERWRITE 2
#define PAB_PLAN_DROP 3
#define PAB_PLAN_STOP 4     /* a service will be stopped for it (and started again) */
#define PAB_PLAN_KEEP 5     /* what exists stays or is kept under another name */
#define PAB_PLAN_CONFLICT 6 /* will be refused unless --force */

struct pab_plan {
    uint32_t struct_size;
    uint32_t action;        /* PAB_PLAN_ */
    const char *object;     /* "letta" */
    const char *detail;     /* "database letta is replaced; the old one stays as letta__pab_old" */
    uint64_t size;          /* bytes to be written, or PAB_SIZE_UNKNOWN */
};

/* Extraction of a tree below a folder (tree_extract). */
struct pab_extract {
    uint32_t struct_size;
    uint32_t flags;             /* PAB_EXTRACT_ */
    const char *dest;           /* absolute path of an existing folder; nothing outside it is touched */
    const char *const *include; /* NULL or patterns: only these paths (and the folders that lead to them) */
    uint32_t include_count;
    uint32_t reserved;
    const char *strip;          /* leave out this leading path ("config"), or NULL */
    uint64_t files, bytes;      /* out: what was written */
    uint32_t (*filter)(void *ctx, const char *path, uint32_t type); /* NULL, or 0: leave what lies there as it is; one thread, in the artifact's order */
    void *filter_ctx;
};
#define PAB_EXTRACT_KEEP_OLD 0x1u    /* rename what is replaced to NAME.pab-old first */
#define PAB_EXTRACT_NO_OWNER 0x2u    /* leave uid and gid as the process makes them */

#define PAB_OPEN_DATA 0   /* STREAM: the bytes.  TREE: entries with data (tree_next, artifact_read) or tree_extract */
#define PAB_OPEN_INDEX 1  /* TREE: entries from the index alone, no data: fast */
#define PAB_OPEN_TAR 2    /* TREE: artifact_read gives the tar stream itself */

#define PAB_LOG_DEBUG 0
#define PAB_LOG_VERBOSE 1
#define PAB_LOG_INFO 2

/* Bytes of a tar stream for tree_tar, or of anything: returns the number of
 * bytes put into buf, 0 at the end, or a negative PAB_E_ code (pab_fail
 * called).  An end that was not announced by the producer is an error. */
typedef int64_t (*pab_read_fn)(void *ctx, void *buf, uint64_t capacity);

/* ---- the host table ------------------------------------------------------ */

struct pab_host {
    uint32_t struct_size;
    uint32_t abi_major, abi_minor;
    uint32_t reserved;
    const char *version;    /* of pabengine, for messages */

    /* -- messages.  No newline; lower case; no secrets (known ones are masked). */
    void (*log)(struct pab_op *op, int32_t level, const char *fmt, ...) PAB_PRINTF(3, 4);
    /* Records the failure of this verb and returns `code`.  os_errno 0 and
     * hint NULL where there is none.  The first call counts; later ones are
     * logged. UNREACHABLE, TIMEOUT and BUSY are taken as worth a retry. */
    int32_t (*fail_with)(struct pab_op *op, int32_t code, int32_t os_errno, const char *hint, const char *fmt, ...) PAB_PRINTF(5, 6);
    /* Overrides what `fail_with` takes for granted: retryable 0 or 1. */
    void (*set_retryable)(struct pab_op *op, int32_t retryable);
    /* "Incomplete but usable": marks the target with a warning. object may be NULL. */
    void (*warn)(struct pab_op *op, const char *object, const char *fmt, ...) PAB_PRINTF(3, 4);
    void (*progress)(struct pab_op *op, const struct pab_progress *p);
    /* Masks this value in everything that is printed or logged from now on. */
    void (*secret)(struct pab_op *op, const char *value);

    /* -- cancellation and time */
    int32_t (*cancelled)(struct pab_op *op);               /* 1: stop soon, return PAB_E_CANCELLED */
    int32_t (*cancel_fd)(struct pab_op *op);               /* readable once cancelled: for poll(2); do not read or close */
    int32_t (*sleep_ms)(struct pab_op *op, uint32_t ms);   /* PAB_OK, or PAB_E_CANCELLED at once when cancelled */
    int64_t (*remaining_ms)(struct pab_op *op);            /* until the target's time limit; -1: none */

    /* -- options.  `key` names a field of the table; asking for one that is
     * not there, or as another type, is a bug of the plugin and fails the
     * verb.  A config lives until close. */
    int32_t (*config_has)(const struct pab_config *c, const char *key);       /* 1: given or has a default */
    const char *(*config_str)(const struct pab_config *c, const char *key);   /* STRING PATH CHOICE SECRET; NULL: not given */
    int64_t (*config_int)(const struct pab_config *c, const char *key);       /* INT SIZE DURATION BOOL; 0: not given */
    uint64_t (*config_count)(const struct pab_config *c, const char *key);    /* LIST RECORDS SETS */
    const char *(*config_item)(const struct pab_config *c, const char *key, uint64_t i);                  /* LIST */
    const struct pab_config *(*config_record)(const struct pab_config *c, const char *key, uint64_t i);   /* RECORD (i 0) RECORDS SETS; NULL: not given */
    const char *(*config_where)(const struct pab_config *c, const char *key); /* "nightly.yaml:12:7": for messages */

    /* -- what was found */
    int32_t (*object_add)(struct pab_op *op, const struct pab_object *obj, const struct pab_kv *attrs, uint64_t attr_count);
    int32_t (*fact)(struct pab_op *op, const char *key, const char *value);   /* about the target: into the manifest */
    int32_t (*plan_add)(struct pab_op *op, const struct pab_plan *plan);

    /* -- writing artifacts.  begin, then either stream or tree calls, then
     * exactly one of commit and abort (which frees the handle).  Errors are
     * sticky: after one, every call fails and only abort makes sense.  Nothing
     * is in the backup before commit returns PAB_OK. */
    int32_t (*artifact_begin)(struct pab_op *op, const struct pab_artifact_desc *desc, struct pab_artifact **ret);
    int32_t (*artifact_write)(struct pab_artifact *a, const void *data, uint64_t size);
    int32_t (*artifact_fact)(struct pab_artifact *a, const char *key, const char *value);
    int32_t (*artifact_count)(struct pab_artifact *a, const char *key, uint64_t value); /* "rows": sets it */
    int32_t (*artifact_commit)(struct pab_artifact *a);
    void (*artifact_abort)(struct pab_artifact *a);

    /* -- blocks: parts of a stream artifact that several threads write side by
     * side.  Blocks lie in the file in the order of block_begin, each is made
     * of whole compressed members of its own and can be read on its own.
     * artifact_write must not be called while a block is open.  Writing to a
     * block that is not the oldest open one may wait for the older ones: never
     * make an older block wait for a newer one. */
    int32_t (*block_begin)(struct pab_artifact *a, const char *name, struct pab_block **ret);
    int32_t (*block_write)(struct pab_block *b, const void *data, uint64_t size);
    int32_t (*block_end)(struct pab_block *b, uint64_t rows);
    void (*block_abort)(struct pab_block *b); /* makes the artifact fail */

    /* -- trees */
    int32_t (*tree_entry)(struct pab_artifact *a, const struct pab_entry *e); /* then artifact_write exactly its data bytes */
    int32_t (*tree_walk)(struct pab_artifact *a, struct pab_walk *walk);
    /* Takes a whole tar stream; `strip` leading path components are removed. */
    int32_t (*tree_tar)(struct pab_artifact *a, pab_read_fn read, void *ctx, uint32_t strip);

    /* -- reading artifacts of a backup, by index into req->artifacts */
    int32_t (*artifact_open)(struct pab_op *op, uint32_t index, uint32_t mode, struct pab_reader **ret);
    int64_t (*artifact_read)(struct pab_reader *r, void *buf, uint64_t capacity); /* bytes, 0 at the end, or a negative code */
    uint64_t (*block_count)(struct pab_reader *r);
    int32_t (*block_info)(struct pab_reader *r, uint64_t i, struct pab_block_info *info); /* info->struct_size set by the caller */
    /* A reader of one block alone; several may be open at once, each used by its own thread. */
    int32_t (*block_open)(struct pab_reader *r, uint64_t i, struct pab_reader **ret);
    int32_t (*tree_next)(struct pab_reader *r, struct pab_entry *e);              /* PAB_OK, PAB_END; e lives until the next call */
    int32_t (*tree_extract)(struct pab_reader *r, struct pab_extract *x);
    void (*artifact_close)(struct pab_reader *r); /* NULL is fine; a block reader before its artifact */

    /* -- side effects that must be undone even if this process is killed.
     * journal_add writes `record` durably BEFORE the plugin does the thing and
     * returns its number; journal_done forgets it after it was undone.  What a
     * killed process left is given to the plugin's recover verb, newest first,
     * by the next pabengine on this machine. */
    int32_t (*journal_add)(struct pab_op *op, const char *record, uint64_t *ret_id);
    int32_t (*journal_done)(struct pab_op *op, uint64_t id);

    /* -- a private folder (0700) for passing files to helper programs; removed after the verb */
    const char *(*scratch_dir)(struct pab_op *op); /* NULL after pab_fail */
    /* ABI 1.0 ends here */

    /* Backup: 1 when this object, by the id that discover reports, belongs to
     * what was asked for; what belongs to none that does is left out. */
    int32_t (*object_wanted)(struct pab_op *op, const char *id);
    /* ABI 1.1 ends here */
};

/* 1 when the host has function `fn` (it may be older than this header). */
#define PAB_HOST_HAS(host, fn)                                                                          \
    ((host)->struct_size >= (uint32_t)((const char *)&(host)->fn - (const char *)(host) + sizeof((host)->fn)) && (host)->fn)

#define pab_log(op, level, ...) ((op)->host->log((op), (level), __VA_ARGS__))
#define pab_fail(op, code, os_errno, hint, ...) ((op)->host->fail_with((op), (code), (os_errno), (hint), __VA_ARGS__))
#define pab_warn(op, object, ...) ((op)->host->warn((op), (object), __VA_ARGS__))

/* ---- the plugin ----------------------------------------------------------- */

#define PAB_THREADS_PROCESS 100  /* one call at a time in the whole process */
#define PAB_THREADS_PLUGIN 200   /* one call at a time in this plugin */
#define PAB_THREADS_INSTANCE 300 /* one call at a time per instance */
#define PAB_THREADS_PARALLEL 400 /* any */

#define PAB_CAP_ONLINE 0x1u      /* takes a consistent backup of a running service */
#define PAB_CAP_SELECTIVE 0x2u   /* honours --object and --include */
#define PAB_CAP_RENAME 0x4u      /* honours --as */
#define PAB_CAP_TO_DIR 0x8u      /* honours --to */
/* Objects stand alone: when a backup fails in the end, the artifacts of those objects (object_add) that were committed, and of which
 * none was aborted, are kept, and what belongs to no object with them; the target is failed all the same.  So begin all artifacts of
 * an object before you commit the first. */
#define PAB_CAP_WHOLE_OBJECTS 0x10u

struct pab_plugin {
    uint32_t magic;            /* PAB_ABI_MAGIC */
    uint32_t abi_major, abi_minor; /* what it was compiled against */
    uint32_t needs_minor;      /* the oldest host minor that will do; usually 0 */
    uint32_t struct_size;      /* sizeof (struct pab_plugin) */
    uint32_t thread_model;     /* PAB_THREADS_ */
    const char *name;          /* [a-z][a-z0-9-]*: the file is NAME.so */
    const char *version;
    const char *summary;       /* one line, no full stop */
    const struct pab_option *options;
    uint32_t option_count;
    uint32_t option_stride;    /* sizeof (struct pab_option) */
    uint64_t caps;             /* PAB_CAP_ */
    uint32_t categories;       /* PAB_CAT_ bits it may ever write; 0: any. A run that wants none of them skips the target. */
    uint32_t reserved;

    /* Once a process, may be NULL: set up libraries (curl, ...). */
    int32_t (*load)(const struct pab_host *host);
    /* Makes an instance from checked options; connects to nothing yet. */
    int32_t (*open)(struct pab_op *op, const struct pab_config *config, void **ret_instance);
    void (*close)(void *instance); /* NULL is fine */
    /* Reaches the service, names missing rights, tools, versions; changes nothing. */
    int32_t (*check)(void *instance, struct pab_op *op, const struct pab_check_req *req);
    int32_t (*discover)(void *instance, struct pab_op *op, const struct pab_discover_req *req);
    int32_t (*backup)(void *instance, struct pab_op *op, const struct pab_backup_req *req);
    int32_t (*restore)(void *instance, struct pab_op *op, const struct pab_restore_req *req);
    int32_t (*verify)(void *instance, struct pab_op *op, const struct pab_verify_req *req);
    /* Undoes one journal record; has no instance: the record must say it all.  May be NULL when journal_add is never called. */
    int32_t (*recover)(struct pab_op *op, const char *record);
    /* ABI 1.0 ends here: append below, one comment line per release */
};

/* The first five members and their offsets hold for every major version. */
#define PAB_PLUGIN_HEADER                                                                     \
    PAB_ABI_MAGIC, PAB_ABI_MAJOR, PAB_ABI_MINOR, 0, (uint32_t)sizeof(struct pab_plugin)

/* The only symbol that a plugin exports. */
PAB_EXPORT const struct pab_plugin *pab_plugin_init(void);
typedef const struct pab_plugin *(*pab_plugin_init_fn)(void);

#ifdef __cplusplus
}
#endif

#endif
