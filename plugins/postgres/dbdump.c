/* dbdump.c - one database into its two artifacts: the .sql file in blocks, the archive of pg_dump beside it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include "plugins/postgres/dump.h"

int pg_run_fail(struct pg_dump_run *r, const struct pab_error *err)
{
    pthread_mutex_lock(&r->lock);
    if (r->error.code == PAB_OK) {
        r->error = *err;
        pg_tell(r->call, err);
    }
    pthread_mutex_unlock(&r->lock);
    /* a counter cannot overflow by this, and its fd is non-blocking: nothing else can go wrong */
    if (eventfd_write(r->call->stop_fd, 1)) return err->code;
    return err->code;
}

int pg_run_failed(struct pg_dump_run *r)
{
    pthread_mutex_lock(&r->lock);
    int failed = r->error.code != PAB_OK;
    pthread_mutex_unlock(&r->lock);
    return failed;
}

static int prepare(struct pg_dump_run *r, struct pg_db_facts *facts, struct pab_error *err)
{
    CLEANUP_FREE char *known = NULL;
    if (pg_add_connection(r, err) || pg_check_rights(r->call, r->conns[0], r->db->name, err)) return err->code;
    if (pg_value(r->call, r->conns[0], &known, err, "SELECT name FROM pg_catalog.pg_settings WHERE name = 'restrict_nonsystem_relation_kind'", PG_END)) return err->code;
    r->restrict_kind = known != NULL;
    if (pg_read_db_facts(r->call, r->conns[0], facts, err) || pg_take_snapshot(r, err)) return err->code;
    pg_split(&r->tables, r->conn_count, r->call->version >= 140000, &r->pieces);
    return PAB_OK;
}

/* ---- the copying */
static int begin_artifacts(struct pg_dump_run *r, const char *object, struct pab_error *err)
{
    const char *stem = strcmp(object, PG_GLOBALS) == 0 ? PG_DATABASE "-" PG_GLOBALS : object; /* that file name is taken */
    const struct pab_host *h = r->call->op->host;
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_DATABASES, .stem = stem, .extension = "sql", .object = object,
                                   .media_type = "application/sql", .size_hint = r->db->size };
    int rc = h->artifact_begin(r->call->op, &d, &r->sql);
    d.extension = "dump";
    d.media_type = "application/vnd.postgresql.custom-archive";
    d.flags = PAB_ART_STORED; /* pg_dump has compressed it */
    d.size_hint = PAB_SIZE_UNKNOWN;
    if (!rc) rc = h->artifact_begin(r->call->op, &d, &r->archive);
    return rc ? pg_host_failed(err, "the artifacts could not be begun") : PAB_OK;
}

static int start_lanes(struct pg_dump_run *r, struct pg_lane *lanes, struct pab_error *err)
{
    for (int i = 0; i < r->conn_count && r->pieces.count; i++) {
        lanes[i] = (struct pg_lane){ .run = r, .conn = r->conns[i] };
        if (pthread_create(&lanes[i].thread, NULL, pg_lane_main, &lanes[i])) return pab_error_set(err, PAB_E_NOMEM, 0, "cannot start a thread");
        lanes[i].started = 1;
    }
    return PAB_OK;
}

static int copy_all(struct pg_dump_run *r, struct pab_error *err)
{
    struct pg_dumper *dumper = NULL;
    struct pg_lane *lanes = pab_alloc_array((size_t)r->conn_count, sizeof *lanes);
    int rc = pg_dumper_start(r, &dumper, err);
    if (!rc) rc = start_lanes(r, lanes, err);
    if (!rc) rc = pg_dumper_read(dumper, err);
    if (rc) {
        pg_run_fail(r, err);
        pg_dumper_stop(dumper); /* lanes may be waiting for its block to end */
    }
    for (int i = 0; i < r->conn_count; i++) {
        if (lanes[i].started) pthread_join(lanes[i].thread, NULL);
    }
    if (!rc && (rc = pg_dumper_finish(dumper, err))) pg_run_fail(r, err);
    pg_dumper_free(dumper);
    free(lanes);
    if (!pg_run_failed(r)) return PAB_OK;
    *err = r->error;
    return err->code;
}

/* ---- the manifest */
static int record_counts(struct pg_dump_run *r)
{
    const struct pab_host *h = r->call->op->host;
    uint64_t rows = 0;
    for (size_t i = 0; i < r->tables.count; i++) pg_rowcounts_add(&r->counted, r->tables.items[i].label, r->tables.items[i].rows);
    pg_rowcounts_settle(&r->counted);
    for (size_t i = 0; i < r->counted.count; i++) rows += r->counted.items[i].rows;
    int rc = h->artifact_count(r->sql, "tables", r->counted.count);
    if (!rc) rc = h->artifact_count(r->sql, "rows", rows);
    for (size_t i = 0; i < r->counted.count && i < PG_ROWS_LISTED && !rc; i++) {
        CLEANUP_FREE char *key = pab_sprintf("%s%s", PG_COUNT_TABLE, r->counted.items[i].label);
        rc = h->artifact_count(r->sql, key, r->counted.items[i].rows);
    }
    return rc;
}

static int record_facts(struct pg_dump_run *r, const struct pg_db_facts *f)
{
    const struct pab_host *h = r->call->op->host;
    char number[16];
    snprintf(number, sizeof number, "%d", r->call->version);
    const struct pab_kv of_database[] = {
        { PG_FACT_SERVER, r->call->version_text }, { PG_FACT_ENCODING, r->db->encoding }, { "collate", r->db->collate ? r->db->collate : "" },
        { "ctype", r->db->ctype ? r->db->ctype : "" }, { "owner", r->db->owner }, { "large_objects", f->large_objects },
        { PG_FACT_EXTENSIONS, f->extensions }, { PG_FACT_ROLES, f->roles }, { PG_FACT_TABLESPACES, f->tablespaces },
    };
    const struct pab_kv of_both[] = { { PG_FACT_SERVER_NUM, number }, { PG_FACT_TOOL, r->tool->version } };
    int rc = h->artifact_fact(r->sql, PG_FACT_FORMAT, PG_DATABASE);
    if (!rc) rc = h->artifact_fact(r->archive, PG_FACT_FORMAT, PG_ARCHIVE);
    for (size_t i = 0; i < sizeof of_database / sizeof *of_database && !rc; i++) rc = h->artifact_fact(r->sql, of_database[i].key, of_database[i].value);
    for (size_t i = 0; i < sizeof of_both / sizeof *of_both && !rc; i++) {
        rc = h->artifact_fact(r->sql, of_both[i].key, of_both[i].value);
        if (!rc) rc = h->artifact_fact(r->archive, of_both[i].key, of_both[i].value);
    }
    return rc;
}

static int commit(struct pg_dump_run *r, const struct pg_db_facts *f, struct pab_error *err)
{
    const struct pab_host *h = r->call->op->host;
    int rc = record_counts(r);
    if (!rc) rc = record_facts(r, f);
    if (!rc) rc = h->artifact_commit(TAKE_PTR(r->archive));
    if (!rc) rc = h->artifact_commit(TAKE_PTR(r->sql));
    return rc ? pg_host_failed(err, "the artifacts could not be committed") : PAB_OK;
}

static void release(struct pg_dump_run *r)
{
    for (int i = 0; i < r->conn_count; i++) PQfinish(r->conns[i]);
    if (r->sql) r->call->op->host->artifact_abort(r->sql);
    if (r->archive) r->call->op->host->artifact_abort(r->archive);
    free(r->conns);
    free(r->snapshot);
    free(r->pieces.items);
    pg_tables_release(&r->tables);
    pg_rowcounts_release(&r->counted);
    pthread_mutex_destroy(&r->lock);
}

int pg_dump_database(struct pg_call *c, const struct pg_db *db, const struct pg_tool *tool, struct pab_error *err)
{
    CLEANUP_FREE char *object = pg_display(db->name);
    CLEANUP(pg_db_facts_release) struct pg_db_facts facts = { 0 };
    struct pg_dump_run r = { .call = c, .db = db, .tool = tool, .lock = PTHREAD_MUTEX_INITIALIZER };
    int rc = prepare(&r, &facts, err);
    pab_test_point("postgres-snapshot");
    if (!rc) rc = begin_artifacts(&r, object, err);
    if (!rc) rc = copy_all(&r, err);
    pab_test_point("postgres-copied");
    if (!rc) rc = commit(&r, &facts, err);
    release(&r);
    return rc;
}
