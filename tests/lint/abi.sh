#!/bin/sh
# The plugin ABI only ever grows: compares pab_plugin.h with every frozen copy in tests/abi/v*/.
# ABI_HEADER and ABI_FROZEN name others, for the test of this lint (tests/abi/check_lint.sh).
cd "${top_srcdir:-.}" || exit 1
header=${ABI_HEADER:-core/include/pab_plugin.h}
frozen=${ABI_FROZEN:-tests/abi}
failed=0
bad() { printf '%s\n' "$*"; failed=1; }
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
awk -f tests/abi/declarations.awk "$header" >"$t/now"
version=$(awk '$1 == "define" && $2 == "PAB_ABI_MAJOR" { major = $3 } $2 == "PAB_ABI_MINOR" { minor = $3 } END { print major "." minor }' "$t/now")

# what stands in the header is what its version promises
if [ ! -f "$frozen/v$version/pab_plugin.h" ]; then
    bad "$header: ABI $version is not frozen: run tests/abi/freeze and commit $frozen/v$version"
else
    awk -f tests/abi/declarations.awk "$frozen/v$version/pab_plugin.h" >"$t/then"
    diff "$t/then" "$t/now" >"$t/diff" || bad "$header: not what ABI $version was frozen as; what is new needs a new PAB_ABI_MINOR:
$(grep '^[<>]' "$t/diff")"
fi

# whatever an older version had is still there, in its place
for old in "$frozen"/v"${version%%.*}".*/pab_plugin.h; do
    [ -f "$old" ] || continue
    awk -f tests/abi/declarations.awk "$old" >"$t/then"
    awk -v header="$header" -v old="$(basename "$(dirname "$old")")" '
        # without a size or a stride of its own a struct can never grow
        BEGIN { n = split("pab_op pab_kv pab_xattr pab_extent", w, " "); for (i in w) rigid[w[i]] = 1 }
        function text(from,    s, i) { s = $from; for (i = from + 1; i <= NF; i++) s = s " " $i; return s }
        function say(s) { print header ": " s " (against " old ")"; wrong = 1 }
        FNR == 1 { file++ }
        $1 == "define" && $2 != "PAB_ABI_MINOR" { if (file == 1) value[$2] = text(3); else { seen["define " $2] = 1; if (($2 in value) && value[$2] != text(3)) say($2 " was " value[$2] " and is " text(3)) } }
        $1 == "struct" { if (file == 1) structs[$2] = 1; else seen["struct " $2] = 1 }
        $1 == "member" {
            at[file, $2]++
            if (file == 1) { member[$2, at[1, $2]] = text(4); count[$2] = at[1, $2]; name[$2, at[1, $2]] = $3 }
            else if ($2 in structs) {
                i = at[2, $2]
                if (i > count[$2] && ($2 in rigid)) say("struct " $2 " must not grow, but has " $3)
                if (i <= count[$2] && member[$2, i] != text(4)) say("struct " $2 ": \"" text(4) "\" stands where \"" member[$2, i] "\" was")
            }
        }
        $1 == "other" { if (file == 1) other[text(2)] = 1; else seen["other " text(2)] = 1 }
        END {
            for (s in structs) {
                if (!(("struct " s) in seen)) say("struct " s " is gone")
                else for (i = at[2, s] + 1; i <= count[s]; i++) say("struct " s ": " name[s, i] " is gone")
            }
            for (d in value) if (!(("define " d) in seen)) say(d " is gone")
            for (o in other) if (!(("other " o) in seen)) say("\"" o "\" is gone")
            exit wrong
        }' "$t/then" "$t/now" >"$t/out" || bad "$(sort "$t/out")"
done
exit $failed
