/* dump.h - the backup of one database, in parts; for the files that make it.
 *
 *     leader: list candidates -> LOCK them -> export the snapshot
 *     lanes: LOCK, import the snapshot; then COPY piece after piece into blocks of the .sql artifact
 *     pg_dump -Fc --snapshot, without those tables' rows: into the .dump artifact, and through three pg_restore:
 *         pre-data -> block @head      data -> blocks @data      post-data -> a scratch file -> block @tail
 *
 * All threads of a dump share struct pg_dump_run; the first failure stops the others through call->stop_fd.
 */
#ifndef PAB_PLUGIN_POSTGRES_DUMP_H
#define PAB_PLUGIN_POSTGRES_DUMP_H

#include "plugins/postgres/pg.h"

/* A table that we copy. */
struct pg_table {
    char *oid;
    char *lock_name;           /* schema.name as SQL writes it, UTF-8 */
    char *schema, *name;       /* plain; these and the next two are in the encoding of the dump */
    char *sql_name;            /* schema.name as SQL writes it */
    char *label;               /* pg_display of it: the key of the manifest and the name of blocks */
    char *columns;             /* "id, body"; NULL: went away meanwhile */
    uint64_t bytes, pages;     /* heap and TOAST; of the heap alone */
    uint64_t rows;             /* copied so far: atomic */
};
struct pg_tables { struct pg_table *items; size_t count, capacity; };

/* A table, or the part of it between two pages. */
struct pg_piece {
    struct pg_table *table;
    uint64_t from, to;         /* pages; to 0: the end; both 0: the whole table */
    uint64_t bytes;            /* estimate */
};
struct pg_pieces { struct pg_piece *items; size_t count, capacity; size_t next; };

struct pg_dump_run {
    struct pg_call *call;
    const struct pg_db *db;
    const struct pg_tool *tool;
    struct pg_tables tables;
    struct pg_pieces pieces;
    PGconn **conns;            /* [0] is the leader */
    int conn_count;
    char *snapshot;
    int restrict_kind;         /* the server has restrict_nonsystem_relation_kind */
    struct pab_artifact *sql, *archive;
    pthread_mutex_t lock;
    struct pab_error error;    /* the first failure; under lock */
    struct pg_rowcounts counted; /* tables of pg_dump */
};

/* Keeps the first failure and stops every thread; returns err->code. */
int pg_run_fail(struct pg_dump_run *r, const struct pab_error *err);
int pg_run_failed(struct pg_dump_run *r);

/* candidates.c: fills r->tables from the leader (in its transaction, when there is one). */
int pg_candidates(struct pg_dump_run *r, PGconn *conn, struct pab_error *err);
void pg_tables_release(struct pg_tables *t);
/* Patterns for --exclude-table-data that name exactly these tables. */
void pg_exclude_patterns(const struct pg_tables *t, struct pab_strs *ret);

/* snapshot.c: one more connection to the database; the first is the leader. */
int pg_add_connection(struct pg_dump_run *r, struct pab_error *err);
/* Connects the lanes, locks the tables on all connections, exports and imports the snapshot. */
int pg_take_snapshot(struct pg_dump_run *r, struct pab_error *err);

/* split.c: cuts tables that outweigh the share of a lane. `splittable`: the server scans ctid ranges (14 and later). */
void pg_split(struct pg_tables *t, int lanes, int splittable, struct pg_pieces *ret);

/* lanes.c: copies piece after piece on one connection until there are none left. */
struct pg_lane { struct pg_dump_run *run; PGconn *conn; pthread_t thread; int started; };
void *pg_lane_main(void *lane);

/* dumper.c: pg_dump and its three readers.  start also begins the block @head, so that lanes may begin theirs. */
struct pg_dumper;
int pg_dumper_start(struct pg_dump_run *r, struct pg_dumper **ret, struct pab_error *err);
/* Reads pre-data into @head, then data into blocks @data. */
int pg_dumper_read(struct pg_dumper *d, struct pab_error *err);
/* After a failure: gives up the open block, which lanes may be waiting for. */
void pg_dumper_stop(struct pg_dumper *d);
/* Waits for all children; the post-data goes into block @tail. Call after every lane has ended. */
int pg_dumper_finish(struct pg_dumper *d, struct pab_error *err);
void pg_dumper_free(struct pg_dumper *d);  /* ends what still runs; NULL is fine */

/* One database into its two artifacts (dbdump.c). */
int pg_dump_database(struct pg_call *c, const struct pg_db *db, const struct pg_tool *tool, struct pab_error *err);
/* Roles and tablespaces (globals_dump.c). */
int pg_dump_globals(struct pg_call *c, PGconn *conn, const struct pg_tool *tool, struct pab_error *err);

#endif
