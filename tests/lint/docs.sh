#!/bin/sh
# The documents say what is true: packages, manual pages, the host's functions, links between files.
cd "${top_srcdir:-.}" || exit 1
failed=0
bad() { printf '%s\n' "$*"; failed=1; }
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT

# README's table of dependencies names the packages of tests/packages.sh, each once (there it may stand in several groups)
sed -n '/^## Dependencies/,/^## The tree/s/^| \([a-z][a-z0-9.+-]*\) | .*/\1/p' README.md | sort >"$t/readme"
sed -n "s/^packages_[a-z0-9]*='\(.*\)'/\1/p" tests/packages.sh | tr ' ' '\n' | sed 's/|.*//' | sort -u >"$t/packages"
diff "$t/packages" "$t/readme" >"$t/diff" || bad "README.md and tests/packages.sh differ in packages: $(grep '^[<>]' "$t/diff" | tr '\n' ' ')"

# every plugin that configure.ac knows has a manual, and so have the program, the job file and the header
{
    echo core/pabengine.pod core/config/pabengine-job.pod core/pab_plugin.pod
    sed -n 's/^PAB_PLUGIN(\[\(.*\)\])$/plugins\/\1\/pabengine-\1.pod/p' configure.ac
} | tr ' ' '\n' >"$t/wanted"
while read -r pod; do
    found=$(find core plugins docs conf -name "$(basename "$pod")" | head -n 1)
    [ -n "$found" ] || bad "there is no manual $pod"
done <"$t/wanted"

# the two manuals that everybody reads name those of all plugins
for pod in core/pabengine.pod core/pabengine-job.pod; do
    for name in $(sed -n 's/^PAB_PLUGIN(\[\(.*\)\])$/\1/p' configure.ac); do
        sed -n '/^=head1 SEE ALSO/,$p' "$pod" | grep -qF "pabengine-$name(7)" || bad "$pod: SEE ALSO does not name pabengine-$name(7)"
    done
done

# manuals are sound POD, are built and installed
find core plugins docs -name '*.pod' | sort >"$t/pods"
while read -r pod; do
    podchecker -warnings -warnings "$pod" >"$t/pod" 2>&1 || bad "$pod: $(head -n 3 "$t/pod")"
    name=$(basename "$pod" .pod)
    grep -rqE "MANS *\+=.*$name\.[1357]" --include=local.mk core plugins docs conf || bad "$pod is not in a MANS list"
done <"$t/pods"

# every function of the host table and every verb stands in pab_plugin(3)
sed -n '/^struct pab_host {/,/^};/p; /^struct pab_plugin {/,/^};/p' core/include/pab_plugin.h | sed -n 's/.*(\*\([a-z_]*\))(.*/\1/p' | sort -u >"$t/functions"
[ -s "$t/functions" ] || bad "no functions found in pab_plugin.h"
while read -r f; do
    grep -qE "(^|[^a-z_])$f([^a-z_]|\$)" core/pab_plugin.pod || bad "pab_plugin.pod does not mention $f"
done <"$t/functions"

# every option of a plugin's table stands in its manual
for dir in plugins/*/; do
    name=$(basename "$dir")
    pod=$dir/pabengine-$name.pod
    [ -f "$pod" ] || continue
    for key in $(grep -ho '{ *\.key = "[a-z_]*"' "$dir"*.c | sed 's/.*"\(.*\)"/\1/' | sort -u); do
        grep -qE "(^|[^a-z_])$key([^a-z_]|\$)" "$pod" || bad "$pod does not mention option $key"
    done
done

# links between documents lead somewhere
for doc in README.md CONTRIBUTING.md CHANGELOG.md docs/*.md; do
    for link in $(grep -o '](\([^)]*\))' "$doc" | sed 's/^](//; s/)$//; s/#.*//' | grep -v '^http'); do
        [ -e "$(dirname "$doc")/$link" ] || bad "$doc: broken link $link"
    done
done

# the tutorial's C is the C that is tested
sed -n '/^```c$/,/^```$/p' docs/plugin-tutorial.md | grep -vE '^```|\.\.\.' | sed 's/^ *//; s|  */\*.*\*/$||' | sort -u | while IFS= read -r line; do
    grep -qF -- "$line" docs/tutorial/hello.c || echo "docs/plugin-tutorial.md: not in hello.c: $line"
done >"$t/tutorial"
[ ! -s "$t/tutorial" ] || bad "$(cat "$t/tutorial")"
exit $failed
