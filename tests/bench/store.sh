#!/usr/bin/env bash
# A store with many backups: list, status and cleanup read every manifest. N=2000 backups of SETS=20 artifacts each; each of the three is to
# take less than a second.  ROUNDS=5 is the default; about five minutes, most of them for making the backups.
. "$(dirname "$0")/lib.sh"
: "${N:=2000}" "${SETS:=20}" "${ROUNDS:=5}"
bench_begin
pabengine=$build/pabengine
mkdir data
sets=''
for ((i = 0; i < SETS; i++)); do
    echo "text $i" >"data/f$i"
    sets+="s$i: [f$i], "
done
cat >job.yaml <<END
version: 1
store: {path: store}
targets: [{name: c, plugin: files, options: {root: data, sets: {${sets%, }}}}]
END
start=1600000000 # and one each six hours from then on
PABENGINE_TEST_NOW=$start "$pabengine" run job.yaml --quiet >/dev/null || exit 1
template=$(readlink store/latest)
echo "making $N backups with $SETS artifacts each" >&2
for ((i = 1; i < N; i++)); do
    now=$((start + i * 6 * 3600))
    name=backup-$(date -d "@$now" +%Y%m%d_%H%M%S)
    cp -al "store/$template" "store/$name"
    rm "store/$name/manifest.json" "store/$name/SHA256SUMS"
    stamp=$(date -d "@$now" +%Y-%m-%dT%H:%M:%S%:z)
    sed "1,/\"targets\"/ { s/\"name\": \"$template\"/\"name\": \"$name\"/; s/\"\\(started\\|finished\\)\": \"[^\"]*\"/\"\\1\": \"$stamp\"/ }" "store/$template/manifest.json" >"store/$name/manifest.json"
    sum=$(sha256sum <"store/$name/manifest.json")
    sed "s/^[0-9a-f]*  manifest.json\$/${sum%% *}  manifest.json/" "store/$template/SHA256SUMS" >"store/$name/SHA256SUMS"
    chmod 600 "store/$name/manifest.json" "store/$name/SHA256SUMS"
done
ln -sfn "$name" store/latest
export PABENGINE_TEST_NOW=$((now + 3600))
"$pabengine" verify job.yaml >/dev/null || { echo "the newest one does not verify" >&2; exit 1; }
contestant 'list' "$pabengine list job.yaml"
contestant 'list --json' "$pabengine list job.yaml --json"
if "$pabengine" --help | grep -q '^  status '; then contestant 'status' "$pabengine status job.yaml"; fi
contestant 'cleanup --dry-run' "$pabengine cleanup job.yaml --retention 30 --dry-run"
contestant 'cleanup, nothing goes' "$pabengine cleanup job.yaml --retention 100000"
# ten go: the oldest, put back from hard links each time
mapfile -t ten < <(find store -maxdepth 1 -name 'backup-*' | sort | head -n 10)
mkdir aside && cp -al "${ten[@]}" aside/
days=$(((PABENGINE_TEST_NOW - start - 9 * 6 * 3600) / 86400))
contestant 'cleanup, ten go' "$pabengine cleanup job.yaml --retention $days"
setup_of 'cleanup, ten go' 'cp -alf aside/* store/'
run_bench "$ROUNDS"
# and all but the newest: once
printf '\n'
time "$pabengine" cleanup job.yaml --retention 1 | tail -n 1
