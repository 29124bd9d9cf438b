#!/usr/bin/env bash
# --without-PLUGIN: each plugin may be left out, and all of them; a job that wants one says that it is not there.
# time limit: 600
. "$(dirname "$0")/lib.sh"
[ ! -f "$top_srcdir/config.status" ] || skip_all "cannot build elsewhere while the source folder is configured"
# beside the other builds, so that ccache(1) knows what it has compiled before
build=$top_builddir/../without
rm -rf "$build" && mkdir "$build" && cd "$build" || exit 1
at_end rm -rf "$build"
plugins() { find .libs -name '*.so' -printf '%f\n' 2>/dev/null | sort | tr '\n' ' ' | sed 's/ $//'; }
# One folder for all: the core is compiled once.
variant() { # NAME WANTED FLAGS...
    local name=$1 wanted=$2
    shift 2
    find . -name '*.so' -delete
    rm -f -- *.la
    if "$top_srcdir/configure" -q -C --enable-werror CFLAGS='-O0' "$@" >"$T/log" 2>&1 && make -s -j2 all >>"$T/log" 2>&1; then same "$name" "$wanted" "$(plugins)"; else not_ok "$name" "$(tail -n 30 "$T/log")"; fi
}
all=(files letta n8n neo4j postgres volume)
variant "without any plugin and without notifications over HTTP the core builds" "" "${all[@]/#/--without-}" --without-notify
top_builddir=$build
mkdir "$T/data"
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}]
END
expect 2 "and a job says which plugin is missing" run "$job"
has "by name" "$err" "files"
echo "notify: [{type: ntfy, url: env:URL}]" >>"$job"
expect 2 "and that it can tell nobody" run "$job"
has "which it has no program for" "$err" "notify[0].type: 'ntfy': this pabengine was built without notifications over HTTP"
check "the program that speaks HTTP is not built" test ! -e pabengine-post
check "nor the one that looks at the machine" test ! -e pabengine-survey
expect 1 "so that init cannot" init
has "which says why" "$err" "it is built together with the plugins that use Docker"
for one in "${all[@]}"; do
    variant "--without-$one" "$(for plugin in "${all[@]}"; do [ "$plugin" = "$one" ] || echo "$plugin.so"; done | paste -sd' ')" "--without-$one"
done
