#!/usr/bin/env bash
# Around a run: hooks that misbehave, notifications to real receivers that misbehave, metrics, priorities for journald.
# time limit: 180
. "$(dirname "$0")/lib.sh"
need python3
need jq
[ -x "$top_builddir/pabengine-post" ] || skip_all "built without notifications over HTTP"
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

mkdir -p "$T/data" && head -c 100000 /dev/urandom >"$T/data/a"
log=$T/received
: >"$log"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/key" -out "$T/cert" -days 2 -subj /CN=localhost 2>/dev/null || : >"$T/cert"
if [ -s "$T/cert" ]; then certificate=("$T/cert" "$T/key"); else certificate=(); fi
python3 "$top_srcdir/tests/integration/receiver.py" "$log" ${certificate[@]+"${certificate[@]}"} >"$T/ports" 2>"$T/receiver.err" &
at_end kill $!
for _ in $(seq 100); do ! grep -q '^smtp=' "$T/ports" || break; sleep 0.1; done
grep -q '^smtp=' "$T/ports" || { not_ok "the receivers listen" - <"$T/receiver.err"; exit 1; }
http='' https='' smtp=''
eval "$(cat "$T/ports")"
secrets+=(sekret-token-4711 very-secret-topic)
export TOKEN=sekret-token-4711 TOPIC=$http/ok/very-secret-topic

targets="targets: [{name: data, plugin: files, options: {root: $T, sets: {data: [data]}}}]"
got() { jq -rc "$1" "$log"; }
paths() { got 'select(.path) | .path' | sort | tr '\n' ' ' | sed 's/ $//'; }

# ---- one run, all kinds
cat >"$T/sendmail" <<END
#!/usr/bin/env python3
import smtplib, sys
s = smtplib.SMTP("127.0.0.1", $smtp)
s.sendmail("backup@localhost", [a for a in sys.argv[1:] if a != "-i"], sys.stdin.buffer.read())
s.quit()
END
chmod 755 "$T/sendmail"
make_job <<END
$targets
notify:
  - {type: healthchecks, url: $http/ok/check}
  - {type: ntfy, url: env:TOPIC, token: env:TOKEN, on: success}
  - {type: webhook, url: $http/ok/chat, on: success, template: '{"text": "{{message}}"}'}
  - {type: mail, to: ops@example.org, on: success, sendmail: $T/sendmail}
metrics: {textfile: $T/job.prom}
hooks:
  before: [sh, -c, 'echo before > $T/order']
  after: [sh, -c, 'cat > $T/summary; "$top_builddir/run" pabengine verify "\$PABENGINE_JOB_FILE" && echo verified >> $T/order']
END
expect 0 "a run with all of it succeeds" run "$job"
same "hooks run in order, and after the run the store can be verified" "$(printf 'before\nverified')" "$(cat "$T/order")"
same "the hook is told the backup's place" "$(latest)" "$(jq -r .path "$T/summary")"
same "everybody is told" "/ok/chat /ok/check /ok/check/start /ok/very-secret-topic" "$(paths)"
same "a start and its end have one id" 1 "$(got 'select(.query != "") | .query' | grep rid | sort -u | wc -l)"
same "the token goes to its topic alone" "/ok/very-secret-topic" "$(got 'select(.headers.Authorization == "Bearer sekret-token-4711") | .path')"
got 'select(.path == "/ok/chat") | .body | fromjson | .text' >"$T/text"
has "the webhook's text is JSON" "$T/text" "job: backup complete ("
same "mail arrives" ops@example.org "$(got 'select(.host == "smtp") | .to[]')"
got 'select(.host == "smtp") | .body' >"$T/mail"
has "with its subject" "$T/mail" "Subject: job on $(uname -n): backup complete"
has "and where the backup is" "$T/mail" "$(latest)"
has "metrics are written" "$T/job.prom" 'pabengine_run_state{job="job",state="complete"} 1'
expect 0 "check tells nobody" check "$job"
same "nobody was told by check" 5 "$(wc -l <"$log")"
expect 0 "a dry run neither" run --dry-run "$job"
same "nobody was told by a dry run" 5 "$(wc -l <"$log")"

# ---- endpoints that misbehave, all in one run
: >"$log"
make_job <<END
$targets
notify:
  - {type: webhook, url: $http/hang, on: [start, success], timeout: 1s, retries: 1}
  - {type: webhook, url: $http/drip, on: success, timeout: 1s, retries: 0}
  - {type: webhook, url: $http/flood, on: success}
  - {type: webhook, url: $http/500, on: success, timeout: 500ms}
  - {type: ntfy, url: $http/elsewhere/very-secret-topic, token: env:TOKEN, on: success}
  - {type: ntfy, url: $http/same, token: env:TOKEN, on: success}
  - {type: webhook, url: "http://127.0.0.1:1/", on: success, retries: 0}
  - {type: webhook, url: "http://no-such-host.invalid/", on: success, timeout: 5s, retries: 0}
  - {type: webhook, url: "${https:-http://127.0.0.1:1}/", on: success, retries: 0}
END
expect 0 "endpoints that hang, drip, flood, answer 500 or redirect change nothing of a run" run "$job"
same "and its backup is there" 2 "$(published)"
has "who hangs is named" "$err" "notify[0] (webhook at 127.0.0.1:${http##*:}): 'success' was not delivered: Timeout was reached (2 attempts)"
has "also for the start" "$err" "'start' was not delivered: Timeout was reached"
has "who drips" "$err" "notify[1] (webhook at 127.0.0.1:${http##*:}): 'success' was not delivered"
has_not "who floods has been told" "$err" "notify[2] (webhook at 127.0.0.1:${http##*:}): 'success' was not delivered"
has "who answers 500" "$err" "it answered with status 500 (3 attempts)"
has "who redirects to another host" "$err" "it redirects to another host, '127.0.0.2', which is not followed"
same "where nothing arrives" "" "$(got 'select(.host == "127.0.0.2")')"
same "a redirection on the same host is followed" "Bearer sekret-token-4711" "$(got 'select(.path == "/ok/same") | .headers.Authorization')"
has "who does not listen" "$err" "notify[6] (webhook at 127.0.0.1:1): 'success' was not delivered: Couldn't connect to server"
has "who does not exist" "$err" "notify[7] (webhook at no-such-host.invalid): 'success' was not delivered"
[ -z "$https" ] || has "whose certificate nobody signed" "$err" "notify[8] (webhook at 127.0.0.1:${https##*:}): 'success' was not delivered: SSL peer certificate"
[ -z "$https" ] || same "which is told nothing" "" "$(got 'select(.path == "/")')"

# ---- hooks that misbehave
make_job <<END
$targets
hooks: {before: {command: [sh, -c, 'trap "" TERM; sleep 1000 & echo \$! > $T/pid; while :; do sleep 1; done'], timeout: 1s}, on_failure: [sh, -c, 'echo "\$PABENGINE_ERROR" > $T/failure']}
END
before=$(published)
expect 1 "a hook that hangs, deaf to TERM, fails the run after its time" run "$job"
has "which says so" "$err" "hook 'before' did not end within 1 s"
same "to on_failure, too" "hook 'before' did not end within 1 s" "$(cat "$T/failure")"
same "nothing was backed up" "$before" "$(published)"
for _ in $(seq 50); do kill -0 "$(cat "$T/pid")" 2>/dev/null || break; sleep 0.1; done
check "its children are gone" sh -c "! kill -0 $(cat "$T/pid") 2>/dev/null"

make_job <<END
$targets
hooks:
  before: [sh, -c, 'yes this is a flood | head -c 50000000; echo to stderr as well >&2']
  after: [sh, -c, 'sleep 1000 & sleep 1001 & echo \$! > $T/pid']
END
expect 0 "a hook that floods its output, and one that leaves children" run "$job"
same "a hundred lines are kept" 100 "$(grep -c "hook 'before': this is a flood" "$err")"
has "the rest is counted" "$err" "more bytes of output, not shown"
for _ in $(seq 50); do kill -0 "$(cat "$T/pid")" 2>/dev/null || break; sleep 0.1; done
check "the children are gone" sh -c "! kill -0 $(cat "$T/pid") 2>/dev/null"

# ---- a run that is stopped
: >"$log"
make_job <<END
$targets
notify: [{type: healthchecks, url: $http/ok/check}]
metrics: {textfile: $T/job.prom}
hooks: {before: [sh, -c, 'touch $T/started; sleep 1000'], on_failure: [sh, -c, 'echo "\$PABENGINE_STATUS \$PABENGINE_EXIT_CODE" > $T/failure']}
END
"$top_builddir/run" pabengine run "$job" >"$out" 2>"$err" &
pid=$!
for _ in $(seq 100); do [ ! -e "$T/started" ] || break; sleep 0.1; done
kill -TERM $pid
wait $pid
same "SIGTERM during a hook ends the run with code 130" 130 $?
same "on_failure is told" "cancelled 130" "$(cat "$T/failure")"
same "and the check" "/ok/check/fail /ok/check/start" "$(paths)"
has "metrics say it" "$T/job.prom" 'pabengine_run_state{job="job",state="cancelled"} 1'
check "and still know the last success" grep -qE '^pabengine_last_success_timestamp_seconds\{job="job"\} [0-9]{10}\.[0-9]{3}$' "$T/job.prom"

# ---- journald
make_job <<END
$targets
hooks: {after: ['false']}
END
JOURNAL_STREAM=$(touch "$T/journal" && stat -c %d:%i "$T/journal") "$top_builddir/run" pabengine run "$job" >"$out" 2>"$T/journal" </dev/null
same "a failing hook after gives code 3" 3 $?
has "and journald the priority of a warning" "$T/journal" "<4>warning: hook 'after' failed with exit status 1"
