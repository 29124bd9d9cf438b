#!/usr/bin/env bash
# pabengine plugin list, info, check: over the files and volume plugins, the tutorial's plugin built as a stranger would, and what is no plugin.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
so=$top_builddir/.libs

# every check of `plugin check` stands there and is "ok"
all_ok() { # NAME
    if grep -q '^ok backs up again after failures' "$out" && ! grep -qv '^ok ' "$out"; then ok "$1"; else explain | not_ok "$1" -; fi
}

mkdir -p "$T/data/etc" && echo one >"$T/data/etc/a.conf" && ln -s a.conf "$T/data/etc/b.conf" && echo two >"$T/data/.env"
snapshot "$T/data" >"$T/before"
expect 0 "the files plugin passes plugin check" plugin check "$so/files.so" --option "root=$T/data" --option 'sets={etc: ["etc/**"], env: [.env]}'
all_ok "every single check of it"
check "what was read is as it was" diff <(snapshot "$T/data") "$T/before"
check "the trial leaves nothing behind" test -z "$(find /tmp -maxdepth 1 -name 'pabengine-check-*' -newer "$T/before" 2>/dev/null)"
expect 1 "without the options that it requires it is not tried" plugin check "$so/files.so"
has "... and says which option" "$out" "root"
has "... and how to give it" "$out" "--option KEY=VALUE"
expect 0 "the same as JSON" --json plugin check "$so/files.so" --option "root=$T/data" --option 'sets={env: [.env]}'
check "... one object a check" jq -e '.checks | length > 10 and all(.result == "ok")' "$out"

if [ -e "$so/volume.so" ]; then
    mkdir -p "$T/volumes/media" && echo picture >"$T/volumes/media/a.jpg"
    need sqlite3
    sqlite3 "$T/volumes/media/app.db" "CREATE TABLE t(a); INSERT INTO t VALUES (1)"
    snapshot "$T/volumes" >"$T/before"
    expect 0 "the volume plugin passes plugin check" plugin check "$so/volume.so" --option driver=path --option "root=$T/volumes" --option 'volumes=[media]'
    all_ok "every single check of it"
    check "what was read is as it was" diff <(snapshot "$T/volumes") "$T/before"
else
    skip "the volume plugin passes plugin check" "built without it"
fi

# the tutorial's plugin, with an installed header alone
need "${CC:-cc}"
mkdir -p "$T/include" "$T/plugins"
cp "$top_srcdir/core/include/pab_plugin.h" "$T/include/"
echo "line" >"$T/text"
check "the tutorial's plugin compiles with its own command line" \
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -shared -fPIC -I"$T/include" -o "$T/plugins/hello.so" "$top_srcdir/docs/tutorial/hello.c"
expect 0 "it passes plugin check" plugin check "$T/plugins/hello.so" --option "path=$T/text"
all_ok "every single check of it"

export PABENGINE_PLUGIN_PATH=$T/plugins
expect 0 "it is listed" plugin list
has "... with its summary" "$out" "one text file"
has "... beside the shipped ones" "$out" "files"
expect 0 "plugin info names its options" plugin info hello
has "... with their help" "$out" "the text file"
make_job <<END
targets:
  - {name: greeting, plugin: hello, options: {path: "$T/text"}}
END
expect 0 "a job can use it" run "$job"
echo changed >"$T/text"
expect 0 "and restore with it" restore "$job" latest --force --yes
same "what it backed up" line "$(cat "$T/text")"

# what is no plugin
echo "not an object" >"$T/plugins/text.so"
expect 1 "a file that is no library is refused" plugin check "$T/plugins/text.so"
has "... by name" "$out" "$T/plugins/text.so"
expect 0 "the list goes on past it" plugin list
has "... and says what is wrong with it" "$out" "cannot load plugin '$T/plugins/text.so'"
expect 1 "a file that is not there is refused" plugin check "$T/plugins/none.so"
has "... by name" "$out" "cannot read plugin '$T/plugins/none.so'"
expect 2 "plugin info of an unknown name is a mistake of the caller" plugin info helo
has "... with the nearest name" "$err" "did you mean 'hello'?"
