/* yaml_error.h - libyaml's complaints in words that help to find the mistake. */
#ifndef PAB_CONFIG_YAML_ERROR_H
#define PAB_CONFIG_YAML_ERROR_H

#include <yaml.h>
#include "core/base/error.h"

/* After yaml_parser_parse has failed on text[0..n). Returns PAB_E_CONFIG. */
int pab_yaml_error(const yaml_parser_t *yaml, const char *text, size_t n, const char *name, struct pab_error *err);

#endif
