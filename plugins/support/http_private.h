/* http_private.h - the insides of http.h, for http.c and http_stream.c. */
#ifndef PAB_SUPPORT_HTTP_PRIVATE_H
#define PAB_SUPPORT_HTTP_PRIVATE_H

#include <curl/curl.h>
#include "plugins/support/http.h"

struct http {
    CURLM *multi;                /* keeps the connections */
    char *base, *socket;         /* socket: path of a Unix socket, or NULL */
    char *user, *password, *ca_file, *cert_file, *key_file;
    struct pab_strs headers;
    int cancel_fd, insecure;
    uint32_t connect_ms, idle_ms;
};

struct http_stream {
    struct http *h;
    CURL *easy;
    struct curl_slist *headers;
    char *what;                  /* "GET /version at 'unix:///run/docker.sock'": for messages */
    struct http_resp resp;
    char *body;                  /* of the request */
    size_t body_size, body_sent;
    pab_read_fn upload;
    void *upload_ctx;
    int upload_rc;               /* what the callback failed with */
    struct pab_buf in;           /* came, not yet read */
    size_t in_start;
    int paused, headers_done, done;
    int64_t moved_ms;            /* when bytes last went either way */
    uint32_t idle_ms;
    CURLcode result;             /* once done */
    char message[CURL_ERROR_SIZE];
};

#endif
