/* names.c - see names.h. */
#include <stdio.h>
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/store/names.h"

static const struct { uint32_t bit; const char *name; } categories[] = {
    { PAB_CAT_DATABASES, "databases" }, { PAB_CAT_VOLUMES, "volumes" }, { PAB_CAT_CONFIG, "config" }, { PAB_CAT_SERVICES, "services" },
};
static const char *const statuses[] = { "ok", "warning", "failed", "skipped" };

const char *pab_category_name(uint32_t bit)
{
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++)
        if (categories[i].bit == bit) return categories[i].name;
    return "services";
}

int pab_category_parse(const char *name, uint32_t *ret)
{
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
        if (strcmp(categories[i].name, name) == 0) {
            *ret = categories[i].bit;
            return 0;
        }
    }
    return -1;
}

const char *pab_status_name(enum pab_mf_status s)
{
    return statuses[s];
}

int pab_status_parse(const char *name, enum pab_mf_status *ret)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (strcmp(statuses[i], name) == 0) {
            *ret = (enum pab_mf_status)i;
            return 0;
        }
    }
    return -1;
}

int pab_error_parse(const char *name)
{
    for (int code = PAB_E_REFUSED; code < 0; code++)
        if (strcmp(pab_error_name(code), name) == 0) return code;
    return PAB_E_INTERNAL;
}

/* What pab_str_file_name gives: such a name is harmless in a terminal, in SHA256SUMS and in the commands of RESTORE.md. */
static int is_plain_component(const char *p, size_t n)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-%";
    return n > 0 && n <= 255 && p[0] != '.' && strspn(p, plain) >= n;
}

int pab_artifact_path_ok(const char *path)
{
    uint32_t bit;
    const char *slash = strchr(path, '/');
    if (!slash || !pab_path_is_safe(path)) return 0;
    CLEANUP_FREE char *folder = pab_strndup(path, (size_t)(slash - path));
    if (pab_category_parse(folder, &bit)) return 0;
    for (const char *p = slash + 1;;) {
        size_t n = strcspn(p, "/");
        if (!is_plain_component(p, n)) return 0;
        if (!p[n]) return 1;
        p += n + 1;
    }
}

char *pab_str_escape(const char *s)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_buf_adds(&b, "");
    for (; *s; s++) {
        size_t n = 1;
        while (n <= 4 && s[n - 1] && !pab_utf8_valid(s, n)) n++;
        if (n > 4 || !s[n - 1]) {
            pab_buf_addf(&b, "\\x%02x", (unsigned char)*s);
        } else {
            if (*s == '\\') pab_buf_addc(&b, '\\');
            pab_buf_add(&b, s, n);
            s += n - 1;
        }
    }
    return pab_buf_take(&b);
}
