#!/usr/bin/env bash
# init and discover --uncovered against a real Docker Engine: the job that init prints is checked and run as it is, and what it does
# not take is named. The daemon is one of our own, so that nothing else is found in it.
# time limit: 300
. "$(dirname "$0")/lib.sh"
need_root
need docker
need jq
need_postgres
text=$(PABENGINE_TEST_OWN_DOCKER=1 HOME=$service_home "$top_srcdir/tests/services/docker" start "$T/d" 2>"$T/service.err") || skip_all "docker: $(tail -n 1 "$T/service.err")"
at_end "$top_srcdir/tests/services/docker" stop "$T/d"
eval "$text"
export DOCKER_HOST
quiet() { "$@" >/dev/null 2>"$T/docker.err"; }

# ---- a compose project, as compose labels it: the server is the test cluster, reached through the host's network
stack=$T/stack
mkdir -p "$stack/site" "$T/elsewhere"
echo 'services: {}' >"$stack/compose.yaml"
echo hello >"$stack/site/index.html"
echo outside >"$T/elsewhere/file"
password=$(cat "$PG_PASSWORD_FILE")
secrets+=("$password" seldom-seen-value)
printf 'DB_PASS="%s"\nOTHER=seldom-seen-value\n' "$password" >"$stack/.env"
project=(--label com.docker.compose.project=pa --label "com.docker.compose.project.working_dir=$stack" --label "com.docker.compose.project.config_files=$stack/compose.yaml")
docker tag "$DOCKER_IMAGE" pabengine-test/postgres:15
docker tag "$DOCKER_IMAGE" pabengine-test/redis:7
for v in db web; do quiet docker volume create --label com.docker.compose.project=pa pa_$v; done
box() { quiet docker run -d --network host --label "$DOCKER_LABEL" "$@" sleep 600; }
box --name pa-db "${project[@]}" -e POSTGRES_USER="$PG_USER" -e POSTGRES_PASSWORD="$password" -e PGPORT="$PG_PORT" -v pa_db:/var/lib/postgresql/data pabengine-test/postgres:15 ||
    skip_all "cannot run a container: $(tail -n 1 "$T/docker.err")"
box --name pa-web "${project[@]}" -e SECRET_KEY=seldom-seen-value -v pa_web:/data -v "$stack/site:/site" -v "$T/elsewhere:/else" -v /etc/localtime:/etc/localtime:ro "$DOCKER_IMAGE"
docker volume ls -q >/dev/null

# ---- init
cd "$stack" || exit 1
expect 0 "init looks at the machine" init --docker
cp "$out" "$stack/job.yaml"
job=$stack/job.yaml store=$stack/backups
has "the server's container is a target" "$job" "container: pa-db"
has "with its port" "$job" "port: $PG_PORT"
has "its password is a reference to the name that the stack uses" "$job" "password: env:DB_PASS"
has "which is looked up in the stack's own .env" "$job" "env_file: $stack/.env"
has "its data folder is left out, for it is dumped" "$job" "#   volume pa_db: the files of a database that a target above takes"
has "a volume is taken" "$job" "- pa_web  # used by pa-web"
has "what is mounted from the project is taken with it" "$job" "mounts: [/site/]"
has_not "parts of the system are not" "$job" "root: /etc"
clusters=$(find /var/run/postgresql -name '.s.PGSQL.*' -type s 2>/dev/null | wc -l)
ours=(--target pa-db --target pa-volumes --target pa-files --target elsewhere)
expect 0 "the job passes check as it is" check "$job" "${ours[@]}"
expect 0 "and runs" run "$job" "${ours[@]}"
expect 0 "and what it gave is sound" verify "$job" --check-integrity
expect 0 "the folder outside of the project comes back from it" restore "$job" latest --target elsewhere --to "$T/to" --yes
same "with its file" outside "$(find "$T/to" -name file -exec cat {} +)"

# ---- uncovered
if [ "$clusters" -eq 0 ]; then
    expect 0 "nothing that was found is left uncovered" discover "$job" --uncovered --fail-on-uncovered
    has "which it says" "$out" "everything that was found is covered"
else
    skip "nothing that was found is left uncovered" "this machine has a PostgreSQL of its own"
fi
quiet docker volume create extra
box --name cache -v cache:/data pabengine-test/redis:7
echo X=1 >"$stack/compose.override.yaml"
expect 0 "a volume and a database that came later do not fail discover" discover "$job" --uncovered
has "the volume is named" "$out" "volume    extra  no target takes it; used by no container"
has "the database, too" "$out" "container cache  a database: no plugin asks it, and none takes its files"
expect 3 "--fail-on-uncovered exits with 3" discover "$job" --fail-on-uncovered --json
check "and the document says why" jq -e '[.uncovered[] | select(.kind == "volume") | .name] == ["cache", "extra"]' "$out"
sed '/name: pa-db$/a\    enabled: false' "$job" >"$stack/less.yaml"
expect 0 "a target that is not enabled covers nothing" discover "$stack/less.yaml" --uncovered
has "and is told to be the reason" "$out" "container pa-db  PostgreSQL: no target asks it, and none takes its files (target 'pa-db' is not enabled)"
sed 's/^      user: /      databases: [postgres]\n&/' "$job" >"$stack/one.yaml"
pg postgres "CREATE DATABASE uncovered_$$"
at_end pg postgres "DROP DATABASE uncovered_$$"
expect 0 "databases that the options leave out are looked for" discover "$stack/one.yaml" --uncovered
has "and named" "$out" "database  uncovered_$$  target 'pa-db' leaves it out"
sed -i 's/mounts: \[.*/mounts: ["\/site\/*.html"]/; s/\[.compose.yaml, .\.env\]/[\/compose.yaml]/' "$stack/one.yaml"
expect 0 "so are files" discover "$stack/one.yaml" --uncovered
has "settings of the project" "$out" "file      $stack/.env  no target takes the settings and secrets of this project"
has "and folders of which only a part is taken" "$out" "folder    $stack/site  targets take a part of it alone; mounted by pa-web"
expect 2 "--target makes no sense with it" discover "$job" --uncovered --target pa-db

# ---- without Docker
export DOCKER_HOST=unix://$T/none.sock
expect 0 "without a socket init goes on" init
has "and says so" "$out" "There is no Docker socket at \"unix://$T/none.sock\""
has "the project of the current folder is still found" "$out" "config: [/compose.yaml, /compose.override.yaml, /.env]"
expect 1 "with --docker that is an error" init --docker
has "which names the socket" "$err" "there is no Docker socket at 'unix://$T/none.sock'"
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1)' "$T/dead.sock"
export DOCKER_HOST=unix://$T/dead.sock
expect 0 "a socket that nobody listens at is no reason to stop" init
has "it is named in the job" "$out" "Docker at \"unix://$T/dead.sock\" does not answer"
expect 1 "but for --docker" init --docker
has "which names that socket" "$err" "$T/dead.sock"
cat >"$stack/files.yaml" <<END
version: 1
store: {path: backups}
targets: [{name: files, plugin: files, options: {root: $stack, sets: {all: [/], dot: ["/.env"]}}}]
END
expect 3 "what Docker has is not known then, which --fail-on-uncovered does not take for nothing" discover "$stack/files.yaml" --fail-on-uncovered
has "with a warning" "$err" "cannot be asked, so what runs there is not known"
