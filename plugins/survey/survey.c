/* survey.c - pabengine-survey [FOLDER]: see survey.h. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/survey/survey.h"

#define SOCKETS "/var/run/postgresql"

/* No socket at all is no fault: then there is no Docker here. */
static int is_absent(const char *host)
{
    struct stat st;
    return strncmp(host, "unix://", 7) == 0 && stat(host + 7, &st) != 0;
}

static void look_at_docker(json_t *document)
{
    struct pab_error err = { 0 };
    struct docker_endpoint e = { 0 };
    CLEANUP(pab_cleanup_docker) struct docker *d = NULL;
    const char *state = "ok";
    int rc = docker_endpoint_find(NULL, NULL, &e, &err);
    if (!rc && is_absent(e.host)) state = "absent";
    else if (rc || docker_connect(&(struct docker_opts){ .cancel_fd = -1 }, &d, &err) || survey_containers(d, docker_is_local(d), document, &err)) state = "failed";
    json_object_set_new(document, "docker", json_pack("{s:s, s:s, s:s}", "state", state, "host", e.host ? e.host : "", "error", err.message));
    docker_endpoint_release(&e);
}

int main(int argc, char **argv)
{
    char host[256] = "", folder[4096] = "";
    CLEANUP_JSON json_t *document = json_object();
    if (argc > 2) return fprintf(stderr, "usage: pabengine-survey [FOLDER]\n"), 2;
    if (gethostname(host, sizeof host - 1) || !getcwd(folder, sizeof folder)) host[0] = 0;
    if (argc == 2) snprintf(folder, sizeof folder, "%s", argv[1]);
    json_object_set_new(document, "version", json_integer(1));
    json_object_set_new(document, "host", json_string(host));
    json_object_set_new(document, "folder", json_string(folder));
    if (http_load(NULL)) return fprintf(stderr, "cannot start libcurl\n"), 1;
    look_at_docker(document);
    CLEANUP_JSON json_t *labels = json_incref(json_object_get(document, "labels"));
    json_object_del(document, "labels");
    survey_projects(labels, folder, document);
    survey_clusters(SOCKETS, document);
    return json_dumpf(document, stdout, JSON_SORT_KEYS | JSON_INDENT(1)) || fflush(stdout) ? 1 : 0;
}
