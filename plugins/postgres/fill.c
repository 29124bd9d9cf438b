/* fill.c - the rows of the big tables: every block of the .sql artifact that is not pg_dump's is one COPY of its own, and
 * goes over whatever connection is free. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include "plugins/postgres/back.h"

#define CHUNK (256u << 10)
#define HEAD_MAX (1u << 20)            /* of a COPY statement: 1,600 columns of 63 bytes */
static const char tail[] = "\\.\n\n";  /* how a block ends */
#define TAIL (sizeof tail - 1)

struct pg_fill {
    struct pg_back *b;
    struct pab_reader *reader;
    pthread_mutex_t lock;              /* of all below, and of the reader */
    uint64_t next, count;
    struct pab_error error;            /* the first one */
    int lanes;
    struct lane { struct pg_fill *fill; PGconn *conn; pthread_t thread; int started; char *buf; } *lane;
};

static void fail(struct pg_fill *f, const struct pab_error *err)
{
    pthread_mutex_lock(&f->lock);
    if (!f->error.code) f->error = *err;
    pthread_mutex_unlock(&f->lock);
    pg_fill_stop(f);
}

void pg_fill_stop(struct pg_fill *f)
{
    pthread_mutex_lock(&f->lock);
    f->next = f->count;
    pthread_mutex_unlock(&f->lock);
    if (eventfd_write(f->b->call->stop_fd, 1)) return; /* it is readable already */
}

/* ---- one block */
static int put(struct lane *l, const char *p, size_t n, struct pab_error *err)
{
    struct pg_call *c = l->fill->b->call;
    while (n) {
        int rc = PQputCopyData(l->conn, p, (int)n);
        if (rc > 0) return PAB_OK;
        if (rc < 0) return pg_error(l->conn, NULL, err, "cannot send rows");
        if (pg_wait(c, PQsocket(l->conn), POLLOUT | POLLIN, err)) return err->code;
        if (!PQconsumeInput(l->conn)) return pg_error(l->conn, NULL, err, "cannot send rows");
    }
    return PAB_OK;
}

static int flush(struct lane *l, struct pab_error *err)
{
    int rc;
    while ((rc = PQflush(l->conn)) > 0) {
        if (pg_wait(l->fill->b->call, PQsocket(l->conn), POLLOUT | POLLIN, err)) return err->code;
        if (!PQconsumeInput(l->conn)) return pg_error(l->conn, NULL, err, "cannot send rows");
    }
    return rc ? pg_error(l->conn, NULL, err, "cannot send rows") : PAB_OK;
}

static int end_copy(struct lane *l, const struct pab_block_info *info, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *res = NULL, *more = NULL;
    int rc;
    while ((rc = PQputCopyEnd(l->conn, NULL)) == 0) {
        if (pg_wait(l->fill->b->call, PQsocket(l->conn), POLLOUT, err)) return err->code;
    }
    if (rc < 0) return pg_error(l->conn, NULL, err, "cannot send rows");
    if (flush(l, err) || pg_next_result(l->fill->b->call, l->conn, &res, err)) return err->code;
    if (PQresultStatus(res) != PGRES_COMMAND_OK) return pg_error(l->conn, res, err, "the server does not take the rows");
    int64_t took = -1;
    if (pab_parse_int(PQcmdTuples(res), &took) || took < 0 || (uint64_t)took != info->rows)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "the server took %s rows, %llu were stored", PQcmdTuples(res), (unsigned long long)info->rows);
    return pg_next_result(l->fill->b->call, l->conn, &more, err);
}

/* The statement before the rows. What was read beyond it stands at the beginning of l->buf afterwards, *ret_have bytes. */
static int begin_copy(struct lane *l, struct pab_reader *r, size_t *ret_have, struct pab_error *err)
{
    static const char wanted[] = " FROM stdin;";
    struct pab_buf head = PAB_BUF_INIT(HEAD_MAX);
    CLEANUP_RESULT PGresult *res = NULL;
    const char *nl = NULL;
    int64_t n = 0;
    int rc = PAB_OK;
    while (!nl && !rc) {
        n = l->fill->b->call->op->host->artifact_read(r, l->buf, CHUNK);
        if (n < 0) rc = pg_host_failed(err, "the backup could not be read");
        else if (n == 0 || head.size > HEAD_MAX - CHUNK) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "a block does not begin with COPY");
        else if ((nl = memchr(l->buf, '\n', (size_t)n))) pab_buf_add(&head, l->buf, (size_t)(nl - l->buf));
        else pab_buf_add(&head, l->buf, (size_t)n);
    }
    const char *sql = pab_buf_str(&head);
    if (!rc && (!pab_str_has_prefix(sql, "COPY ") || head.size < sizeof wanted || strcmp(sql + head.size - strlen(wanted), wanted) != 0))
        rc = pab_error_set(err, PAB_E_CORRUPT, 0, "a block does not begin with COPY");
    if (!rc) rc = pg_exec(l->fill->b->call, l->conn, sql, &res, err);
    if (!rc && PQresultStatus(res) != PGRES_COPY_IN) rc = pab_error_set(err, PAB_E_IO, 0, "the server does not begin to take rows");
    pab_buf_release(&head);
    if (rc) return rc;
    *ret_have = (size_t)(l->buf + n - (nl + 1));
    memmove(l->buf, nl + 1, *ret_have);
    return PAB_OK;
}

/* Rows without the terminator: the last bytes are held back until more follow. */
static int copy_block(struct lane *l, struct pab_reader *r, const struct pab_block_info *info, struct pab_error *err)
{
    size_t have = 0;
    if (begin_copy(l, r, &have, err)) return err->code;
    for (;;) {
        if (have > TAIL) {
            if (put(l, l->buf, have - TAIL, err)) return err->code;
            memmove(l->buf, l->buf + have - TAIL, TAIL);
            have = TAIL;
        }
        int64_t n = l->fill->b->call->op->host->artifact_read(r, l->buf + have, CHUNK);
        if (n < 0) return pg_host_failed(err, "the backup could not be read");
        if (n == 0) break;
        have += (size_t)n;
    }
    if (have != TAIL || memcmp(l->buf, tail, TAIL) != 0) return pab_error_set(err, PAB_E_CORRUPT, 0, "a block does not end after its last row");
    return end_copy(l, info, err);
}

/* ---- lanes */
/* The next block of a table: 1, or 0 when there is none. */
static int take_block(struct pg_fill *f, struct pab_reader **ret, struct pab_block_info *info, struct pab_error *err)
{
    const struct pab_host *h = f->b->call->op->host;
    int found = 0;
    pthread_mutex_lock(&f->lock);
    while (!found && f->next < f->count) {
        *info = (struct pab_block_info){ .struct_size = sizeof *info };
        if (h->block_info(f->reader, f->next, info)) break;
        if (*info->name != '@') {
            if (h->block_open(f->reader, f->next, ret)) break;
            found = 1;
        }
        f->next++;
    }
    if (!found && f->next < f->count) pg_host_failed(err, "the backup could not be read");
    pthread_mutex_unlock(&f->lock);
    return found;
}

static void *lane_main(void *arg)
{
    struct lane *l = arg;
    struct pg_fill *f = l->fill;
    struct pab_block_info info;
    struct pab_reader *r = NULL;
    struct pab_error err = { 0 };
    while (!err.code && take_block(f, &r, &info, &err)) {
        copy_block(l, r, &info, &err);
        f->b->call->op->host->artifact_close(r);
        if (err.code && err.code != PAB_E_CANCELLED) pab_error_prefix(&err, "table %s of '%s'", info.name, f->b->from);
    }
    if (err.code) fail(f, &err);
    if (PQtransactionStatus(l->conn) == PQTRANS_ACTIVE) pg_stop_query(l->conn);
    return NULL;
}

static int connect_lane(struct pg_fill *f, struct lane *l, struct pab_error *err)
{
    const char *encoding = pg_fact(f->b->sql, PG_FACT_ENCODING);
    CLEANUP_FREE char *quoted = pg_literal(encoding ? encoding : "UTF8");
    l->fill = f;
    l->buf = pab_alloc(CHUNK + TAIL);
    if (pg_connect(f->b->call, f->b->fresh, &l->conn, err)) return err->code;
    return pg_execf(f->b->call, l->conn, err,
        "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET synchronous_commit = off; SET row_security = off;"
        " SET DateStyle = ISO; SET check_function_bodies = off; SET client_encoding = %s", quoted);
}

int pg_fill_start(struct pg_back *b, struct pg_fill **ret, struct pab_error *err)
{
    const struct pab_host *h = b->call->op->host;
    struct pg_fill *f = *ret = pab_alloc(sizeof *f);
    uint64_t blocks = 0;
    *f = (struct pg_fill){ .b = b, .lock = PTHREAD_MUTEX_INITIALIZER };
    if (h->artifact_open(b->call->op, b->sql_index, PAB_OPEN_DATA, &f->reader)) return pg_host_failed(err, "the backup could not be read");
    f->count = h->block_count(f->reader);
    for (uint64_t i = 0; i < f->count; i++) {
        struct pab_block_info info = { .struct_size = sizeof info };
        if (h->block_info(f->reader, i, &info)) return pg_host_failed(err, "the backup could not be read");
        blocks += *info.name != '@';
    }
    f->lanes = blocks < (uint64_t)b->call->pg->jobs ? (int)blocks : b->call->pg->jobs;
    f->lane = pab_alloc_array((size_t)f->lanes + 1, sizeof *f->lane);
    for (int i = 0; i < f->lanes; i++) {
        if (connect_lane(f, &f->lane[i], err)) return err->code;
    }
    for (int i = 0; i < f->lanes; i++) {
        if (pthread_create(&f->lane[i].thread, NULL, lane_main, &f->lane[i])) return pab_error_set(err, PAB_E_NOMEM, 0, "cannot start a thread");
        f->lane[i].started = 1;
    }
    return PAB_OK;
}

int pg_fill_finish(struct pg_fill *f, struct pab_error *err)
{
    if (!f) return PAB_OK;
    for (int i = 0; i < f->lanes; i++) {
        if (f->lane[i].started) pthread_join(f->lane[i].thread, NULL);
    }
    for (int i = 0; i < f->lanes; i++) {
        PQfinish(f->lane[i].conn);
        free(f->lane[i].buf);
    }
    f->b->call->op->host->artifact_close(f->reader);
    pthread_mutex_destroy(&f->lock);
    int rc = f->error.code;
    if (rc && err) *err = f->error;
    free(f->lane);
    free(f);
    return rc;
}
