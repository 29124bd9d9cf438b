/* uncovered_paths.c - which paths the targets of a job take. */
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/glob.h"
#include "core/engine/machine.h"
#include "core/engine/uncovered.h"

#define SAMPLE "pabengine sample.d" /* stands for all that a folder may hold */

/* Does a line of `patterns` match? */
static int any_matches(const char *patterns, const char *path, int is_folder)
{
    while (*patterns) {
        size_t n = strcspn(patterns, "\n");
        CLEANUP_FREE char *one = pab_strndup(patterns, n);
        if (pab_glob_match(one, path, is_folder)) return 1;
        patterns += n + (patterns[n] == '\n');
    }
    return 0;
}

static int any_may_descend(const char *patterns, const char *folder)
{
    while (*patterns) {
        size_t n = strcspn(patterns, "\n");
        CLEANUP_FREE char *one = pab_strndup(patterns, n);
        if (pab_glob_may_descend(one, folder)) return 1;
        patterns += n + (patterns[n] == '\n');
    }
    return 0;
}

static enum pab_path_cover by_set(const json_t *attributes, const char *root, const char *path, int is_folder)
{
    const char *patterns = pab_machine_text(attributes, "patterns"), *exclude = pab_machine_text(attributes, "exclude"), *below = pab_machine_below(path, root);
    if (!below) return is_folder && pab_machine_below(root, path) ? PAB_PATH_PART : PAB_PATH_NOT;
    if (!is_folder) return any_matches(patterns, below, 0) && !any_matches(exclude, below, 0) ? PAB_PATH_WHOLE : PAB_PATH_NOT;
    if (*below && any_matches(exclude, below, 1)) return PAB_PATH_NOT;
    CLEANUP_FREE char *inside = pab_sprintf("%s%s" SAMPLE, below, *below ? "/" : "");
    if (any_matches(patterns, inside, 0)) return PAB_PATH_WHOLE;
    return !*below || any_may_descend(patterns, below) ? PAB_PATH_PART : PAB_PATH_NOT;
}

enum pab_path_cover pab_path_covered(const json_t *targets, const char *path, int is_folder)
{
    enum pab_path_cover best = PAB_PATH_NOT;
    for (size_t t = 0; t < json_array_size(targets); t++) {
        const json_t *target = json_array_get(targets, t), *objects = json_object_get(target, "objects");
        const char *root = pab_machine_text(json_object_get(target, "facts"), "root");
        for (size_t o = 0; o < json_array_size(objects); o++) {
            const json_t *attributes = json_object_get(json_array_get(objects, o), "attributes");
            const char *whole = pab_machine_text(attributes, "path");
            enum pab_path_cover here = *whole == '/' && pab_machine_below(path, whole) ? PAB_PATH_WHOLE
                : *root == '/' && *pab_machine_text(attributes, "patterns") ? by_set(attributes, root, path, is_folder) : PAB_PATH_NOT;
            if (here > best) best = here;
        }
    }
    return best;
}
