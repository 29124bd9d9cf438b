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

static void add(const struct pab_job *job, const char *given, struct pab_strs *io)
{
    struct stat st;
    CLEANUP_FREE char *path = pab_path_absolute(job->dir, given);
    CLEANUP_FREE char *name = pab_credential_name(path);
    if (stat(path, &st) || !S_ISREG(st.st_mode) || strlen(name) > NAME_MAX || strpbrk(path, "\r\n"))
        return;
    for (size_t i = 0; i < io->count; i++)
        if (strcmp(io->items[i], path) == 0)
            return;
    pab_strs_add(io, path);
}

static void walk(const struct pab_job *job, const struct pab_node *n, struct pab_strs *io)
{
    if (!n)
        return;
    if (n->kind == PAB_NODE_SCALAR && pab_str_has_prefix(n->text, "file:"))
        add(job, n->text + 5, io);
    for (size_t i = 0; i < n->count; i++)
        walk(job, n->items[i], io);
}

void pab_credential_files(const struct pab_job *job, struct pab_strs *io)
{
    const struct pab_node *env_file = pab_node_get(job->root, "env_file");
    if (env_file && env_file->kind == PAB_NODE_SCALAR)
        add(job, env_file->text, io);
    walk(job, job->root, io);
}
