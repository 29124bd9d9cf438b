/* docker_endpoint.c - which daemon: see docker.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/support/docker.h"

#define META_MAX (1u << 20)

void docker_endpoint_release(struct docker_endpoint *e)
{
    free(e->host);
    free(e->ca);
    free(e->cert);
    free(e->key);
    *e = (struct docker_endpoint){ 0 };
}

static const char *given(const char *name)
{
    const char *v = getenv(name);
    return v && *v ? v : NULL;
}

static char *config_dir(void)
{
    const char *dir = given("DOCKER_CONFIG"), *home = given("HOME");
    return dir ? pab_strdup(dir) : pab_sprintf("%s/.docker", home ? home : "");
}

static int is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void use_certificates(struct docker_endpoint *e, const char *dir)
{
    e->ca = pab_sprintf("%s/ca.pem", dir);
    e->cert = pab_sprintf("%s/cert.pem", dir);
    e->key = pab_sprintf("%s/key.pem", dir);
    char **const all[] = { &e->ca, &e->cert, &e->key };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (is_file(*all[i])) continue;
        free(*all[i]);
        *all[i] = NULL;
    }
}

/* Makes what Docker writes (tcp://) what libcurl knows. */
static int set_host(struct docker_endpoint *e, const char *host, int tls, struct pab_error *err)
{
    const char *rest = strstr(host, "://");
    if (host[0] == '/') e->host = pab_sprintf("unix://%s", host);
    else if (pab_str_has_prefix(host, "unix:///") || pab_str_has_prefix(host, "http://") || pab_str_has_prefix(host, "https://")) e->host = pab_strdup(host);
    else if (pab_str_has_prefix(host, "tcp://")) e->host = pab_sprintf("%s%s", tls ? "https" : "http", rest);
    if (e->host) return PAB_OK;
    if (pab_str_has_prefix(host, "ssh://"))
        return pab_error_hint(err, pab_error_set(err, PAB_E_UNSUPPORTED, 0, "Docker host '%s': SSH is not supported", host),
                              "forward its socket (ssh -L /run/remote-docker.sock:/var/run/docker.sock) and give unix:///run/remote-docker.sock");
    return pab_error_hint(err, pab_error_set(err, PAB_E_CONFIG, 0, "Docker host '%s' is no address", host), "unix:///var/run/docker.sock or tcp://host:2375");
}

/* DOCKER_HOST with the certificates of DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. */
static int from_environment(struct docker_endpoint *e, const char *host, struct pab_error *err)
{
    int tls = given("DOCKER_TLS_VERIFY") != NULL;
    int rc = set_host(e, host, tls, err);
    if (rc || !tls) return rc;
    CLEANUP_FREE char *fallback = config_dir();
    use_certificates(e, given("DOCKER_CERT_PATH") ? given("DOCKER_CERT_PATH") : fallback);
    return PAB_OK;
}

static int load(const char *path, json_t **ret, struct pab_error *err)
{
    CLEANUP_FREE char *text = NULL;
    size_t size;
    int rc = pab_read_file(AT_FDCWD, path, META_MAX, &text, &size, err);
    return rc ? rc : json_parse(text, size, path, ret, err);
}

/* Contexts lie in folders named by a digest; the name stands in the file. */
static int from_context(struct docker_endpoint *e, const char *dir, const char *name, struct pab_error *err)
{
    CLEANUP_FREE char *metas = pab_sprintf("%s/contexts/meta", dir);
    DIR *list = opendir(metas);
    int rc = PAB_E_NOT_FOUND;
    for (struct dirent *entry; list && rc == PAB_E_NOT_FOUND && (entry = readdir(list));) {
        CLEANUP_FREE char *path = pab_sprintf("%s/%s/meta.json", metas, entry->d_name);
        CLEANUP_FREE char *tls = pab_sprintf("%s/contexts/tls/%s/docker", dir, entry->d_name);
        CLEANUP_JSON json_t *meta = NULL;
        if (entry->d_name[0] == '.' || load(path, &meta, NULL) || strcmp(json_text(meta, "Name"), name)) continue;
        use_certificates(e, tls);
        rc = set_host(e, json_text(meta, "Endpoints.docker.Host"), e->ca || e->cert, err);
    }
    if (list) closedir(list);
    if (rc == PAB_E_NOT_FOUND)
        return pab_error_hint(err, pab_error_set(err, rc, 0, "there is no Docker context '%s' in '%s'", name, metas), "docker context ls");
    return rc;
}

static char *current_context(const char *dir)
{
    CLEANUP_FREE char *path = pab_sprintf("%s/config.json", dir);
    CLEANUP_JSON json_t *config = NULL;
    if (given("DOCKER_CONTEXT")) return pab_strdup(given("DOCKER_CONTEXT"));
    return pab_strdup(load(path, &config, NULL) ? "" : json_text(config, "currentContext"));
}

/* The socket that is there; the first place when none is, for the message of who tries it. */
static char *usual_socket(void)
{
    const char *run = given("XDG_RUNTIME_DIR"), *home = given("HOME");
    const struct { const char *base, *path; } places[] = {
        { "", "/var/run/docker.sock" }, { run, "/docker.sock" }, { home, "/.docker/desktop/docker.sock" },
        { home, "/.docker/run/docker.sock" }, { run, "/podman/podman.sock" }, { "", "/run/podman/podman.sock" },
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct stat st;
        CLEANUP_FREE char *path = places[i].base ? pab_sprintf("%s%s", places[i].base, places[i].path) : NULL;
        if (path && stat(path, &st) == 0 && S_ISSOCK(st.st_mode)) return pab_sprintf("unix://%s", path);
    }
    return pab_strdup("unix:///var/run/docker.sock");
}

int docker_endpoint_find(const char *host, const char *context, struct docker_endpoint *ret, struct pab_error *err)
{
    struct docker_endpoint e = { 0 };
    CLEANUP_FREE char *dir = config_dir();
    CLEANUP_FREE char *current = NULL;
    int rc = PAB_OK;
    if (!host && !context) host = given("DOCKER_HOST");
    if (!host && !context) context = current = current_context(dir);
    if (host) rc = from_environment(&e, host, err);
    else if (*context && strcmp(context, "default")) rc = from_context(&e, dir, context, err);
    else e.host = usual_socket();
    if (rc) docker_endpoint_release(&e);
    else *ret = e;
    return rc;
}
