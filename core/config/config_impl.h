/* config_impl.h - what the files that implement options.h share; nobody else includes it. */
#ifndef PAB_CONFIG_CONFIG_IMPL_H
#define PAB_CONFIG_CONFIG_IMPL_H

#include <stdatomic.h>

#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "core/config/options.h"
#include "core/config/place.h"

enum pab_value_from { PAB_VALUE_NONE, PAB_VALUE_DEFAULT, PAB_VALUE_GIVEN };

struct pab_value {
    enum pab_value_from from;
    int line, column;              /* GIVEN */
    char *where;                   /* "nightly.yaml:12:7" */
    const struct pab_node *node;   /* GIVEN */
    char *text;                    /* STRING PATH CHOICE SECRET */
    int64_t number;                /* INT SIZE DURATION BOOL */
    struct pab_strs list;          /* LIST */
    struct pab_config **records;   /* RECORD RECORDS SETS */
    size_t record_count;
};

struct pab_config {
    const struct pab_option *table;
    uint32_t count, stride;
    struct pab_value *values;      /* one an option */
    const char *file;
    char *path;
    int line, column;
    struct pab_config *root;       /* the outermost record, which keeps the misuse of all */
    _Atomic(char *) misuse;        /* getters are called from any thread */
};

/* What one pab_config_check carries along. */
struct pab_checking {
    const struct pab_config_env *env;
    struct pab_config *root;
    uint32_t stride;
    struct pab_error *err;
};

DEFINE_CLEANUP(config, struct pab_config, pab_config_free)

/* Tables of plugins may have longer entries than ours: step by the stride. */
static inline const struct pab_option *pab_option_at(const struct pab_option *table, uint32_t stride, uint32_t i)
{
    return (const struct pab_option *)(const void *)((const char *)table + (size_t)i * stride);
}

/* options.c: one record, written as a map or as its first field alone; node NULL: defaults only. */
int pab_check_record(struct pab_checking *ck, const struct pab_node *node, const struct pab_option *table, uint32_t count,
                     const struct pab_place *at, struct pab_config **ret);
/* options.c: a value of any type. */
int pab_check_value(struct pab_checking *ck, const struct pab_option *opt, const struct pab_node *node, const struct pab_place *at,
                    struct pab_value *v);
/* scalars.c: STRING INT BOOL SIZE DURATION PATH CHOICE. */
int pab_check_scalar(struct pab_checking *ck, const struct pab_option *opt, const struct pab_node *node, const struct pab_place *at,
                     struct pab_value *v);
/* scalars.c: "expected X, found Y". hide: never show the text that was found. */
int pab_complain_type(struct pab_error *err, const struct pab_place *at, const char *expected, const struct pab_node *found, int hide);

#endif
