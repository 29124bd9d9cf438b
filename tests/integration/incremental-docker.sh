#!/usr/bin/env bash
# Incremental backups of a volume that is read through the Docker Engine: without inodes, the content decides.
# time limit: 200
. "$(dirname "$0")/lib.sh"
need_root
need_docker
p=pabinc$$
at_end docker volume rm -f "$p" "${p}__pab_old"
docker volume create --label "$DOCKER_LABEL" "$p" >/dev/null || exit 1
dir=$(docker volume inspect -f '{{.Mountpoint}}' "$p")
[ -w "$dir" ] || skip_all "the volumes of the Docker daemon cannot be written here"

make_job <<END
targets: [{name: vol, plugin: volume, options: {volumes: [$p], access: archive}}]
END
mkdir -p "$dir/sub"
for i in 1 2 3 4 5 6 7 8; do head -c 3000 /dev/urandom >"$dir/sub/$i"; done
head -c 6000000 /dev/urandom >"$dir/large"
ln "$dir/sub/1" "$dir/one" && ln -s sub/2 "$dir/two"
find "$dir" -exec touch -h -d '2024-01-21 12:00:00 UTC' {} +

expect 3 "a full backup, with the warning of what this way loses" run "$job" --name one
printf x | dd of="$dir/sub/3" bs=1 seek=100 conv=notrunc status=none && touch -d '2024-01-21 12:00:00 UTC' "$dir/sub/3"
rm "$dir/sub/4" && chmod 600 "$dir/sub/5" && touch -d '2024-01-22 12:00:00 UTC' "$dir/sub/6" "$dir/large"
echo new >"$dir/sub/new"
find "$dir" -type d -exec touch -d '2024-01-21 12:00:00 UTC' {} + && touch -d '2024-01-21 12:00:00 UTC' "$dir/sub/new"
cp -a "$dir" "$T/was"
expect 3 "an incremental one" run "$job" --incremental --name two
tar -tzf "$store/two"/volumes/*.tar.gz >"$T/members" 2>/dev/null
check "what has other bytes is stored, though size and time are the same" grep -qx sub/3 "$T/members"
check "what has the same bytes is not" grep -qx .pabengine-metadata-only/sub/2 "$T/members"
check "... nor is a large file with another time" grep -qx .pabengine-metadata-only/large "$T/members"
check "the tar is small" test "$(stat -c %s "$store/two"/volumes/*.tar.gz)" -lt 20000
check "what is gone is counted" grep -q '"deleted": 1' "$store/two/manifest.json"
expect 0 "verify reads it through the chain" verify "$job" two --check-integrity
find "$dir" -mindepth 1 -delete
expect 3 "it comes back through the Docker Engine" restore "$job" two --yes --force
compare_trees "... as it was" "$T/was" "$(docker volume inspect -f '{{.Mountpoint}}' "$p")"
