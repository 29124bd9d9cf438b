/* secretref.c - see secretref.h. */
#include "core/config/secretref.h"
#include "core/config/credential.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/deadline.h"
#include "core/base/fsutil.h"
#include "core/base/proc.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/base/vec.h"

#define MAX_SECRET (64u << 10)
#define COMMAND_SECONDS 60

static void warn_at(const struct pab_config_env *env, const struct pab_place *at, const char *text)
{
    if (!env->warn)
        return;
    CLEANUP_FREE char *message = pab_place_text(at, text);
    env->warn(env->warn_ctx, message);
}

static int is_env_name(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_')
        return 0;
    while (isalnum((unsigned char)*s) || *s == '_')
        s++;
    return !*s;
}

/* What was read, without the newline that editors and echo put at its end. Wipes what it refuses. */
static int accept(char *value, size_t size, const struct pab_place *at, const char *from, char **ret, struct pab_error *err)
{
    if (strlen(value) != size) {
        pab_secret_wipe(value, size);
        free(value);
        return pab_complain(err, at, "%s holds a NUL byte: not a secret that can be used", from);
    }
    if (size && value[size - 1] == '\n')
        value[--size] = '\0';
    if (size && value[size - 1] == '\r')
        value[--size] = '\0';
    if (!size) {
        free(value);
        return pab_complain(err, at, "%s is empty", from);
    }
    pab_secret_register(value);
    *ret = value;
    return PAB_OK;
}

static const char *look_up(const char *name, const struct pab_config_env *env)
{
    const char *value = getenv(name);
    size_t n = strlen(name);
    for (size_t i = 0; !value && env->env_file && env->env_file[i]; i++)
        if (strncmp(env->env_file[i], name, n) == 0 && env->env_file[i][n] == '=')
            value = env->env_file[i] + n + 1;
    return value;
}

static int read_env(const char *name, const struct pab_config_env *env, const struct pab_place *at, char **ret, struct pab_error *err)
{
    /* What follows env: may be half a password: only a well-formed name is ever shown. */
    if (!is_env_name(name))
        return pab_error_hint(err, pab_complain(err, at, "'env:' is not followed by the name of an environment variable"),
                              "write env:NAME with letters, digits and '_'");
    if (!env->resolve_secrets)
        return PAB_OK;
    const char *value = look_up(name, env);
    if (!value)
        return pab_error_hint(err, pab_complain(err, at, "environment variable '%s' is not set", name),
                              env->env_file ? "set it, or add it to env_file" : "set it, or name a file that holds it with env_file");
    CLEANUP_FREE char *from = pab_sprintf("environment variable '%s'", name);
    return accept(pab_strdup(value), strlen(value), at, from, ret, err);
}

static int read_file(const char *given, const struct pab_config_env *env, const struct pab_place *at, char **ret, struct pab_error *err)
{
    if (!*given)
        return pab_error_hint(err, pab_complain(err, at, "'file:' is not followed by a path"), "write file:PATH");
    if (!env->resolve_secrets)
        return PAB_OK;
    CLEANUP_FREE char *path = pab_path_absolute(env->dir, given);
    CLEANUP_FREE char *shown = pab_str_printable(path);
    CLEANUP_FREE char *from = pab_sprintf("the file '%s'", shown);
    CLEANUP_FREE char *place = pab_credential_path(path);
    struct stat st;
    if (stat(place, &st) != 0)
        return pab_complain(err, at, "cannot read %s: %s", from, strerror(errno));
    if (S_ISREG(st.st_mode) && (st.st_mode & 077)) {
        CLEANUP_FREE char *text = pab_sprintf("%s can be read by others (mode %04o): chmod 600 it", from, (unsigned)(st.st_mode & 07777));
        warn_at(env, at, text);
    }
    char *value = NULL;
    size_t size = 0;
    struct pab_error why = { 0 };
    if (pab_read_file(AT_FDCWD, place, MAX_SECRET, &value, &size, &why))
        return pab_complain(err, at, "%s", why.message);
    return accept(value, size, at, from, ret, err);
}

static int run_command(const struct pab_strs *argv, const struct pab_config_env *env, const struct pab_place *at, char **ret,
                       struct pab_error *err)
{
    CLEANUP_FREE char *program = pab_str_printable(argv->items[0]);
    CLEANUP_FREE char *what = pab_sprintf("the command '%s'", program); /* arguments may be secrets, too */
    CLEANUP_CLOSE int timer = -1;
    CLEANUP_CLOSE int deadline = pab_deadline_fd(COMMAND_SECONDS * 1000, 1, &timer);
    struct pab_proc_opts opts = { .argv = (const char *const *)argv->items, .out = PAB_PROC_PIPE, .cwd = env->dir, .what = what,
                                  .cancel_fd = deadline > 0 ? deadline : 0 };
    char *value = NULL;
    struct pab_error why = { 0 };
    int code = pab_proc_capture(&opts, MAX_SECRET, &value, &why);
    if (code == PAB_E_CANCELLED && !pab_cancelled())
        return pab_complain(err, at, "%s did not end within %d s", what, COMMAND_SECONDS);
    if (code == PAB_E_CANCELLED)
        return pab_error_set(err, code, 0, "%s", why.message);
    if (code)
        return pab_complain(err, at, "%s", why.message);
    return accept(value, strlen(value), at, what, ret, err);
}

static int read_command(struct pab_strs *argv, const struct pab_config_env *env, const struct pab_place *at, char **ret,
                        struct pab_error *err)
{
    int code = PAB_OK;
    if (argv->count == 0 || !argv->items[0][0])
        code = pab_error_hint(err, pab_complain(err, at, "'command:' names no program"), "write command:PROGRAM ARGUMENT...");
    else if (env->resolve_secrets)
        code = run_command(argv, env, at, ret, err);
    pab_strs_release(argv);
    return code;
}

static int read_command_words(const char *text, const struct pab_config_env *env, const struct pab_place *at, char **ret,
                              struct pab_error *err)
{
    struct pab_strs argv = { 0 };
    while (*(text += strspn(text, " \t\n"))) {
        size_t n = strcspn(text, " \t\n");
        CLEANUP_FREE char *word = pab_strndup(text, n);
        pab_strs_add(&argv, word);
        text += n;
    }
    return read_command(&argv, env, at, ret, err);
}

static int read_command_list(const struct pab_node *list, const struct pab_config_env *env, const struct pab_place *at, char **ret,
                             struct pab_error *err)
{
    struct pab_strs argv = { 0 };
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->kind != PAB_NODE_SCALAR) {
            pab_strs_release(&argv);
            return pab_complain(err, at, "the program and the arguments of a command must be text");
        }
        pab_strs_add(&argv, list->items[i]->text);
    }
    return read_command(&argv, env, at, ret, err);
}

/* "[PROGRAM, ARGUMENT, ...]" inside the text is a YAML list as everywhere else. What YAML says of a mistake might quote a secret. */
static int read_command_text(const char *text, const struct pab_config_env *env, const struct pab_place *at, char **ret,
                             struct pab_error *err)
{
    struct pab_node *list = NULL;
    struct pab_error why = { 0 };
    text += strspn(text, " \t\n");
    if (*text != '[')
        return read_command_words(text, env, at, ret, err);
    if (pab_node_parse(text, strlen(text), "command", &list, &why))
        return pab_error_hint(err, pab_complain(err, at, "the list that follows 'command:' is no list"),
                              "write command:[PROGRAM, ARGUMENT, ...], or {command: [PROGRAM, ARGUMENT, ...]}");
    int code = read_command_list(list, env, at, ret, err);
    pab_node_free(list);
    return code;
}

static int read_map(const struct pab_node *map, const struct pab_config_env *env, const struct pab_place *at, char **ret,
                    struct pab_error *err)
{
    const struct pab_node *list = pab_node_get(map, "command");
    if (map->count != 1 || !list || list->kind != PAB_NODE_LIST)
        return pab_complain(err, at, "expected env:NAME, file:PATH or {command: [PROGRAM, ARGUMENT, ...]}, found another map");
    return read_command_list(list, env, at, ret, err);
}

/* "${NAME}" whole: what Docker Compose would replace, and what is hardly a password. */
static int looks_interpolated(const char *s)
{
    size_t n = strlen(s);
    return n > 3 && s[0] == '$' && s[1] == '{' && s[n - 1] == '}';
}

static int read_literal(const char *text, const struct pab_config_env *env, const struct pab_place *at, char **ret, struct pab_error *err)
{
    pab_secret_register(text);
    if (looks_interpolated(text))
        return pab_error_hint(err, pab_complain(err, at, "variables in '${...}' are not expanded"), "write env:NAME");
    if (!*text)
        return pab_complain(err, at, "the secret is empty");
    warn_at(env, at, "the secret itself stands in the file: better write env:NAME, file:PATH or command:PROGRAM");
    if (env->resolve_secrets)
        *ret = pab_strdup(text);
    return PAB_OK;
}

int pab_secretref_read(const struct pab_node *node, const struct pab_config_env *env, const struct pab_place *at, char **ret,
                       struct pab_error *err)
{
    static const char expected[] = "a secret: env:NAME, file:PATH or command:PROGRAM";
    const char *text = node->text;
    switch (node->kind) {
    case PAB_NODE_NULL: return pab_complain(err, at, "expected %s, found nothing", expected);
    case PAB_NODE_LIST: return pab_complain(err, at, "expected %s, found a list", expected);
    case PAB_NODE_MAP: return read_map(node, env, at, ret, err);
    case PAB_NODE_SCALAR: break;
    }
    if (pab_str_has_prefix(text, "env:"))
        return read_env(text + 4, env, at, ret, err);
    if (pab_str_has_prefix(text, "file:"))
        return read_file(text + 5, env, at, ret, err);
    if (pab_str_has_prefix(text, "command:"))
        return read_command_text(text + 8, env, at, ret, err);
    return read_literal(text, env, at, ret, err);
}
