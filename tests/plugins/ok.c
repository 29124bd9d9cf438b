/* ok.c - the plain plugin as it should be; compiled a second time against the frozen header of ABI 1.0. */
#include "tests/plugins/plain.h"

#ifndef TEST_PLUGIN_NAME
#define TEST_PLUGIN_NAME "ok"
#endif

static const struct pab_plugin plugin = { PAB_PLUGIN_HEADER, PLAIN_MEMBERS(TEST_PLUGIN_NAME) };

const struct pab_plugin *pab_plugin_init(void)
{
    return &plugin;
}
