/* container.c - a server inside a Docker container: where it listens, and its own pg_dump for a machine that has none of
 * that major.
 *
 * The programs run by the docker command rather than by the Engine API: they need their stdin (an archive for
 * pg_restore), and so a child process is the same thing with and without a container. */
#include <string.h>
#include "plugins/postgres/pg.h"
#include "plugins/support/docker.h"

int pg_container_address(struct pg_call *c, struct pab_error *err)
{
    CLEANUP(pab_cleanup_docker) struct docker *d = NULL;
    const struct docker_opts o = { .host = c->pg->docker_host, .cancel_fd = c->op->host->cancel_fd(c->op) };
    if (!c->pg->container || c->address) return PAB_OK;
    if (docker_connect(&o, &d, err)) return err->code;
    return docker_container_address(d, c->pg->container, &c->address, err);
}

/* docker [-H HOST] exec -i [-e NAME]... CONTAINER */
void pg_container_argv(const struct pg *pg, const char *const *names, struct pab_strs *ret)
{
    pab_strs_add(ret, "docker");
    if (pg->docker_host) {
        pab_strs_add(ret, "-H");
        pab_strs_add(ret, pg->docker_host);
    }
    pab_strs_add(ret, "exec");
    pab_strs_add(ret, "-i");
    /* a name without a value takes it from the environment of the docker command: nothing secret is in an argument */
    for (; names && *names; names++) {
        pab_strs_add(ret, "-e");
        pab_strs_add(ret, *names);
    }
    pab_strs_add(ret, pg->container);
}

/* What a program in the container says of itself; NULL when there is none. Caller frees. */
static char *ask(const struct pg *pg, const char *program, const char *option)
{
    struct pab_strs argv = { 0 };
    struct pab_error ignored = { 0 };
    char *said = NULL;
    pg_container_argv(pg, NULL, &argv);
    pab_strs_add(&argv, program);
    pab_strs_add(&argv, option);
    if (pab_proc_capture(&(struct pab_proc_opts){ .argv = (const char *const *)argv.items }, 1 << 16, &said, &ignored)) said = NULL;
    pab_strs_release(&argv);
    return said;
}

void pg_container_tools(const struct pg *pg, struct pg_tools *t)
{
    CLEANUP_FREE char *docker = pg->container ? pab_proc_which("docker") : NULL;
    if (!docker) return;
    CLEANUP_FREE char *version = ask(pg, "pg_dump", "--version");
    if (!version) return;
    CLEANUP_FREE char *help = ask(pg, "pg_restore", "--help");
    pg_tools_add(t, NULL, version, help ? help : "");
}
