#!/bin/sh
# An arrow only ever points down: reads the #include lines and fails on one that points up.
cd "${top_srcdir:-.}" || exit 1
# shellcheck disable=SC2046  # no file name here has a space
awk '
BEGIN {
    n = split("base stream tree store config plug engine cli", l, " ")
    for (i = 1; i <= n; i++) rank[l[i]] = i
    rank["post"] = 1 # a program of its own
    # plug and config do not know the store, nor the store them
    never["plug", "store"] = never["config", "store"] = never["config", "tree"] = never["store", "tree"] = 1
    never["plug", "tree"] = 1
    split("alloc buf cleanup deadline error glob kept proc str vec cancel clock cpus fsutil", b, " ")
    for (i in b) stateless[b[i] ".h"] = 1
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    f = FILENAME; inc = $0; sub(/^[^"]*"/, "", inc); sub(/".*/, "", inc)
    split(f, fp, "/"); split(inc, ip, "/")
    bad = ""
    if (inc == "config.h" || inc == "core/include/pab_plugin.h") next
    if (inc !~ /^(core|plugins)\//) bad = "name it from the top of the tree"
    else if (fp[1] == "core") {
        if (ip[1] == "plugins") bad = "core never includes a plugin"
        else if (rank[ip[2]] > rank[fp[2]]) bad = fp[2] " must not know " ip[2]
        else if ((fp[2], ip[2]) in never) bad = fp[2] " must not know " ip[2]
    } else if (fp[1] == "plugins" && fp[2] == "support") {
        if (ip[1] == "core" && !(ip[2] == "base" && ip[3] in stateless)) bad = "support may use the stateless modules of core/base only"
        else if (ip[1] == "plugins" && ip[2] != "support") bad = "support must not know a plugin"
    } else if (fp[1] == "plugins") {
        if (ip[1] == "core") bad = "plugins include pab_plugin.h and plugins/support/ only"
        else if (ip[2] != "support" && ip[2] != fp[2]) bad = "a plugin must not know another"
    }
    if (bad != "") { printf "%s:%d: includes \"%s\": %s\n", f, FNR, inc, bad; failed = 1 }
}
END { exit failed }
' $(find core plugins -name '*.[ch]' | sort)
