/* survey.c - see survey.h. */
#include "core/engine/survey.h"

#include <errno.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/deadline.h"
#include "core/base/proc.h"
#include "core/engine/machine.h"

#define LIMIT_MS 60000
#define MAX_DOCUMENT (64u << 20)

static int run(char **ret, struct pab_error *err)
{
    const char *folder = getenv("PABENGINE_LIBEXEC_PATH");
    CLEANUP_FREE char *program = pab_sprintf("%s/pabengine-survey", folder && *folder ? folder : PAB_LIBEXECDIR);
    CLEANUP_CLOSE int timer = -1;
    CLEANUP_CLOSE int deadline = pab_deadline_fd(LIMIT_MS, 1, &timer);
    const char *const argv[] = { program, NULL };
    if (access(program, X_OK))
        return pab_error_hint(err, pab_error_set(err, errno == ENOENT ? PAB_E_NOT_FOUND : PAB_E_IO, errno, "cannot run '%s', which looks at this machine", program),
                              "it is built together with the plugins that use Docker");
    return pab_proc_capture(&(struct pab_proc_opts){ .argv = argv, .cancel_fd = deadline > 0 ? deadline : 0, .end_group = 1, .what = "pabengine-survey" }, MAX_DOCUMENT, ret, err);
}

static int check_docker(const json_t *machine, struct pab_error *err)
{
    const json_t *docker = json_object_get(machine, "docker");
    const char *state = pab_machine_text(docker, "state"), *host = pab_machine_text(docker, "host"), *why = pab_machine_text(docker, "error");
    if (strcmp(state, "ok") == 0) return PAB_OK;
    if (strcmp(state, "absent") == 0) return pab_error_hint(err, pab_error_set(err, PAB_E_UNREACHABLE, 0, "there is no Docker socket at '%s'", host), "DOCKER_HOST names another one");
    return pab_error_set(err, PAB_E_UNREACHABLE, 0, "Docker at '%s' cannot be asked: %s", host, why);
}

int pab_survey(int need_docker, json_t **ret, struct pab_error *err)
{
    CLEANUP_FREE char *text = NULL;
    json_error_t e;
    if (run(&text, err)) return err->code;
    json_t *machine = json_loads(text, 0, &e);
    if (!json_is_object(machine)) {
        json_decref(machine);
        return pab_error_set(err, PAB_E_TOOL, 0, "pabengine-survey printed no JSON: %s", e.text);
    }
    if (need_docker && check_docker(machine, err)) {
        json_decref(machine);
        return err->code;
    }
    *ret = machine;
    return PAB_OK;
}
