/* pg.h - the postgres plugin: databases of one PostgreSQL server, each as one SQL file that psql restores, with a small
 * custom-format archive beside it.
 *
 * plugin.c: option table, opening; conn.c, query.c: libpq without blocking; pgtools.c: pg_dump and its kin; sqlscan.c:
 * reading our own SQL; container.c, strays.c: a server in Docker;
 * databases.c, rights.c: what there is and who may read it; record.c: facts and counts of the manifest;
 * the verbs: discover.c check.c backup.c restore.c verify.c, and what they are made of:
 *
 *     backup.c   one database after the other
 *     globals_dump.c  roles and tablespaces by pg_dumpall
 *     dbdump.c   one database: snapshot, artifacts, what goes into the manifest
 *     candidates.c  which tables we copy ourselves; split.c: cut into pieces
 *     lanes.c    COPY connections that write blocks
 *     dumper.c   pg_dump and the pg_restores that turn its archive into text
 *     restore.c  the order of a restore; precheck.c: may it begin; load.c: fill the new database; dbprops.c: CREATE DATABASE
 *                and settings under another name; globals.c: missing roles; swap.c: put in place, clean up
 *
 * Inside the plugin errors travel as struct pab_error; the verbs tell the host (pg_tell).
 */
#ifndef PAB_PLUGIN_POSTGRES_H
#define PAB_PLUGIN_POSTGRES_H

#include <libpq-fe.h>
#include <pthread.h>
#include "plugins/support/info.h"

/* ---- an instance: the options of a target (plugin.c) */
struct pg {
    const char *host, *port, *user, *password, *dbname, *sslmode, *bindir, *container, *docker_host; /* live with the config; NULL: not given */
    char port_text[8];
    struct pab_strs databases, exclude;
    int globals;
    int session_pool;          /* a pooler is fine that gives every connection a session of its own */
    int jobs;                  /* connections that copy at once */
    int64_t lock_timeout_ms;
    uint64_t copy_threshold;   /* tables from this size on are copied by us */
    uint64_t block_size;       /* text bytes of a block */
};

/* ---- one verb call: the instance, the operation, what was found out about the server (conn.c) */
struct pg_call {
    const struct pg *pg;
    struct pab_op *op;
    int stop_fd;               /* eventfd: readable once a thread of this call failed; -1: none */
    char *address;             /* of the container, or NULL */
    int version;               /* 150020: server_version_num */
    char *version_text;        /* "15.20 (Debian ...)" */
    int superuser;
    int standby;
    char *me;                  /* current_user */
    int told;                  /* the host was told a failure: atomic */
    int pooled;                /* through a pooler in session mode */
    char *stray_name;          /* application_name of programs inside a container; NULL: there is none */
    struct pab_strs child_env, child_drop; /* for programs: the parameters of our connection; names that must not reach them */
};
void pg_call_release(struct pg_call *c);
/* A function of the host failed: it has the reason already, `what` could not be done. */
#define PG_HOST_KNOWS (-1)  /* in os_errno */
int pg_host_failed(struct pab_error *err, const char *what);
/* Makes err the failure of the verb, at once: what follows from it (blocks given up) must not come first. Only the first one
 * is told, and none that the host knows. */
int pg_tell(struct pg_call *c, const struct pab_error *err);
/* Connects to a database to look around in (see pg_maintenance), and fills version, superuser and so on. */
int pg_call_open(struct pg_call *c, struct pab_op *op, const struct pg *pg, PGconn **ret, struct pab_error *err);

/* A connection to database `db`, without the timeouts of the role and the database. Refuses a pooler. The caller ends it with PQfinish. */
int pg_connect(struct pg_call *c, const char *db, PGconn **ret, struct pab_error *err);
/* The name of a database to connect to for things that concern the whole server, other than `not_this` (may be NULL). */
int pg_maintenance(struct pg_call *c, const char *not_this, PGconn **ret, struct pab_error *err);
/* Waits until fd is readable (or writable, with `events`), or the run is cancelled or has failed elsewhere: PAB_E_CANCELLED. */
int pg_wait(struct pg_call *c, int fd, short events, struct pab_error *err);
/* Runs one or more statements; the result of the last (a failure of any is the error). ret may be NULL. */
int pg_exec(struct pg_call *c, PGconn *conn, const char *sql, PGresult **ret, struct pab_error *err);
int pg_execf(struct pg_call *c, PGconn *conn, struct pab_error *err, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* One statement with text parameters $1, $2 ...; the list ends with PG_END. */
#define PG_END ((const char *)-1)
int pg_query(struct pg_call *c, PGconn *conn, PGresult **ret, struct pab_error *err, const char *sql, ...);
/* The first column of the first row, NULL when there is none or it is null. Caller frees. */
int pg_value(struct pg_call *c, PGconn *conn, char **ret, struct pab_error *err, const char *sql, ...);
/* The next result of a connection without blocking on it; NULL in *ret: no more. */
int pg_next_result(struct pg_call *c, PGconn *conn, PGresult **ret, struct pab_error *err);
/* Turns what the server said into an error; `what` says what was tried. */
int pg_error(PGconn *conn, const PGresult *res, struct pab_error *err, const char *what);
char *pg_one_line(const char *text); /* texts of libpq and statements; caller frees */
void pg_stop_query(PGconn *conn);  /* PQcancel, and reads what still comes */

/* "name" quoted as an identifier or literal of SQL; caller frees. */
char *pg_ident(const char *name);
char *pg_literal(const char *text);
/* Adds key='value' to a connection string. */
void pg_conninfo_add(struct pab_buf *b, const char *key, const char *value);

/* A name in any encoding as UTF-8 for the manifest: itself, or with what is no UTF-8 as \xNN. Caller frees. */
char *pg_display(const char *name);

static inline const char *pg_cell(const PGresult *r, int row, int column) { return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column); }
static inline void pg_cleanup_conn(PGconn **c) { PQfinish(*c); }
static inline void pg_cleanup_result(PGresult **r) { PQclear(*r); }
#define CLEANUP_CONN CLEANUP(pg_cleanup_conn)
#define CLEANUP_RESULT CLEANUP(pg_cleanup_result)

/* ---- pg_dump, pg_restore, pg_dumpall (pgtools.c) */
struct pg_tool {
    int major;
    char *dir;                 /* folder of the programs; NULL: they run inside the container and see no files of this machine */
    char *version;             /* "15.20" */
    int restrict_key;          /* pg_restore knows --restrict-key */
};
struct pg_tools { struct pg_tool *items; size_t count, capacity; };
int pg_tools_find(const struct pg *pg, struct pg_tools *ret, struct pab_error *err);
void pg_tools_release(struct pg_tools *t);
/* Adds the programs of folder `dir` from what pg_dump --version and pg_restore --help say, unless that major is known. */
void pg_tools_add(struct pg_tools *t, const char *dir, const char *version, const char *help);
/* The programs for a server of this major: the same, else the next higher; else an error that lists what was found. */
int pg_tools_choose(const struct pg_tools *t, int major, struct pg_tool **ret, struct pab_error *err);
/* Starts DIR/argv[0] with our address and password in its environment; `out` as in proc.h. The child ends when the call is cancelled. */
struct pg_child_opts {
    const char *db;            /* PGDATABASE */
    const char *what;          /* for messages */
    const char *pgoptions;     /* or NULL */
    int in, in_fd, out, out_fd;
    int cancel_fd;             /* ends the child once readable; 0: the operation's */
};
int pg_tool_start(struct pg_call *c, const struct pg_tool *t, const char *const *argv, const struct pg_child_opts *o, struct pab_proc **ret, struct pab_error *err);
/* Its end, as pab_proc_finish has it; what it warned of although it succeeded becomes warnings about `object`. */
int pg_tool_finish(struct pg_call *c, const char *object, struct pab_proc *p, struct pab_error *err);
int pg_tool_capture(struct pg_call *c, const struct pg_tool *t, const char *const *argv, const struct pg_child_opts *o, size_t max, char **ret, struct pab_error *err);
/* PGOPTIONS of a program: the same settings as those of our own connections. Caller frees. */
char *pg_child_settings(const struct pg_call *c);
/* What libpq made of options and environment for this connection is what the programs get, and nothing else of libpq's environment. */
void pg_remember_parameters(struct pg_call *c, PGconn *conn);
void pg_forget_parameters(struct pg_call *c);
int pg_major(int version_num);   /* 150020 -> 15; 90605 -> 906 */
/* Majors as numbers in the order of their release: 9.6 comes before 10. */
static inline int pg_major_rank(int major) { return major < 100 ? major : major - 1000; }
/* Gives a failure of a tool the code that its words call for: BUSY, AUTH, UNREACHABLE ... */
int pg_tool_error(struct pab_error *err);

/* ---- a server in a container (container.c); without the option `container` these do nothing */
int pg_container_address(struct pg_call *c, struct pab_error *err);   /* fills c->address */
void pg_container_tools(const struct pg *pg, struct pg_tools *t);
/* Sessions of programs in the container: what they are called (caller frees), how they are ended when the verb fails, and when
 * their process was killed (strays.c). */
char *pg_stray_name(void);
void pg_end_own_strays(struct pg_call *c, PGconn *conn);
void pg_end_old_strays(struct pg_call *c, PGconn *conn);
/* docker exec with these names of the environment handed on, the program's name to follow. */
void pg_container_argv(const struct pg *pg, const char *const *names, struct pab_strs *ret);

/* ---- the databases of a server (databases.c) */
struct pg_db {
    char *name, *owner, *encoding, *collate, *ctype, *provider;
    uint64_t size;
    int connectable;
};
struct pg_dbs { struct pg_db *items; size_t count, capacity; };
/* Those that the job names (PAB_E_NOT_FOUND when one does not exist), else every connectable non-template one, less the excluded. */
int pg_list_databases(struct pg_call *c, PGconn *conn, struct pg_dbs *ret, struct pab_error *err);
void pg_dbs_release(struct pg_dbs *d);

/* What is said of one database, as JSON or numbers in text: {name, version} of extensions, names of roles and tablespaces (databases.c). */
struct pg_db_facts { char *extensions, *roles, *tablespaces, *tables, *large_objects; };
int pg_read_db_facts(struct pg_call *c, PGconn *conn, struct pg_db_facts *ret, struct pab_error *err);
void pg_db_facts_release(struct pg_db_facts *f);

/* Counts what `conn`'s role may not read, and says how to change that: PAB_E_AUTH (rights.c). */
int pg_check_rights(struct pg_call *c, PGconn *conn, const char *db, struct pab_error *err);
/* 1: the role may read the passwords of roles. */
int pg_may_read_passwords(struct pg_call *c, PGconn *conn, int *ret, struct pab_error *err);

/* Facts of artifacts and the target, as they stand in the manifest. */
#define PG_FACT_SERVER "server_version"
#define PG_FACT_SERVER_NUM "server_version_num"
#define PG_FACT_TOOL "pg_dump_version"
#define PG_FACT_FORMAT "content"          /* "database", "archive", "globals" */
#define PG_FACT_ENCODING "encoding"
#define PG_FACT_EXTENSIONS "extensions"   /* JSON list of {name, version} */
#define PG_FACT_ROLES "roles"             /* JSON list of names that own or were granted something */
#define PG_FACT_TABLESPACES "tablespaces" /* JSON list of names, without the server's own */
#define PG_COUNT_TABLE "rows:"            /* followed by the table's name as SQL would write it */
#define PG_ROWS_LISTED 20000              /* tables beyond this are counted in "rows" only */

#define PG_GLOBALS "globals"              /* object, stem and content */
#define PG_DATABASE "database"
#define PG_ARCHIVE "archive"

/* Names of blocks that hold no table of ours begin with this; quoted names never do. */
#define PG_BLOCK_HEAD "@head"
#define PG_BLOCK_DATA "@data"
#define PG_BLOCK_TAIL "@tail"

const char *pg_fact(const struct pab_artifact_info *a, const char *key);            /* NULL: not there */
int pg_count(const struct pab_artifact_info *a, const char *key, uint64_t *ret);    /* 0, or -1: not there */

/* Rows per table (record.c). */
struct pg_rowcount { char *label; uint64_t rows; };
struct pg_rowcounts { struct pg_rowcount *items; size_t count, capacity; };
void pg_rowcounts_add(struct pg_rowcounts *v, const char *label, uint64_t rows);
void pg_rowcounts_settle(struct pg_rowcounts *v);   /* sorts, and adds up what has the same label: find works from here on */
const struct pg_rowcount *pg_rowcounts_find(const struct pg_rowcounts *v, const char *label); /* NULL: not there */
void pg_rowcounts_release(struct pg_rowcounts *v);

/* ---- the verbs */
int pg_check(void *instance, struct pab_op *op, const struct pab_check_req *req);
int pg_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req);
int pg_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req);
int pg_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req);
int pg_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req);

#endif
