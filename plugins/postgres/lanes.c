/* lanes.c - COPY text from one connection into blocks of the .sql artifact.
 *
 * A block is one complete statement: COPY ... FROM stdin, rows, terminator.  It ends after about block_size bytes and
 * the next begins with the same statement; so memory, the damage that a bad sector does, and the work of a thread that
 * restores are all bounded, also within one table. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "plugins/postgres/dump.h"

#define NAP_NS 300000 /* a socket of 200 kB is full after this at 700 MB/s */
#define BUFFER (256u << 10) /* rows are gathered: a call of the host per row would cost more than the row */

struct copy {
    struct pg_dump_run *run;
    const struct pg_piece *piece;
    struct pab_block *block;
    char *head;                /* COPY public.t (a, b) FROM stdin; */
    size_t head_size;
    char *buffer;
    size_t used;
    uint64_t block_bytes, block_rows, rows;
};

static int host_failed(struct pab_error *err) { return pg_host_failed(err, "the artifact could not be written"); }

static int put(struct copy *k, const void *p, size_t n, struct pab_error *err)
{
    const struct pab_host *h = k->run->call->op->host;
    if (n && k->used + n <= BUFFER) {
        memcpy(k->buffer + k->used, p, n);
        k->used += n;
        return PAB_OK;
    }
    if (k->used && h->block_write(k->block, k->buffer, k->used)) return host_failed(err);
    k->used = 0;
    if (n > BUFFER) return h->block_write(k->block, p, n) ? host_failed(err) : PAB_OK;
    if (n) memcpy(k->buffer, p, n);
    k->used = n;
    return PAB_OK;
}

static int begin_block(struct copy *k, struct pab_error *err)
{
    if (k->run->call->op->host->block_begin(k->run->sql, k->piece->table->label, &k->block)) return host_failed(err);
    k->block_bytes = k->block_rows = 0;
    return put(k, k->head, k->head_size, err);
}

static int end_block(struct copy *k, struct pab_error *err)
{
    static const char terminator[] = "\\.\n\n";
    if (put(k, terminator, sizeof terminator - 1, err) || put(k, NULL, 0, err)) return err->code;
    struct pab_block *b = TAKE_PTR(k->block);
    return k->run->call->op->host->block_end(b, k->block_rows) ? host_failed(err) : PAB_OK;
}

static int add_row(struct copy *k, const char *row, size_t n, struct pab_error *err)
{
    if (k->block && k->block_bytes >= k->run->call->pg->block_size && end_block(k, err)) return err->code;
    if (!k->block && begin_block(k, err)) return err->code;
    k->block_bytes += n;
    k->block_rows++;
    k->rows++;
    return put(k, row, n, err);
}

/* The server sends 8 kB at a time. Waking up for each would cost both sides more than the rows: so the socket may fill first. */
static int wait_for_rows(struct copy *k, PGconn *conn, struct pab_error *err)
{
    static const struct timespec nap = { .tv_nsec = NAP_NS };
    nanosleep(&nap, NULL);
    return pg_wait(k->run->call, PQsocket(conn), POLLIN, err);
}

/* The rows as they come. */
static int read_rows(struct copy *k, PGconn *conn, struct pab_error *err)
{
    char *row = NULL;
    for (int dry = 0;;) {
        int n = PQgetCopyData(conn, &row, 1);
        if (n > 0) {
            int rc = add_row(k, row, (size_t)n, err);
            PQfreemem(row);
            if (rc) return rc;
            dry = 0;
        } else if (n == 0) {
            if (dry++ && wait_for_rows(k, conn, err)) return err->code; /* not before it was tried */
            if (!PQconsumeInput(conn)) return pg_error(conn, NULL, err, "cannot read rows");
        } else {
            return n == -1 ? PAB_OK : pg_error(conn, NULL, err, "cannot read rows");
        }
    }
}

/* "COPY 1234": what the server says it sent must be what came. */
static int check_tag(struct copy *k, PGconn *conn, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *res = NULL;
    PGresult *more = NULL;
    if (pg_next_result(k->run->call, conn, &res, err)) return err->code;
    if (PQresultStatus(res) != PGRES_COMMAND_OK) return pg_error(conn, res, err, "cannot read rows");
    int64_t said = -1;
    if (pab_parse_int(PQcmdTuples(res), &said) || said < 0 || (uint64_t)said != k->rows)
        return pab_error_set(err, PAB_E_IO, 0, "the server says that it sent %s rows, but %llu came", PQcmdTuples(res), (unsigned long long)k->rows);
    do {
        PQclear(more);
        if (pg_next_result(k->run->call, conn, &more, err)) return err->code;
    } while (more);
    return PAB_OK;
}

static char *copy_statement(const struct pg_piece *p)
{
    const struct pg_table *t = p->table;
    if (!p->from && !p->to) return pab_sprintf("COPY %s (%s) TO STDOUT", t->sql_name, t->columns);
    CLEANUP_FREE char *until = p->to ? pab_sprintf(" AND ctid < '(%llu,0)'::pg_catalog.tid", (unsigned long long)p->to) : pab_strdup("");
    return pab_sprintf("COPY (SELECT %s FROM ONLY %s WHERE ctid >= '(%llu,0)'::pg_catalog.tid%s) TO STDOUT", t->columns, t->sql_name,
                       (unsigned long long)p->from, until);
}

static int copy_piece(struct copy *k, PGconn *conn, struct pab_error *err)
{
    CLEANUP_FREE char *sql = copy_statement(k->piece);
    CLEANUP_RESULT PGresult *res = NULL;
    if (pg_exec(k->run->call, conn, sql, &res, err)) return err->code;
    if (PQresultStatus(res) != PGRES_COPY_OUT) return pab_error_set(err, PAB_E_IO, 0, "the server does not begin to send rows");
    if (read_rows(k, conn, err) || check_tag(k, conn, err)) return err->code;
    if (!k->block && !k->piece->from && begin_block(k, err)) return err->code; /* an empty table, too, is in the file */
    if (k->block && end_block(k, err)) return err->code;
    __atomic_add_fetch(&k->piece->table->rows, k->rows, __ATOMIC_RELAXED);
    return PAB_OK;
}

static const struct pg_piece *next_piece(struct pg_dump_run *r)
{
    pthread_mutex_lock(&r->lock);
    const struct pg_piece *p = r->error.code == PAB_OK && r->pieces.next < r->pieces.count ? &r->pieces.items[r->pieces.next++] : NULL;
    pthread_mutex_unlock(&r->lock);
    return p;
}

void *pg_lane_main(void *arg)
{
    struct pg_lane *lane = arg;
    struct pg_dump_run *r = lane->run;
    CLEANUP_FREE char *buffer = pab_alloc(BUFFER);
    const struct pg_piece *p;
    while ((p = next_piece(r))) {
        struct pab_error err = { 0 };
        struct copy k = { .run = r, .piece = p, .buffer = buffer };
        CLEANUP_FREE char *head = pab_sprintf("COPY %s (%s) FROM stdin;\n", p->table->sql_name, p->table->columns);
        k.head = head;
        k.head_size = strlen(head);
        if (!copy_piece(&k, lane->conn, &err)) continue;
        if (err.code != PAB_E_CANCELLED) pab_error_prefix(&err, "table %s of '%s'", p->table->label, r->db->name);
        pg_run_fail(r, &err);
        if (k.block) r->call->op->host->block_abort(k.block);
        if (PQtransactionStatus(lane->conn) == PQTRANS_ACTIVE) pg_stop_query(lane->conn);
        break;
    }
    return NULL;
}
