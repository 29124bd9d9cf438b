/* n8n_fixture.h - an instance of the n8n plugin between the fake host and an n8n in memory, as strict as the real one: members that it
 * tells itself and unknown ones are refused, an archived workflow is not changed, lists are counted by offset. */
#ifndef PAB_TESTS_N8N_FIXTURE_H
#define PAB_TESTS_N8N_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/n8n/n8n.h"
#include "tests/fakes/host.h"
#include "tests/fakes/http.h"
#include "tests/unit/unit.h"

static struct {
    char dir[64];               /* a fresh folder, for the command */
    struct fake_http *server;
    struct fake_host *host;
    struct pab_config *config;
    const struct pab_plugin *plugin;
    void *instance;
    json_t *workflows, *tags, *credentials, *tables, *rows;    /* arrays; rows: table id -> array */
    unsigned next_id, page;     /* ids that the server makes; items a page, at most */
    int has_licence;            /* for variables, projects and folders */
    json_t *variables, *folders;
    const char *delete_while;   /* this workflow goes after the first page */
    int has_packages;           /* an import makes the workflows of `packaged` */
    const char *const *packaged;
    struct fake_answer package_answer; /* ... and is answered so; all zero: well */
    int cancel_package;         /* the user cancels while it is at work */
    unsigned refuse_put;        /* this status for the PUT of workflows ... */
    const char *refuse_name;    /* ... of this name; NULL: all */
    struct pab_strs texts;      /* of answers: they live as long as the server */
} it;

static inline void put_file(const char *path, const char *text, mode_t mode)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *whole = pab_sprintf("%s/%s", it.dir, path);
    CLEANUP_FREE char *dir = pab_strndup(whole, (size_t)(strrchr(whole, '/') - whole));
    ck_assert_int_eq(pab_mkdirs(AT_FDCWD, dir, 0755, &err), PAB_OK);
    ck_assert_int_eq(pab_write_file_atomic(AT_FDCWD, whole, text, strlen(text), mode, &err), PAB_OK);
}

/* ---- the server */

static json_t *by_id(json_t *list, const char *id, size_t *ret_at)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        if (strcmp(json_text(item, "id"), id)) continue;
        if (ret_at) *ret_at = i;
        return item;
    }
    return NULL;
}

static int answer(struct fake_answer *a, int status, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(body);
    pab_strs_add(&it.texts, text);
    free(text);
    *a = (struct fake_answer){ .status = status, .headers = "Content-Type: application/json\r\n", .body = it.texts.items[it.texts.count - 1] };
    return 1;
}

static int refuse(struct fake_answer *a, int status, const char *message) { return answer(a, status, json_pack("{s:s}", "message", message)); }

static const char *query(const char *request, const char *key)
{
    CLEANUP_FREE char *wanted = pab_sprintf("%s=", key);
    const char *p = strchr(request, '?');
    while (p && strncmp(p + 1, wanted, strlen(wanted))) p = strchr(p + 1, '&');
    return p ? p + 1 + strlen(wanted) : NULL;
}

static int answer_list(struct fake_answer *a, const char *request, json_t *list)
{
    const char *limit = query(request, "limit"), *cursor = query(request, "cursor");
    size_t from = cursor ? strtoul(cursor, NULL, 10) : 0, n = limit ? strtoul(limit, NULL, 10) : 100, i;
    json_t *data = json_array(), *item;
    if (it.page && n > it.page) n = it.page;
    json_array_foreach(list, i, item)
        if (i >= from && i < from + n) json_array_append(data, item);
    json_t *body = json_pack("{s:o, s:n}", "data", data, "nextCursor");
    if (from + n < json_array_size(list)) {
        CLEANUP_FREE char *next = pab_sprintf("%zu", from + n);
        json_object_set_new(body, "nextCursor", json_string(next));
    }
    int rc = answer(a, 200, body);
    size_t at;
    if (list == it.workflows && it.delete_while && by_id(list, it.delete_while, &at)) json_array_remove(list, at);
    return rc;
}

static json_t *new_id(json_t *o, const char *prefix)
{
    CLEANUP_FREE char *id = pab_sprintf("%s%u", prefix, ++it.next_id);
    json_object_set_new(o, "id", json_string(id));
    return o;
}

static json_t *new_workflow(const char *id, const char *name)
{
    json_t *w = json_pack("{s:s, s:b, s:b, s:[], s:{}, s:{}, s:n, s:n, s:[], s:s}", "name", name, "active", 0, "isArchived", 0, "nodes", "connections", "settings",
                          "staticData", "pinData", "tags", "versionId", "v1");
    if (id) json_object_set_new(w, "id", json_string(id));
    else new_id(w, "new");
    json_array_append_new(it.workflows, w);
    return w;
}

static const char *refusal(const json_t *body)
{
    static const char *const taken[] = { "name", "nodes", "connections", "settings", "staticData", "pinData", NULL };
    static const char *const settings[] = { "executionOrder", "errorWorkflow", "timezone", "callerPolicy", NULL };
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)body, key, value) {
        size_t i = 0;
        while (taken[i] && strcmp(taken[i], key)) i++;
        if (!taken[i]) return "request/body must NOT have additional properties";
    }
    json_object_foreach(json_object_get(body, "settings"), key, value) {
        size_t i = 0;
        while (settings[i] && strcmp(settings[i], key)) i++;
        if (!settings[i]) return "request/body/settings must NOT have additional properties";
    }
    for (size_t i = 0; i < 4; i++)
        if (!json_object_get(body, taken[i])) return "request/body must have required property";
    return NULL;
}

static int set_tags(struct fake_answer *a, json_t *w, const json_t *body)
{
    json_t *tags = json_array(), *item;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)body, i, item) {
        json_t *tag = by_id(it.tags, json_text(item, "id"), NULL);
        if (!tag) return refuse(a, 404, "Some tags not found");
        json_array_append(tags, tag);
    }
    json_object_set(w, "tags", tags);
    return answer(a, 200, tags);
}

static int workflow_call(struct fake_answer *a, const char *method, const char *rest, const json_t *body)
{
    CLEANUP_FREE char *id = pab_strndup(rest, strcspn(rest, "/?"));
    const char *verb = rest[strlen(id)] == '/' ? rest + strlen(id) + 1 : "";
    size_t at = 0;
    json_t *w = by_id(it.workflows, id, &at);
    if (!w) return refuse(a, 404, "Not Found");
    if (!strcmp(verb, "tags")) return !strcmp(method, "PUT") ? set_tags(a, w, body) : answer(a, 200, json_incref(json_object_get(w, "tags")));
    if (!strcmp(verb, "activate") || !strcmp(verb, "deactivate")) {
        if (json_flag(w, "isArchived")) return refuse(a, 400, "Cannot activate an archived workflow");
        if (*verb == 'a' && !json_array_size(json_object_get(w, "nodes"))) return refuse(a, 400, "Workflow has no node to start the workflow");
        json_object_set_new(w, "active", json_boolean(*verb == 'a'));
    } else if (!strcmp(verb, "archive") || !strcmp(verb, "unarchive")) {
        json_object_set_new(w, "isArchived", json_boolean(*verb == 'a'));
    } else if (!strcmp(method, "PUT")) {
        if (json_flag(w, "isArchived")) return refuse(a, 400, "Cannot update an archived workflow");
        if (refusal(body)) return refuse(a, 400, refusal(body));
        if (it.refuse_put && (!it.refuse_name || !strcmp(json_text(body, "name"), it.refuse_name))) return refuse(a, (int)it.refuse_put, "request entity too large");
        json_object_update(w, (json_t *)(uintptr_t)body);
    }
    return answer(a, 200, json_incref(w));
}

static int post_workflow(struct fake_answer *a, const json_t *body)
{
    if (refusal(body)) return refuse(a, 400, refusal(body));
    json_t *w = new_workflow(NULL, json_text(body, "name"));
    json_object_update(w, (json_t *)(uintptr_t)body);
    return answer(a, 200, json_incref(w));
}

static int table_call(struct fake_answer *a, const char *request, const char *method, const char *rest, const json_t *body)
{
    CLEANUP_FREE char *id = pab_strndup(rest, strcspn(rest, "/?"));
    json_t *rows = json_object_get(it.rows, id), *row;
    size_t i;
    if (!rows) return refuse(a, 404, "Not Found");
    if (!strcmp(method, "GET")) return answer_list(a, request, rows);
    if (!strcmp(method, "DELETE")) json_array_clear(rows);
    else json_array_foreach(json_object_get(body, "data"), i, row) {
        json_t *mine = json_deep_copy(row);
        json_object_set_new(mine, "id", json_integer((json_int_t)json_array_size(rows) + 1));
        json_array_append_new(rows, mine);
    }
    return answer(a, 200, json_pack("{s:I}", "count", (json_int_t)json_array_size(rows)));
}

static int post_table(struct fake_answer *a, const json_t *body)
{
    json_t *t = new_id(json_deep_copy(body), "table");
    json_array_append_new(it.tables, t);
    json_object_set_new(it.rows, json_text(t, "id"), json_array());
    return answer(a, 200, json_incref(t));
}

static int post_tag(struct fake_answer *a, const json_t *body)
{
    json_t *t = new_id(json_deep_copy(body), "tag");
    json_array_append_new(it.tags, t);
    return answer(a, 201, json_incref(t));
}

static int import_package(struct fake_answer *a)
{
    if (!it.has_packages) return refuse(a, 404, "not found");
    for (const char *const *id = it.packaged; id && *id; id++)
        if (!by_id(it.workflows, *id, NULL)) new_workflow(*id, "imported");
    if (it.cancel_package) fake_cancel(it.host);
    if (!it.package_answer.status && !it.package_answer.drop && !it.package_answer.hang) return answer(a, 200, json_object());
    *a = it.package_answer;
    return 1;
}

static int variable_call(struct fake_answer *a, const char *request, const char *method, const char *rest, const json_t *body)
{
    if (!strcmp(method, "GET")) return answer_list(a, request, it.variables);
    if (json_object_size(body) != 2) return refuse(a, 400, "request/body must NOT have additional properties");
    json_t *v = *rest ? by_id(it.variables, rest, NULL) : new_id(json_object(), "var");
    if (!v) return refuse(a, 404, "Not Found");
    json_object_update(v, (json_t *)(uintptr_t)body);
    if (!*rest) json_array_append_new(it.variables, v);
    return answer(a, 200, json_incref(v));
}

/* The one list that pages by skip and take. */
static int answer_folders(struct fake_answer *a, const char *request)
{
    size_t skip = strtoul(query(request, "skip"), NULL, 10), take = strtoul(query(request, "take"), NULL, 10), i;
    json_t *data = json_array(), *folder;
    if (it.page && take > it.page) take = it.page;
    json_array_foreach(it.folders, i, folder)
        if (i >= skip && i < skip + take) json_array_append(data, folder);
    return answer(a, 200, json_pack("{s:I, s:o}", "count", (json_int_t)json_array_size(it.folders), "data", data));
}

static int serve(void *ctx, const char *request, const char *body, struct fake_answer *a)
{
    static const char api[] = "/api/v1/";
    CLEANUP_FREE char *method = pab_strndup(request, strcspn(request, " "));
    const char *path = strstr(request, api);
    CLEANUP_JSON json_t *sent = body && *body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL;
    int is_get = !strcmp(method, "GET");
    (void)ctx;
    if (!path) return 0;
    path += strlen(api);
    CLEANUP_FREE char *name = pab_strndup(path, strcspn(path, "/?"));
    const char *rest = path[strlen(name)] == '/' ? path + strlen(name) + 1 : "";
    if (!strcmp(name, "n8n-packages")) return import_package(a);
    if (!strcmp(name, "workflows")) return *rest ? workflow_call(a, method, rest, sent) : is_get ? answer_list(a, request, it.workflows) : post_workflow(a, sent);
    if (!strcmp(name, "tags")) return is_get ? answer_list(a, request, it.tags) : post_tag(a, sent);
    if (!strcmp(name, "credentials")) return answer_list(a, request, it.credentials);
    if (!strcmp(name, "data-tables")) return *rest ? table_call(a, request, method, rest, sent) : is_get ? answer_list(a, request, it.tables) : post_table(a, sent);
    if (!strcmp(name, "users")) return answer(a, 200, json_pack("{s:[{s:s,s:s}], s:n}", "data", "id", "u1", "email", "owner@example.org", "nextCursor"));
    if (it.has_licence && !strcmp(name, "variables")) return variable_call(a, request, method, rest, sent);
    if (it.has_licence && !strcmp(name, "projects")) return strstr(rest, "/folders") ? answer_folders(a, request) : answer(a, 200, json_pack("{s:[{s:s}], s:n}", "data", "id", "p1", "nextCursor"));
    if (!strcmp(name, "projects") || !strcmp(name, "variables")) return refuse(a, 403, "Your license does not allow for feat:variables.");
    return 0;
}

/* What a test scripts by fake_http_on is to come first: the handler is asked before the script, so it steps aside for these. */
static const char *const *aside;
static int serve_unless_aside(void *ctx, const char *request, const char *body, struct fake_answer *a)
{
    for (const char *const *p = aside; p && *p; p++)
        if (!strncmp(request, *p, strlen(*p))) return 0;
    return serve(ctx, request, body, a);
}

/* ---- */

static void begin(void)
{
    memset(&it, 0, sizeof it);
    aside = NULL;
    strcpy(it.dir, "/tmp/pab-check-n8n-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(it.dir));
    it.server = fake_http_new();
    fake_http_handle(it.server, serve_unless_aside, NULL);
    it.host = fake_host_new();
    it.plugin = pab_plugin_init();
    it.workflows = json_array(), it.tags = json_array(), it.credentials = json_array(), it.tables = json_array(), it.rows = json_object(), it.variables = json_array(), it.folders = json_array();
    ck_assert_int_eq(it.plugin->load(fake_table(it.host)), PAB_OK);
    it.config = fake_options(it.host, it.plugin->options, it.plugin->option_count);
    fake_set(it.config, "url", fake_http_url(it.server));
    fake_set(it.config, "api_key", "the-key-of-the-api");
}

static void end(void)
{
    struct pab_error err = { 0 };
    it.plugin->close(it.instance);
    fake_host_free(it.host);
    fake_http_free(it.server);
    json_decref(it.workflows);
    json_decref(it.tags);
    json_decref(it.credentials);
    json_decref(it.tables);
    json_decref(it.rows);
    json_decref(it.variables);
    json_decref(it.folders);
    pab_strs_release(&it.texts);
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, it.dir, &err), PAB_OK);
}

static void open_now(void)
{
    if (!it.instance) ck_assert_int_eq(it.plugin->open(fake_op(it.host), it.config, &it.instance), PAB_OK);
}

static int ended(int rc)
{
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(!wrong, "%s", wrong);
    return rc;
}

static inline int backup(void)
{
    struct pab_backup_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    open_now();
    fake_new_verb(it.host);
    return ended(it.plugin->backup(it.instance, fake_op(it.host), &req));
}

static inline int verify(void)
{
    struct pab_verify_req req = { .struct_size = sizeof req, .flags = PAB_VERIFY_CONTENT };
    open_now();
    fake_new_verb(it.host);
    fake_verify_req(it.host, &req);
    req.flags = PAB_VERIFY_CONTENT;
    return ended(it.plugin->verify(it.instance, fake_op(it.host), &req));
}

static inline int restore(uint32_t flags)
{
    struct pab_restore_req req = { .struct_size = sizeof req };
    open_now();
    fake_new_verb(it.host);
    fake_restore_req(it.host, &req);
    req.flags = flags;
    return ended(it.plugin->restore(it.instance, fake_op(it.host), &req));
}

static inline int discover(void)
{
    struct pab_discover_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    open_now();
    fake_new_verb(it.host);
    return ended(it.plugin->discover(it.instance, fake_op(it.host), &req));
}

static inline const char *stored(const char *stem)
{
    struct fake_artifact *a = fake_artifact_named(it.host, stem);
    return a && a->state == FAKE_COMMITTED ? a->data.bytes : NULL;
}

static inline const char *fact(const char *key) { return fake_value(&it.host->facts, key); }

static inline void ok(int rc) { ck_assert_msg(rc == PAB_OK, "%d: %s", rc, it.host->failure.message ? it.host->failure.message : "?"); }

/* One of the server's, with a node and settings. */
static inline json_t *add_workflow(const char *id, const char *name, const char *nodes, const char *settings)
{
    json_t *w = new_workflow(id, name);
    json_object_set_new(w, "nodes", json_loads(nodes ? nodes : "[{\"name\":\"Start\",\"type\":\"n8n-nodes-base.webhook\"}]", 0, NULL));
    if (settings) json_object_set_new(w, "settings", json_loads(settings, 0, NULL));
    return w;
}

static inline void wipe(void)
{
    json_array_clear(it.workflows);
    json_array_clear(it.tags);
    json_array_clear(it.tables);
    json_object_clear(it.rows);
}

static inline json_t *named(const char *name)
{
    size_t i;
    json_t *w;
    json_array_foreach(it.workflows, i, w)
        if (!strcmp(json_text(w, "name"), name)) return w;
    ck_abort_msg("no workflow '%s'", name);
}

static const char caller[] __attribute__((unused)) = "[{\"name\":\"Call\",\"type\":\"n8n-nodes-base.executeWorkflow\",\"parameters\":{\"workflowId\":{\"__rl\":true,\"value\":\"bbb\",\"mode\":\"list\","
                             "\"cachedResultUrl\":\"/workflow/bbb\"}}}]";

static inline void two_that_call(void)
{
    add_workflow("aaa", "Caller", caller, "{\"errorWorkflow\":\"bbb\"}");
    add_workflow("bbb", "Called", NULL, NULL);
    json_object_set_new(named("Called"), "active", json_true());
}

#endif
