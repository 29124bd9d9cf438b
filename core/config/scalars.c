/* scalars.c - the option types that are written as one word or number. */
#include <string.h>

#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/config/config_impl.h"

int pab_complain_type(struct pab_error *err, const struct pab_place *at, const char *expected, const struct pab_node *found, int hide)
{
    switch (found->kind) {
    case PAB_NODE_NULL:
        return pab_error_hint(err, pab_complain(err, at, "expected %s, found nothing", expected), "remove the key to use its default");
    case PAB_NODE_LIST: return pab_complain(err, at, "expected %s, found a list", expected);
    case PAB_NODE_MAP: return pab_complain(err, at, "expected %s, found a map", expected);
    case PAB_NODE_SCALAR: break;
    }
    if (hide)
        return pab_complain(err, at, "expected %s, found text", expected);
    CLEANUP_FREE char *shown = pab_str_printable(found->text);
    return pab_complain(err, at, "expected %s, found '%s'", expected, shown);
}

/* A bound in the user's own units, exactly: "64k", "2h". */
static char *bound_text(uint32_t type, int64_t n)
{
    static const struct { int64_t factor; const char *unit; }
        sizes[] = { { INT64_C(1) << 40, "T" }, { 1 << 30, "G" }, { 1 << 20, "M" }, { 1 << 10, "k" }, { 1, "" } },
        times[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };
    if (type != PAB_OPT_SIZE && type != PAB_OPT_DURATION)
        return pab_sprintf("%lld", (long long)n);
    if (n == 0)
        return pab_strdup("0");
    for (size_t i = 0;; i++) {
        int64_t factor = type == PAB_OPT_SIZE ? sizes[i].factor : times[i].factor;
        if (n % factor == 0)
            return pab_sprintf("%lld%s", (long long)(n / factor), type == PAB_OPT_SIZE ? sizes[i].unit : times[i].unit);
    }
}

static int check_range(struct pab_checking *ck, const struct pab_option *opt, const struct pab_node *node, const struct pab_place *at,
                       int64_t n)
{
    int bounded = opt->min < opt->max;
    int64_t min = bounded ? opt->min : opt->type == PAB_OPT_INT ? INT64_MIN : 0;
    int64_t max = bounded ? opt->max : INT64_MAX;
    if (n >= min && n <= max)
        return PAB_OK;
    CLEANUP_FREE char *low = bound_text(opt->type, min);
    CLEANUP_FREE char *high = bound_text(opt->type, max);
    CLEANUP_FREE char *shown = pab_str_printable(node->text);
    if (max == INT64_MAX)
        return pab_complain(ck->err, at, "'%s' is too small: expected at least %s", shown, low);
    return pab_complain(ck->err, at, "'%s' is out of range: expected %s to %s", shown, low, high);
}

static int check_number(struct pab_checking *ck, const struct pab_option *opt, const struct pab_node *node, const struct pab_place *at,
                        struct pab_value *v)
{
    int64_t n = 0;
    int bad;
    const char *expected;
    if (opt->type == PAB_OPT_SIZE) {
        bad = pab_parse_size(node->text, &n);
        expected = "a size such as 512, 64k or 32MiB";
    } else if (opt->type == PAB_OPT_DURATION) {
        bad = pab_parse_duration(node->text, &n);
        expected = "a duration such as 90s, 10m or 2h";
    } else {
        bad = pab_parse_int(node->text, &n);
        expected = "a whole number";
    }
    if (bad)
        return pab_complain_type(ck->err, at, expected, node, 0);
    if (check_range(ck, opt, node, at, n))
        return PAB_E_CONFIG;
    v->number = n;
    return PAB_OK;
}

static int check_bool(struct pab_checking *ck, const struct pab_node *node, const struct pab_place *at, struct pab_value *v)
{
    int flag;
    if (pab_parse_bool(node->text, &flag))
        return pab_complain_type(ck->err, at, "true or false", node, 0);
    v->number = flag;
    return PAB_OK;
}

static int check_choice(struct pab_checking *ck, const struct pab_option *opt, const struct pab_node *node, const struct pab_place *at,
                        struct pab_value *v)
{
    size_t n = 0;
    CLEANUP_FREE char *all = pab_strdup("one of ");
    for (; opt->choices[n]; n++) {
        if (strcmp(opt->choices[n], node->text) == 0) {
            v->text = pab_strdup(node->text);
            return PAB_OK;
        }
        char *longer = pab_sprintf("%s%s%s", all, n ? ", " : "", opt->choices[n]);
        free(all);
        all = longer;
    }
    pab_complain_type(ck->err, at, all, node, 0);
    const char *near = pab_str_nearest(node->text, opt->choices, n);
    return near ? pab_error_hint(ck->err, PAB_E_CONFIG, "did you mean '%s'?", near) : PAB_E_CONFIG;
}

static int check_path(struct pab_checking *ck, const struct pab_node *node, const struct pab_place *at, struct pab_value *v)
{
    if (!*node->text)
        return pab_complain(ck->err, at, "expected a path, found empty text");
    if (node->text[0] == '~' && (node->text[1] == '/' || !node->text[1]))
        return pab_error_hint(ck->err, pab_complain(ck->err, at, "'~' is not expanded"), "write the whole path");
    v->text = pab_path_absolute(ck->env->dir, node->text);
    return PAB_OK;
}

static const char *expected_word(uint32_t type)
{
    switch (type) {
    case PAB_OPT_INT: return "a whole number";
    case PAB_OPT_BOOL: return "true or false";
    case PAB_OPT_SIZE: return "a size such as 512, 64k or 32MiB";
    case PAB_OPT_DURATION: return "a duration such as 90s, 10m or 2h";
    case PAB_OPT_PATH: return "a path";
    case PAB_OPT_CHOICE: return "a word";
    default: return "text";
    }
}

int pab_check_scalar(struct pab_checking *ck, const struct pab_option *opt, const struct pab_node *node, const struct pab_place *at,
                     struct pab_value *v)
{
    if (node->kind != PAB_NODE_SCALAR)
        return pab_complain_type(ck->err, at, expected_word(opt->type), node, 0);
    switch (opt->type) {
    case PAB_OPT_INT:
    case PAB_OPT_SIZE:
    case PAB_OPT_DURATION: return check_number(ck, opt, node, at, v);
    case PAB_OPT_BOOL: return check_bool(ck, node, at, v);
    case PAB_OPT_CHOICE: return check_choice(ck, opt, node, at, v);
    case PAB_OPT_PATH: return check_path(ck, node, at, v);
    default: v->text = pab_strdup(node->text); return PAB_OK;
    }
}
