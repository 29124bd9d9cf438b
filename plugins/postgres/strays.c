/* strays.c - programs that run inside a container (docker exec) do not end with the docker command that started them: a pg_dump
 * there would go on reading, and hold its locks, after a cancelled or killed run.  Its session on the server can be ended,
 * though: they all go by a name that says which process of which machine they belong to. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/postgres/pg.h"

#define APP "pabengine"

/* Processes are numbered per boot and per PID namespace. */
static uint64_t numbering(void)
{
    uint64_t h = 14695981039346656037u;
    char boot[64];
    struct stat st;
    CLEANUP_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, boot, sizeof boot);
    uint64_t ns = stat("/proc/self/ns/pid", &st) ? 0 : (uint64_t)st.st_ino;
    for (ssize_t i = 0; i < n; i++) h = (h ^ (unsigned char)boot[i]) * 1099511628211u;
    return (h ^ ns) * 1099511628211u;
}

char *pg_stray_name(void) { return pab_sprintf(APP " %016" PRIx64 " %d", numbering(), (int)getpid()); }

/* On a connection that is idle, without watching the cancellation: this cleans up after it. */
static void end_sessions(PGconn *conn, const char *name)
{
    const char *const values[] = { name };
    PQclear(PQexecParams(conn, "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE application_name = $1 AND pid <> pg_catalog.pg_backend_pid()",
                         1, NULL, values, NULL, NULL, 0));
}

void pg_end_own_strays(struct pg_call *c, PGconn *conn)
{
    if (!c->stray_name || !conn) return;
    if (PQtransactionStatus(conn) == PQTRANS_ACTIVE) pg_stop_query(conn);
    end_sessions(conn, c->stray_name);
}

void pg_end_old_strays(struct pg_call *c, PGconn *conn)
{
    if (!c->stray_name) return;
    CLEANUP_FREE char *prefix = pab_strndup(c->stray_name, (size_t)(strrchr(c->stray_name, ' ') + 1 - c->stray_name));
    CLEANUP_RESULT PGresult *r = NULL;
    struct pab_error ignored = { 0 };
    if (pg_query(c, conn, &r, &ignored,
                 "SELECT DISTINCT application_name FROM pg_catalog.pg_stat_activity WHERE pg_catalog.left(application_name, pg_catalog.length($1)) = $1", prefix, PG_END)) return;
    for (int i = 0; i < PQntuples(r); i++) {
        const char *name = pg_cell(r, i, 0);
        int64_t pid = 0;
        if (pab_parse_int(name + strlen(prefix), &pid) || pid <= 0 || pid > INT32_MAX) continue;
        if (kill((pid_t)pid, 0) == 0 || errno != ESRCH) continue;
        pab_log(c->op, PAB_LOG_INFO, "sessions of a run that was killed are ended");
        end_sessions(conn, name);
    }
}
