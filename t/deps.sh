#!/usr/bin/env bash
# Installs what a task needs and is missing: t/deps.sh GROUP ...
# Debian 12 or Ubuntu 24.04 and later; as root, or through sudo.
set -euo pipefail

build="g++ make nginx nginx-dev libhiredis-dev libssl-dev libxxhash-dev nlohmann-json3-dev
       zlib1g-dev"
test="$build libcmocka-dev curl gdb libfaketime nodejs npm openssl prometheus python3
      python3-pytest python3-pytest-xdist redis-server"

packages_of() {
    case $1 in
        build)    echo "$build" ;;
        test)     echo "$test" ;;
        demo)     echo "$build redis-server python3 curl" ;;
        chaos)    echo "$build iproute2 redis-server python3" ;;
        chaos-planted) echo "$build iproute2 redis-server python3" ;;
        rounds)   echo "$build redis-server python3" ;;
        faults)   echo "$build redis-server openssl python3" ;;
        neighbour) echo "$build redis-server nodejs npm python3" ;;
        matrix)   echo "debootstrap" ;;
        conformance) echo "$build nodejs npm python3" ;;
        sanitize) echo "$test dpkg-dev libpcre2-dev libssl-dev zlib1g-dev" ;;
        limits)   echo "$build redis-server python3 wrk" ;;
        bench)    echo "$build libnginx-mod-http-lua libnginx-mod-http-srcache-filter
                   openssl redis-server python3 varnish wrk" ;;
        fuzz)     echo "$build clang libclang-rt-dev" ;;
        *)        echo "t/deps.sh: no group \"$1\"" >&2; return 1 ;;
    esac
}

# Node.js from elsewhere is one package and has npm in it.
installed() {
    local status
    case $1 in
        nodejs) command -v node >/dev/null; return ;;
        npm)    command -v npm >/dev/null; return ;;
    esac
    status=$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)
    [ "$status" = installed ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Packages of nginx and Redis start their services; a build has no use for
# them, and ports 80 and 6379 may be somebody's.
start_no_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
}

wanted=
for group in "$@"; do
    wanted+=" $(packages_of "$group")"
done

if ! command -v dpkg-query >/dev/null; then
    echo "t/deps.sh: this is not Debian; needed here:$wanted" >&2
    exit 1
fi

missing=()
for package in $(printf '%s\n' $wanted | sort -u); do
    installed "$package" || missing+=("$package")
done
[ ${#missing[@]} = 0 ] && exit 0

if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "t/deps.sh: as root: apt-get install ${missing[*]}" >&2
    exit 1
fi

echo "t/deps.sh: installing ${missing[*]}"
start_no_services
as_root apt-get -q -o Acquire::Retries=3 update
as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
    install --no-install-recommends "${missing[@]}"
