/* plugin_info.h - everything that the host knows of a plugin, for people and programs. */
#ifndef PAB_CLI_PLUGIN_INFO_H
#define PAB_CLI_PLUGIN_INFO_H

#include <jansson.h>
#include "core/plug/load.h"

json_t *pab_plugin_json(const struct pab_loaded *l);
void pab_plugin_print(const struct pab_loaded *l);

#endif
