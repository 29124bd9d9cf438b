/* restore_md_pg.c - the part of RESTORE.md about PostgreSQL's artifacts; see restore_md.c. */
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/store/directory.h"

static void option(struct pab_buf *b, const struct pab_mf_artifact *a, const char *fact, const char *name)
{
    const char *value = pab_kvs_get(&a->facts, fact);
    if (!value || !*value) return;
    CLEANUP_FREE char *quoted = pab_str_shell(value);
    pab_buf_addf(b, " %s=%s", name, quoted);
}

static void database(struct pab_buf *b, const struct pab_mf_artifact *a, const char *cat, const char *path, const char *name)
{
    pab_buf_adds(b, "    createdb -T template0");
    option(b, a, "encoding", "--encoding");
    option(b, a, "collate", "--lc-collate");
    option(b, a, "ctype", "--lc-ctype");
    pab_buf_addf(b, " -- %s\n", name);
    /* psql takes what -d says for a connection string when it looks like one */
    pab_buf_addf(b, "    %s %s | PGDATABASE=%s psql -X -v ON_ERROR_STOP=1\n", cat, path, name);
}

void pab_restore_md_sql(struct pab_buf *b, const struct pab_mf_artifact *a, const char *cat, const char *path, const char *name)
{
    const char *content = pab_kvs_get(&a->facts, "content");
    if (strcmp(content ? content : a->object, "globals") != 0) database(b, a, cat, path, name);
    else pab_buf_addf(b, "Roles and tablespaces; errors about roles that exist already are harmless:\n\n    %s %s | psql -X -d postgres\n", cat, path);
}

void pab_restore_md_pg_archive(struct pab_buf *b, const char *path)
{
    pab_buf_addf(b, "For pg_restore: everything but the rows of large tables, which only the .sql file holds. What is in it, the definition of one table,\n"
                    "how the database itself was made and set up:\n\n"
                    "    pg_restore --list %s\n    pg_restore -f - --schema-only --table=TABLE %s\n    pg_restore -f - --create --section=pre-data %s | grep -E '^(CREATE|ALTER) DATABASE'\n",
                 path, path, path);
}
