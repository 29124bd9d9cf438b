#!/usr/bin/env bash
# make install DESTDIR: what lies where; the installed program; a plugin of a third party, compiled with the installed header alone.
# time limit: 300
. "$(dirname "$0")/lib.sh"
need pkg-config
dest=$T/dest
if make -C "$top_builddir" -s install DESTDIR="$dest" >"$T/log" 2>&1; then ok "make install DESTDIR=..."; else not_ok "make install DESTDIR=..." "$(tail -n 20 "$T/log")"; fi
prefix=$(sed -n 's/^prefix = //p' "$top_builddir/Makefile")
there() { check "installed: $1" test -e "$dest$prefix/$1"; }
for f in bin/pabengine include/pab_plugin.h lib/pkgconfig/pabengine.pc share/man/man1/pabengine.1 share/man/man3/pab_plugin.3 share/man/man5/pabengine-job.5; do there $f; done
for p in postgres volume files; do there lib/pabengine/plugins/$p.so; there share/man/man7/pabengine-$p.7; done
there libexec/pabengine/pabengine-survey
same "the header is the only one" "pab_plugin.h" "$(cd "$dest$prefix/include" && find . -type f -printf '%P\n')"
same "nothing but plugins in the plugin folder" "files.so letta.so n8n.so neo4j.so postgres.so volume.so" "$(cd "$dest$prefix/lib/pabengine/plugins" && find . -name '*.so*' -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
same "no test part is installed" "" "$(find "$dest" -name 'check_*' -o -name 'test*')"
for so in "$dest$prefix"/lib/pabengine/plugins/*.so; do
    same "$(basename "$so") exports one symbol" "pab_plugin_init" "$(nm -D --defined-only "$so" | awk '$2 ~ /[A-Z]/ { print $3 }' | grep -v '^_' | tr '\n' ' ' | sed 's/ $//')"
done
export PKG_CONFIG_SYSROOT_DIR=$dest PKG_CONFIG_LIBDIR=$dest$prefix/lib/pkgconfig
same "pabengine.pc knows the plugin folder" "$prefix/lib/pabengine/plugins" "$(pkg-config --variable=plugindir pabengine | sed "s|^$dest||")"
# what the installed header says, so that a program that asks pkg-config and one that compiles agree
same "and the ABI" "$(awk '$2 ~ /^PAB_ABI_M(AJ|IN)OR$/ { print $3 }' "$dest$prefix/include/pab_plugin.h" | paste -sd ' ')" \
    "$(pkg-config --variable=abi_major pabengine) $(pkg-config --variable=abi_minor pabengine)"

# ---- the header by itself
echo '#include <pab_plugin.h>' >"$T/h.c"
cp "$T/h.c" "$T/h.cc"
cflags=$(pkg-config --cflags pabengine)
# shellcheck disable=SC2086
{
    check "the header is C99 and C11 without a warning" sh -c "gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only $cflags '$T/h.c' && gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only $cflags '$T/h.c'"
    check "and C++11" g++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only $cflags "$T/h.cc"
    check "the tutorial's plugin compiles out of the tree" gcc -std=c11 -Wall -Wextra -Werror -shared -fPIC $cflags -o "$T/hello.so" "$top_srcdir/docs/tutorial/hello.c"
}

# ---- the tutorial, with the installed program
installed() {
    PABENGINE_PLUGIN_PATH=$T:$dest$prefix/lib/pabengine/plugins "$dest$prefix/bin/pabengine" "$@" >"$out" 2>"$err" </dev/null
    status=$?
    return $status
}
cd "$T" || exit 1
printf 'one\ntwo\nthree\n' >hello.txt
sed -n '/^```yaml$/,/^```$/p' "$top_srcdir/docs/plugin-tutorial.md" | grep -v '^```' >hello.yaml
step() { # NAME ARGUMENTS...
    local name=$1
    shift
    if installed "$@"; then ok "$name"; else not_ok "$name" "$(explain)"; fi
}
step "plugin list" plugin list
has "finds the new one" "$out" hello
step "plugin info" plugin info hello
has "prints its option" "$out" path
step "plugin check is content with it" plugin check ./hello.so --option "path=$T/hello.txt"
step "the tutorial's job runs" run hello.yaml
check "the artifact holds the text" sh -c "zcat '$T'/backups/latest/services/hello_*.txt.gz | cmp - '$T/hello.txt'"
check "and the manifest the count" jq -e '.targets[0].artifacts[0].counts.lines == 3' "$T/backups/latest/manifest.json"
step "verify reads it" verify hello.yaml --check-integrity
echo changed >hello.txt
step "the restore" restore hello.yaml latest --yes
same "brings it back" "one two three" "$(tr '\n' ' ' <hello.txt | sed 's/ $//')"
installed run hello.yaml --target nosuch; same "a target that is not there" 2 $status
chmod 777 hello.so
installed run hello.yaml
if [ "$(id -u)" = 0 ]; then
    if [ $status -ne 0 ] && grep -q 'hello.so' "$err"; then ok "as root a plugin that others may write is refused"; else not_ok "as root a plugin that others may write is refused" "$(explain)"; fi
fi
check "make uninstall removes all" sh -c "make -C '$top_builddir' -s uninstall DESTDIR='$dest' >/dev/null 2>&1; [ -z \"\$(find '$dest' -type f)\" ] || { find '$dest' -type f; false; }"
