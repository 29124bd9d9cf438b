/* glob.h - the one pattern language of job files and --include (see pabengine-job(5)).
 *
 * Bytes match bytes.  "*" and "?" and [classes] do not match "/"; "**" matches
 * across folders.  A pattern without "/" (other than a trailing one) matches at
 * any depth; one with "/" inside, or a leading one, is anchored at the root.  A
 * trailing "/" matches folders only.  What matches a folder matches all below.
 *
 * "**" followed by a slash stands for no folder, too: a, two stars, b matches a/b.
 * [!x] and [^x] match what is not in the class; "\" takes the next byte as it
 * is; an unclosed "[" is an ordinary byte.  A leading "./" is the same as "/".
 * "/" alone is the root and so matches everything; "" matches nothing.
 */
#ifndef PAB_BASE_GLOB_H
#define PAB_BASE_GLOB_H

#include <stddef.h>

/* 1 when the pattern matches `path` itself or a folder above it. `path` is relative without "./". */
int pab_glob_match(const char *pattern, const char *path, int is_dir);
/* 1 when something below folder `dir` could still match (so a walk must descend). */
int pab_glob_may_descend(const char *pattern, const char *dir);

/* A pattern taken apart, for a walk that asks it of every name. Points into the text of the pattern. */
struct pab_glob {
    const char *at, *end;
    unsigned char anchored, folders_only;
    unsigned char one_component;  /* it can match nothing that has a slash */
    char last;                    /* what it matches ends with this byte; 0: with any */
};
void pab_glob_compile(const char *pattern, struct pab_glob *ret);
/* As pab_glob_match, of a path whose folders are known not to match; `name` is where its last component begins. */
int pab_glob_match_name(const struct pab_glob *g, const char *path, size_t name, int is_dir);
int pab_glob_may_contain(const struct pab_glob *g, const char *dir);

#endif
