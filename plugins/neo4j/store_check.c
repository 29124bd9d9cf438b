/* store_check.c - the consistency check of Neo4j's own tool, of what a backup holds: a dump or a data folder is put into the private folder
 * and looked at there. Only where a home of Neo4j is configured; it needs room for the whole store. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define CHUNK (256u << 10)

static int run_check(const struct neo4j *n, struct pab_op *op, const char *database, const char *const *sources, const char *dir)
{
    CLEANUP(admin_release) struct admin_command c = { 0 };
    CLEANUP_FREE char *report = pab_sprintf("--report-path=%s", dir), *what = pab_sprintf("neo4j-admin database check of '%s'", database), *said = NULL;
    const char *const words[] = { "database", "check", database, report };
    struct pab_error err = { 0 };
    admin_init(&c, n);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) pab_strs_add(&c.argv, words[i]);
    for (; *sources; sources++) pab_strs_add(&c.argv, *sources);
    struct pab_proc_opts o = admin_options(&c, op, what);
    int rc = pab_proc_capture(&o, 1u << 20, &said, &err);
    if (!rc) return PAB_OK;
    if (rc != PAB_E_TOOL) return sup_fail(op, &err);
    return pab_fail(op, PAB_E_CORRUPT, 0, "neo4j-admin must be of the version that made the backup, or a newer one", "%s", err.message);
}

static int copy_to(struct pab_op *op, uint32_t index, const char *path)
{
    const struct pab_host *h = op->host;
    CLEANUP_FREE char *buf = pab_alloc_array(1, CHUNK);
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct pab_reader *r = NULL;
    int64_t n = 0;
    if (fd < 0) return pab_fail(op, PAB_E_IO, errno, NULL, "cannot make '%s'", path);
    int rc = h->artifact_open(op, index, PAB_OPEN_DATA, &r);
    if (rc) return rc;
    while (!rc && (n = h->artifact_read(r, buf, CHUNK)) > 0)
        if (pab_write_all(fd, buf, (size_t)n)) rc = pab_fail(op, pab_error_code_of_errno(errno), errno, NULL, "cannot write to '%s'", path);
    h->artifact_close(r);
    return rc ? rc : (int)n;
}

int store_check_dump(const struct neo4j *n, struct pab_op *op, uint32_t index, const struct pab_artifact_info *a)
{
    const char *database = info_fact(a, "database"), *dir = op->host->scratch_dir(op);
    struct pab_error err = { 0 };
    if (!dir) return PAB_E_IO;
    if (!pab_path_is_safe(database) || strchr(database, '/')) return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s': the manifest does not say which database it is", a->path);
    CLEANUP_FREE char *path = pab_sprintf("%s/%s.dump", dir, database), *from = pab_sprintf("--from-path=%s", dir), *temp = pab_sprintf("--temp-path=%s/%s-unpacked", dir, database);
    const char *const sources[] = { from, temp, NULL };
    int rc = copy_to(op, index, path);
    if (!rc && pab_mkdirs(AT_FDCWD, strchr(temp, '=') + 1, 0700, &err)) rc = sup_fail(op, &err);
    if (!rc) rc = run_check(n, op, database, sources, dir);
    unlink(path);
    pab_remove_tree(AT_FDCWD, strchr(temp, '=') + 1, NULL);
    return rc;
}

int store_check_data(const struct neo4j *n, struct pab_op *op, uint32_t index)
{
    const struct pab_host *h = op->host;
    const char *scratch = h->scratch_dir(op);
    struct pab_error err = { 0 };
    struct pab_reader *r = NULL;
    if (!scratch) return PAB_E_IO;
    CLEANUP_FREE char *dir = pab_sprintf("%s/data", scratch), *data = pab_sprintf("--from-path-data=%s/databases", dir), *logs = pab_sprintf("--from-path-txn=%s/transactions", dir);
    const char *const sources[] = { data, logs, NULL };
    struct pab_extract x = { .struct_size = sizeof x, .flags = PAB_EXTRACT_NO_OWNER, .dest = dir };
    if (pab_mkdirs(AT_FDCWD, dir, 0700, &err)) return sup_fail(op, &err);
    int rc = h->artifact_open(op, index, PAB_OPEN_DATA, &r);
    if (!rc) rc = h->tree_extract(r, &x);
    h->artifact_close(r);
    if (!rc) rc = run_check(n, op, n->database, sources, scratch);
    pab_remove_tree(AT_FDCWD, dir, NULL);
    return rc;
}
