/* survey.h - asks pabengine-survey what is on this machine. */
#ifndef PAB_ENGINE_SURVEY_H
#define PAB_ENGINE_SURVEY_H

#include <jansson.h>
#include "core/base/error.h"

/* The document of machine.h, the caller's reference. Runs the program that lies in PABENGINE_LIBEXEC_PATH, else the installed one, for at most
 * a minute.  need_docker: a Docker Engine that is not there or does not answer is an error that names its socket. */
int pab_survey(int need_docker, json_t **ret, struct pab_error *err);

#endif
