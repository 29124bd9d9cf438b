#!/usr/bin/env bash
# Peak memory of the pabengine process where it could grow: one file of 8 GiB, and a million empty files; backup, verification,
# restore. MIB and FILES make it smaller. Needs twice the 8 GiB of room in BENCH_DIR (/var/tmp).
. "$(dirname "$0")/lib.sh"
mib=${MIB:-8192} files=${FILES:-1000000}
bench_begin
# shellcheck disable=SC2154
mkdir -p "$bench_dir/one/d" "$bench_dir/many/d"
find /usr/lib -xdev -type f -size +100k -print0 2>/dev/null | LC_ALL=C sort -z | xargs -0 cat 2>/dev/null | head -c 256M >piece
for ((i = 0; i < mib / 256; i++)); do cat piece; done >one/d/file
rm piece
perl -e 'my $n = shift; for my $i (0 .. $n - 1) { mkdir "many/d/" . int($i / 1000) unless $i % 1000; open my $f, ">", sprintf("many/d/%d/%06d", $i / 1000, $i) or die }' "$files"
printf 'one file of %s MB, %s empty files\n' "$(du -m --apparent-size one/d/file | cut -f1)" "$(find many/d -type f | wc -l)"

job() { # FOLDER CODEC
    printf 'version: 1\nname: bench\nstore: {path: %s, compression: %s}\ntargets:\n  - {name: d, plugin: files, options: {root: %s, sets: {d: [d/]}}}\n' \
        "$bench_dir/store-$1" "$2" "$bench_dir/$1" >"$1.yaml"
}
job one gzip
job many zstd
for what in one many; do
    # shellcheck disable=SC2154
    contestant "backup of $what" "$build/pabengine run $what.yaml"
    contestant "verify of $what" "$build/pabengine verify $what.yaml latest --check-integrity"
    contestant "restore of $what" "$build/pabengine restore $what.yaml latest --yes --to $bench_dir/out"
done
run_bench 1
# shellcheck disable=SC2154
for name in "${names[@]}"; do awk -v n="$name" -v k="${rss[$name]}" 'BEGIN { printf "%-28s %6.1f MiB   at most: 64\n", n, k / 1024 }'; done
