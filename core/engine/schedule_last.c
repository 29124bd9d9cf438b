/* schedule_last.c - how the last run of a schedule came out: see schedule.h. */
#include "core/engine/schedule.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"

#define NS 1000000000LL
#define MAX_STATE (64u << 10)

static char *state_path(const char *state_dir, const char *id) { return pab_sprintf("%s/schedule/%s.json", state_dir, id); }

static char *string_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return pab_strdup(s ? s : "");
}

int pab_schedule_last_read(const char *state_dir, const char *id, struct pab_schedule_last *ret, struct pab_error *err)
{
    CLEANUP_FREE char *path = state_path(state_dir, id);
    CLEANUP_FREE char *text = NULL;
    *ret = (struct pab_schedule_last){ 0 };
    if (pab_read_file(AT_FDCWD, path, MAX_STATE, &text, NULL, err)) {
        if (err->code != PAB_E_NOT_FOUND)
            return err->code;
        pab_error_clear(err);
        text = pab_strdup("{}");
    }
    json_t *o = json_loads(text, 0, NULL);
    if (!json_is_object(o)) {
        json_decref(o);
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is not what a scheduled run writes", path);
    }
    ret->started_ns = json_integer_value(json_object_get(o, "started")) * NS;
    ret->ended_ns = json_integer_value(json_object_get(o, "ended")) * NS;
    ret->exit_code = (int)json_integer_value(json_object_get(o, "exit_code"));
    ret->backup = string_of(o, "backup");
    ret->message = string_of(o, "message");
    json_decref(o);
    return PAB_OK;
}

void pab_schedule_last_release(struct pab_schedule_last *l)
{
    free(l->backup);
    free(l->message);
    *l = (struct pab_schedule_last){ 0 };
}

int pab_schedule_last_write(const char *state_dir, const char *id, const struct pab_schedule_last *l, struct pab_error *err)
{
    CLEANUP_FREE char *path = state_path(state_dir, id);
    CLEANUP_FREE char *folder = pab_sprintf("%s/schedule", state_dir);
    json_t *o = json_object();
    json_object_set_new(o, "started", json_integer(l->started_ns / NS));
    json_object_set_new(o, "ended", json_integer(l->ended_ns / NS));
    json_object_set_new(o, "exit_code", json_integer(l->exit_code));
    json_object_set_new(o, "backup", json_string(l->backup));
    json_object_set_new(o, "message", json_string(l->message));
    CLEANUP_FREE char *text = json_dumps(o, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    json_decref(o);
    if (!text)
        return pab_error_set(err, PAB_E_NOMEM, 0, "no memory for '%s'", path);
    if (pab_mkdirs(AT_FDCWD, folder, 0700, err))
        return err->code;
    return pab_write_file_atomic(AT_FDCWD, path, text, strlen(text), 0600, err);
}
