/* restore_md.c - RESTORE.md: how to bring this very backup back with standard tools alone; see directory.h. */
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/store/directory.h"

static const char *cat_command(const struct pab_mf_artifact *a)
{
    if (strcmp(a->encoding, "gzip") == 0) return "zcat";
    return strcmp(a->encoding, "zstd") == 0 ? "zstd -dc" : "cat";
}

/* "-z -f", "--zstd -f": how tar is told. */
static const char *tar_option(const struct pab_mf_artifact *a)
{
    if (strcmp(a->encoding, "gzip") == 0) return "-z ";
    return strcmp(a->encoding, "zstd") == 0 ? "--zstd " : "";
}

#define TAR_OPTIONS "--xattrs --xattrs-include='*' --acls --numeric-owner -p"
#define METADATA "METADATA/.pabengine-metadata-only" /* as core/tree/chain.h has it */

/* One backup on top of what is in RESTORED: add UNPACK TAR INDEX. Names in the index have their odd bytes as octal escapes,
 * which printf knows; what lies below a folder is removed before the folder. */
static const char add_function[] =
    "    add() {\n"
    "        $1 \"$3\" | sed -n 's/%/%%/g;s/^#deleted=//p' | tac | while IFS= read -r p; do printf \"$p\\000\"; done |\n"
    "            (cd RESTORED && xargs -0 -r rm -df --) # what is gone\n"
    "        $1 \"$2\" | tar -x -f - -C RESTORED --anchored --exclude=.pabengine-metadata-only \\\n"
    "            --warning=no-unknown-keyword " TAR_OPTIONS " # what is new\n"
    "        mkdir -p " METADATA " # what has other metadata and the same content\n"
    "        $1 \"$2\" | tar -x -f - -C METADATA --wildcards '.pabengine-metadata-only/*' " TAR_OPTIONS " 2>/dev/null || true\n"
    "        (cd " METADATA " && find . -type f -exec sh -c \\\n"
    "            'for f; do cp --attributes-only --preserve=all \"$f\" \"../../RESTORED/$f\"; done' sh {} +)\n"
    "        rm -rf METADATA\n"
    "    }\n";

static const char *cat_file(const char *path)
{
    size_t n = strlen(path);
    if (n > 3 && strcmp(path + n - 3, ".gz") == 0) return "zcat";
    return n > 4 && strcmp(path + n - 4, ".zst") == 0 ? "'zstd -dc'" : "cat";
}

/* What an artifact is called in commands: somebody pastes them into a shell, and names come from services and from the user. */
struct words { char *path, *index, *object; };

/* A line of its own in the middle of a command would be lost, or taken for another command. No service allows such a name. */
static char *object_word(const char *object)
{
    int control = 0;
    for (const char *p = object; *p; p++) control |= (unsigned char)*p < 0x20;
    CLEANUP_FREE char *shown = control ? pab_str_printable(object) : pab_strdup(object);
    return pab_str_shell(shown);
}

static struct words words_of(const struct pab_mf_artifact *a)
{
    return (struct words){ pab_str_shell(a->path), a->index_path ? pab_str_shell(a->index_path) : NULL, object_word(a->object) };
}

static void free_words(struct words *w)
{
    free(w->path);
    free(w->index);
    free(w->object);
}

/* "BACKUP/PATH", beside this one. Caller frees. */
static char *beside(const char *path)
{
    CLEANUP_FREE char *above = pab_sprintf("../%s", path);
    return pab_str_shell(above);
}

static void chain(struct pab_buf *b, const struct pab_mf_artifact *a, const struct words *w)
{
    const char *first = a->layers.items[0];
    CLEANUP_FREE char *full = beside(first);
    pab_buf_adds(b, "It builds on backups that lie beside this one: the full one is unpacked first, then each later one on top, and this one last.\n\n");
    pab_buf_adds(b, add_function);
    pab_buf_addf(b, "    mkdir -p RESTORED\n    %s %s | tar -x -f - -C RESTORED " TAR_OPTIONS "\n", strcmp(cat_file(first), "'zstd -dc'") == 0 ? "zstd -dc" : cat_file(first), full);
    for (size_t i = 1; i < a->layers.count; i++) {
        CLEANUP_FREE char *tar = beside(a->layers.items[i]);
        CLEANUP_FREE char *index = beside(a->layer_indexes.items[i]);
        pab_buf_addf(b, "    add %s %s %s\n", cat_file(a->layers.items[i]), tar, index);
    }
    pab_buf_addf(b, "    add %s %s %s\n", cat_file(a->path), w->path, w->index);
    pab_buf_addf(b, "    %s %s | sed -n 's/%%/%%%%/g;s/^\\([^ ]*\\) type=dir .* time=\\([^ ]*\\).*/\\2 \\1/p' |\n"
                    "        while read -r t p; do touch -d \"@$t\" \"RESTORED/$(printf \"$p\")\"; done # folders' times\n", cat_command(a), w->index);
}

static void tree(struct pab_buf *b, const struct pab_mf_artifact *a, const struct words *w)
{
    if (a->layers.count) chain(b, a, w);
    else pab_buf_addf(b, "    mkdir -p RESTORED && tar -x %s-f %s -C RESTORED " TAR_OPTIONS "\n", tar_option(a), w->path);
    if (a->index_path) pab_buf_addf(b, "\nIts files, with modes, owners and SHA-256 (mtree format):\n\n    %s %s\n", cat_command(a), w->index);
}

static void stream(struct pab_buf *b, const struct pab_mf_artifact *a, const struct words *w)
{
    const char *type = a->media_type ? a->media_type : "";
    if (strcmp(type, "application/sql") == 0) {
        pab_restore_md_sql(b, a, cat_command(a), w->path, w->object);
    } else if (strcmp(type, "application/vnd.postgresql.custom-archive") == 0) {
        pab_restore_md_pg_archive(b, w->path);
    } else if (strcmp(type, "application/x-cypher-query") == 0) {
        pab_buf_addf(b, "Statements for cypher-shell, once the graph is there:\n\n    %s %s | cypher-shell -d %s\n", cat_command(a), w->path, w->object);
    } else if (strcmp(type, "application/x-neo4j-dump") == 0) {
        pab_buf_addf(b, "With the server stopped, by the admin tool of its version, as the server's user:\n\n"
                        "    neo4j-admin database load %s --from-stdin --overwrite-destination=true < %s\n", w->object, w->path);
    } else if (strcmp(type, "application/jsonl") == 0) {
        pab_buf_addf(b, "One JSON object a line:\n\n    %s %s | head\n", cat_command(a), w->path);
    } else if (strcmp(type, "application/json") == 0) {
        pab_buf_addf(b, "JSON:\n\n    %s %s | python3 -m json.tool | less\n", cat_command(a), w->path);
    } else {
        pab_buf_addf(b, "    %s %s > RESTORED\n", cat_command(a), w->path);
    }
}

static void artifact(struct pab_buf *b, const struct pab_mf_artifact *a)
{
    char size[32], content[32];
    CLEANUP_FREE char *object = pab_str_printable(a->object); /* no line of its own making */
    struct words w = words_of(a);
    pab_buf_addf(b, "\n### %s\n\nObject `%s`, %s, %s unpacked.\n\n", a->path, object, pab_format_size(a->size, size, sizeof size),
                 pab_format_size(a->content_size, content, sizeof content));
    if (a->kind == PAB_KIND_TREE) tree(b, a, &w);
    else stream(b, a, &w);
    free_words(&w);
}

char *pab_restore_md(const struct pab_manifest *m)
{
    char started[40];
    struct pab_buf b = PAB_BUF_INIT(0);
    CLEANUP_FREE char *word = pab_str_shell(m->name);
    CLEANUP_FREE char *job = pab_str_printable(m->job);
    pab_buf_addf(&b, "# Restoring `%s` by hand\n\nMade by pabengine %s on host `%s` for job `%s`, %s; status: %s.\n", m->name, m->engine_version, m->host, job,
                 pab_format_rfc3339(m->started_ns, started, sizeof started), m->status);
    pab_buf_adds(&b, "\nWith pabengine: `pabengine restore JOB ");
    pab_buf_addf(&b, "%s`.  Without it, run the commands below in this folder.\n\nFirst check that nothing was altered:\n\n    sha256sum -c SHA256SUMS\n", word);
    for (size_t t = 0; t < m->targets.count; t++) {
        const struct pab_mf_target *mt = &m->targets.items[t];
        if (!mt->artifacts.count) continue;
        CLEANUP_FREE char *target = pab_str_printable(mt->name);
        pab_buf_addf(&b, "\n## %s (%s)\n", target, mt->plugin);
        for (size_t i = 0; i < mt->artifacts.count; i++) artifact(&b, &mt->artifacts.items[i]);
    }
    return pab_buf_take(&b);
}
