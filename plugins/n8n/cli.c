/* cli.c - the n8n command: for credentials, whose secrets the API never gives. It talks to the database itself and may run beside
 * the server. What it writes is readable for everybody (0644), so its files lie in a folder that nobody else may enter. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "plugins/n8n/cli_private.h"

#define MAX_OUTPUT (4u << 20)

static void add_env(struct cli *c, const char *name, const char *value)
{
    CLEANUP_FREE char *text = value ? pab_sprintf("%s=%s", name, value) : NULL;
    if (text) pab_strs_add(&c->env, text);
}

int cli_open(const struct n8n *n, struct pab_op *op, struct cli **ret, struct pab_error *err)
{
    CLEANUP(pab_cleanup_cli) struct cli *c = pab_alloc(sizeof *c);
    c->n = n;
    c->op = op;
    add_env(c, "N8N_USER_FOLDER", n->user_folder);
    add_env(c, "N8N_ENCRYPTION_KEY", n->encryption_key);
    /* what it imported it tells at this level */
    add_env(c, "N8N_LOG_LEVEL", "info");
    add_env(c, "N8N_LOG_OUTPUT", "console");
    add_env(c, "N8N_DIAGNOSTICS_ENABLED", "false");
    add_env(c, "N8N_VERSION_NOTIFICATIONS_ENABLED", "false");
    int rc = PAB_OK;
    if (n->container) {
        rc = boxed_open(c, err);
    } else {
        const char *scratch = op->host->scratch_dir(op);
        if (!scratch) return pab_error_set(err, PAB_E_IO, 0, "there is no private folder for the files of n8n");
        c->dir = pab_strdup(scratch);
    }
    if (rc) return rc;
    c->file = pab_sprintf("%s/n8n.json", c->dir);
    *ret = TAKE_PTR(c);
    return PAB_OK;
}

void cli_close(struct cli *c)
{
    if (!c) return;
    if (c->d) boxed_close(c);
    else if (c->file) unlink(c->file);
    pab_strs_release(&c->env);
    free(c->dir);
    free(c->file);
    free(c);
}

const char *cli_file(struct cli *c) { return c->file; }

/* n8n says what went wrong on its standard output: the last line of it. */
int cli_failed(const char *out, struct pab_error *err)
{
    size_t n = strlen(out), from;
    while (n && strchr("\r\n ", out[n - 1])) n--;
    for (from = n; from && out[from - 1] != '\n'; from--) {}
    CLEANUP_FREE char *line = pab_strndup(out + from, n - from);
    CLEANUP_FREE char *safe = pab_str_printable(line);
    return n ? pab_error_set(err, err->code, 0, "%s: %s", err->message, safe) : err->code;
}

static int local_run(struct cli *c, const char *const *argv, const char *what, char **ret_out, struct pab_error *err)
{
    CLEANUP(pab_buf_release) struct pab_buf b = PAB_BUF_INIT(MAX_OUTPUT);
    struct pab_proc_opts o = { .argv = argv, .env_add = (const char *const *)c->env.items, .what = what, .out = PAB_PROC_PIPE, .cancel_fd = c->op->host->cancel_fd(c->op) };
    struct pab_proc *p = NULL;
    char block[4096];
    ssize_t n;
    int rc = pab_proc_start(&o, &p, err);
    if (rc) return rc;
    while ((n = read(pab_proc_out(p), block, sizeof block)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0 && pab_buf_add(&b, block, (size_t)n)) break;
    if (n) {
        rc = pab_error_set(err, PAB_E_TOOL, n < 0 ? errno : 0, n < 0 ? "cannot read what %s prints" : "%s prints too much", what);
        pab_proc_kill(p);
        return rc;
    }
    rc = pab_proc_finish(p, err);
    if (rc == PAB_E_TOOL) rc = cli_failed(pab_buf_str(&b), err);
    if (!rc) *ret_out = b.size ? pab_buf_take(&b) : pab_strdup("");
    return rc;
}

int cli_run(struct cli *c, const char *const *args, char **ret_out, struct pab_error *err)
{
    CLEANUP(pab_strs_release) struct pab_strs argv = { 0 };
    CLEANUP_FREE char *out = NULL;
    for (size_t i = 0; i < c->n->cli.count; i++) pab_strs_add(&argv, c->n->cli.items[i]);
    if (!argv.count) pab_strs_add(&argv, "n8n");
    for (; *args; args++) pab_strs_add(&argv, *args);
    CLEANUP_FREE char *what = pab_sprintf("the n8n command (%s)", argv.items[argv.count > c->n->cli.count ? (c->n->cli.count ? c->n->cli.count : 1) : 0]);
    const char *const *all = (const char *const *)argv.items;
    int rc = c->d ? boxed_run(c, all, &out, err) : local_run(c, all, what, &out, err);
    if (!rc && ret_out) *ret_out = TAKE_PTR(out);
    return rc;
}

int cli_put(struct cli *c, const void *data, size_t size, struct pab_error *err)
{
    if (c->d) return boxed_put(c, data, size, err);
    CLEANUP_CLOSE int fd = open(c->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || pab_write_all(fd, data, size)) return pab_error_set(err, PAB_E_IO, errno, "cannot write '%s'", c->file);
    return PAB_OK;
}

int cli_get(struct cli *c, cli_sink sink, void *ctx, struct pab_error *err)
{
    char chunk[65536];
    if (c->d) return boxed_get(c, sink, ctx, err);
    CLEANUP_CLOSE int fd = open(c->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) return pab_error_set(err, PAB_E_NOT_FOUND, 0, "the n8n command wrote nothing");
    if (fd < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot open '%s'", c->file);
    for (;;) {
        ssize_t n = pab_read_full(fd, chunk, sizeof chunk);
        if (n < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read '%s'", c->file);
        int rc = n ? sink(ctx, chunk, (size_t)n, err) : PAB_OK;
        if (rc || n < (ssize_t)sizeof chunk) return rc;
    }
}

/* The last line that begins with a digit: warnings may come before it. */
int cli_version(struct cli *c, char **ret, struct pab_error *err)
{
    CLEANUP_FREE char *out = NULL;
    const char *const args[] = { "--version", NULL };
    int rc = cli_run(c, args, &out, err);
    const char *found = NULL;
    for (char *line = rc ? NULL : out, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        if (*line >= '0' && *line <= '9') found = line;
    }
    if (!rc && !found) rc = pab_error_set(err, PAB_E_TOOL, 0, "the n8n command does not tell its version");
    if (!rc) *ret = pab_strndup(found, strcspn(found, " \r"));
    return rc;
}

static int key_of_config(const char *text, size_t size, char **ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *config = NULL;
    int rc = json_parse(text, size, "the configuration of n8n", &config, err);
    const char *key = rc ? "" : json_text(config, "encryptionKey");
    if (*key) *ret = pab_strdup(key);
    return rc;
}

static int local_key(struct cli *c, char **ret, struct pab_error *err)
{
    const char *given = getenv("N8N_ENCRYPTION_KEY"), *folder = c->n->user_folder, *list[] = { folder, getenv("N8N_USER_FOLDER"), getenv("HOME") };
    CLEANUP_FREE char *text = NULL;
    size_t size = 0;
    if (given && *given) {
        *ret = pab_strdup(given);
        return PAB_OK;
    }
    for (size_t i = 0; !folder && i < sizeof list / sizeof *list; i++) folder = list[i];
    CLEANUP_FREE char *path = pab_sprintf("%s/.n8n/config", folder ? folder : "");
    int rc = pab_read_file(AT_FDCWD, path, 1 << 20, &text, &size, err);
    if (rc == PAB_E_NOT_FOUND) return PAB_OK;
    if (!rc) rc = key_of_config(text, size, ret, err);
    if (text) explicit_bzero(text, size);
    return rc;
}

/* As the command itself looks for it. */
static const char key_script[] =
    "if [ -n \"$N8N_ENCRYPTION_KEY\" ]; then printf 'key:%s' \"$N8N_ENCRYPTION_KEY\"\n"
    "elif [ -n \"$N8N_ENCRYPTION_KEY_FILE\" ]; then printf 'key:'; cat \"$N8N_ENCRYPTION_KEY_FILE\"\n"
    "else cat \"${N8N_USER_FOLDER:-$HOME}/.n8n/config\" 2>/dev/null || :; fi";

static int boxed_key(struct cli *c, char **ret, struct pab_error *err)
{
    const char *const argv[] = { "sh", "-c", key_script, NULL };
    CLEANUP_FREE char *out = NULL;
    int rc = boxed_run(c, argv, &out, err);
    if (rc) return rc;
    size_t size = strlen(out);
    if (!strncmp(out, "key:", 4)) {
        size_t n = strcspn(out + 4, "\r\n");
        if (n) *ret = pab_strndup(out + 4, n);
    } else if (size) {
        rc = key_of_config(out, size, ret, err);
    }
    explicit_bzero(out, size);
    return rc;
}

int cli_key(struct cli *c, char **ret, struct pab_error *err)
{
    int rc = PAB_OK;
    if (c->n->encryption_key) *ret = pab_strdup(c->n->encryption_key);
    else rc = c->d ? boxed_key(c, ret, err) : local_key(c, ret, err);
    if (!rc && *ret) c->op->host->secret(c->op, *ret);
    return rc;
}
