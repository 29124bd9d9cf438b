/* cli_private.h - the two places where the n8n command may run. */
#ifndef PAB_N8N_CLI_PRIVATE_H
#define PAB_N8N_CLI_PRIVATE_H

#include "plugins/n8n/n8n.h"
#include "plugins/support/docker.h"

struct cli {
    const struct n8n *n;
    struct pab_op *op;
    struct pab_strs env;        /* "NAME=VALUE" */
    char *dir, *file;           /* private folder and a file in it, where the command runs */
    struct docker *d;           /* NULL: this machine */
    int64_t uid, gid;           /* of the user in the container */
};

/* The failure of a command, with the last line that it printed. */
int cli_failed(const char *out, struct pab_error *err);

int boxed_open(struct cli *c, struct pab_error *err);
void boxed_close(struct cli *c);
int boxed_run(struct cli *c, const char *const *argv, char **ret_out, struct pab_error *err);
int boxed_put(struct cli *c, const void *data, size_t size, struct pab_error *err);
int boxed_get(struct cli *c, cli_sink sink, void *ctx, struct pab_error *err);

#endif
