/* neo4j.h - the neo4j plugin: a graph off and onto a running server over its Query API, or the files of a stopped one.
 *
 *   plugin.c    options, opening, the table of verbs
 *   discover.c  check.c  backup.c  restore.c  verify.c    a verb each
 *   query.c     statements and their answers, row by row
 *   tally.c     what is compared: counts, and a digest that does not depend on order or ids; idstore.c: what it remembers of each node
 *   scan.c      the whole graph off a server; export.c: into an artifact
 *   lines.c     the graph out of an artifact; load.c, plain.c: into a server
 *   schema.c    constraints and indexes, both ways
 *   service.c   the server stopped and started again; cold.c: its data folder; dump.c, dump_verify.c, store_check.c: neo4j-admin
 *   aside.c     what a load of a dump would overwrite, kept
 *
 * THE FORMAT of a graph (application/jsonl, one JSON object a line):
 *   {"format":"pabengine-neo4j-graph","version":1,"server":"5.26.0","database":"neo4j"}
 *   {"n":ID,"l":[LABELS],"p":{PROPERTIES}}                    nodes; all of them before
 *   {"r":ID,"s":ID,"e":ID,"t":TYPE,"p":{PROPERTIES}}          relationships, from node s to node e
 *   {"nodes":N,"relationships":N,"labels":{LABEL:N},"types":{TYPE:N},"digest":"32 hex digits"}
 * Ids are whole numbers that mean something inside the file alone. Values of properties are those of the Query API's typed JSON:
 * {"$type":"Integer","_value":"1"}. Labels are sorted, so are properties by their names.
 *
 * THE DIGEST is the sum modulo 2^128 of a number for each node and relationship: the first 16 bytes, big-endian, of the SHA-256 of a node's
 * line from "l" on, and of the two numbers of its nodes (32 bytes) with a relationship's line from "t" on.
 */
#ifndef PAB_PLUGIN_NEO4J_H
#define PAB_PLUGIN_NEO4J_H

#include "plugins/support/docker_rest.h"
#include "plugins/support/info.h"
#include "plugins/support/place.h"
#include "plugins/support/rest.h"

#define NEO4J_TYPED "application/vnd.neo4j.query"
#define GRAPH_STEM "neo4j_graph"
#define SCHEMA_STEM "neo4j_schema"
#define GRAPH_FORMAT "pabengine-neo4j-graph"
#define DATA_STEM "neo4j_data"
#define DUMP_STEM "neo4j_dump_"          /* and the database */
#define OLD_SUFFIX ".pab-old"           /* of the data folder, or of the folders of a database, that a restore replaced */
#define LINE_MAX_BYTES (32u << 20)      /* one node or relationship */

enum neo4j_method { METHOD_AUTO, METHOD_COLD, METHOD_DUMP, METHOD_LOGICAL };

struct neo4j {                          /* an instance; texts live with the config */
    const struct pab_config *config;
    enum neo4j_method method;           /* never AUTO once opened */
    const char *database;
    const char *user, *password;
    uint32_t batch;                     /* rows a statement at a restore */
    const char *container, *docker_host, *context;
    struct pab_strs stop, start;        /* commands instead of a container; empty: none */
    struct pab_strs admin;              /* neo4j-admin */
    const char *data_dir, *home;        /* or NULL */
    int64_t stop_ms, start_ms;
};

/* The end of a verb's step: what the host said itself is not said again. */
static inline int verb_end(struct pab_op *op, int rc, const struct pab_error *err) { return rc && err->code ? sup_fail(op, err) : rc; }

/* ---- query.c */
struct neo4j_server {
    const struct neo4j *n;
    struct rest *rest;
    char *version, *edition;
};
int neo4j_connect(const struct neo4j *n, struct pab_op *op, struct neo4j_server *ret);  /* fails the verb itself */
/* Without credentials: only who it is. */
int neo4j_greet(const struct neo4j *n, struct pab_op *op, struct neo4j_server *ret, struct pab_error *err);
void neo4j_disconnect(struct neo4j_server *s);
#define CLEANUP_SERVER CLEANUP(neo4j_disconnect)

#define QUERY_WRITE 0x1u
#define QUERY_TYPED 0x2u                /* the answer as typed JSON; else plain */
#define QUERY_PLAIN_ROWS 0x4u           /* $rows is plain JSON; else typed */
struct neo4j_query {
    const char *statement;
    const char *rows;                   /* text of a list for $rows, or NULL */
    uint32_t flags;                     /* QUERY_ */
    /* Each row, a JSON array; a code but PAB_OK ends the query with it, *err filled. NULL: rows are passed over. */
    int (*row)(void *ctx, const json_t *row, struct pab_error *err);
    void *ctx;
    uint32_t timeout_ms;                /* longest silence; 0: the target's */
};
/* PAB_OK only when the answer came whole and holds no error. */
int neo4j_query(struct neo4j_server *s, const struct neo4j_query *q, struct pab_error *err);
/* The single number that a statement returns. */
int neo4j_number(struct neo4j_server *s, const char *statement, int64_t *ret, struct pab_error *err);
void neo4j_quote(struct pab_buf *b, const char *name);              /* as a name in Cypher: `a``b` */
/* A byte of a name. Cypher reads \uXXXX as a character anywhere in a statement, before it looks for backquotes; no other backslash is special. */
void neo4j_name_byte(struct pab_buf *b, const char *p);

/* ---- idstore.c: a fixed number of bytes for each id, in a file with some of it in memory. What was never put is zeros. */
struct idstore;
int idstore_new(struct pab_op *op, const char *name, unsigned record, unsigned pages, struct idstore **ret, struct pab_error *err);
void idstore_free(struct idstore *s);   /* NULL is fine */
int idstore_get(struct idstore *s, uint64_t id, void *record, struct pab_error *err);
int idstore_put(struct idstore *s, uint64_t id, const void *record, struct pab_error *err);
DEFINE_CLEANUP(idstore, struct idstore, idstore_free)

/* ---- tally.c */
struct tally {
    struct idstore *nodes;              /* the number of each node; all zeros: not seen */
    struct idstore *relationships;      /* 1: seen */
    void *md, *md_ctx;
    uint8_t digest[16];
    uint64_t node_count, relationship_count;
    uint64_t repeated, dangling;        /* left out: seen before; without one of its nodes */
    json_t *labels, *types;             /* name: count */
};
#define TALLY_LEFT_OUT 1                /* of tally_node and tally_relationship: not counted */
int tally_init(struct tally *t, struct pab_op *op, struct pab_error *err);
void tally_release(struct tally *t);
/* labels: an array of texts, sorted by this. *ret: the line, without a line feed; the caller frees. */
int tally_node(struct tally *t, uint64_t id, json_t *labels, const json_t *properties, char **ret, struct pab_error *err);
struct relationship { uint64_t id, start, end; const char *type; const json_t *properties; };
int tally_relationship(struct tally *t, const struct relationship *r, char **ret, struct pab_error *err);
json_t *tally_trailer(const struct tally *t);
/* PAB_E_CORRUPT when what was counted is not what the trailer says; says what differs. */
int tally_compare(const struct tally *t, const json_t *trailer, const char *what, struct pab_error *err);

/* ---- scan.c: a server's whole graph through a tally. */
struct scan {
    struct neo4j_server *server;
    struct pab_op *op;
    struct tally *tally;
    int (*line)(void *ctx, const char *line, struct pab_error *err);    /* NULL: only tallied */
    void *ctx;
    const char *phase;                  /* "nodes": for progress */
    uint64_t total;
};
struct graph_size { int64_t nodes, relationships; };
int graph_size(struct neo4j_server *s, struct graph_size *ret, struct pab_error *err);
int scan_graph(struct scan *s, struct pab_error *err);
/* The last part of an element id: "4:uuid:17". */
int element_number(const char *id, uint64_t *ret, struct pab_error *err);

/* ---- export.c */
int export_graph(const struct neo4j *n, struct pab_op *op);

/* ---- schema.c */
struct schema { struct pab_strs constraints, indexes; };
int schema_read(struct neo4j_server *s, struct schema *ret, struct pab_error *err);
void schema_release(struct schema *s);
int schema_export(struct pab_op *op, const struct schema *s, const char *database, const char *version);
/* What schema_export wrote, back from the artifact. */
int schema_import(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a, struct schema *ret);
/* All of it but what is there already, and waits until every index is built. */
int schema_create(struct neo4j_server *s, struct pab_op *op, const struct schema *wanted, struct pab_error *err);
int schema_drop(struct neo4j_server *s, struct pab_error *err);         /* all but the lookup indexes */

/* ---- lines.c: a graph's artifact, line by line. */
struct graph_reader {
    int (*node)(void *ctx, uint64_t id, json_t *labels, const json_t *properties, struct pab_error *err);
    int (*relationship)(void *ctx, const struct relationship *r, struct pab_error *err);
    void *ctx;
    json_t *header, *trailer;           /* the caller's once read */
};
/* The whole of it, checked line by line against the format. Fails the verb itself. */
int graph_read(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a, struct graph_reader *g);
void graph_reader_release(struct graph_reader *g);
/* Reads it whole and compares it with its trailer and the manifest. Fails the verb itself. */
int graph_verify(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a);

/* ---- plain.c: properties as columns, and into `map` how a statement makes them of a row whose columns begin at `first`:
 * " {`name`: row[1], `born`: date(row[2])}". NULL when some value is not to be had plain. The caller's reference. */
json_t *plain_columns(const json_t *properties, size_t first, struct pab_buf *map);

/* ---- load.c: a graph's artifact into an empty database. */
int load_graph(struct neo4j_server *s, struct pab_op *op, uint32_t index, const struct pab_artifact_info *a, json_t **ret_trailer);
int empty_graph(struct neo4j_server *s, struct pab_op *op, struct pab_error *err);

/* ---- service.c */
struct stopped {
    const struct neo4j *n;
    struct pab_op *op;
    struct docker *docker;              /* NULL: commands, or nothing to stop */
    char *id, *data_dir;
    struct container_was was;
    int was_running, noted, unsure;
    uint64_t journal_id;
};
int service_find(const struct neo4j *n, struct pab_op *op, struct stopped *ret);
int service_stop(struct stopped *s);
/* Whatever came of service_stop and after: puts the server back as it was. Returns the verb's end: `failed`, or its own failure. */
int service_start(struct stopped *s, int failed);
void service_release(struct stopped *s);
int data_is_locked(const char *data_dir);  /* 1: a server runs on it; negative: cannot tell */

/* ---- cold.c, dump.c, dump_verify.c: of a stopped server */
int cold_backup(struct stopped *s, const char *version);
int cold_restore(struct stopped *s, const struct pab_restore_req *req, uint32_t index);
int cold_cleanup(struct stopped *s, const struct pab_restore_req *req);
int cold_refusal(const struct stopped *s, const struct pab_restore_req *req, char **ret); /* 1: *ret says why it cannot be; the caller frees */
int path_exists(const char *path);      /* links are not followed */
int own_like(const char *path, const char *like, struct pab_error *err);   /* all below it, too */
int dump_backup(struct stopped *s, const char *version);
int dump_restore(struct stopped *s, const struct pab_artifact_info *a, uint32_t index);
int dump_verify(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a);
/* A dump of another database than `system` goes into that of the job. "": the manifest does not say which it is. */
const char *dump_database(const struct neo4j *n, const struct pab_artifact_info *a);
/* The admin tool with its environment; the words of the command are added to argv. */
struct admin_command { struct pab_strs argv, env; };
void admin_init(struct admin_command *c, const struct neo4j *n);
void admin_release(struct admin_command *c);
struct pab_proc_opts admin_options(const struct admin_command *c, struct pab_op *op, const char *what);

/* ---- aside.c: databases of the stopped server, renamed while dumps are loaded; from aside_move on aside_end ends it, whatever came of it */
struct aside { struct pab_strs databases; json_t *record; uint64_t journal_id; };
int aside_refusal(const struct stopped *s, const struct pab_restore_req *req, const char *database, char **ret); /* as cold_refusal */
int aside_move(struct aside *a, const struct stopped *s);
/* Failed: all is as it was; else the old ones stay as NAME.pab-old, unless they are to be dropped. Returns the verb's end. */
int aside_end(struct aside *a, const struct stopped *s, const struct pab_restore_req *req, int failed);
void aside_release(struct aside *a);
int aside_undo(const json_t *record, struct pab_error *err); /* of a killed run */
int aside_cleanup(const struct stopped *s, const struct pab_restore_req *req, const char *database);

/* ---- store_check.c: neo4j-admin database check of what a backup holds */
int store_check_dump(const struct neo4j *n, struct pab_op *op, uint32_t index, const struct pab_artifact_info *a);
int store_check_data(const struct neo4j *n, struct pab_op *op, uint32_t index);

/* ---- restore_graph.c, restore_files.c: those of the artifacts that are theirs */
int restore_graph(const struct neo4j *n, struct pab_op *op, const struct pab_restore_req *req);
int restore_files(const struct neo4j *n, struct pab_op *op, const struct pab_restore_req *req);

int artifact_is(const struct pab_artifact_info *a, const char *stem);   /* by the file's name */
int artifact_is_dump(const struct pab_artifact_info *a);

int neo4j_check(void *instance, struct pab_op *op, const struct pab_check_req *req);
int neo4j_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req);
int neo4j_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req);
int neo4j_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req);
int neo4j_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req);
int neo4j_recover(struct pab_op *op, const char *record);

#endif
