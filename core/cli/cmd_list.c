/* cmd_list.c - pabengine list JOB [BACKUP [PATH]] */
#include <stdio.h>
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cli/list_tree.h"
#include "core/cli/printer.h"
#include "core/store/store.h"

static uint64_t size_of(const struct pab_manifest *m)
{
    return m->totals.size;
}

static void join_targets(const struct pab_manifest *m, struct pab_buf *b)
{
    for (size_t t = 0; t < m->targets.count; t++)
        if (m->targets.items[t].status != PAB_MF_SKIPPED) pab_buf_addf(b, "%s%s", b->size ? "," : "", m->targets.items[t].name);
}

static json_t *backup_json(const struct pab_backup_info *i, const char *latest)
{
    char started[40];
    json_t *o = json_object(), *targets = json_array();
    json_object_set_new(o, "name", json_string(i->name));
    json_object_set_new(o, "readable", json_boolean(i->readable));
    json_object_set_new(o, "latest", json_boolean(latest && strcmp(latest, i->name) == 0));
    json_object_set_new(o, "pinned", json_boolean(i->pin != NULL));
    if (i->pin && *i->pin) json_object_set_new(o, "pin_reason", json_string(i->pin));
    if (i->readable) {
        const struct pab_manifest *m = &i->manifest;
        json_object_set_new(o, "id", json_string(m->id));
        json_object_set_new(o, "job", json_string(m->job));
        json_object_set_new(o, "kind", json_string(m->kind));
        json_object_set_new(o, "status", json_string(m->status));
        json_object_set_new(o, "started", json_string(pab_format_rfc3339(m->started_ns, started, sizeof started)));
        json_object_set_new(o, "size", json_integer((json_int_t)size_of(m)));
        json_object_set_new(o, "content_size", json_integer((json_int_t)m->totals.content_size));
        for (size_t t = 0; t < m->targets.count; t++)
            if (m->targets.items[t].status != PAB_MF_SKIPPED) json_array_append_new(targets, json_string(m->targets.items[t].name));
        json_object_set_new(o, "targets", targets);
    } else {
        json_decref(targets);
        json_object_set_new(o, "problem", json_string(i->problem ? i->problem : "unreadable"));
    }
    return o;
}

static void backup_line(const struct pab_backup_info *i, const char *latest)
{
    char age[32], size[32];
    if (!i->readable) {
        pab_cli_say("%-26s %-12s %s\n", i->name, "UNREADABLE", i->problem ? i->problem : "");
        return;
    }
    struct pab_buf targets = PAB_BUF_INIT(4096);
    join_targets(&i->manifest, &targets);
    pab_format_ms((pab_now_ns() - i->manifest.started_ns) / 1000000, age, sizeof age);
    pab_cli_say("%-26s %-12s %-14s %-9s %9s  %s%s%s%s%s%s\n", i->name, i->manifest.kind, age, i->manifest.status, pab_format_size(size_of(&i->manifest), size, sizeof size),
           pab_buf_str(&targets), latest && strcmp(latest, i->name) == 0 ? "  (latest)" : "",
                i->pin ? "  (pinned" : "", i->pin && *i->pin ? ": " : "",
                i->pin ? i->pin : "", i->pin ? ")" : "");
    pab_buf_release(&targets);
}

static int list_backups(struct pab_printer *p, struct pab_store *store, struct pab_error *err)
{
    struct pab_backup_list list = { 0 };
    if (pab_store_list_heads(store, &list, err)) return err->code;
    CLEANUP_FREE char *latest = pab_store_latest(store);
    json_t *array = json_array();
    if (!p->cli->json && !p->cli->quiet) pab_cli_say("%-26s %-12s %-14s %-9s %9s  %s\n", "NAME", "KIND", "AGE", "STATUS", "SIZE", "TARGETS");
    for (size_t i = 0; i < list.count; i++) {
        if (p->cli->json) json_array_append_new(array, backup_json(&list.items[i], latest));
        else backup_line(&list.items[i], latest);
    }
    if (p->cli->json) json_object_set(p->document, "backups", array);
    json_decref(array);
    pab_backup_list_release(&list);
    return PAB_OK;
}

static void artifact_line(struct pab_printer *p, json_t *array, const struct pab_mf_target *t, const struct pab_mf_artifact *a)
{
    char size[32], content[32];
    if (!p->cli->json) {
        pab_cli_say("%-52s %-16s %-16s %9s of %s\n", a->path, t->name, a->object, pab_format_size(a->size, size, sizeof size), pab_format_size(a->content_size, content, sizeof content));
        return;
    }
    json_t *o = json_object(), *counts = json_object();
    json_object_set_new(o, "path", json_string(a->path));
    json_object_set_new(o, "target", json_string(t->name));
    json_object_set_new(o, "object", json_string(a->object));
    json_object_set_new(o, "kind", json_string(a->kind == PAB_KIND_TREE ? "tree" : "stream"));
    json_object_set_new(o, "size", json_integer((json_int_t)a->size));
    json_object_set_new(o, "content_size", json_integer((json_int_t)a->content_size));
    for (size_t i = 0; i < a->counts.count; i++) json_object_set_new(counts, a->counts.items[i].key, json_integer((json_int_t)strtoull(a->counts.items[i].value, NULL, 10)));
    json_object_set_new(o, "counts", counts);
    json_array_append_new(array, o);
}

static int is_meant(const char *inside, const struct pab_mf_artifact *a)
{
    return !inside || strcmp(inside, a->path) == 0 || strcmp(inside, a->object) == 0;
}

static size_t count_meant(const struct pab_manifest *m, const char *inside)
{
    size_t n = 0;
    for (size_t t = 0; t < m->targets.count; t++)
        for (size_t i = 0; i < m->targets.items[t].artifacts.count; i++) n += (size_t)is_meant(inside, &m->targets.items[t].artifacts.items[i]);
    return n;
}

/* The artifacts, or with a PATH (an artifact's path or an object's name, which several targets may use) the files of that tree. */
static int list_inside(struct pab_printer *p, struct pab_store *store, const char *which, const char *inside, struct pab_error *err)
{
    struct pab_backup *b;
    if (pab_backup_open(store, which, &b, err)) return err->code;
    const struct pab_manifest *m = pab_backup_manifest(b);
    json_t *array = json_array();
    size_t meant = count_meant(m, inside);
    int rc = inside && !meant ? pab_error_set(err, PAB_E_USAGE, 0, "backup '%s' holds no artifact or object '%s'", m->name, inside) : PAB_OK;
    for (size_t t = 0; t < m->targets.count && !rc; t++) {
        const struct pab_mf_target *target = &m->targets.items[t];
        for (size_t i = 0; i < target->artifacts.count && !rc; i++) {
            const struct pab_mf_artifact *a = &target->artifacts.items[i];
            if (!is_meant(inside, a)) continue;
            if (!inside || a->kind != PAB_KIND_TREE) {
                artifact_line(p, array, target, a);
                continue;
            }
            if (meant > 1 && !p->cli->json) pab_cli_say("%s (%s):\n", a->path, target->name);
            rc = pab_list_tree(b, target, a, p->cli->json ? array : NULL, err);
        }
    }
    if (p->cli->json) json_object_set(p->document, inside ? "entries" : "artifacts", array);
    json_decref(array);
    pab_backup_close(b);
    return rc;
}

int pab_cmd_list(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    struct pab_store *store = NULL;
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "list");
    int code = pab_cli_session(cli, p, 0, &s);
    if (code) return code;
    int by_path = cli->arg_count > 2 && strchr(cli->args[2], '/');
    int rc = pab_store_open(pab_session_store_path(s), 0, &store, &err);
    if (rc && by_path) rc = PAB_OK;
    if (!rc) rc = cli->arg_count > 2 ? list_inside(p, store, cli->args[2], cli->arg_count > 3 ? cli->args[3] : NULL, &err) : list_backups(p, store, &err);
    pab_store_close(store);
    pab_session_close(s);
    return pab_printer_end(p, rc == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : rc ? pab_exit_of_error(&err) : PAB_EXIT_OK, &err);
}
