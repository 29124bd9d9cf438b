# shellcheck shell=bash
# common.sh - what the service scripts share: their folder, their remembered settings, free ports.
# A service script is called as: SERVICE start|stop|env [DIR]

service_die() { echo "${0##*/}: $*" >&2; exit 1; }

# service_dir NAME [DIR]: the private folder, made when missing; refuses one that somebody else owns.
service_dir() {
    local base=${PABENGINE_TEST_DIR:-/tmp/pabengine-test-$UID} dir
    dir=${2:-$base/$1}
    case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
    [ -n "${2:-}" ] || [ -d "$base" ] || mkdir -m 711 "$base" 2>/dev/null || [ -d "$base" ] || return 1
    [ -d "$dir" ] || { mkdir -p "$dir" && chmod 711 "$dir"; } || return 1
    [ -O "$dir" ] && [ ! -L "$dir" ] || service_die "'$dir' belongs to somebody else"
    printf '%s\n' "$dir"
}

# One start or stop at a time in a folder; fd 9 is held for as long as the script runs.
service_lock() {
    exec 9>"$1.lock" || exit 1
    flock -w 180 9 || service_die "another start or stop is at work in '$1'"
}

# A port that nobody listens on now.
free_port() {
    local port try
    for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        port=$((20000 + (RANDOM * 32768 + RANDOM + try) % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return 0; }
    done
    return 1
}

# Ends a process by its pid: TERM, then KILL after $2 seconds.
end_process() {
    local pid=$1 i
    [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null || return 0
    for ((i = 0; i < ${2:-20} * 10; i++)); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null
}

# A folder and every mount below it.
remove_folder() {
    local dir=$1 mount
    case $dir in /|/tmp|"") return 1 ;; esac
    awk -v d="$dir/" 'index($5, d) == 1 { print length($5), $5 }' /proc/self/mountinfo | sort -rn | while read -r _ mount; do
        # shellcheck disable=SC2059  # mountinfo writes \040 for a space
        umount -l "$(printf "$mount")"
    done
    rm -rf --one-file-system "$dir"
}
