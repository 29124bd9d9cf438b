# shellcheck shell=bash
# shellcheck disable=SC2034  # used through eval
# packages.sh - the Debian packages, by what they are for (README.md says why each). Sourced by quickstart and tests/run.
# "a|b": either will do, a is installed when neither is there; "a|/file": so does that file, whoever installed it.
packages_build='build-essential autoconf automake libtool pkg-config perl libpq-dev libarchive-dev libyaml-dev libssl-dev libjansson-dev libzstd-dev libisal-dev libdeflate-dev libcurl4-openssl-dev libsqlite3-dev'
packages_stack='postgresql-15 docker.io|docker-ce busybox-static|busybox attr acl sqlite3 zstd'
packages_test='openssl check pgbouncer valgrind g++ libarchive-tools jq pigz isal shellcheck curl python3 chromium cron systemd ccache'
# what the three servers need to be filled and looked at
packages_services='curl jq python3'
packages_neo4j='maven|/usr/bin/mvn openjdk-17-jre-headless|openjdk-17-jdk-headless'
packages_letta='python3-venv'
packages_pgmajors='python3-pip'
packages_n8n='npm|/usr/bin/npm'

# install_packages GROUP...: installs what is missing, asking the registry only then.
install_packages() {
    local group package one found missing=()
    for group in "$@"; do
        for package in $(eval "echo \"\$packages_$group\""); do
            found=
            for one in ${package//|/ }; do
                case $one in /*) [ ! -e "$one" ] || found=1; continue ;; esac
                dpkg-query -W -f '${Status}' "$one" 2>/dev/null | grep -q 'ok installed' && found=1
            done
            [ -n "$found" ] || missing+=("${package%%|*}")
        done
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    [ "$(id -u)" = 0 ] || { echo "these packages are missing, and only root can install them: ${missing[*]}" >&2; return 1; }
    echo "installing: ${missing[*]}"
    # No service of a package may start by itself: the tests start their own, in private folders.
    local policy=/usr/sbin/policy-rc.d made='' log rc
    log=$(mktemp) || return 1
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1; }
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1
    rc=$?
    [ -z "$made" ] || rm -f $policy
    [ $rc -eq 0 ] || tail -n 20 "$log" >&2
    rm -f "$log"
    return $rc
}
