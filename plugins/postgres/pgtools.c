/* pgtools.c - finding pg_dump and its kin in the version that a server needs, and running them. */
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/postgres/pg.h"

#define WARNINGS_MAX 10 /* of one program */

int pg_major(int version_num)
{
    return version_num >= 100000 ? version_num / 10000 : version_num / 100; /* 150020 -> 15; 90605 -> 906 */
}

/* "pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)": the number. */
static int parse_version(const char *text, int *ret_major, char **ret_version)
{
    const char *p = strstr(text, "(PostgreSQL) ");
    if (!p) return -1;
    p += strlen("(PostgreSQL) ");
    size_t n = strcspn(p, " \n");
    int major = 0, minor = 0;
    for (const char *d = p; *d >= '0' && *d <= '9' && major < 1000; d++) major = major * 10 + (*d - '0');
    if (major < 10 && (p = strchr(p, '.'))) minor = p[1] - '0';
    p = strstr(text, "(PostgreSQL) ") + strlen("(PostgreSQL) ");
    if (!major) return -1;
    *ret_major = major >= 10 ? major : major * 100 + minor;
    *ret_version = pab_strndup(p, n);
    return 0;
}

void pg_tools_add(struct pg_tools *t, const char *dir, const char *version, const char *help)
{
    struct pg_tool tool = { .dir = NULL };
    if (parse_version(version, &tool.major, &tool.version)) return;
    for (size_t i = 0; i < t->count; i++) {
        if (t->items[i].major != tool.major) continue;
        free(tool.version);
        return;
    }
    tool.dir = pab_strdup(dir);
    tool.restrict_key = strstr(help, "--restrict-key") != NULL;
    PAB_PUSH(t, tool);
}

static void add_folder(struct pg_tools *t, const char *dir)
{
    CLEANUP_FREE char *dump = pab_sprintf("%s/pg_dump", dir);
    CLEANUP_FREE char *restore = pab_sprintf("%s/pg_restore", dir);
    CLEANUP_FREE char *version = NULL;
    CLEANUP_FREE char *help = NULL;
    struct pab_error ignored = { 0 };
    if (access(dump, X_OK) || access(restore, X_OK)) return;
    const char *const ask_version[] = { dump, "--version", NULL }, *const ask_help[] = { restore, "--help", NULL };
    if (pab_proc_capture(&(struct pab_proc_opts){ .argv = ask_version }, 4096, &version, &ignored)) return;
    if (pab_proc_capture(&(struct pab_proc_opts){ .argv = ask_help }, 1 << 16, &help, &ignored)) return;
    pg_tools_add(t, dir, version, help);
}

/* Debian's pg_dump in PATH leads to a script that runs one of those that were found already, slowly. */
static int is_wrapper(const char *path)
{
    char real[PATH_MAX];
    return realpath(path, real) && pab_str_has_suffix(real, "/pg_wrapper");
}

int pg_tools_find(const struct pg *pg, struct pg_tools *ret, struct pab_error *err)
{
    if (pg->bindir) {
        add_folder(ret, pg->bindir);
        if (ret->count) return PAB_OK;
        pab_error_set(err, PAB_E_TOOL, 0, "there are no working pg_dump and pg_restore in '%s'", pg->bindir);
        return pab_error_hint(err, PAB_E_TOOL, "correct the option bindir, or leave it out");
    }
    static const char *const patterns[] = { "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin" };
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        glob_t g = { 0 };
        if (glob(patterns[i], 0, NULL, &g) == 0) {
            for (size_t k = 0; k < g.gl_pathc; k++) add_folder(ret, g.gl_pathv[k]);
        }
        globfree(&g);
    }
    CLEANUP_FREE char *path = pab_proc_which("pg_dump");
    if (path && !is_wrapper(path)) {
        *strrchr(path, '/') = '\0';
        add_folder(ret, path);
    }
    pg_container_tools(pg, ret);
    return PAB_OK;
}

void pg_tools_release(struct pg_tools *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->items[i].dir);
        free(t->items[i].version);
    }
    free(t->items);
    *t = (struct pg_tools){ 0 };
}

int pg_tools_choose(const struct pg_tools *t, int major, struct pg_tool **ret, struct pab_error *err)
{
    struct pg_tool *best = NULL;
    struct pab_buf found = PAB_BUF_INIT(400);
    for (size_t i = 0; i < t->count; i++) {
        struct pg_tool *one = &t->items[i];
        pab_buf_addf(&found, "%s%s", found.size ? ", " : "", one->version);
        if (pg_major_rank(one->major) >= pg_major_rank(major) && (!best || pg_major_rank(one->major) < pg_major_rank(best->major))) best = one;
    }
    if (best) *ret = best;
    else {
        CLEANUP_FREE char *wanted = major < 100 ? pab_sprintf("%d", major) : pab_sprintf("%d.%d", major / 100, major % 100);
        pab_error_set(err, PAB_E_TOOL, 0, "no pg_dump of PostgreSQL %s or newer is installed (found: %s)", wanted, found.size ? found.data : "none");
        pab_error_hint(err, PAB_E_TOOL, "install the Debian package postgresql-client-%s, or set the option bindir", wanted);
    }
    pab_buf_release(&found);
    return best ? PAB_OK : PAB_E_TOOL;
}

/* ---- running them */
static void wipe(struct pab_strs *list)
{
    for (size_t i = 0; i < list->count; i++) explicit_bzero(list->items[i], strlen(list->items[i]));
    pab_strs_release(list);
}

static void add_env(struct pab_strs *env, const char *name, const char *value)
{
    if (!value) return;
    CLEANUP_FREE char *item = pab_sprintf("%s=%s", name, value);
    pab_strs_add(env, item);
    explicit_bzero(item, strlen(item));
}

void pg_remember_parameters(struct pg_call *c, PGconn *conn)
{
    static const char *const others[] = { "PGSERVICEFILE", "PGDATESTYLE", "PGTZ", "PGGEQO" };
    static const char *const not_these[] = { "dbname", "application_name", "options", "client_encoding", "service" };
    PQconninfoOption *all = PQconninfo(conn);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) pab_strs_add(&c->child_drop, others[i]);
    for (const PQconninfoOption *o = all; o && o->keyword; o++) {
        if (!o->envvar) continue;
        int wanted = o->val && *o->val && (!o->compiled || strcmp(o->val, o->compiled) != 0);
        for (size_t i = 0; i < sizeof not_these / sizeof *not_these; i++) wanted &= strcmp(o->keyword, not_these[i]) != 0;
        pab_strs_add(&c->child_drop, o->envvar);
        /* the password, too: only this user and root can read it there, and a password file would survive a SIGKILL */
        if (wanted) add_env(&c->child_env, o->envvar, o->val);
    }
    PQconninfoFree(all);
}

void pg_forget_parameters(struct pg_call *c)
{
    wipe(&c->child_env);
    pab_strs_release(&c->child_drop);
}

static void make_env(struct pg_call *c, const struct pg_tool *t, const struct pg_child_opts *o, struct pab_strs *env)
{
    for (size_t i = 0; i < c->child_env.count; i++) { /* inside the container the server is where its programs look for it */
        const char *item = c->child_env.items[i];
        if (t->dir || pab_str_has_prefix(item, "PGUSER=") || pab_str_has_prefix(item, "PGPASSWORD=")) pab_strs_add(env, item);
    }
    add_env(env, "PGAPPNAME", t->dir ? "pabengine" : c->stray_name);
    add_env(env, "PGDATABASE", o->db);
    add_env(env, "PGOPTIONS", o->pgoptions);
    add_env(env, "LC_MESSAGES", "C");
}

/* docker exec is told the names only: it takes the values from its own environment. */
static void add_names(const struct pab_strs *env, struct pab_strs *ret)
{
    for (size_t i = 0; i < env->count; i++) {
        CLEANUP_FREE char *name = pab_strndup(env->items[i], strcspn(env->items[i], "="));
        pab_strs_add(ret, name);
    }
}

static int run(struct pg_call *c, const struct pg_tool *t, const char *const *argv, const struct pg_child_opts *o, size_t max, char **ret_text,
               struct pab_proc **ret, struct pab_error *err)
{
    struct pab_strs env = { 0 }, names = { 0 }, all = { 0 };
    make_env(c, t, o, &env);
    CLEANUP_FREE char *program = t->dir ? pab_sprintf("%s/%s", t->dir, argv[0]) : pab_strdup(argv[0]);
    add_names(&env, &names);
    if (!t->dir) pg_container_argv(c->pg, (const char *const *)names.items, &all);
    pab_strs_add(&all, program);
    for (int i = 1; argv[i]; i++) pab_strs_add(&all, argv[i]);
    struct pab_proc_opts po = { .argv = (const char *const *)all.items, .env_add = (const char *const *)env.items, .env_drop = (const char *const *)c->child_drop.items,
                                .in = o->in, .in_fd = o->in_fd, .out = o->out, .out_fd = o->out_fd,
                                .cancel_fd = o->cancel_fd ? o->cancel_fd : c->op->host->cancel_fd(c->op), .what = o->what };
    int rc = ret_text ? pab_proc_capture(&po, max, ret_text, err) : pab_proc_start(&po, ret, err);
    wipe(&env);
    pab_strs_release(&names);
    pab_strs_release(&all);
    return rc;
}

int pg_tool_error(struct pab_error *err)
{
    static const struct { const char *words; int code; } known[] = {
        { "lock timeout", PAB_E_BUSY }, { "permission denied", PAB_E_AUTH }, { "authentication failed", PAB_E_AUTH }, { "row-level security", PAB_E_AUTH },
        { "server closed the connection", PAB_E_UNREACHABLE }, { "terminating connection", PAB_E_UNREACHABLE }, { "connection to server", PAB_E_UNREACHABLE },
        { "LOCK TABLE", PAB_E_BUSY }, { "could not open relation", PAB_E_BUSY }, { "cache lookup failed", PAB_E_BUSY }, /* dropped meanwhile */
        { "too many clients", PAB_E_BUSY }, { "No space left", PAB_E_NOSPACE }, { "could not extend file", PAB_E_NOSPACE },
    };
    for (size_t i = 0; err->code == PAB_E_TOOL && i < sizeof known / sizeof *known; i++) {
        if (!strstr(err->message, known[i].words)) continue;
        err->code = known[i].code;
        err->retryable = err->code == PAB_E_BUSY || err->code == PAB_E_UNREACHABLE;
    }
    return err->code;
}

int pg_tool_start(struct pg_call *c, const struct pg_tool *t, const char *const *argv, const struct pg_child_opts *o, struct pab_proc **ret, struct pab_error *err)
{
    return run(c, t, argv, o, 0, NULL, ret, err);
}

int pg_tool_capture(struct pg_call *c, const struct pg_tool *t, const char *const *argv, const struct pg_child_opts *o, size_t max, char **ret, struct pab_error *err)
{
    return run(c, t, argv, o, max, ret, NULL, err);
}

/* "pg_dump: warning: ..." */
static void warn_of(struct pg_call *c, const char *object, const char *said)
{
    int warnings = 0;
    for (const char *line = said; *line;) {
        size_t n = strcspn(line, "\n");
        CLEANUP_FREE char *one = pab_strndup(line, n);
        CLEANUP_FREE char *shown = pab_str_printable(one);
        if (strstr(one, ": warning: ") && warnings++ < WARNINGS_MAX) pab_warn(c->op, object, "%s", shown);
        line += n + (line[n] == '\n');
    }
    if (warnings > WARNINGS_MAX) pab_warn(c->op, object, "%d more warnings like these", warnings - WARNINGS_MAX);
}

int pg_tool_finish(struct pg_call *c, const char *object, struct pab_proc *p, struct pab_error *err)
{
    CLEANUP_FREE char *said = NULL, *shown = pg_display(object);
    int rc = pab_proc_finish_said(p, &said, err);
    if (!rc) warn_of(c, shown, said);
    return rc;
}
