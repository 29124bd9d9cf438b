#!/usr/bin/env bash
# An incremental run over a tree of 60,000 small files, page cache warm: unchanged, and with 1 % of the files changed, beside
# tar --listed-incremental, restic and kopia. ROUNDS=5 is the default; FILES=N makes a smaller tree. restic and kopia are taken
# from the PATH, or built once into the cache of the tests, as Go modules of a known version; without either they are left out.
. "$(dirname "$0")/lib.sh"
rounds=${ROUNDS:-5} files=${FILES:-60000}
cache=${PABENGINE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pabengine}/go-bin

# NAME MODULE VERSION PACKAGE: the path of the program, or nothing. A module of our own asks for that one version and no list of them.
peer() {
    local module
    command -v "$1" && return
    if [ ! -x "$cache/$1" ] && command -v go >/dev/null && module=$(mktemp -d); then
        printf 'module peer\ngo 1.24\nrequire %s %s\n' "$2" "$3" >"$module/go.mod"
        (cd "$module" && GOFLAGS=-mod=mod go build -o "$cache/$1" "$4" >&2)
        rm -rf "$module"
    fi
    [ -x "$cache/$1" ] && echo "$cache/$1"
}
restic=$(peer restic github.com/restic/restic v0.19.1 github.com/restic/restic/cmd/restic)
kopia=$(peer kopia github.com/kopia/kopia v0.21.1 github.com/kopia/kopia)

make_tree() { # FOLDER: real small files of this machine, under other names until there are enough
    local dir=$1 round=0 n=0
    mkdir -p "$dir"
    (cd / && find usr/lib usr/share usr/include -xdev -type f -size +1k -size -800k 2>/dev/null | LC_ALL=C sort >"$bench_dir/list")
    while [ "$n" -lt "$files" ]; do
        mkdir -p "$dir/$round"
        head -n $((files - n)) list | tar -cf - -C / -T - | tar -xf - -C "$dir/$round"
        n=$((n + $(head -n $((files - n)) list | wc -l))) round=$((round + 1))
    done
}
bench_begin
make_tree "$bench_dir/tree"
printf '%s files, %s MB\n' "$(find tree -type f | wc -l)" "$(du -sm --apparent-size tree | cut -f1)"
cat >job.yaml <<END
version: 1
name: bench
store: {path: $bench_dir/store}
targets:
  - {name: tree, plugin: files, options: {root: $bench_dir, sets: {tree: [tree/]}}}
END
export RESTIC_PASSWORD=bench KOPIA_PASSWORD=bench KOPIA_CHECK_FOR_UPDATES=false KOPIA_CONFIG_PATH=$bench_dir/kopia.config
export RESTIC_CACHE_DIR=$bench_dir/restic-cache KOPIA_CACHE_DIRECTORY=$bench_dir/kopia-cache KOPIA_LOG_DIR=$bench_dir/kopia-log
pabengine="$build/pabengine"

# The state that every round starts from: one full backup each, of a tree that has settled.
sleep 4
"$pabengine" run job.yaml --name full >/dev/null || exit 1
tar --listed-incremental=snar -czf full.tgz tree
[ -z "$restic" ] || { "$restic" init -q -r restic && "$restic" backup -q -r restic tree >/dev/null; }
[ -z "$kopia" ] || { "$kopia" repository create filesystem --path "$bench_dir/kopia" >/dev/null && "$kopia" snapshot create tree >/dev/null; } 2>/dev/null

contest() { # SUFFIX COMMAND-BEFORE-EACH
    contestant "ours-$1" "$pabengine run job.yaml --incremental --name next"
    setup_of "ours-$1" "rm -rf store/next; ln -sfn full store/latest; $2"
    size_of "ours-$1" "store/next/config"
    contestant "tar-g-$1" "tar --listed-incremental=snar.next -czf next.tgz tree"
    setup_of "tar-g-$1" "cp snar snar.next; $2"
    size_of "tar-g-$1" next.tgz
    [ -z "$restic" ] || contestant "restic-$1" "$restic backup -q -r restic tree"
    [ -z "$restic" ] || setup_of "restic-$1" "$2"
    [ -z "$kopia" ] || contestant "kopia-$1" "$kopia snapshot create tree"
    [ -z "$kopia" ] || setup_of "kopia-$1" "$2"
}
# Other bytes in every hundredth file, for each contestant anew: the peers remember what they saw.
cat >change.sh <<'END'
find tree -type f | LC_ALL=C sort | awk 'NR % 100 == 7' | while read -r f; do printf '%s' "$RANDOM$RANDOM" >>"$f"; done
END
contest unchanged true
contest changed "bash change.sh"
find tree -type f -print0 | xargs -0 cat >/dev/null

# All rounds with an unchanged tree come before the first change.
all=("${names[@]}")
names=(); for n in "${all[@]}"; do [[ $n == *-unchanged ]] && names+=("$n"); done
run_bench "$rounds"
names=(); for n in "${all[@]}"; do [[ $n == *-changed ]] && names+=("$n"); done
run_bench "$rounds"
for kind in unchanged changed; do
    [ -z "$restic" ] || ratio restic-$kind ours-$kind 5
    [ -z "$kopia" ] || ratio kopia-$kind ours-$kind 3
    ratio tar-g-$kind ours-$kind 2
done
size[full]=$(du -sb --apparent-size store/full/config | cut -f1)
size_ratio ours-changed full 0.03
