#!/bin/sh
# Functions that have a safer form here, and habits that do not belong.
cd "${top_srcdir:-.}" || exit 1
files=$(find core plugins -name '*.[ch]' | sort)
# shellcheck disable=SC2086
bad=$(grep -nE '(^|[^a-zA-Z0-9_>.])(strcpy|strcat|sprintf|vsprintf|atoi|atol|strtok|gets|system|popen|alloca|tmpnam|mktemp|asprintf)[ ]*\(' $files
      grep -nE '(^|[^a-zA-Z0-9_>.])(malloc|calloc|realloc|strdup|strndup)[ ]*\(' $files | grep -v '^core/base/alloc\.c:'
      grep -nE '(^|[^a-zA-Z0-9_>.])(chdir|umask)[ ]*\(' $files
      grep -nE 'TODO|FIXME|(^|[^X])XXX([^X]|$)' $files)
[ -z "$bad" ] || { printf '%s\n' "$bad"; exit 1; }
