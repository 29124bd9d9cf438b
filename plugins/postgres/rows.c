/* rows.c - the rows of one block of the .sql artifact, by one COPY of its own. */
#include <poll.h>
#include <string.h>
#include "plugins/postgres/back.h"

#define CHUNK (256u << 10)
#define SLICE (32u << 10)              /* of rows, to libpq */
#define HEAD_MAX (1u << 20)            /* of a COPY statement: 1,600 columns of 63 bytes */
static const char tail[] = "\\.\n\n";  /* how a block ends */
#define TAIL (sizeof tail - 1)

static int flush(struct pg_rows *l, struct pab_error *err)
{
    int rc;
    while ((rc = PQflush(l->conn)) > 0) {
        if (pg_wait(l->call, PQsocket(l->conn), POLLOUT | POLLIN, err)) return err->code;
        if (!PQconsumeInput(l->conn)) return pg_error(l->conn, NULL, err, "cannot send rows");
    }
    return rc ? pg_error(l->conn, NULL, err, "cannot send rows") : PAB_OK;
}

/* Sent before more is taken: libpq would rather grow its buffer than say that the server is slower than we are.  In slices: what
 * a socket does not take at once, libpq moves to the beginning of its buffer, again and again. */
static int put(struct pg_rows *l, const char *p, size_t n, struct pab_error *err)
{
    while (n) {
        size_t slice = n < SLICE ? n : SLICE;
        int rc;
        while ((rc = PQputCopyData(l->conn, p, (int)slice)) == 0) {
            if (flush(l, err)) return err->code;
        }
        if (rc < 0) return pg_error(l->conn, NULL, err, "cannot send rows");
        if (flush(l, err)) return err->code;
        p += slice;
        n -= slice;
    }
    return PAB_OK;
}

static int end_copy(struct pg_rows *l, const struct pab_block_info *info, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *res = NULL, *more = NULL;
    int rc;
    while ((rc = PQputCopyEnd(l->conn, NULL)) == 0) {
        if (pg_wait(l->call, PQsocket(l->conn), POLLOUT, err)) return err->code;
    }
    if (rc < 0) return pg_error(l->conn, NULL, err, "cannot send rows");
    if (flush(l, err) || pg_next_result(l->call, l->conn, &res, err)) return err->code;
    if (PQresultStatus(res) != PGRES_COMMAND_OK) return pg_error(l->conn, res, err, "the server does not take the rows");
    int64_t took = -1;
    if (pab_parse_int(PQcmdTuples(res), &took) || took < 0 || (uint64_t)took != info->rows)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "the server took %s rows, %llu were stored", PQcmdTuples(res), (unsigned long long)info->rows);
    return pg_next_result(l->call, l->conn, &more, err);
}

/* The newline that ends the statement: one outside of a quoted name. *quoted goes on from what was read before. */
static const char *end_of_head(const char *p, size_t n, int *quoted)
{
    for (const char *end = p + n; p < end; p++) {
        if (*p == '"') *quoted = !*quoted;
        else if (*p == '\n' && !*quoted) return p;
    }
    return NULL;
}

/* The statement before the rows. What was read beyond it stands at the beginning of l->buf afterwards, *ret_have bytes. */
static int begin_copy(struct pg_rows *l, struct pab_reader *r, int freeze, size_t *ret_have, struct pab_error *err)
{
    static const char wanted[] = " FROM stdin;";
    struct pab_buf head = PAB_BUF_INIT(HEAD_MAX);
    CLEANUP_RESULT PGresult *res = NULL;
    const char *nl = NULL;
    int64_t n = 0;
    int rc = PAB_OK, quoted = 0;
    while (!nl && !rc) {
        n = l->call->op->host->artifact_read(r, l->buf, CHUNK);
        if (n < 0) rc = pg_host_failed(err, "the backup could not be read");
        else if (n == 0 || head.size > HEAD_MAX - CHUNK) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "a block does not begin with COPY");
        else if ((nl = end_of_head(l->buf, (size_t)n, &quoted))) pab_buf_add(&head, l->buf, (size_t)(nl - l->buf));
        else pab_buf_add(&head, l->buf, (size_t)n);
    }
    CLEANUP_FREE char *sql = pab_strdup(pab_buf_str(&head));
    if (!rc && (!pab_str_has_prefix(sql, "COPY ") || head.size < sizeof wanted || strcmp(sql + head.size - strlen(wanted), wanted) != 0))
        rc = pab_error_set(err, PAB_E_CORRUPT, 0, "a block does not begin with COPY");
    CLEANUP_FREE char *frozen = freeze && !rc ? pab_sprintf("%.*s WITH (FREEZE)", (int)strlen(sql) - 1, sql) : NULL;
    if (!rc) rc = pg_exec(l->call, l->conn, frozen ? frozen : sql, &res, err);
    if (!rc && PQresultStatus(res) != PGRES_COPY_IN) rc = pab_error_set(err, PAB_E_IO, 0, "the server does not begin to take rows");
    pab_buf_release(&head);
    if (rc) return rc;
    *ret_have = (size_t)(l->buf + n - (nl + 1));
    memmove(l->buf, nl + 1, *ret_have);
    return PAB_OK;
}

/* Rows without the terminator: the last bytes are held back until more follow. */
int pg_rows_copy(struct pg_rows *l, struct pab_reader *r, const struct pab_block_info *info, int freeze, struct pab_error *err)
{
    size_t have = 0;
    if (begin_copy(l, r, freeze, &have, err)) return err->code;
    for (;;) {
        if (have > TAIL) {
            if (put(l, l->buf, have - TAIL, err)) return err->code;
            memmove(l->buf, l->buf + have - TAIL, TAIL);
            have = TAIL;
        }
        int64_t n = l->call->op->host->artifact_read(r, l->buf + have, CHUNK);
        if (n < 0) return pg_host_failed(err, "the backup could not be read");
        if (n == 0) break;
        have += (size_t)n;
    }
    if (have != TAIL || memcmp(l->buf, tail, TAIL) != 0) return pab_error_set(err, PAB_E_CORRUPT, 0, "a block does not end after its last row");
    return end_copy(l, info, err);
}

int pg_rows_open(struct pg_back *b, struct pg_rows *l, struct pab_error *err)
{
    const char *encoding = pg_fact(b->sql, PG_FACT_ENCODING);
    CLEANUP_FREE char *quoted = pg_literal(encoding ? encoding : "UTF8");
    *l = (struct pg_rows){ .call = b->call, .buf = pab_alloc(CHUNK + TAIL) };
    if (pg_connect(b->call, b->fresh, &l->conn, err)) return err->code;
    return pg_execf(b->call, l->conn, err,
        "SET synchronous_commit = off; SET row_security = off;"
        " SET DateStyle = ISO; SET check_function_bodies = off; SET client_encoding = %s", quoted);
}

void pg_rows_close(struct pg_rows *l)
{
    PQfinish(l->conn);
    free(l->buf);
    *l = (struct pg_rows){ 0 };
}
