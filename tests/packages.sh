# packages.sh - the Debian packages, by what they are for. Sourced by quickstart and tests/run.
packages_build='build-essential autoconf automake libtool pkg-config perl libpq-dev libarchive-dev libyaml-dev libssl-dev libjansson-dev libzstd-dev libisal-dev libdeflate-dev libcurl4-openssl-dev libsqlite3-dev'
packages_stack='postgresql-15 docker.io containerd runc busybox-static attr acl sqlite3 zstd iproute2'
packages_test='check valgrind g++ libarchive-tools pigz isal shellcheck'

# install_packages GROUP...: installs what is missing, asking the registry only then.
install_packages() {
    local group list='' missing=()
    for group in "$@"; do list="$list $(eval "echo \$packages_$group")"; done
    for p in $list; do
        dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    echo "installing: ${missing[*]}"
    # No service of a package may start by itself: the tests start their own, in private folders.
    local policy=/usr/sbin/policy-rc.d made=
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1; }
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } </dev/null >/tmp/pabengine-apt.log 2>&1
    local rc=$?
    [ -z "$made" ] || rm -f $policy
    [ $rc -eq 0 ] || { tail -20 /tmp/pabengine-apt.log >&2; return 1; }
}
