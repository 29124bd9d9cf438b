/* back.h - the restore of one database, in parts; for the files that make it.
 *
 *     restore.c     what the request asks for, one object after the other
 *     precheck.c    what is there, and whether this backup may go in
 *     dbprops.c     CREATE DATABASE and the settings of the database, from the archive, under another name
 *     toc.c         the archive's list of contents; omit.c: what is left out of it
 *     load.c        definitions, rows and indexes into the new database; bypsql.c: for a server that is older than pg_restore
 *     fill.c        rows of big tables: blocks of the .sql artifact over several connections; rows.c: one block
 *     early.c       indexes and ANALYZE of tables that are complete, while others are loaded; analyze.c: of all others
 *     counts.c      are all rows there?
 *     swap.c        the new database in the place of the old one, in one transaction
 *     globals.c     roles and tablespaces that are missing
 *     statements.c  SQL text, one statement after the other
 *
 * The new database is filled under the name NAME__pab_new.  Until the swap nothing of the old one is touched; what a
 * failed or killed restore leaves is that new database, which the next one drops.
 */
#ifndef PAB_PLUGIN_POSTGRES_BACK_H
#define PAB_PLUGIN_POSTGRES_BACK_H

#include "plugins/postgres/pg.h"

#define PG_NEW_SUFFIX "__pab_new"
#define PG_OLD_SUFFIX "__pab_old"
#define PG_NAME_MAX 63         /* bytes of a name: NAMEDATALEN - 1 */

struct pg_back {
    struct pg_call *call;
    const struct pab_restore_req *req;
    PGconn *maint;             /* to another database than those below */
    uint32_t sql_index, archive_index;
    const struct pab_artifact_info *sql, *archive;
    const struct pg_tool *tool;
    char *from;                /* name of the database in the backup */
    char *name, *fresh, *old;  /* where it goes; while it is filled; what was there */
    char *archive_path;        /* the archive as a file: pg_restore reads it in any order */
    struct pg_rowcounts extension_rows; /* rows of tables that CREATE EXTENSION filled */
    int leave_owners;          /* roles are missing and the user said --force */
    struct pab_strs missing_roles; /* then: as SQL writes them */
    int leave_tablespaces;     /* some are missing: everything goes where the server puts it */
    char *list_path;           /* what to restore of the archive; NULL: all */
    const char *settings;      /* of the sessions of programs, " -c NAME=VALUE"; NULL: only those that all have */
    struct pg_early *early;    /* what was done before the end; NULL: nothing */
    /* what precheck.c found */
    int exists, old_exists, fresh_exists;
    char *sessions;            /* "psql (2), n8n (1)"; NULL: nobody is connected */
    uint64_t old_size;
};

/* precheck.c: fills the lines above; an error says why this backup cannot go into this server.  With `roles` also the
 * roles must be there. */
int pg_back_check(struct pg_back *b, int roles, struct pab_error *err);
/* Only what is there: exists, old_exists, fresh_exists, sessions. */
int pg_back_look(struct pg_back *b, struct pab_error *err);
/* Who is connected to b->name, into b->sessions. */
int pg_back_sessions(struct pg_back *b, struct pab_error *err);

/* dbprops.c */
struct pg_props { char *create; struct pab_strs settings; };
int pg_props_read(struct pg_back *b, struct pg_props *ret, struct pab_error *err);
void pg_props_release(struct pg_props *p);

/* toc.c: the list of contents; a file of the entries that `wanted` chooses ("TABLE app big postgres"), for pg_restore -L; these as
 * SQL, at most max bytes. */
#define PG_TOC_MAX (256u << 20) /* of 5,000 tables: 2 MB */
int pg_toc_read(struct pg_back *b, char **ret, struct pab_error *err);
int pg_toc_narrow(struct pg_back *b, const char *toc, const char *file, int (*wanted)(void *ctx, const char *entry), void *ctx, char **ret_path, struct pab_error *err);
int pg_toc_text(struct pg_back *b, const char *list, size_t max, char **ret, struct pab_error *err);

/* omit.c: sets b->list_path when roles are missing that policies or user mappings are for. */
int pg_back_omit(struct pg_back *b, struct pab_error *err);

/* load.c: all of it into b->fresh, which exists and is empty. */
int pg_load(struct pg_back *b, struct pab_error *err);
/* A section of the archive, or what of it is in the file `list` (NULL: all), over so many connections. */
int pg_back_section(struct pg_back *b, const char *section, const char *list, int jobs, struct pab_error *err);
/* pg_restore and its kin on b->fresh, to their end; argv without the last NULL's place for the database. */
int pg_back_tool(struct pg_back *b, const char *const *argv, const char *what, struct pab_error *err);
/* Only started; in and out as in proc.h. */
int pg_back_start(struct pg_back *b, const char *const *argv, const char *what, int in, int out, struct pab_proc **ret, struct pab_error *err);
/* bypsql.c: what pg_restore, with this argv, gives as text, into b->fresh. */
int pg_back_by_psql(struct pg_back *b, const char *const *restore, struct pab_error *err);
/* Artifact `index` as a file of the scratch folder; caller frees the path. */
int pg_back_file(struct pg_call *c, uint32_t index, const char *name, char **ret_path, struct pab_error *err);

/* fill.c: threads that copy the blocks; start returns at once, finish waits for the end. */
struct pg_fill;
int pg_fill_start(struct pg_back *b, struct pg_fill **ret, struct pab_error *err);
int pg_fill_finish(struct pg_fill *f, struct pab_error *err);    /* frees it */
void pg_fill_stop(struct pg_fill *f);                            /* something else failed: finish soon */

/* rows.c: a connection that loads blocks, each with its reader. `freeze`: in the transaction that emptied the table. */
struct pg_rows { struct pg_call *call; PGconn *conn; char *buf; };
int pg_rows_open(struct pg_back *b, struct pg_rows *ret, struct pab_error *err);
int pg_rows_copy(struct pg_rows *r, struct pab_reader *block, const struct pab_block_info *info, int freeze, struct pab_error *err);
void pg_rows_close(struct pg_rows *r);

/* early.c: pg_early_read finds what could be done for tables that are large enough (`largest` bytes is the largest one), into
 * b->early.  Then next gives something to do (1, or 0) for tables of which loaded said that they are complete, run does it, and
 * done says so: all but run under one lock. */
#define PG_EARLY_ANALYZE ((size_t)-1)
struct pg_early_job { const char *table; size_t at, entry; int cores_taken; /* by others, when it began */ };
int pg_early_read(struct pg_back *b, uint64_t largest, struct pab_error *err);
size_t pg_early_count(const struct pg_early *e);
void pg_early_loaded(struct pg_back *b, const char *table, uint64_t bytes);
int pg_early_next(struct pg_early *e, struct pg_early_job *ret);
int pg_early_run(struct pg_back *b, const struct pg_early_job *job, PGconn *conn, struct pab_error *err);
void pg_early_done(struct pg_early *e, const struct pg_early_job *job);
/* Afterwards: the list of what is left of the archive (NULL: no list is needed); was this table analyzed? */
int pg_early_rest(struct pg_back *b, char **ret_list, struct pab_error *err);
int pg_early_analyzed(const struct pg_early *e, const char *table);
void pg_early_free(struct pg_early *e);
/* The table of a statement that makes an index (0) or a constraint (1); -1: it does neither. Has it nothing but columns? */
int pg_index_table(const char *statement, const char **ret, size_t *ret_size);
int pg_index_is_plain(const char *statement);

/* analyze.c: ANALYZE of what was not yet. */
int pg_analyze(struct pg_back *b, struct pab_error *err);

/* counts.c: what extensions put into their tables, before the rows are loaded; then: every table that the manifest counts
 * has its rows. */
int pg_counts_before(struct pg_back *b, struct pab_error *err);
int pg_counts_check(struct pg_back *b, struct pab_error *err);

/* swap.c */
int pg_swap(struct pg_back *b, struct pab_error *err);
/* Also when the run was cancelled. */
int pg_drop_database(struct pg_back *b, const char *name, struct pab_error *err);

/* globals.c: plans or does it, for the artifact `index`. */
int pg_globals_restore(struct pg_call *c, PGconn *conn, const struct pab_restore_req *req, uint32_t index, struct pab_error *err);

/* statements.c: calls fn for every statement, without the comments before it. A code from fn ends it. */
int pg_each_statement(const char *text, int (*fn)(void *ctx, const char *statement, struct pab_error *err), void *ctx, struct pab_error *err);
/* The name that follows `words` at the start of a statement or after them anywhere ("ON DATABASE "); NULL: not there.
 * As it stands, quotes included; caller frees. */
char *pg_name_after(const char *statement, const char *words);

#endif
