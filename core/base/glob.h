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

/* 1 when the pattern matches `path` itself or a folder above it. `path` is relative without "./". */
int pab_glob_match(const char *pattern, const char *path, int is_dir);
/* 1 when something below folder `dir` could still match (so a walk must descend). */
int pab_glob_may_descend(const char *pattern, const char *dir);

#endif
