/* clusters.c - PostgreSQL servers of this machine, by their sockets: .s.PGSQL.PORT */
#include <dirent.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <stdio.h>
#include "plugins/survey/survey.h"

#define PREFIX ".s.PGSQL."

/* A server that was killed leaves its socket behind. */
static int somebody_listens(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= sizeof a.sun_path) return 0;
    CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
}

static int by_port(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void survey_clusters(const char *folder, json_t *document)
{
    struct { int64_t *items; size_t count, capacity; } ports = { 0 };
    json_t *list = json_array();
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        int64_t port;
        CLEANUP_FREE char *path = pab_sprintf("%s/%s", folder, e->d_name);
        if (!pab_str_has_prefix(e->d_name, PREFIX) || pab_parse_int(e->d_name + sizeof PREFIX - 1, &port) || port < 1 || port > 65535) continue;
        if (somebody_listens(path)) PAB_PUSH(&ports, port);
    }
    if (dir) closedir(dir);
    if (ports.count) qsort(ports.items, ports.count, sizeof *ports.items, by_port);
    for (size_t i = 0; i < ports.count; i++) json_array_append_new(list, json_pack("{s:s, s:I}", "folder", folder, "port", (json_int_t)ports.items[i]));
    free(ports.items);
    json_object_set_new(document, "clusters", list);
}
