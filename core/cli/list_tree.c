/* list_tree.c - see list_tree.h. */
#include <stdio.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/cli/cli.h"
#include "core/cli/list_tree.h"
#include "core/store/names.h"
#include "core/tree/tree_reader.h"

static const char type_chars[] = "?-dlhpcb";
static const char *const type_names[] = { "?", "file", "folder", "symlink", "hardlink", "fifo", "char", "block" };

static void mode_string(const struct pab_entry *e, char out[11])
{
    static const char rwx[] = "rwxrwxrwx";
    out[0] = type_chars[e->type];
    for (int i = 0; i < 9; i++) out[i + 1] = e->mode & (0400u >> i) ? rwx[i] : '-';
    if (e->mode & 04000) out[3] = out[3] == 'x' ? 's' : 'S';
    if (e->mode & 02000) out[6] = out[6] == 'x' ? 's' : 'S';
    if (e->mode & 01000) out[9] = out[9] == 'x' ? 't' : 'T';
    out[10] = 0;
}

static void print_entry(const struct pab_entry *e)
{
    char mode[11], time[40];
    CLEANUP_FREE char *path = pab_str_escape(e->path);
    CLEANUP_FREE char *link = e->link ? pab_str_escape(e->link) : NULL;
    mode_string(e, mode);
    pab_cli_say("%s %5u %5u %12llu %.19s %s%s%s\n", mode, e->uid, e->gid, (unsigned long long)e->size, pab_format_rfc3339(e->mtime_ns, time, sizeof time),
           path, link ? " -> " : "", link ? link : "");
}

/* Names as they are; where one is no UTF-8, which JSON cannot hold, both escaped, and that is said: another file may be called so. */
static json_t *entry_json(const struct pab_mf_target *t, const struct pab_mf_artifact *a, const struct pab_entry *e)
{
    char time[40], mode[8];
    int raw = pab_utf8_valid(e->path, strlen(e->path)) && (!e->link || pab_utf8_valid(e->link, strlen(e->link)));
    CLEANUP_FREE char *path = raw ? pab_strdup(e->path) : pab_str_escape(e->path);
    CLEANUP_FREE char *link = !e->link ? NULL : raw ? pab_strdup(e->link) : pab_str_escape(e->link);
    snprintf(mode, sizeof mode, "%04o", e->mode);
    json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "path", path, "type", type_names[e->type], "mode", mode, "uid", (json_int_t)e->uid,
                          "gid", (json_int_t)e->gid, "size", (json_int_t)e->size, "mtime", pab_format_rfc3339(e->mtime_ns, time, sizeof time));
    if (link) json_object_set_new(o, "link", json_string(link));
    if (e->sha256) json_object_set_new(o, "sha256", json_string(e->sha256));
    if (!raw) json_object_set_new(o, "escaped", json_true());
    json_object_set_new(o, "target", json_string(t->name));
    json_object_set_new(o, "artifact", json_string(a->path));
    return o;
}

int pab_list_tree(const struct pab_backup *b, const struct pab_mf_target *t, const struct pab_mf_artifact *a, json_t *array, struct pab_error *err)
{
    enum pab_codec codec;
    struct pab_source *source = NULL;
    struct pab_tree_reader *tree = NULL;
    struct pab_entry e = { .struct_size = sizeof e };
    if (!a->index_path || pab_codec_from_name(a->encoding, &codec)) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' has no index that can be read", a->path);
    CLEANUP_CLOSE int fd = pab_backup_open_file(b, a->index_path, err);
    if (fd < 0) return err->code;
    int rc = pab_source_open(&(struct pab_source_opts){ .fd = fd, .codec = codec, .length = PAB_SIZE_UNKNOWN, .threads = 1, .what = a->index_path }, &source, err);
    if (!rc) rc = pab_tree_reader_index(source, &tree, err);
    while (!rc && (rc = pab_tree_reader_next(tree, &e, err)) == PAB_OK) {
        if (array) json_array_append_new(array, entry_json(t, a, &e));
        else print_entry(&e);
    }
    pab_tree_reader_free(tree);
    pab_source_close(source);
    return rc == PAB_END ? PAB_OK : rc;
}
