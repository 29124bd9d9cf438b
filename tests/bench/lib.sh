# shellcheck shell=bash
# lib.sh - paired timings for the benchmarks: every round runs all contestants one after the other, in an order that
# turns by one each round, so that drift of the machine meets them alike. Medians, ratios and output sizes are printed;
# nothing is asserted.
#
#     bench_begin                           # a folder $bench_dir that is removed at the end
#     contestant NAME 'COMMAND'             # COMMAND runs in $bench_dir
#     setup_of NAME 'COMMAND'               # before each of its runs, not timed
#     size_of NAME FILE_OR_FOLDER           # what it made
#     run_bench ROUNDS
#     ratio THEIRS OURS WANTED              # median of theirs / median of ours, beside what is to be reached
#     size_ratio OURS THEIRS WANTED
# shellcheck disable=SC2034,SC2154
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${top_builddir:-$top}
declare -A cmd prep made times rss size
names=()

bench_begin() {
    bench_dir=$(mktemp -d "${BENCH_DIR:-/var/tmp}/pabengine-bench.XXXXXX") || exit 1
    trap 'bench_end' EXIT
    trap 'exit 130' INT TERM
    cd "$bench_dir" || exit 1
    export PABENGINE_STATE_DIR=$bench_dir/state PABENGINE_PLUGIN_PATH=$build/.libs
    export LC_ALL=C.UTF-8
    printf '%s cores, %s MB of memory, %s\n' "$(nproc)" "$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" "$(df --output=fstype "$bench_dir" | tail -n 1)"
}
bench_end() {
    cd /
    declare -F bench_cleanup >/dev/null && bench_cleanup
    rm -rf "$bench_dir"
}
contestant() { names+=("$1"); cmd[$1]=$2; times[$1]=''; rss[$1]=0; }
setup_of() { prep[$1]=$2; }
size_of() { made[$1]=$2; }

# One timed run: seconds and peak memory (KiB) of the largest process; a failing one ends the benchmark.
timed() {
    local name=$1 out
    [ -z "${prep[$name]:-}" ] || bash -c "${prep[$name]}" >/dev/null || { echo "preparing $name failed" >&2; exit 1; }
    sync
    if ! out=$(/usr/bin/time -f '%e %M' -o time bash -o pipefail -c "${cmd[$name]}" 2>&1 >/dev/null); then
        printf '%s failed:\n%s\n' "$name" "$out" >&2
        exit 1
    fi
    local s kib
    read -r s kib < <(tail -n 1 time)
    times[$name]+="$s "
    [ "$kib" -gt "${rss[$name]}" ] && rss[$name]=$kib
    [ -z "${made[$name]:-}" ] || size[$name]=$(du -sb --apparent-size ${made[$name]} | awk '{ s += $1 } END { print s }')
}
median() { tr ' ' '\n' <<<"$1" | grep . | sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
run_bench() {
    local round i n=${#names[@]}
    for ((round = 0; round < $1; round++)); do
        for ((i = 0; i < n; i++)); do timed "${names[(i + round) % n]}"; done
    done
    printf '\n%-28s %8s %8s %8s %10s %10s\n' '' 'median s' least most 'peak MiB' 'size MB'
    for i in "${names[@]}"; do
        printf '%-28s %8s %8s %8s %10s %10s\n' "$i" "$(median "${times[$i]}")" "$(tr ' ' '\n' <<<"${times[$i]}" | grep . | sort -n | head -n 1)" \
            "$(tr ' ' '\n' <<<"${times[$i]}" | sort -n | tail -n 1)" "$((rss[$i] / 1024))" "$([ -n "${size[$i]:-}" ] && awk "BEGIN { printf \"%.1f\", ${size[$i]} / 1e6 }")"
    done
    echo
}
ratio() { awk -v a="$(median "${times[$1]}")" -v b="$(median "${times[$2]}")" -v n="$1 / $2" -v w="$3" 'BEGIN { printf "%-48s %6.2f x   to reach: %s\n", n, a / b, w }'; }
size_ratio() { awk -v a="${size[$1]}" -v b="${size[$2]}" -v n="size of $1 / $2" -v w="$3" 'BEGIN { printf "%-48s %6.3f     at most:  %s\n", n, a / b, w }'; }
