#!/usr/bin/env bash
# time limit: 900
# A real Neo4j in a real container, stopped and started through the Docker Engine: its volume read and replaced, dumps made and loaded by the
# admin tool of the container's own image. The image is the JDK and the jars of this machine; there is no registry to pull one from.
. "$(dirname "$0")/lib.sh"
need_root
need docker
need_docker
need_neo4j
# shellcheck source=tests/services/common.sh
. "$top_srcdir/tests/services/common.sh"
lib=$PABENGINE_TEST_CACHE/neo4j-$NEO4J_VERSION/lib
java_home=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
name=pabneo$$ volume=pabneo_data$$ image=pabengine-test/neo4j:$$
port=$(free_port) bolt=$(free_port)
export DOCKER_HOST

# ---- the image
make_image() {
    local box libraries=()
    mkdir -p "$T/image/bin" "$T/image/neo4j/conf" "$T/image/neo4j/logs"
    cat >"$T/image/neo4j/conf/neo4j.conf" <<END
server.directories.data=/data
server.default_listen_address=127.0.0.1
server.default_advertised_address=127.0.0.1
server.http.listen_address=127.0.0.1:$port
server.http.advertised_address=127.0.0.1:$port
server.bolt.listen_address=127.0.0.1:$bolt
server.bolt.advertised_address=127.0.0.1:$bolt
server.https.enabled=false
dbms.usage_report.enabled=false
dbms.security.auth_enabled=false
server.memory.pagecache.size=64m
db.tx_log.preallocate=false
END
    # the two programs of the tests' server, with another home
    sed "s,$NEO4J_HOME,/neo4j,g; s/-Xmx[0-9]*m/-Xmx256m/" "$NEO4J_ADMIN" >"$T/image/bin/neo4j-admin"
    sed "s,$NEO4J_HOME,/neo4j,g; s/-Xmx[0-9]*m/-Xmx512m/" "${NEO4J_ADMIN%/*}/neo4j-server" >"$T/image/bin/neo4j-server"
    chmod 755 "$T/image/bin/"*
    ln -s "$java_home/bin/java" "$T/image/bin/java"
    mapfile -t libraries < <(find -L "$java_home/lib" "$java_home/bin/java" -type f \( -name '*.so' -o -name java \) -exec ldd {} + 2>/dev/null \
        | grep -o '/[^ :]*' | grep -v "^$java_home" | sed 's,^/,,' | sort -u)
    box=$(docker create --label "$DOCKER_LABEL" "$DOCKER_IMAGE" true) || return 1
    tar -C / -hc --exclude='*/jmods' --exclude='*/src.zip' "${java_home#/}" "${lib#/}" "${libraries[@]}" 2>"$T/tar.err" | docker cp - "$box:/" \
        && tar -C "$T/image" -c bin neo4j | docker cp - "$box:/" && docker commit "$box" "$image" >/dev/null
    local rc=$?
    docker rm "$box" >/dev/null
    return $rc
}
make_image >"$T/image.log" 2>&1 || { not_ok "an image of Neo4j" "$(tail -n 5 "$T/image.log" "$T/tar.err")"; exit 1; }
at_end docker image rm -f "$image"
docker volume create --label "$DOCKER_LABEL" "$volume" >/dev/null
at_end docker volume rm -f "$volume"
docker run -d --name "$name" --label "$DOCKER_LABEL" --network host --memory 1g -v "$volume:/data" "$image" neo4j-server >/dev/null 2>"$T/docker.err" \
    || skip_all "cannot run a container: $(tail -n 1 "$T/docker.err")"
at_end docker rm -f "$name"
NEO4J_URL=http://127.0.0.1:$port NEO4J_PASSWORD_FILE=''
answers() { timeout "$1" bash -c "until curl -sf -o '$T/null' -d '{\"statement\":\"RETURN 1\"}' -H 'Content-Type: application/json' '$NEO4J_URL/db/neo4j/query/v2'; do sleep 0.3; done"; }
answers 120 && ok "Neo4j runs in a container" || { not_ok "Neo4j runs in a container" "$(docker logs "$name" 2>&1 | tail -n 20)"; exit 1; }
neo4j_seed 100 || not_ok "a graph"
neo4j_show >"$T/before"
there() { # NAME
    neo4j_show >"$T/after" 2>&1
    check "$1" diff "$T/before" "$T/after"
}
data=$(docker volume inspect -f '{{.Mountpoint}}' "$volume")
job_of() { # METHOD MORE OPTIONS
    make_job <<END
defaults: {retries: 0}
targets:
  - {name: graph, plugin: neo4j, options: {url: "$NEO4J_URL", container: $name, docker_host: "$DOCKER_HOST", downtime: allowed, method: $1, start_timeout: 4m${2:+, $2}}}
END
}

# ---- its volume
job_of cold
expect 0 "the volume of the container is found" check "$job"
expect 0 "and read while the container is stopped" run "$job"
there "which then runs again"
expect 0 "verify" verify "$job" latest --check-integrity
neo4j_query "MATCH (n) DETACH DELETE n" || not_ok "the graph is lost"
expect 0 "the volume is replaced" restore "$job" latest --yes
there "and the container runs on the old graph"
same "under the owner that it had" "$(stat -c %u:%g "$data.pab-old")" "$(stat -c %u:%g "$data")"
expect 0 "--cleanup" restore "$job" latest --cleanup --yes
[ ! -e "$data.pab-old" ] && ok "removes the old data" || not_ok "removes the old data"

# ---- dumps, by the tool in the image
job_of dump "admin: [docker, run, --rm, -i, --network, none, --volumes-from, $name, '$image', neo4j-admin]"
expect 0 "dumps are made by the admin tool of the image" run "$job"
same "of the graph and of system" 2 "$(find "$(latest)/databases/" -name 'neo4j_dump_*.dump' | wc -l)"
expect 0 "verify" verify "$job" latest --check-integrity
neo4j_query "MATCH (n) DETACH DELETE n" || not_ok "the graph is lost"
expect 0 "and loaded by it" restore "$job" latest --yes
there "the container runs on the old graph once more"
same "with the databases that were there beside it" 4 "$(find "$data/databases" "$data/transactions" -maxdepth 1 -name '*.pab-old' | wc -l)"
same "no container of the tool is left" "$name" "$(docker ps -a --filter label="$DOCKER_LABEL" --format '{{.Names}}' --filter volume="$volume")"
