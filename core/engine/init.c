/* init.c - see init.h: the frame of the text, and how foreign words get into it. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/engine/init_private.h"

/* Characters that YAML takes for line breaks, or refuses. 0: none of them. */
static unsigned special(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    if (n == 1) return p[0] < 0x20 || p[0] == 0x7f || p[0] == '"' || p[0] == '\\' ? p[0] : 0;
    if (n == 2 && p[0] == 0xc2 && p[1] < 0xa0) return p[1];
    if (n != 3) return 0;
    unsigned c = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    return c == 0x2028 || c == 0x2029 || c == 0xfeff || c >= 0xfffe ? c : 0;
}

static int is_harmless(const char *s)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-";
    return *s && *s != '-' && *s != '.' && strspn(s, plain) == strlen(s) && strcmp(s, "null") != 0 && strcmp(s, "Null") != 0 && strcmp(s, "NULL") != 0;
}

char *pab_init_quote(const char *s)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    if (is_harmless(s)) return pab_strdup(s);
    pab_buf_addc(&b, '"');
    for (size_t left = strlen(s); left;) {
        size_t n = pab_utf8_char(s, left);
        unsigned code = n ? special(s, n) : 0xfffd;
        if (!n) n = 1;
        if (!code) pab_buf_add(&b, s, n);
        else if (code == '"' || code == '\\') pab_buf_addf(&b, "\\%c", (int)code);
        else pab_buf_addf(&b, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
        s += n;
        left -= n;
    }
    pab_buf_addc(&b, '"');
    return pab_buf_take(&b);
}

char *pab_init_pattern(const char *relative, int is_folder)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_buf_addc(&b, '/');
    for (; *relative; relative++) {
        if (strchr("*?[\\", *relative)) pab_buf_addc(&b, '\\');
        pab_buf_addc(&b, *relative);
    }
    if (is_folder && b.size > 1) pab_buf_addc(&b, '/');
    return pab_buf_take(&b);
}

int pab_init_has(const struct pab_strs *v, const char *s)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->items[i], s) == 0) return 1;
    return 0;
}

/* A name that a target may have, and no other has. Caller frees. */
static char *target_name(const struct pab_init *i, const char *wish)
{
    CLEANUP_FREE char *clean = pab_strndup(*wish ? wish : "target", 80);
    for (char *p = clean; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || (p > clean && strchr("._-", *p)))) *p = p > clean ? '-' : 'x';
    if (!pab_init_has(&i->names, clean)) return pab_strdup(clean);
    for (unsigned n = 2;; n++) {
        char *numbered = pab_sprintf("%s-%u", clean, n);
        if (!pab_init_has(&i->names, numbered)) return numbered;
        free(numbered);
    }
}

void pab_init_target(struct pab_init *i, const char *name, const char *plugin, const char *note)
{
    CLEANUP_FREE char *unique = target_name(i, name);
    pab_buf_addc(&i->out, '\n');
    while (*note) {
        size_t n = strcspn(note, "\n");
        pab_buf_addf(&i->out, "  # %.*s\n", (int)n, note);
        note += n + (note[n] == '\n');
    }
    CLEANUP_FREE char *quoted = pab_init_quote(unique);
    pab_buf_addf(&i->out, "  - name: %s\n    plugin: %s\n", quoted, plugin);
    pab_strs_add(&i->names, unique);
}

void pab_init_docker_host(struct pab_init *i)
{
    const char *host = pab_machine_text(json_object_get(i->machine, "docker"), "host");
    CLEANUP_FREE char *quoted = pab_init_quote(host);
    if (pab_str_has_prefix(host, "unix://") && strcmp(host, "unix:///var/run/docker.sock") != 0) pab_buf_addf(&i->out, "      docker_host: %s\n", quoted);
}

/* The .env of the folder we are in; else of the first project that has one. */
static const json_t *choose_env(const json_t *machine)
{
    const json_t *projects = json_object_get(machine, "projects"), *ret = NULL;
    for (size_t i = 0; i < json_array_size(projects); i++) {
        const json_t *p = json_array_get(projects, i);
        if (!*pab_machine_text(p, "env_file")) continue;
        if (json_is_true(json_object_get(p, "current"))) return p;
        if (!ret) ret = p;
    }
    return ret;
}

static void write_docker(struct pab_init *i)
{
    const json_t *docker = json_object_get(i->machine, "docker");
    const char *state = pab_machine_text(docker, "state");
    CLEANUP_FREE char *host = pab_init_quote(pab_machine_text(docker, "host")), *error = pab_init_quote(pab_machine_text(docker, "error"));
    if (!strcmp(state, "ok")) pab_buf_addf(&i->out, "# Docker at %s: %zu containers, %zu volumes.\n", host,
                                           json_array_size(json_object_get(i->machine, "containers")), json_array_size(json_object_get(i->machine, "volumes")));
    else if (!strcmp(state, "failed")) pab_buf_addf(&i->out, "# Docker at %s does not answer (%s): whatever runs there is not in this job.\n", host, error);
    else pab_buf_addf(&i->out, "# There is no Docker socket at %s: this job has nothing of containers.\n", host);
}

static void write_head(struct pab_init *i)
{
    CLEANUP_FREE char *host = pab_init_quote(pab_machine_text(i->machine, "host")), *folder = pab_init_quote(pab_machine_text(i->machine, "folder"));
    pab_buf_addf(&i->out, "# What pabengine init found on %s, seen from %s.\n", host, folder);
    write_docker(i);
    pab_buf_adds(&i->out, "# Look it over, then: pabengine check FILE; pabengine discover FILE --uncovered; pabengine run FILE\n"
                          "# Each key is explained in pabengine-job(5), the options of targets in pabengine-postgres(7), pabengine-volume(7) and so on.\nversion: 1\n");
    if (i->env_project) {
        CLEANUP_FREE char *file = pab_init_quote(pab_machine_text(i->env_project, "env_file"));
        pab_buf_addf(&i->out, "\n# Where the env: references below are looked up after the environment. No secret stands in this file.\nenv_file: %s\n", file);
    }
    pab_buf_adds(&i->out, "\n# Relative to this file. Better is another disk.\nstore: {path: backups, compression: zstd}\n\n"
                          "# The oldest that a good backup may be, and which backups cleanup keeps: without them any age will do, and all are kept.\n"
                          "# rpo: 26h\n# retention: {keep_daily: 7, keep_weekly: 4, keep_monthly: 6}\n\ntargets:");
}

/* A job has at least one target. */
static void write_example(struct pab_init *i)
{
    const char *folder = pab_machine_text(i->machine, "folder");
    CLEANUP_FREE char *quoted = pab_init_quote(*folder == '/' ? folder : "/etc");
    pab_init_target(i, "files", "files", "Nothing that pabengine knows was found: this is an example, the folder that init was called in.");
    pab_buf_addf(&i->out, "    options: {root: %s, sets: {all: [/]}, exclude: [/backups/]}\n", quoted);
}

char *pab_init_job(const json_t *machine)
{
    struct pab_init i = { .machine = machine, .env_project = choose_env(machine) };
    write_head(&i);
    pab_init_services(&i);
    pab_init_volumes(&i);
    pab_init_folders(&i);
    if (!i.names.count) write_example(&i);
    if (i.left_out.size) pab_buf_addf(&i.out, "\n# Not in this job:\n%s", i.left_out.data);
    pab_strs_release(&i.names);
    pab_strs_release(&i.dumped);
    pab_strs_release(&i.folders);
    pab_buf_release(&i.left_out);
    return pab_buf_take(&i.out);
}
