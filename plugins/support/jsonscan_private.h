/* jsonscan_private.h - the insides of jsonscan.h: the window over the text (jsonscan_text.c) and the calls (jsonscan.c). */
#ifndef PAB_SUPPORT_JSONSCAN_PRIVATE_H
#define PAB_SUPPORT_JSONSCAN_PRIVATE_H

#include "plugins/support/jsonscan.h"

#define JSON_SCAN_DEPTH 200

struct json_scan {
    struct json_scan_opts o;
    char *what;
    struct pab_buf in;          /* the window: what was read and is still needed */
    size_t pos;                 /* of the next byte in it */
    size_t kept;                /* while a value is passed over: where it begins, else NOT_KEPT */
    size_t raw, raw_size;       /* the last value */
    int passing;                /* the value goes to `put` as it comes: it is kept from where that has not seen it */
    json_scan_put put;
    void *put_ctx;
    uint64_t before;            /* bytes of the text before the window */
    int ended;                  /* the source has */
    unsigned depth;
    char open[JSON_SCAN_DEPTH]; /* '{' or '[' */
    int fresh;                  /* the innermost was just opened: no comma yet */
    struct pab_buf key;
    struct pab_error err;       /* sticky */
};
#define NOT_KEPT SIZE_MAX

/* Sets the sticky error; returns its code. */
int scan_fail(struct json_scan *s, int code, const char *problem);
int scan_unexpected(struct json_scan *s);
/* The next byte (not consumed) after white space, or -1 at the end of the text, -2 after an error. */
int scan_peek(struct json_scan *s);
/* Passes over one whole value, or one string. */
int scan_value(struct json_scan *s);
/* Hands out what was passed over and not yet handed out, but for a character that is not whole (the last time: all of it). */
int scan_hand_out(struct json_scan *s, int last);
int scan_string(struct json_scan *s);
int scan_push(struct json_scan *s, char kind);
void scan_pop(struct json_scan *s);

#endif
