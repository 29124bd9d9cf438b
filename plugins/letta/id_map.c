/* id_map.c - which id became which, for bots and workflows that name an agent by its id, and for the next restore. A later restore of
 * something else adds to it: what an earlier one told stays true. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "plugins/letta/restore_private.h"

#define MAX_SIZE ((size_t)16 << 20)

/* One that cannot be read is no reason not to restore; it is not written over either. */
void id_map_read(struct restoring *r)
{
    CLEANUP_FREE char *text = NULL;
    CLEANUP_JSON json_t *map = NULL;
    struct pab_error err = { 0 };
    size_t size = 0;
    if (!r->l->id_map) return;
    int rc = pab_read_file(AT_FDCWD, r->l->id_map, MAX_SIZE, &text, &size, &err);
    if (rc && (err.os_errno == ENOENT || err.os_errno == ENOTDIR)) return;
    if (!rc) rc = json_parse(text, size, "it", &map, &err);
    if (!rc && !json_is_object(map)) rc = pab_error_set(&err, PAB_E_CORRUPT, 0, "it is no map");
    if (!rc) json_object_update(r->recorded, map);
    if (!rc || is_plan(r)) return;
    pab_warn(r->op, NULL, "the map of ids '%s' cannot be read and stays as it is (%s): the log has the new ids", r->l->id_map, err.message);
    r->keep_map = 1;
}

/* Every pair that is news; agents have been told with their names. */
static void print_pairs(struct restoring *r)
{
    const char *old;
    json_t *now;
    json_object_foreach(r->map, old, now) {
        const char *text = json_string_value(now);
        if (!strcmp(old, text) || pab_str_has_prefix(old, "agent-") || json_equal(json_object_get(r->recorded, old), now)) continue;
        pab_log(r->op, PAB_LOG_INFO, "%s is %s now", old, text);
    }
}

void id_map_write(struct restoring *r)
{
    struct pab_error err = { 0 };
    if (!json_object_size(r->map)) return;
    print_pairs(r);
    json_object_update(r->recorded, r->map);
    if (!r->l->id_map || r->keep_map) return;
    CLEANUP_FREE char *text = json_dumps(r->recorded, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (!text || pab_write_file_atomic(AT_FDCWD, r->l->id_map, text, strlen(text), 0600, &err))
        pab_warn(r->op, NULL, "the map of ids cannot be written to '%s': the log has it", r->l->id_map);
    else pab_log(r->op, PAB_LOG_INFO, "old and new ids: %s", r->l->id_map);
}
