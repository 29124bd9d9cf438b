#!/bin/sh
# Small files with one job: 400 lines at most (tests: 600), a function 100, a line 200 bytes (but for tests and lines of mere text).
cd "${top_srcdir:-.}" || exit 1
find core plugins tests -name '*.[ch]' ! -path 'core/include/*' | sort | xargs awk '
function close_file() {
    limit = name ~ /^tests\// ? 600 : 400
    if (lines > limit) { printf "%s: %d lines, at most %d\n", name, lines, limit; failed = 1 }
}
FNR == 1 { if (name != "") close_file(); name = FILENAME; start = 0 }
{ lines = FNR }
length > 200 && !/^ *"/ && name !~ /^tests\// { printf "%s:%d: a line of %d bytes, at most 200\n", FILENAME, FNR, length; failed = 1 }
/^\{/ { start = FNR }
/^\}/ { if (start && FNR - start > 100) { printf "%s:%d: a function of %d lines, at most 100\n", FILENAME, start, FNR - start; failed = 1 } start = 0 }
END { close_file(); exit failed }'
