/* credential.c - see credential.h. */
#include "core/config/credential.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/config/envfile.h"

char *pab_credential_name(const char *path)
{
    char *name = pab_str_file_name(path + (*path == '/'));
    for (char *p = name; *p; p++)
        if (*p == '%')
            *p = '~'; /* units take it for a specifier */
    return name;
}

char *pab_credential_path(const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    CLEANUP_FREE char *name = pab_credential_name(path);
    CLEANUP_FREE char *copy = folder && *folder == '/' ? pab_sprintf("%s/%s", folder, name) : NULL;
    return copy && access(copy, F_OK) == 0 ? TAKE_PTR(copy) : pab_strdup(path);
}

static void add_once(const char *text, struct pab_strs *io)
{
    for (size_t i = 0; i < io->count; i++)
        if (strcmp(io->items[i], text) == 0)
            return;
    pab_strs_add(io, text);
}

static void add(const struct pab_job *job, const char *given, struct pab_strs *io)
{
    struct stat st;
    CLEANUP_FREE char *path = pab_path_absolute(job->dir, given);
    CLEANUP_FREE char *name = pab_credential_name(path);
    if (stat(path, &st) || !S_ISREG(st.st_mode) || strlen(name) > NAME_MAX || strpbrk(path, "\r\n"))
        return;
    add_once(path, io);
}

/* What is no name may be half a password: it is not passed on. */
static void add_name(const struct pab_job *job, const char *name, struct pab_strs *io)
{
    (void)job;
    if (*name && !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")])
        add_once(name, io);
}

/* What follows the prefix in each text of the job. */
static void walk(const struct pab_job *job, const struct pab_node *n, const char *prefix,
                 void (*found)(const struct pab_job *job, const char *rest, struct pab_strs *io), struct pab_strs *io)
{
    if (!n)
        return;
    if (n->kind == PAB_NODE_SCALAR && pab_str_has_prefix(n->text, prefix))
        found(job, n->text + strlen(prefix), io);
    for (size_t i = 0; i < n->count; i++)
        walk(job, n->items[i], prefix, found, io);
}

static const char *env_file_of(const struct pab_job *job)
{
    const struct pab_node *n = pab_node_get(job->root, "env_file");
    return n && n->kind == PAB_NODE_SCALAR ? n->text : NULL;
}

void pab_credential_files(const struct pab_job *job, struct pab_strs *io)
{
    const char *env_file = env_file_of(job);
    if (env_file)
        add(job, env_file, io);
    walk(job, job->root, "file:", add, io);
}

void pab_credential_names(const struct pab_job *job, struct pab_strs *io) { walk(job, job->root, "env:", add_name, io); }

int pab_credential_env_file(const struct pab_job *job, struct pab_strs *io, struct pab_error *err)
{
    const char *given = env_file_of(job);
    CLEANUP_FREE char *path = given ? pab_path_absolute(job->dir, given) : NULL;
    return path ? pab_envfile_load(path, io, err) : PAB_OK;
}
