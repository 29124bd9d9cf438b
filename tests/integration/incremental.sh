#!/usr/bin/env bash
# Incremental backups of trees: what is stored, and that every point of a chain comes back as it was.
# sanitizers: yes
# time limit: 300
. "$(dirname "$0")/lib.sh"

src=$T/src
make_job <<END
targets:
  - {name: data, plugin: files, options: {root: "$src", sets: {data: ["**"]}}}
END
tar_of() { find "$store/$1/config" -name '*.tar*'; }
index_of() { zcat "$store/$1"/config/*.mtree.gz; }
members() { tar -tzf "$(tar_of "$1")"; }
inc() { pab run "$job" --incremental --name "$1"; } # a failure shows in what follows
# Old enough to be trusted: what changed within two seconds of the second in which a backup began is read again.
settle() { sleep 3.2; }
kept() { cp -a "$src" "$T/was-$1"; } # the state that backup $1 has to bring back
restored() { # NAME: brings it back into a new folder
    rm -rf "$T/back" && mkdir "$T/back"
    pab restore "$job" "$1" --to "$T/back" --yes
}
point() { # NAME: a chain's point comes back byte for byte
    if restored "$1"; then
        touch -r "$T/was-$1" "$T/back"
        compare_trees "$1 comes back as it was" "$T/was-$1" "$T/back"
    else
        not_ok "$1 comes back as it was" "$(explain)"
    fi
}

mkdir -p "$src/a/deep/er" "$src/b" "$src/gone/for/good" "$src/empty"
for i in $(seq 1 40); do head -c $((i * 97)) /dev/urandom >"$src/a/deep/$i"; done
head -c 700000 /dev/urandom >"$src/large"
head -c 900000 /dev/urandom >"$src/large-chmod"
truncate -s 3M "$src/sparse" && printf x | dd of="$src/sparse" bs=1 seek=1500000 conv=notrunc status=none
head -c 3000 /dev/urandom >"$src/linked" && ln "$src/linked" "$src/b/linked-too" && ln "$src/linked" "$src/b/linked-three"
head -c 2000 /dev/urandom >"$src/mode" && head -c 2000 /dev/urandom >"$src/touched" && head -c 2000 /dev/urandom >"$src/attr"
ln -s large "$src/symlink" && mkfifo "$src/b/fifo"
touch "$src/gone/for/good/1" "$src/gone/for/2" "$src/a/x=y z" "$src/a/50%" $'src/a/new\nline' 2>/dev/null || touch "$src/a/x=y z" "$src/a/50%"
head -c 5000 /dev/urandom >"$src/becomes-folder" && mkdir "$src/becomes-file" && echo 1 >"$src/becomes-file/1"
settle

# ---- the first is full, and a second without changes stores next to nothing
expect 0 "without an earlier backup the run succeeds" run "$job" --incremental --name one
has "... says that it becomes a full one" "$err" "this becomes a full backup"
kept one
expect 0 "an incremental run succeeds" run "$job" --incremental --name two
kept two
same "the parent stands in its place of the manifest" "content_sha256 parent_path deleted counts" \
    "$(jq -r '[.targets[0].artifacts[0] | keys_unsorted[] | select(IN("content_sha256", "parent_path", "deleted", "counts"))] | join(" ")' "$store/two/manifest.json")"
same "nothing changed: the tar holds nothing" "" "$(members two)"
index_of two >"$T/index"
has "... and the index holds everything" "$T/index" "./a/deep/40 type=file"
check "... which bsdtar reads" bsdtar -tf "$(find "$store/two" -name '*.mtree.gz')"

# ---- one of each change
printf y >>"$src/a/deep/7"
echo new >"$src/a/deep/new"
rm -r "$src/gone" "$src/a/deep/9"
mv "$src/a/deep/10" "$src/b/ten"
chmod 600 "$src/mode" "$src/large-chmod"
touch -d '2020-02-02 02:02:02.222 UTC' "$src/touched"
setfattr -n user.color -v blue "$src/attr" 2>/dev/null
printf z | dd of="$src/sparse" bs=1 seek=2500000 conv=notrunc status=none
ln "$src/a/deep/11" "$src/b/eleven"
rm "$src/becomes-folder" && mkdir "$src/becomes-folder" && echo 2 >"$src/becomes-folder/2"
rm -r "$src/becomes-file" && echo 3 >"$src/becomes-file"
ln -sfn elsewhere "$src/symlink"
settle
expect 0 "a run after all kinds of changes" run "$job" --incremental --name three
kept three
members three >"$T/members"
has "a changed file is stored" "$T/members" "a/deep/7"
has_not "an unchanged one is not" "$T/members" "a/deep/8"
has "what was renamed is stored under its new name" "$T/members" "b/ten"
has "a new mode alone is stored without the content" "$T/members" ".pabengine-metadata-only/large-chmod"
has "a new attribute alone, too" "$T/members" ".pabengine-metadata-only/attr"
has "a new time alone, too" "$T/members" ".pabengine-metadata-only/touched"
index_of three >"$T/index"
has "what is gone is listed" "$T/index" "#deleted=./gone/for/good/1"
check "the manifest counts what is gone" grep -q '"deleted": 8' "$store/three/manifest.json"
check "the tar is small" test "$(stat -c %s "$(tar_of three)")" -lt 20000

# ---- and once more, on top
printf w >>"$src/linked"
head -c 3000 /dev/urandom >"$T/new" && mv "$T/new" "$src/b/eleven" # no link to a/deep/11 any more
chmod 640 "$src/mode"
rm "$src/b/linked-three"
mkdir -p "$src/gone/for" && echo again >"$src/gone/for/2"
settle
expect 0 "a run on top" run "$job" --incremental --name four
kept four
printf v >>"$src/large-chmod"
touch -d '1999-01-01' "$src/a"
sleep 1.1 # the order of backups goes by seconds
expect 0 "a fifth" run "$job" --incremental --name five
kept five

for n in one two three four five; do point $n; done
expect 0 "verify reads each point through its chain" verify "$job" --all --check-integrity
has "... and says through how many" "$out" "files of 5 backups against the index"

# ---- one file out of the middle
rm -rf "$T/single" && mkdir "$T/single"
expect 0 "a single file of a chain comes back" restore "$job" four --include 'a/deep/8' --to "$T/single" --yes
check "... with its content of then" cmp "$(find "$T/single" -name 8)" "$T/was-four/a/deep/8"
expect 0 "list shows the whole tree" list "$job" three

# ---- by hand, as RESTORE.md says
hand() { # NAME
    rm -rf "$T/hand" && mkdir "$T/hand" && cp -a "$store" "$T/hand/store"
    sed -n '/^### .*tar/,/^Its files/{s/^    //p}' "$T/hand/store/$1/RESTORE.md" >"$T/hand/commands"
    (cd "$T/hand/store/$1" && sh -e "$T/hand/commands") >"$T/hand/out" 2>&1 || { not_ok "RESTORE.md of $1 runs" "$(cat "$T/hand/commands" "$T/hand/out")"; return; }
    touch -r "$T/was-$1" "$T/hand/store/$1/RESTORED"
    compare_trees "RESTORE.md of $1 brings it back with tar alone" "$T/was-$1" "$T/hand/store/$1/RESTORED"
}
for n in one three five; do hand $n; done
quoted="it's \$(touch pwned) \"here\""
expect 0 "a backup with quotes in its name" run "$job" --incremental --name "$quoted"
expect 0 "and one that builds on it" run "$job" --incremental --name after-quotes
cp -a "$src" "$T/was-after-quotes"
hand after-quotes
same "whose commands run nothing that a name says" "" "$(find "$T/hand" -name pwned)"
rm -rf "${store:?}/$quoted" "$store/after-quotes"
ln -sfn five "$store/latest"

# ---- a volume that is a folder; and a clock that is set back between the two runs
vol=$T/volumes/v
mkdir -p "$vol" && cp -a "$src/a" "$src/sparse" "$vol" && head -c 4000 /dev/urandom >"$vol/f"
settle
{ printf 'version: 1\nstore: {type: directory, path: "%s"}\n' "$T/store2"
  echo "targets: [{name: vol, plugin: volume, options: {driver: path, root: $T/volumes, volumes: [v]}}]"; } >"$T/volume.yaml"
export PABENGINE_TEST_NOW=$(($(date +%s) + 7200))
expect 0 "a full backup of a volume, with a clock that is two hours ahead" run "$T/volume.yaml" --name first
unset PABENGINE_TEST_NOW
head -c 4000 /dev/urandom >"$vol/f" && rm "$vol/a/deep/12"
cp -a "$vol" "$T/was-vol"
expect 0 "an incremental one with the clock set right" run "$T/volume.yaml" --incremental --name second
has "... says that it was set back" "$err" "the clock was set back"
tar -tzf "$T/store2/second"/volumes/*.tar.gz >"$T/members"
check "... stores what changed" grep -qx f "$T/members"
has_not "... and no more" "$T/members" "a/deep/13"
rm -rf "$vol" && mkdir "$vol"
expect 0 "it comes back into its place" restore "$T/volume.yaml" second --yes --force --drop-old
compare_trees "... as it was" "$T/was-vol" "$vol"

# ---- after a run of some targets only
{ printf 'version: 1\nstore: {type: directory, path: "%s"}\n' "$T/store3"
  echo "targets: [{name: vol, plugin: volume, options: {driver: path, root: $T/volumes, volumes: [v]}}, {name: config, plugin: files, options: {root: $T, sets: {job: [volume.yaml]}}}]"; } >"$T/both.yaml"
expect 0 "a full run" run "$T/both.yaml" --name 1-all
expect 0 "a run of the configuration alone" run "$T/both.yaml" --config-only --name 2-config
expect 0 "the next incremental run" run "$T/both.yaml" --incremental --name 3-next
same "builds on the one that holds all" "incremental 1-all" "$(jq -r '"\(.kind) \(.parent)"' "$T/store3/3-next/manifest.json")"
expect 0 "an incremental run of the configuration alone" run "$T/both.yaml" --incremental --config-only --name 4-config
same "builds on the newest" "incremental 3-next" "$(jq -r '"\(.kind) \(.parent)"' "$T/store3/4-config/manifest.json")"

# ---- a target of another name, and one that was not in the parent
sed 's/name: data/name: other/' "$job" >"$T/other.yaml"
cp "$job" "$T/first.yaml" && cp "$T/other.yaml" "$job"
expect 0 "a renamed target starts again" run "$job" --incremental --name renamed
has "... and a line says so" "$err" "holds nothing to build on"
check "... with everything" test "$(members renamed | wc -l)" -gt 40
cp "$T/first.yaml" "$job"
rm -rf "$store/renamed"

# ---- parents that are missing or altered
cp -a "$store" "$T/store.good"
rm -rf "$store/two"
mkdir "$T/nothing"
expect 1 "a missing parent fails a restore" restore "$job" five --to "$T/nothing" --yes
has "... which names it" "$err" "builds on backup 'two'"
same "... before anything is written" "" "$(ls -A "$T/nothing")"
expect 4 "... and verify finds it" verify "$job" five
has "... by name" "$out" "'two'"
expect 0 "... and the next run is a full one" run "$job" --incremental --name six
has "... which says why" "$err" "builds on backup 'two'"
rm -rf "$store" && cp -a "$T/store.good" "$store"
printf x | dd of="$(tar_of one)" bs=1 seek=5000 conv=notrunc status=none
expect 1 "an altered parent fails a restore" restore "$job" five --to "$T/nothing" --yes
has "... which names it" "$err" "builds on backup 'one'"
same "... before anything is written" "" "$(ls -A "$T/nothing")"
rm -rf "$store" && cp -a "$T/store.good" "$store"
index=$(find "$store/one" -name '*.mtree.gz')
printf x | dd of="$index" bs=1 seek=100 conv=notrunc status=none
expect 1 "a parent whose index was altered fails a restore of a child" restore "$job" five --to "$T/nothing" --yes
has "... which names it" "$err" "builds on backup 'one'"
same "... before anything is written" "" "$(ls -A "$T/nothing")"
expect 4 "... and verify finds it" verify "$job" five --check-integrity
rm -rf "$store" && cp -a "$T/store.good" "$store"
index=$(find "$store/five" -name '*.mtree.gz')
printf x | dd of="$index" bs=1 seek=100 conv=notrunc status=none
expect 0 "with the parent's index altered the run succeeds" run "$job" --incremental --name seven
kept seven
has "... says that it stores everything" "$err" "is stored in full"
point seven
rm -rf "$store" && cp -a "$T/store.good" "$store"
cp -a "$store/three" "$T/three" && rm -rf "$store/three" && cp -a "$store/two" "$store/three"
expect 1 "another backup in the parent's place is no parent" restore "$job" five --to "$T/nothing" --yes
has "... and is named" "$err" "builds on backup 'three'"
rm -rf "$store" && cp -a "$T/store.good" "$store"

# ---- what a file looks like is not enough: same size, same mtime, other content
head -c 2000 /dev/urandom >"$T/new" && touch -r "$src/attr" "$T/new" && cp "$T/new" "$src/attr" && touch -r "$T/new" "$src/attr"
expect 0 "a run after a change that hides behind the old time" run "$job" --incremental --name hidden
kept hidden
point hidden
