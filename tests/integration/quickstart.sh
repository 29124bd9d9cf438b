#!/usr/bin/env bash
# ./quickstart itself, with this build, in a folder of its own: the whole stack is destroyed and comes back.
# time limit: 1200
. "$(dirname "$0")/lib.sh"
need_root
stack=$T/quickstart
at_end "$top_srcdir/quickstart" stop --dir "$stack"
run_quickstart() { # SECONDS OPTIONS...
    local began=$SECONDS limit=$1
    shift
    HOME=$service_home timeout "$limit" "$top_srcdir/quickstart" --build "$top_builddir" --dir "$stack" "$@" >"$out" 2>"$err" </dev/null
    status=$?
    cat "$out" "$err" >>"$T/everything"
    took=$((SECONDS - began))
}
took=0

# ---- folders that hold something else
mkdir -p "$T/mine/backups" && echo precious >"$T/mine/file" && chmod 750 "$T/mine"
refuses() { # NAME ARGUMENTS...
    local name=$1
    shift
    if "$top_srcdir/quickstart" --build "$top_builddir" --dir "$T/mine" "$@" >"$out" 2>"$err" </dev/null; then not_ok "$name" "$(cat "$out")"; else ok "$name"; fi
    has "... saying why" "$err" "was not made by the quickstart"
}
snapshot "$T/mine" >"$T/mine.before"
refuses "a folder that holds something is not taken for a stack"
refuses "nor removed" stop
refuses "nor emptied" stop --keep
check "and stays as it is" diff "$T/mine.before" <(snapshot "$T/mine")
touch "$T/mine/.pabengine-quickstart"
check "one that the quickstart made is emptied" "$top_srcdir/quickstart" stop --keep --dir "$T/mine"
same "but for the backups" "backups" "$(ls "$T/mine")"
check "and removed" "$top_srcdir/quickstart" stop --dir "$T/mine"
same "with all that is in it" "" "$(find "$T/mine" 2>/dev/null)"

# ---- the stack
run_quickstart 300
secrets+=("$(cat "$stack/postgres/password" 2>/dev/null || echo no-password)")
case $status in
    0) ok "everything that was destroyed comes back" ;;
    *) if grep -q 'is not installed' "$err"; then skip_all "$(grep 'is not installed' "$err" | head -n 1)"; fi
       not_ok "everything that was destroyed comes back" "$(explain)"; exit ;;
esac
has "it says so" "$out" "everything is back"
backup=$(readlink -f "$stack/backups/latest")
has "and names the backup folder" "$out" "$backup"
check "which is there" test -f "$backup/manifest.json"
check "its checksums agree" sh -c "cd '$backup' && sha256sum --quiet -c SHA256SUMS"
same "databases, volumes and configuration are in it" "config databases volumes" "$(cd "$backup" && find . -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
check "no password is in the backup's own files" sh -c "! grep -rqF '${secrets[-1]}' '$backup/manifest.json' '$backup/RESTORE.md' '$stack/backups/logs'"
note "first run: $took s"
run_quickstart 900 --full
if [ $status -eq 0 ]; then ok "a second time, on what came back, and with Neo4j, Letta and n8n, too"; else not_ok "a second time, on what came back, and with Neo4j, Letta and n8n, too" "$(explain)"; fi
for service in neo4j/password letta/password n8n/api-key; do secrets+=("$(cat "$stack/$service" 2>/dev/null || echo no-password)"); done
backup=$(readlink -f "$stack/backups/latest")
same "in one backup" "config databases services volumes" "$(cd "$backup" && find . -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
same "each target of it in order" "ok" "$(jq -r '.targets[].status' "$backup/manifest.json" | sort -u)"
note "with all services: $took s"
"$top_srcdir/quickstart" stop --dir "$stack" >"$out" 2>&1
same "stop removes all of it" "no" "$([ -e "$stack" ] && echo yes || echo no)"
same "processes included" "" "$(pgrep -af -- "$stack" | head -n 3)"
