/* docker_private.h - for the files docker*.c. */
#ifndef PAB_SUPPORT_DOCKER_PRIVATE_H
#define PAB_SUPPORT_DOCKER_PRIVATE_H

#include <stdarg.h>
#include "plugins/support/docker.h"

struct docker {
    struct http *http;
    char *host, *version;
    int api;
    int local;                   /* 0: not asked yet; 1: yes; -1: no */
};

struct http *docker_http(struct docker *d);
/* "/v1.41" and the path; the caller frees. */
char *docker_path(const struct docker *d, const char *path, va_list ap) __attribute__((format(printf, 2, 0)));
/* The error for a status of 400 and more. */
int docker_refused(const struct http_resp *resp, const char *method, const char *path, struct pab_error *err);

#endif
