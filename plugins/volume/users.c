/* users.c - the containers that use volumes, from one look at all of them, and what compose says of their order. */
#include <string.h>
#include "plugins/volume/volume.h"

static const char *label(const json_t *container, const char *key)
{
    const char *s = json_string_value(json_object_get(json_at(container, "Labels"), key));
    return s ? s : "";
}

char *user_depends(const struct user *who, const struct user *on)
{
    size_t n = strlen(on->service);
    if (!n || strcmp(who->project, on->project)) return NULL;
    /* "db:service_healthy:false,redis:service_started:true" */
    for (const char *p = who->depends; *p; p += strcspn(p, ","), p += *p == ',') {
        if (strncmp(p, on->service, n) || !strchr(":,", p[n])) continue;
        const char *condition = p + n + (p[n] == ':');
        return pab_strndup(condition, strcspn(condition, ":,"));
    }
    return NULL;
}

/* Visits each container once: one that is met again on its own way down, in a ring, counts as it stands. */
static int depth_of(struct users *u, size_t i)
{
    struct user *me = &u->items[i];
    if (me->depth >= 0) return me->depth;
    me->depth = 0;
    for (size_t k = 0; k < u->count; k++) {
        CLEANUP_FREE char *condition = k == i ? NULL : user_depends(me, &u->items[k]);
        int below = condition ? 1 + depth_of(u, k) : 0;
        if (below > me->depth) me->depth = below;
    }
    return me->depth;
}

int users_load(struct docker *d, struct users *ret, struct pab_error *err)
{
    int rc = docker_call(d, "GET", NULL, 0, &ret->all, NULL, err, "/containers/json?all=1");
    if (rc) return rc;
    for (size_t i = 0; i < json_array_size(ret->all); i++) {
        const json_t *c = json_array_get(ret->all, i);
        const char *name = json_string_value(json_array_get(json_at(c, "Names"), 0)), *state = json_text(c, "State");
        struct user u = { .id = pab_strdup(json_text(c, "Id")), .name = pab_strdup(name ? name + (name[0] == '/') : json_text(c, "Id")),
                          .project = pab_strdup(label(c, "com.docker.compose.project")), .service = pab_strdup(label(c, "com.docker.compose.service")),
                          .depends = pab_strdup(label(c, "com.docker.compose.depends_on")), .depth = -1 };
        u.paused = !strcmp(state, "paused");
        u.running = u.paused || !strcmp(state, "running") || !strcmp(state, "restarting");
        PAB_PUSH(ret, u);
    }
    for (size_t i = 0; i < ret->count; i++) depth_of(ret, i);
    return PAB_OK;
}

int user_has_volume(const struct users *u, size_t i, const char *volume)
{
    const json_t *mounts = json_at(json_array_get(u->all, i), "Mounts");
    for (size_t m = 0; m < json_array_size(mounts); m++) {
        const json_t *mount = json_array_get(mounts, m);
        if (!strcmp(json_text(mount, "Type"), "volume") && !strcmp(json_text(mount, "Name"), volume)) return 1;
    }
    return 0;
}

/* What another container wants to have ended is not down when it has. */
static int is_to_end(const struct users *u, size_t i)
{
    for (size_t k = 0; k < u->count; k++) {
        CLEANUP_FREE char *condition = k == i ? NULL : user_depends(&u->items[k], &u->items[i]);
        if (condition && !strcmp(condition, "service_completed_successfully")) return 1;
    }
    return 0;
}

char *user_is_down(const struct users *u, size_t i)
{
    const json_t *c = json_array_get(u->all, i);
    const char *state = json_text(c, "State");
    if (*label(c, "pabengine.helper")) return NULL;
    if (!strcmp(state, "running")) return strstr(json_text(c, "Status"), "(unhealthy)") ? pab_strdup("unhealthy") : NULL;
    if (!strcmp(state, "exited") && pab_str_has_prefix(json_text(c, "Status"), "Exited (0)") && is_to_end(u, i)) return NULL;
    return pab_strdup(*state ? state : "not running");
}

char *users_text(const struct users *u, const char *volume, int running_only)
{
    struct pab_buf text = PAB_BUF_INIT(64 * 1024);
    for (size_t i = 0; i < u->count; i++) {
        if (!user_has_volume(u, i, volume) || (running_only && !u->items[i].running)) continue;
        pab_buf_addf(&text, "%s%s", text.size ? ", " : "", u->items[i].name);
        if (!running_only) pab_buf_addf(&text, " (%s)", json_text(json_array_get(u->all, i), "State"));
    }
    pab_buf_adds(&text, "");
    return text.data ? pab_buf_take(&text) : pab_strdup("");
}

void users_release(struct users *u)
{
    for (size_t i = 0; i < u->count; i++) {
        char *const texts[] = { u->items[i].id, u->items[i].name, u->items[i].project, u->items[i].service, u->items[i].depends };
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) free(texts[k]);
    }
    free(u->items);
    json_decref(u->all);
    *u = (struct users){ 0 };
}
