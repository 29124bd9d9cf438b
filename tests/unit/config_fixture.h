/* config_fixture.h - what the tests of core/config share: snippets checked against a table, warnings collected. */
#ifndef PAB_TESTS_CONFIG_FIXTURE_H
#define PAB_TESTS_CONFIG_FIXTURE_H

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/config/node.h"
#include "core/config/options.h"
#include "tests/unit/unit.h"

#define COUNT(table) (uint32_t)(sizeof(table) / sizeof *(table))

DEFINE_CLEANUP(node, struct pab_node, pab_node_free)
DEFINE_CLEANUP(config, struct pab_config, pab_config_free)
#define NODE CLEANUP(pab_cleanup_node) struct pab_node *
#define CONFIG CLEANUP(pab_cleanup_config) struct pab_config *

static struct pab_buf warnings; /* one a line; it lives as long as the test */
__attribute__((unused)) static struct pab_error last_error;

__attribute__((unused)) static void collect_warning(void *ctx, const char *message)
{
    (void)ctx;
    pab_buf_addf(&warnings, "%s\n", message);
}

__attribute__((unused)) static struct pab_node *node_of(const char *text)
{
    struct pab_node *n = NULL;
    struct pab_error err = { 0 };
    ck_assert_msg(pab_node_parse(text, strlen(text), "t.yaml", &n, &err) == PAB_OK, "%s", err.message);
    return n;
}

/* An env of folder /jobs that resolves secrets and collects warnings; the caller may change it. */
__attribute__((unused)) static struct pab_config_env test_env(void)
{
    pab_buf_clear(&warnings);
    return (struct pab_config_env){ .file = "t.yaml", .dir = "/jobs", .resolve_secrets = 1, .warn = collect_warning };
}

#endif
