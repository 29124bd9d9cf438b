/* init_services.c - targets that ask a service for its data: containers of known images, PostgreSQL of the machine itself. */
#include <ctype.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/engine/init_private.h"

#define CLEANUP_BUF CLEANUP(pab_buf_release)

static const json_t *project_of(const struct pab_init *i, const json_t *container)
{
    const json_t *projects = json_object_get(i->machine, "projects");
    const char *name = pab_machine_text(container, "project");
    for (size_t p = 0; *name && p < json_array_size(projects); p++)
        if (strcmp(pab_machine_text(json_array_get(projects, p), "name"), name) == 0) return json_array_get(projects, p);
    return NULL;
}

static int is_variable(const char *s)
{
    if (!*s || isdigit((unsigned char)*s)) return 0;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_') return 0;
    return 1;
}

/* The name of the .env entry that has the secret of this variable. One that is not known there is told in `note`, and *ret_known 0. Caller frees. */
static char *secret_name(const struct pab_init *i, const json_t *container, const char *variable, const char *plain, struct pab_buf *note, int *ret_known)
{
    const json_t *project = project_of(i, container);
    const char *there = pab_machine_text(json_object_get(container, "from_env"), variable);
    *ret_known = 1;
    if (project && project == i->env_project) {
        if (is_variable(there)) return pab_strdup(there);
        if (pab_machine_has(json_object_get(project, "env"), plain)) return pab_strdup(plain);
    }
    struct pab_buf name = PAB_BUF_INIT(0);
    if (project && project != i->env_project && i->env_project) { /* names of two stacks may be the same, their secrets not */
        for (const char *p = pab_machine_text(project, "name"); *p; p++) pab_buf_addc(&name, (char)(isalnum((unsigned char)*p) ? toupper((unsigned char)*p) : '_'));
        if (name.size && isdigit((unsigned char)name.data[0])) pab_buf_clear(&name);
        if (name.size) pab_buf_addc(&name, '_');
    }
    pab_buf_adds(&name, plain);
    *ret_known = i->env_project && !project ? pab_machine_has(json_object_get(i->env_project, "env"), name.data) : 0;
    if (!*ret_known) pab_buf_addf(note, "%s is to be set in the environment%s.\n", name.data, i->env_project ? ", or in the env_file" : "; or name a file of such lines: env_file");
    return pab_buf_take(&name);
}

static const char *first_of(const json_t *names, const char *const *wanted)
{
    for (; *wanted; wanted++)
        if (pab_machine_has(names, *wanted)) return *wanted;
    return NULL;
}

static void note_container(struct pab_buf *note, const json_t *c, enum pab_known known)
{
    CLEANUP_FREE char *name = pab_init_quote(pab_machine_text(c, "name")), *image = pab_init_quote(pab_machine_text(c, "image"));
    pab_buf_addf(note, "%s: container %s of image %s.\n", pab_known_title(known), name, image);
    if (json_is_false(json_object_get(c, "running"))) pab_buf_adds(note, "It does not run now; it must when it is backed up.\n");
}

/* What of its folders is a copy of what this target takes in a sounder way. */
static void mark_dumped(struct pab_init *i, const json_t *c, enum pab_known known)
{
    const json_t *mounts = json_object_get(c, "mounts");
    for (size_t m = 0; m < json_array_size(mounts); m++) {
        const json_t *mount = json_array_get(mounts, m);
        int is_volume = strcmp(pab_machine_text(mount, "type"), "volume") == 0;
        if (pab_known_holds_store(known, pab_machine_text(mount, "destination"))) pab_strs_add(&i->dumped, pab_machine_text(mount, is_volume ? "name" : "source"));
    }
}

static void add_postgres(struct pab_init *i, const json_t *c)
{
    static const char *const passwords[] = { "POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRESQL_PASSWORD_FILE", NULL };
    const char *variable = first_of(json_object_get(c, "env"), passwords), *user = pab_machine_text(c, "user");
    CLEANUP_BUF struct pab_buf note = PAB_BUF_INIT(0);
    CLEANUP_FREE char *name = pab_init_quote(pab_machine_text(c, "name")), *role = pab_init_quote(*user ? user : "postgres"), *secret = NULL;
    int known = 1;
    note_container(&note, c, PAB_KNOWN_POSTGRES);
    if (variable) secret = secret_name(i, c, variable, strstr(variable, "POSTGRESQL") ? "POSTGRESQL_PASSWORD" : "POSTGRES_PASSWORD", &note, &known);
    pab_init_target(i, pab_machine_text(c, "name"), "postgres", pab_buf_str(&note));
    pab_buf_addf(&i->out, "    options:\n      container: %s\n      user: %s\n", name, role);
    if (json_integer_value(json_object_get(c, "port"))) pab_buf_addf(&i->out, "      port: %d\n", (int)json_integer_value(json_object_get(c, "port")));
    pab_init_docker_host(i);
    if (secret) pab_buf_addf(&i->out, "      password: env:%s\n", secret);
    mark_dumped(i, c, PAB_KNOWN_POSTGRES);
}

/* What all services with an address share. 0: it cannot be reached from here, and *note says why. */
static int find_url(const json_t *c, int port, struct pab_buf *note, char **ret)
{
    const char *ip, *bracket;
    int there = pab_machine_port(c, port, &ip);
    bracket = strchr(ip, ':') ? "[" : "";
    CLEANUP_FREE char *url = pab_sprintf("http://%s%s%s:%d", bracket, ip, *bracket ? "]" : "", there ? there : port);
    *ret = pab_init_quote(url);
    if (!there) pab_buf_addf(note, "Its port %d is not published on this machine: publish it (ports: [\"127.0.0.1:%d:%d\"]) and set enabled to true.\n", port, port, port);
    return there != 0;
}

static void add_neo4j(struct pab_init *i, const json_t *c)
{
    CLEANUP_BUF struct pab_buf note = PAB_BUF_INIT(0);
    CLEANUP_FREE char *url = NULL, *secret = NULL;
    int known = 1;
    note_container(&note, c, PAB_KNOWN_NEO4J);
    int reachable = find_url(c, 7474, &note, &url);
    int has_password = pab_machine_has(json_object_get(c, "env"), "NEO4J_AUTH") || pab_machine_has(json_object_get(c, "env"), "NEO4J_PASSWORD");
    if (has_password) secret = secret_name(i, c, pab_machine_has(json_object_get(c, "env"), "NEO4J_AUTH") ? "NEO4J_AUTH" : "NEO4J_PASSWORD", "NEO4J_PASSWORD", &note, &known);
    pab_init_target(i, pab_machine_text(c, "name"), "neo4j", pab_buf_str(&note));
    if (!reachable) pab_buf_adds(&i->out, "    enabled: false\n");
    else mark_dumped(i, c, PAB_KNOWN_NEO4J);
    pab_buf_addf(&i->out, "    options:\n      url: %s\n", url);
    if (secret) pab_buf_addf(&i->out, "      password: env:%s\n", secret);
}

static void add_letta(struct pab_init *i, const json_t *c)
{
    CLEANUP_BUF struct pab_buf note = PAB_BUF_INIT(0);
    CLEANUP_FREE char *url = NULL, *secret = NULL;
    int known = 1;
    note_container(&note, c, PAB_KNOWN_LETTA);
    int reachable = find_url(c, 8283, &note, &url);
    if (pab_machine_has(json_object_get(c, "env"), "LETTA_SERVER_PASSWORD")) secret = secret_name(i, c, "LETTA_SERVER_PASSWORD", "LETTA_SERVER_PASSWORD", &note, &known);
    pab_init_target(i, pab_machine_text(c, "name"), "letta", pab_buf_str(&note));
    if (!reachable) pab_buf_adds(&i->out, "    enabled: false\n");
    pab_buf_addf(&i->out, "    options:\n      url: %s\n", url);
    if (secret) pab_buf_addf(&i->out, "      password: env:%s\n", secret);
}

/* The key of its API is made by hand in n8n: without one the target waits, and the volume has the data. */
static void add_n8n(struct pab_init *i, const json_t *c)
{
    CLEANUP_BUF struct pab_buf note = PAB_BUF_INIT(0);
    CLEANUP_FREE char *url = NULL, *name = pab_init_quote(pab_machine_text(c, "name")), *secret = NULL;
    int known = 1;
    note_container(&note, c, PAB_KNOWN_N8N);
    int reachable = find_url(c, 5678, &note, &url);
    secret = secret_name(i, c, "N8N_API_KEY", "N8N_API_KEY", &note, &known);
    if (!known) pab_buf_adds(&note, "The key is made in n8n: Settings, n8n API. Then set enabled to true.\n");
    pab_init_target(i, pab_machine_text(c, "name"), "n8n", pab_buf_str(&note));
    if (!reachable || !known) pab_buf_adds(&i->out, "    enabled: false\n");
    pab_buf_addf(&i->out, "    options:\n      url: %s\n      api_key: env:%s\n      container: %s\n", url, secret, name);
    pab_init_docker_host(i);
}

static void add_cluster(struct pab_init *i, const json_t *cluster)
{
    int port = (int)json_integer_value(json_object_get(cluster, "port"));
    CLEANUP_FREE char *folder = pab_init_quote(pab_machine_text(cluster, "folder")), *name = pab_sprintf("postgres-%d", port);
    if (port < 1 || port > 65535) return;
    pab_init_target(i, name, "postgres", "PostgreSQL of this machine, by its socket. Without user and password it takes the role of the same name as the user who runs pabengine.");
    pab_buf_addf(&i->out, "    options:\n      host: %s\n      port: %d\n      # user: postgres\n      # password: env:PGPASSWORD\n", folder, port);
}

void pab_init_services(struct pab_init *i)
{
    const json_t *containers = json_object_get(i->machine, "containers"), *clusters = json_object_get(i->machine, "clusters");
    for (size_t n = 0; n < json_array_size(containers); n++) {
        const json_t *c = json_array_get(containers, n);
        switch (pab_known_of(pab_machine_text(c, "image"))) {
        case PAB_KNOWN_POSTGRES: add_postgres(i, c); break;
        case PAB_KNOWN_NEO4J: add_neo4j(i, c); break;
        case PAB_KNOWN_LETTA: add_letta(i, c); break;
        case PAB_KNOWN_N8N: add_n8n(i, c); break;
        case PAB_KNOWN_OPEN_WEBUI:
        case PAB_KNOWN_OTHER_STORE:
        case PAB_KNOWN_NONE: break; /* their volumes and folders */
        }
    }
    for (size_t n = 0; n < json_array_size(clusters); n++) add_cluster(i, json_array_get(clusters, n));
}
