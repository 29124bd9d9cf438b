#!/usr/bin/env bash
# SIGKILL at every named point of runs and restores of a Docker volume: after the next command all containers are as they were, and the
# volume holds the old content or the new.
# time limit: 600
. "$(dirname "$0")/lib.sh"
need_root
need_docker

p=pabtest$$
container() {
    local name=$1
    shift
    docker run -d --network none --label "$DOCKER_LABEL" --name "$p-$name" "$@" "$DOCKER_IMAGE" sh -c 'trap "exit 0" TERM; while :; do sleep 60 & wait $!; done' >/dev/null
}
all_states() { [ ${#containers[@]} -eq 0 ] || docker inspect -f '{{.Name}} {{.State.Status}}' "${containers[@]/#/$p-}"; }
helpers() { docker ps -a --filter "label=pabengine.helper" --format '{{.Label "pabengine.helper"}} {{.Names}}' | grep "^$p-"; }
journal() { find "$PABENGINE_STATE_DIR/journal" -name '*.jsonl' -exec cat {} + 2>/dev/null; }
clean_up() {
    docker ps -aq --filter "name=^/$p-" | xargs -r docker rm -f
    docker volume ls -q | grep "^$p-" | xargs -r docker volume rm -f
}
at_end clean_up
volumes_job() { make_job <<<"targets: [{name: data, plugin: volume, options: {$1}}]"; }
volumes() { docker volume ls -q | grep "^$p-" | tr '\n' ' '; }
content() { cat "$(docker volume inspect -f '{{.Mountpoint}}' "$p-${1:-app}" 2>/dev/null)/file" 2>&1; }
# killed POINT:N ARGUMENTS...: $status is 137 when the kill happened
killed() {
    local at=$1
    shift
    PABENGINE_TEST_KILL=$at pab "$@"
}
# A plugin counts its own points: "*" alone would meet those that come before the same number of points of the program.
mapfile -t own_points < <(grep -oh '"volume-[a-z]*-*[a-z]*-*[a-z]*"' "$top_srcdir"/plugins/volume/*.c | tr -d '"' | sort -u)
all_points=('*' "${own_points[@]}")
# every_point NAME AT_LEAST BEFORE AFTER ARGUMENTS...: kills at the first of ${at[@]}, the second ... until a run ends by itself; BEFORE
# prepares each time, AFTER prints what is wrong after the next command
every_point() {
    local name=$1 least=$2 before=$3 after=$4 points=0 text='' n point ended=
    shift 4
    for point in "${at[@]}"; do
        for n in $(seq 1 200); do
            "$before"
            killed "$point:$n" "$@"
            [ $status -eq 137 ] || { ended=$status; break; }
            points=$((points + 1))
            PABENGINE_TEST_NOW=$(($(date +%s) + 60)) pab discover "$job" # the time in which a lost order might come is over
            text=$("$after") && text=$([ -z "$(helpers)$(journal)" ] || { echo "helper containers: $(helpers), in the journal: $(journal)"; })
            [ -z "$text" ] || { not_ok "$name" "killed at $point, the ${n}th time: $text"; return; }
        done
        case $ended in 0 | 3) ;; *) not_ok "$name" "$(explain)"; return ;; esac
    done
    if [ "$points" -ge "$least" ]; then ok "$name ($points points)"; else not_ok "$name" "only $points points"; fi
}
nothing() { :; }

docker volume create --label "$DOCKER_LABEL" --label kept=label "$p-app" >/dev/null
echo content >"$(docker volume inspect -f '{{.Mountpoint}}' "$p-app")/file"
compose() { echo --label com.docker.compose.project=c$$ --label "com.docker.compose.service=$1" --label "com.docker.compose.depends_on=${2:-}"; }
containers=(web db frozen asleep)
# shellcheck disable=SC2046  # options
container web $(compose web db:service_started:false) -v "$p-app:/d"
# shellcheck disable=SC2046
container db $(compose db) -v "$p-app:/d"
container frozen -v "$p-app:/d" && docker pause "$p-frozen" >/dev/null
container asleep -v "$p-app:/d" && docker stop "$p-asleep" >/dev/null
states=$(all_states)
states_differ() { [ "$(all_states)" = "$states" ] || { echo "containers: $(all_states)"; return 1; }; }

# ---- containers
for quiesce in stop pause; do
    volumes_job "volumes: [{name: $p-app, quiesce: $quiesce}], stop_timeout: 2s"
    if [ $quiesce = stop ]; then at=("${all_points[@]}"); else at=("${own_points[@]}"); fi
    every_point "killed at any point of a run with quiesce: $quiesce, the next command brings all containers back" 7 nothing states_differ run "$job"
done
expect 0 "the next run is clean" run "$job"
old_or_new() {
    states_differ || return 1
    case $(content) in content | other) ;; *) echo "the volume holds: $(content)"; return 1 ;; esac
}
write_other() {
    docker volume rm "$p-app__pab_old" >/dev/null 2>&1
    echo other >"$(docker volume inspect -f '{{.Mountpoint}}' "$p-app")/file"
}
every_point "killed at any point of a restore, the volume holds old or new, and all containers are as they were" 8 write_other old_or_new restore "$job" latest --yes --force
same "the restore that was not killed is complete" content "$(content)"

# ---- through the Docker Engine
docker ps -aq --filter "name=^/$p-" | xargs -r docker rm -f >/dev/null
volumes_job "volumes: [{name: $p-app, as: app}], access: archive"
every_point "killed at any point of reading through the Docker Engine, no helper container stays" 2 nothing nothing run "$job"
pab run "$job"
# Whichever content is in place: the volume is whole, nothing of the restore lies about but the copy, and that is the other one.
whole() {
    old_or_new || return 1
    [ "$(docker volume inspect -f '{{.Labels.kept}}' "$p-app")" = label ] || { echo "the label is lost"; return 1; }
    case $(volumes) in
        "$p-app ") ;;
        "$p-app $p-app__pab_old ") [ "$(content app__pab_old)" = other ] || { echo "the kept volume holds: $(content app__pab_old)"; return 1; } ;;
        *) echo "volumes: $(volumes)"; return 1 ;;
    esac
}
containers=() states=''
at=("${all_points[@]}")
every_point "killed at any point of a restore through the Docker Engine, the volume holds old or new" 35 write_other whole restore "$job" latest --yes
same "the one that was not killed is complete, and what it replaced is kept" "content other" "$(content) $(content app__pab_old)"
at=("${own_points[@]}")
dropped() {
    old_or_new || return 1
    [ "$(content)" = content ] || [ "$(volumes)" = "$p-app " ] || { echo "volumes: $(volumes)"; return 1; }
}
every_point "so it is with --drop-old" 10 write_other dropped restore "$job" latest --yes --drop-old
same "which keeps nothing" "content $p-app " "$(content) $(volumes)"

# ---- the putting back is itself killed
for point in volume-refill-created volume-refill-copied; do
    write_other
    killed volume-anew-created:1 restore "$job" latest --yes
    killed "$point:1" discover "$job"
    code=$status
    expect 0 "a command killed at $point is followed by another" discover "$job"
    same "which ends the putting back" "137 other $p-app " "$code $(content) $(volumes)"
done
write_other
killed volume-anew-created:1 restore "$job" latest --yes
docker create --network none --label "$DOCKER_LABEL" --name "$p-late" -v "$p-app:/d" "$DOCKER_IMAGE" true >/dev/null
pab restore "$job" latest --yes --force --drop-old
same "a volume that cannot be put back for a container is not restored to by force either" 1 $status
has "the message names where its content lies" "$err" "its content lies in '$p-app__pab_old'"
same "and there it is" other "$(content app__pab_old)"
docker rm -f "$p-late" >/dev/null
expect 0 "without that container" discover "$job"
same "it is put back" "other $p-app " "$(content) $(volumes)"
