/* docker.h - a Docker Engine of a few containers and volumes on the scripted HTTP server: it answers as the real one, remembers what
 * was done to its containers, and misbehaves on demand. Whatever it does not know is the script's to answer (fake_http_on).
 *
 *     struct fake_docker *d = fake_docker_new();
 *     fake_docker_volume(d, "data", "/tmp/x");             // mountpoint
 *     struct fake_container *c = fake_docker_container(d, "web", "data");
 *     c->ignores_stop = 1;
 *     ... docker_connect(&(struct docker_opts){ .host = fake_http_url(d->http), .cancel_fd = -1 }, ...) ...
 *     fake_docker_free(d);
 */
#ifndef FAKE_DOCKER_H
#define FAKE_DOCKER_H

#include <jansson.h>
#include "tests/fakes/http.h"

struct fake_container {
    char id[65], name[32], volume[32];
    const char *project, *service, *depends_on;  /* labels of compose, or NULL */
    int running, paused, exit_code, auto_remove, grace_s; /* grace_s 0: not set */
    int ignores_stop;           /* has to be killed: exit code 137 */
    int survives_stop;          /* runs on after the stop call */
    int fails_start;            /* start gives 500 */
    int stays_down;             /* start gives 204, but it does not run */
    int gone;                   /* 404 */
    int gone_when_stopped;      /* somebody removes it as soon as it is stopped */
    int unhealthy;              /* runs, but its health check fails */
    int late;                   /* a stop or pause whose call is lost (the connection drops) is carried out at the third look after it */
    int pending;                /* 's' or 'p' of such a call */
};

struct fake_docker {
    struct fake_http *http;
    const char *api, *oldest;   /* "1.41", "1.12" */
    struct fake_container containers[8];
    size_t container_count;
    struct { char name[64], mountpoint[128], content[64]; const char *driver; json_t *labels, *options; int gone_when_used; unsigned made; } volumes[16];
    size_t volume_count;        /* content: the name of the first entry that was put into it; "" when empty */
    int has_archives;           /* to set: it makes volumes and helper containers, and answers their archive calls */
    struct { char name[80], volume[64]; } helpers[16];
    size_t helper_count;
    unsigned puts, failing_puts; /* bit n: the n-th of them, from 0, gets status 500 after it came half */
    char did[4096];             /* "stop web, start web, ": what was done to containers, in order */
    char *texts[512];           /* answers, to be freed */
    size_t text_count;
};

struct fake_docker *fake_docker_new(void);
void fake_docker_free(struct fake_docker *d);
struct fake_container *fake_docker_container(struct fake_docker *d, const char *name, const char *volume); /* running */
void fake_docker_volume(struct fake_docker *d, const char *name, const char *mountpoint);
const char *fake_docker_content(const struct fake_docker *d, const char *name); /* of a volume; NULL: there is none */
int fake_docker_has_volume(const struct fake_docker *d, const char *name);

#endif
