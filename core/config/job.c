/* job.c - see job.h. */
#include "core/config/job.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/config/config_impl.h"
#include "core/config/credential.h"
#include "core/config/envfile.h"
#include "core/config/job_around.h"
#include "core/config/job_tables.h"

#define MAX_NAME 100

DEFINE_CLEANUP(job, struct pab_job, pab_job_free)
DEFINE_CLEANUP(node, struct pab_node, pab_node_free)

/* What a job takes where it says nothing: from conf/pabengine.yaml, else built in. */
struct fallback {
    struct pab_compression compression;
    int64_t timeout_ms;
    int retries;
};

static int compression_of(const struct pab_config *store, struct pab_compression *io, struct pab_error *err)
{
    if (!pab_config_given(store, "compression"))
        return PAB_OK;
    const struct pab_config *c = pab_config_record(store, "compression", 0);
    struct pab_error why = { 0 };
    if (pab_compression_parse(pab_config_str(c, "codec"), pab_config_str(c, "level"), io, &why)) {
        pab_config_complain(c, pab_config_given(c, "level") ? "level" : NULL, err, "%s", why.message);
        return why.hint[0] ? pab_error_hint(err, PAB_E_CONFIG, "%s", why.hint) : PAB_E_CONFIG;
    }
    return PAB_OK;
}

static void inherit(const struct pab_config *c, struct fallback *io)
{
    if (pab_config_given(c, "timeout"))
        io->timeout_ms = pab_config_int(c, "timeout");
    if (pab_config_given(c, "retries"))
        io->retries = (int)pab_config_int(c, "retries");
}

static int check_version(const struct pab_config *c, struct pab_error *err)
{
    int64_t version = pab_config_int(c, "version");
    if (version == 1)
        return PAB_OK;
    return pab_error_hint(err, pab_config_complain(c, "version", err, "version %lld is not known to this pabengine", (long long)version),
                          "the only version is 1");
}

/* The characters that a name may consist of; NULL: all but controls and '/'. */
static int is_made_of(const char *s, const char *punctuation, int upper)
{
    for (; *s; s++)
        if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && !(upper && isupper((unsigned char)*s)) && !strchr(punctuation, *s))
            return 0;
    return 1;
}

static int check_job_name(const struct pab_config *c, const char *name, struct pab_error *err)
{
    int bad = !*name || strlen(name) > MAX_NAME || strchr(name, '/') != NULL;
    for (const char *p = name; *p; p++)
        bad |= iscntrl((unsigned char)*p);
    if (!bad)
        return PAB_OK;
    return pab_config_complain(c, "name", err, "expected a name of 1 to %d bytes without '/' and control characters", MAX_NAME);
}

static int check_target_names(const struct pab_config *c, const struct pab_job *j, const struct pab_job_target *t, struct pab_error *err)
{
    CLEANUP_FREE char *shown = pab_str_printable(t->name);
    if (!*t->name || strlen(t->name) > MAX_NAME || !is_made_of(t->name, "._-", 1))
        return pab_error_hint(err, pab_config_complain(c, "name", err, "'%s' is not a name for a target", shown),
                              "use 1 to %d of the characters A-Z a-z 0-9 . _ -", MAX_NAME);
    for (const struct pab_job_target *other = j->targets; other < t; other++)
        if (strcmp(other->name, t->name) == 0)
            return pab_config_complain(c, "name", err, "'%s' is already the name of the target in line %d", shown, other->line);
    CLEANUP_FREE char *plugin = pab_str_printable(t->plugin);
    if (!islower((unsigned char)t->plugin[0]) || strlen(t->plugin) > MAX_NAME || !is_made_of(t->plugin, "-", 0))
        return pab_error_hint(err, pab_config_complain(c, "plugin", err, "'%s' is not the name of a plugin", plugin),
                              "a plugin's name has the characters a-z 0-9 - and begins with a letter");
    return PAB_OK;
}

/* A target that gives no options gets an empty map, so that a key that its plugin requires is missed somewhere. */
static const struct pab_node *options_of(const struct pab_config *c, struct pab_node *target_node)
{
    const struct pab_node *given = pab_config_node(c, "options");
    if (given)
        return given;
    struct pab_node *empty = pab_node_new(PAB_NODE_MAP, target_node->line, target_node->column);
    pab_node_push(target_node, "options", target_node->line, target_node->column, empty);
    return empty;
}

static int read_target(const struct pab_config *c, struct pab_job *j, size_t i, struct pab_node *node, const struct fallback *fallback,
                       struct pab_error *err)
{
    struct pab_job_target *t = &j->targets[j->target_count++];
    struct fallback own = *fallback;
    inherit(c, &own);
    t->name = pab_strdup(pab_config_str(c, "name"));
    t->plugin = pab_strdup(pab_config_str(c, "plugin"));
    t->enabled = pab_config_int(c, "enabled") != 0;
    t->required = pab_config_int(c, "required") != 0;
    t->timeout_ms = own.timeout_ms;
    t->retries = own.retries;
    t->path = pab_sprintf("targets[%zu].options", i);
    t->line = c->line;
    t->column = c->column;
    t->options = options_of(c, node);
    return check_target_names(c, j, t, err);
}

static struct pab_node *child(struct pab_node *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i], key) == 0)
            return map->items[i];
    return NULL;
}

static int read_targets(const struct pab_config *c, struct pab_job *j, const struct fallback *fallback, struct pab_error *err)
{
    size_t n = pab_config_count(c, "targets");
    if (n == 0)
        return pab_config_complain(c, "targets", err, "expected at least one target");
    j->targets = pab_alloc_array(n, sizeof *j->targets);
    struct pab_node *list = child(j->root, "targets");
    for (size_t i = 0; i < n; i++)
        if (read_target(pab_config_record(c, "targets", i), j, i, list->items[i], fallback, err))
            return err->code;
    return PAB_OK;
}

static int read_store(const struct pab_config *c, struct pab_job *j, struct pab_compression compression, struct pab_error *err)
{
    const struct pab_config *store = pab_config_record(c, "store", 0);
    if (strcmp(pab_config_str(store, "type"), "repository") == 0)
        return pab_error_hint(err, pab_config_complain(store, "type", err, "'repository': not in this version"), "write directory");
    j->store_path = pab_strdup(pab_config_str(store, "path"));
    j->compression = compression;
    return compression_of(store, &j->compression, err);
}

static char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t n = strlen(base);
    if (n > 5 && pab_str_has_suffix(base, ".yaml"))
        n -= 5;
    else if (n > 4 && pab_str_has_suffix(base, ".yml"))
        n -= 4;
    return pab_strndup(base, n);
}

static int read_env_file(const struct pab_config *c, struct pab_job *j, int resolve_secrets, struct pab_error *err)
{
    const char *path = pab_config_str(c, "env_file");
    if (!path || !resolve_secrets)
        return PAB_OK;
    struct pab_error why = { 0 };
    CLEANUP_FREE char *place = pab_credential_path(path);
    if (pab_envfile_load(place, &j->env_file, &why) == PAB_OK)
        return PAB_OK;
    pab_config_complain(c, "env_file", err, "%s", why.message);
    return why.hint[0] ? pab_error_hint(err, PAB_E_CONFIG, "%s", why.hint) : PAB_E_CONFIG;
}

static int read_retention(const struct pab_config *c, struct pab_job *j, struct pab_error *err)
{
    struct pab_retention_rules *r = &j->retention;
    const struct { const char *key; int *value; } all[] = {
        { "keep_days", &r->keep_days }, { "keep_last", &r->keep_last }, { "keep_hourly", &r->keep_hourly }, { "keep_daily", &r->keep_daily },
        { "keep_weekly", &r->keep_weekly }, { "keep_monthly", &r->keep_monthly }, { "keep_yearly", &r->keep_yearly },
    };
    int any = 0;
    if (!pab_config_given(c, "retention"))
        return PAB_OK;
    const struct pab_config *given = pab_config_record(c, "retention", 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (pab_config_given(given, all[i].key)) {
            *all[i].value = (int)pab_config_int(given, all[i].key);
            any = 1;
        }
    if (any)
        return PAB_OK;
    return pab_error_hint(err, pab_config_complain(given, NULL, err, "expected at least one rule"), "write for instance keep_days: 30");
}

static void release_hooks(struct pab_job *j)
{
    struct pab_job_hook *const all[] = { &j->hooks.before, &j->hooks.after, &j->hooks.on_partial, &j->hooks.on_failure };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        pab_strs_release(&all[i]->argv);
}

static int read_job(const struct pab_config *c, struct pab_job *j, int resolve_secrets, const struct fallback *given, struct pab_error *err)
{
    if (check_version(c, err))
        return err->code;
    const char *name = pab_config_str(c, "name");
    j->name = name ? pab_strdup(name) : base_name(j->file);
    j->rpo_ms = pab_config_int(c, "rpo");
    struct fallback fallback = *given;
    inherit(pab_config_record(c, "defaults", 0), &fallback);
    if (check_job_name(c, j->name, err) || read_env_file(c, j, resolve_secrets, err) || read_store(c, j, given->compression, err) ||
        read_retention(c, j, err) || pab_job_read_around(c, j, err))
        return err->code;
    return read_targets(c, j, &fallback, err);
}

static int name_files(struct pab_job *j, const char *path, struct pab_error *err)
{
    CLEANUP_FREE char *cwd = getcwd(NULL, 0);
    if (!cwd)
        return pab_error_set(err, PAB_E_CONFIG, errno, "cannot find out the current folder");
    j->shown = pab_strdup(path);
    j->file = pab_path_absolute(cwd, path);
    const char *slash = strrchr(j->file, '/');
    j->dir = slash && slash != j->file ? pab_strndup(j->file, (size_t)(slash - j->file)) : pab_strdup("/");
    return PAB_OK;
}

static int build_job(struct pab_node *root, const char *path, int resolve_secrets, void (*warn)(void *ctx, const char *message),
                     void *warn_ctx, const struct fallback *fallback, struct pab_job **ret, struct pab_error *err)
{
    CLEANUP(pab_cleanup_job) struct pab_job *j = pab_alloc(sizeof *j);
    CLEANUP(pab_cleanup_config) struct pab_config *c = NULL;
    j->root = root;
    if (name_files(j, path, err))
        return err->code;
    struct pab_config_env env = { .file = j->shown, .dir = j->dir, .resolve_secrets = resolve_secrets, .warn = warn, .warn_ctx = warn_ctx };
    if (pab_config_check(root, pab_job_table, pab_job_table_count, sizeof *pab_job_table, &env, "", &c, err) ||
        read_job(c, j, resolve_secrets, fallback, err))
        return err->code;
    *ret = TAKE_PTR(j);
    return PAB_OK;
}

static const struct fallback built_in = { .compression = { PAB_CODEC_GZIP, PAB_GZIP_FAST } };

static int read_global(const char *path, struct fallback *io, struct pab_error *err)
{
    CLEANUP(pab_cleanup_node) struct pab_node *root = NULL;
    CLEANUP(pab_cleanup_config) struct pab_config *c = NULL;
    struct pab_config_env env = { .file = path, .dir = "/" };
    if (pab_node_load(path, &root, err))
        return err->code;
    const struct pab_node *given = root->kind == PAB_NODE_NULL ? NULL : root; /* comments alone are fine */
    if (pab_config_check(given, pab_global_table, pab_global_table_count, sizeof *pab_global_table, &env, "", &c, err) ||
        check_version(c, err) || compression_of(pab_config_record(c, "store", 0), &io->compression, err))
        return err->code;
    inherit(pab_config_record(c, "defaults", 0), io);
    return PAB_OK;
}

static int load_fallback(struct fallback *io, struct pab_error *err)
{
    static const char standard[] = PAB_SYSCONFDIR "/pabengine/pabengine.yaml";
    const char *chosen = getenv("PABENGINE_CONFIG");
    if (chosen && !*chosen)
        return PAB_OK;
    if (!chosen && access(standard, F_OK) != 0)
        return PAB_OK;
    return read_global(chosen ? chosen : standard, io, err);
}

int pab_job_load(const char *path, int resolve_secrets, void (*warn)(void *ctx, const char *message), void *warn_ctx,
                 struct pab_job **ret, struct pab_error *err)
{
    struct pab_error local = { 0 };
    struct fallback fallback = built_in;
    struct pab_node *root = NULL;
    err = err ? err : &local;
    if (load_fallback(&fallback, err) || pab_node_load(path, &root, err))
        return err->code;
    return build_job(root, path, resolve_secrets, warn, warn_ctx, &fallback, ret, err);
}

int pab_job_parse(const char *text, size_t n, const char *path, int resolve_secrets, void (*warn)(void *ctx, const char *message),
                  void *warn_ctx, struct pab_job **ret, struct pab_error *err)
{
    struct pab_error local = { 0 };
    struct pab_node *root = NULL;
    err = err ? err : &local;
    if (pab_node_parse(text, n, path, &root, err))
        return err->code;
    return build_job(root, path, resolve_secrets, warn, warn_ctx, &built_in, ret, err);
}

void pab_job_free(struct pab_job *j)
{
    if (!j)
        return;
    for (size_t i = 0; i < j->target_count; i++) {
        free(j->targets[i].name);
        free(j->targets[i].plugin);
        free(j->targets[i].path);
    }
    free(j->targets);
    free(j->file);
    free(j->dir);
    free(j->name);
    free(j->shown);
    free(j->store_path);
    free(j->metrics_path);
    free(j->schedule.frequency);
    free(j->schedule.at);
    pab_envfile_release(&j->env_file);
    release_hooks(j);
    pab_node_free(j->root);
    free(j);
}

void pab_job_config_env(const struct pab_job *j, int resolve_secrets, struct pab_config_env *ret)
{
    *ret = (struct pab_config_env){ .file = j->shown, .dir = j->dir, .resolve_secrets = resolve_secrets,
                                    .env_file = (const char *const *)j->env_file.items };
}
