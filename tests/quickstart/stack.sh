# shellcheck shell=bash
# stack.sh - the throw-away stack of ./quickstart: start, fill, list, fingerprint, destroy. Sourced; uses $top and $dir.
# shellcheck disable=SC2154
stack_job=$dir/nightly.yaml
stack_store=$dir/backups
stack_pa=$dir/pa
stack_volumes=(letta_data n8n_data openwebui_data supabase_storage)

# A volume's real name: a prefix of our own, so that no volume of the user's can be meant.
stack_volume() { echo "pabquick${UID}_$1"; }

# The folder is removed as a whole one day: it is one that was empty when the stack came, and says so since.
stack_mark=$dir/.pabengine-quickstart
stack_is_ours() {
    [ -O "$dir" ] || { echo "'$dir' belongs to somebody else" >&2; return 1; }
    [ -f "$stack_mark" ] || { echo "'$dir' was not made by the quickstart (it holds no ${stack_mark##*/}): it is left alone" >&2; return 1; }
}
stack_may_claim() {
    [ -e "$dir" ] || [ -L "$dir" ] || return 0
    [ -d "$dir" ] || { echo "'$dir' is no folder" >&2; return 1; }
    [ -O "$dir" ] && [ -z "$(ls -A "$dir")" ] || stack_is_ours
}

stack_start() {
    local text
    stack_may_claim && mkdir -p "$dir" && chmod 711 "$dir" && touch "$stack_mark" || return 1
    text=$("$top/tests/services/postgres" start "$dir/postgres") || return 1
    eval "$text"
    text=$("$top/tests/services/docker" start "$dir/docker") || return 1
    eval "$text"
    export DOCKER_HOST PABENGINE_STATE_DIR=$dir/state
    echo "PostgreSQL on $PG_HOST:$PG_PORT, Docker at $DOCKER_HOST$([ "$DOCKER_OWN" = 1 ] || echo ' (was running already)')"
}

stack_psql() { # DATABASE ARGUMENTS...
    local db=$1
    shift
    "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$PG_SOCKET" -p "$PG_PORT" -U "$PG_USER" -d "$db" "$@"
}

stack_fill() {
    [ ! -f "$dir/filled" ] || { stack_compose_up && stack_write_job && echo "filled already by an earlier run"; return; }
    local db volume
    for db in postgres letta n8n; do
        [ $db = postgres ] || stack_psql postgres -c "CREATE DATABASE $db" || return 1
        stack_psql $db -f "$top/tests/quickstart/$db.sql" >/dev/null || return 1
    done
    for volume in "${stack_volumes[@]}"; do
        stack_make_volume "$volume" || return 1
        "stack_fill_$volume" "$(stack_mountpoint "$volume")" || return 1
    done
    stack_fill_config && stack_write_job && stack_compose_up && touch "$dir/filled"
}

# ---- volumes: what docker compose would make, labels included
stack_make_volume() {
    docker volume create --label "$DOCKER_LABEL" --label com.docker.compose.project=pa --label "com.docker.compose.volume=$1" "$(stack_volume "$1")" >/dev/null
}
stack_mountpoint() { docker volume inspect -f '{{.Mountpoint}}' "$(stack_volume "$1")" 2>/dev/null; }

stack_fill_letta_data() { (
    cd "$1" || exit 1
    for i in $(seq 1 400); do
        mkdir -p "agents/agent-$((i % 20))"
        printf '{"id": "%s", "memory": "%s"}\n' "$i" "$(head -c $((i * 5)) /dev/zero | tr '\0' m)" >"agents/agent-$((i % 20))/block-$i.json"
    done
    ln -s agents/agent-0 current
    ln -s /nowhere/dangling dangling
    ln agents/agent-1/block-1.json hard-link.json
    truncate -s 40M sparse.img && printf 'in the middle' | dd of=sparse.img bs=1 seek=20000000 conv=notrunc status=none
    head -c 5000000 /dev/urandom >model.bin
    chown -R 1000:1000 agents && chmod 600 agents/agent-2/*.json && chmod 2750 agents/agent-3
    touch -d '2024-01-21 12:00:00.123456789 UTC' model.bin
); }
stack_fill_n8n_data() { (
    cd "$1" || exit 1
    mkdir -p .n8n/nodes "binaryData/workflows"
    printf '{"encryptionKey": "%s"}\n' "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" >.n8n/config && chmod 600 .n8n/config
    for i in $(seq 1 120); do head -c $((i * 700)) /dev/urandom >"binaryData/workflows/execution $i.bin"; done
    mkfifo .n8n/control && : >.n8n/empty
    printf 'new\nline' >"$(printf 'name with\nnewline')"
    setfacl -m u:1000:rw .n8n/config 2>/dev/null || true
); }
stack_fill_openwebui_data() { (
    cd "$1" || exit 1
    mkdir -p uploads cache
    for i in $(seq 1 60); do head -c $((i * 9000)) /dev/urandom >"uploads/upload-$i.pdf"; done
    head -c 2000000 /dev/urandom >cache/embedding.bin
    sqlite3 webui.db "PRAGMA journal_mode=WAL; CREATE TABLE chat (id INTEGER PRIMARY KEY, title TEXT, chat JSON); CREATE TABLE beat (at TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO chat SELECT i, 'chat ' || i, '{\"messages\": [\"' || hex(randomblob(100)) || '\"]}' FROM n;" >/dev/null
); }
stack_fill_supabase_storage() { (
    cd "$1" || exit 1
    for i in $(seq 1 300); do
        mkdir -p "stub/bucket-$((i % 7))/folder-$((i % 3))"
        f="stub/bucket-$((i % 7))/folder-$((i % 3))/object-$i"
        head -c $((i * 300)) /dev/urandom >"$f"
        setfattr -n user.supabase.content-type -v "image/png" "$f" || exit 1
        setfattr -n user.supabase.cache-control -v "max-age=3600" "$f"
        setfattr -n user.supabase.etag -v "\"etag-$i\"" "$f"
    done
); }

# The containers that use the volumes. n8n is stopped for the backup; the web UI's SQLite database is written to throughout.
stack_container() { # NAME VOLUME COMMAND
    docker inspect "$1" >/dev/null 2>&1 || docker create --name "$1" --label "$DOCKER_LABEL" --label com.docker.compose.project=pa \
        --label "com.docker.compose.service=${1#*_}" --network none -v "$(stack_volume "$2"):/data" "$DOCKER_IMAGE" sh -c "$3" >/dev/null || return 1
    docker start "$1" >/dev/null
}
stack_compose_up() {
    local volume
    for volume in "${stack_volumes[@]}"; do
        docker volume inspect "$(stack_volume "$volume")" >/dev/null || return 1
    done
    stack_container "$(stack_volume n8n)" n8n_data 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done' || return 1
    stack_container "$(stack_volume openwebui)" openwebui_data \
        'trap "exit 0" TERM; while :; do sqlite3 -cmd ".timeout 5000" /data/webui.db "INSERT INTO beat VALUES (datetime())"; sleep 0.2 & wait $!; done'
}
stack_services_up() {
    local name
    for name in n8n openwebui; do
        [ "$(docker inspect -f '{{.State.Status}}' "$(stack_volume $name)" 2>/dev/null)" = running ] || { echo "container $name does not run" >&2; return 1; }
    done
}

# ---- configuration and job
stack_fill_config() { (
    mkdir -p "$stack_pa/deployment/scripts" "$stack_pa/docs/guides" && cd "$stack_pa" || exit 1
    (umask 077 && printf '# settings of the stack\nPOSTGRES_PASSWORD=%s\nPOSTGRES_PORT=%s\n' "$(cat "$PG_PASSWORD_FILE")" "$PG_PORT" >.env)
    printf 'services:\n  n8n:\n    image: n8nio/n8n\n    volumes: ["n8n_data:/home/node/.n8n"]\n  open-webui:\n    image: ghcr.io/open-webui/open-webui\nvolumes:\n  n8n_data: {}\n' >docker-compose.yml
    printf 'services:\n  n8n: {restart: always}\n' >docker-compose.override.yml
    for i in deploy health-check rotate; do printf '#!/bin/sh\n# %s\nexec true\n' $i >deployment/scripts/$i.sh; done
    chmod 755 deployment/scripts/*.sh
    ln -s deploy.sh deployment/scripts/latest.sh
    for i in $(seq 1 25); do printf '# Guide %s\n\nText of guide %s.\n' "$i" "$i" >"docs/guides/guide-$i.md"; done
    printf '# PA\n' >README.md
); }

stack_write_job() {
    (umask 077 && cp "$stack_pa/.env" "$dir/secrets.env") # where a disaster of the stack does not reach
    cat >"$stack_job" <<END
# The quickstart's job: conf/jobs/nightly.yaml with the addresses of the private stack.
version: 1
name: nightly
env_file: secrets.env
store: {type: directory, path: backups, compression: gzip}
targets:
  - name: supabase-db
    plugin: postgres
    options:
      host: $PG_HOST
      port: $PG_PORT
      user: $PG_USER
      password: env:POSTGRES_PASSWORD
      databases: [postgres, letta, n8n]
  - name: data
    plugin: volume
    options:
      volumes:
        - {name: $(stack_volume letta_data), as: letta_data}
        - {name: $(stack_volume n8n_data), as: n8n_data, quiesce: stop}
        - {name: $(stack_volume openwebui_data), as: openwebui_data, exclude: [cache/]}
        - {name: $(stack_volume supabase_storage), as: supabase_storage}
  - name: config
    plugin: files
    options:
      root: pa
      sets: {env: [.env], docker-compose: ["docker-compose*.yml"], deployment: [deployment/], docs: [docs/, README.md]}
END
}

# ---- looking at it
stack_list() {
    local db volume point
    for db in postgres letta n8n; do
        printf '  database %-18s %s\n' $db "$(stack_psql $db -At -c "SELECT pg_size_pretty(pg_database_size(current_database())) || ', ' || (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema)') || ' tables'" 2>/dev/null || echo 'is gone')"
    done
    for volume in "${stack_volumes[@]}"; do
        point=$(stack_mountpoint "$volume")
        printf '  volume   %-18s %s\n' "$volume" "$([ -n "$point" ] && echo "$(find "$point" | wc -l) entries, $(du -sh "$point" | cut -f1)" || echo 'is gone')"
    done
    printf '  folder   %-18s %s\n' pa "$([ -d "$stack_pa" ] && echo "$(find "$stack_pa" -type f | wc -l) files" || echo 'is gone')"
}

# Names, types, modes, owners, times, link counts and targets, contents and xattrs of a folder; of folders not the times.
stack_tree() { # LABEL FOLDER FIND-EXPRESSION OF WHAT TO LEAVE OUT...
    local label=$1 list=$dir/list
    cd "$2" || return 1
    shift 2
    find . \( "$@" \) -prune -o -print0 | sort -z >"$list"
    {
        find . \( "$@" \) -prune -o -type d -printf '%p %y %m %U:%G\0' -o -printf '%p %y %m %U:%G %n %T@ %s %l\0' | sort -z | tr '\0' '\n'
        find . \( "$@" \) -prune -o -type f -print0 | sort -z | xargs -0r sha256sum
        xargs -0r -a "$list" getfattr -h -d -m '^(user\.|system\.posix_acl)' -e hex 2>/dev/null
    } | sed "s|^|$label |"
    rm -f "$list"
}
stack_fingerprint() {
    local db volume point
    for db in postgres letta n8n; do
        stack_psql $db -f "$top/tests/quickstart/fingerprint.sql" | sed "s/^/database $db: /" || return 1
    done
    stack_psql postgres -At -c "SELECT 'role ' || rolname || ' ' || rolcanlogin || ' ' || rolconnlimit || ' ' || coalesce(md5(rolpassword), '-') FROM pg_authid WHERE rolname LIKE 'app\_%' ORDER BY 1"
    for volume in "${stack_volumes[@]}"; do
        point=$(stack_mountpoint "$volume")
        [ -d "$point" ] || { echo "volume $volume is gone"; continue; }
        (stack_tree "volume $volume:" "$point" -path ./cache -o -name 'webui.db*') || return 1
        [ "$volume" != openwebui_data ] || sqlite3 -cmd '.timeout 5000' "$point/webui.db" \
            "SELECT 'sqlite ' || (SELECT * FROM pragma_integrity_check()) || ', ' || count(*) || ' chats, sum of lengths ' || sum(length(chat)) FROM chat"
    done
    [ ! -d "$stack_pa" ] || (stack_tree config: "$stack_pa" -name '*.pab-old')
}
stack_count() { printf '%s tables and sequences, %s files' "$(grep -c '^database [a-z0-9]*: .*[0-9]$' "$1")" "$(grep -cE '^(volume|config).*[0-9a-f]{64}' "$1")"; }
stack_compare() {
    if diff "$1" "$2" >"$dir/difference"; then
        echo "identical: $(wc -l <"$1") lines of counts and hashes, sha256 $(sha256sum "$1" | cut -c1-16)... both times"
    else
        head -n 40 "$dir/difference"
        return 1
    fi
}

# ---- the end of it
stack_destroy() {
    local name
    for name in n8n openwebui; do docker rm -f "$(stack_volume $name)" >/dev/null || return 1; done
    for name in "${stack_volumes[@]}"; do docker volume rm "$(stack_volume "$name")" >/dev/null || return 1; done
    rm -rf "$stack_pa"
    "$top/tests/services/postgres" reset "$dir/postgres" >/dev/null
}
stack_stop() { # KEEP
    [ -d "$dir" ] || { echo "there is no stack in $dir"; return 0; }
    stack_is_ours || return 1
    full_stop
    [ ! -d "$dir/docker" ] || "$top/tests/services/docker" stop "$dir/docker"
    [ ! -d "$dir/postgres" ] || "$top/tests/services/postgres" stop "$dir/postgres"
    if [ -n "$1" ]; then
        find "$dir" -mindepth 1 -maxdepth 1 ! -name backups ! -name "${stack_mark##*/}" -exec rm -rf {} +
        echo "removed; the backups stay in $stack_store"
    else
        rm -rf "$dir"
        echo "removed $dir"
    fi
}
