#!/usr/bin/env bash
# Backup, verification and extraction of a tree of 60,000 small files (1 GB), page cache warm, beside tar with gzip,
# pigz, igzip and zstd. ROUNDS=5 is the default; FILES=N makes a smaller tree; KEEP_TREE=FOLDER uses and keeps one.
. "$(dirname "$0")/lib.sh"
rounds=${ROUNDS:-5} files=${FILES:-60000}
for tool in tar gzip pigz igzip zstd; do command -v $tool >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }; done

# Real files of this machine, small ones, again under other names until there are enough of them.
make_tree() { # FOLDER
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
tree=${KEEP_TREE:-$bench_dir/tree}
[ -d "$tree" ] || make_tree "$tree"
printf '%s files, %s MB\n' "$(find "$tree" -type f | wc -l)" "$(du -sm --apparent-size "$tree" | cut -f1)"

job() { # NAME CODEC LEVEL
    cat >"$1.yaml" <<END
version: 1
name: bench
store:
  path: $bench_dir/$1
  compression: {codec: $2${3:+, level: $3}}
targets:
  - name: tree
    plugin: files
    options: {root: $(dirname "$tree"), sets: {tree: [$(basename "$tree")/]}}
END
}
ours() { # NAME CODEC LEVEL
    job "$@"
    contestant "$1" "$build/pabengine run $1.yaml"
    setup_of "$1" "rm -rf $1"
    size_of "$1" "$1/latest/config/*.tar*"
}
theirs() { # NAME COMMAND FILE
    contestant "$1" "$2"
    setup_of "$1" "rm -f $3"
    size_of "$1" "$3"
}
parent=$(dirname "$tree") base=$(basename "$tree")
ours ours-gzip gzip
ours ours-small gzip small
ours ours-zstd zstd
theirs tar-czf "tar -czf c.tgz -C $parent $base" c.tgz
theirs tar-pigz "tar -cf - -C $parent $base | pigz -p2 > p.tgz" p.tgz
theirs tar-igzip "tar -cf - -C $parent $base | igzip -c > i.tgz" i.tgz
theirs tar-zstd "tar -cf - -C $parent $base | zstd -q -3 -T2 -c > z.tar.zst" z.tar.zst
find "$tree" -type f -print0 | xargs -0 cat >/dev/null
run_bench "$rounds"
ratio tar-czf ours-gzip 10
ratio tar-pigz ours-gzip 5
ratio tar-igzip ours-gzip 1.5
size_ratio ours-gzip tar-czf 1.08
ratio tar-pigz ours-small 2
size_ratio ours-small tar-czf 1.00
ratio tar-zstd ours-zstd 1.15
size_ratio ours-zstd tar-zstd 1.02

# ---- the way back
names=()
restore_job() { printf 'version: 1\nname: bench\nstore: {path: %s, compression: %s}\ntargets:\n  - {name: tree, plugin: files, options: {root: %s, sets: {tree: [%s/]}}}\n' "$bench_dir/$1" "$2" "$bench_dir/out" "$base" >"$1-restore.yaml"; }
restore_job ours-gzip gzip
contestant ours-extract "$build/pabengine restore ours-gzip-restore.yaml latest --yes"
setup_of ours-extract "rm -rf out && mkdir out"
contestant tar-xzf "tar -xzf c.tgz -C out"
setup_of tar-xzf "rm -rf out && mkdir out"
archive=$(ls ours-gzip/latest/config/*.tar.gz)
contestant ours-verify "$build/pabengine verify ours-gzip.yaml latest --check-integrity"
contestant gzip-t "gzip -t $archive"
run_bench "$rounds"
ratio tar-xzf ours-extract 1.5
ratio gzip-t ours-verify 2
