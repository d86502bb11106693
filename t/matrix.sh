#!/usr/bin/env bash
# Builds and tests in a Debian of another release, in a directory of its own:
# t/matrix.sh DIR [RELEASE]. Needs root and debootstrap; about 1.5 GB.
#
# Debian 13 (trixie) has nginx 1.26, hiredis 1.2, Redis 8 and Valkey 8. The
# tests that need a Redis run with each of the two.
set -euo pipefail

root=$(realpath -m "${1:?a directory}")
release=${2:-trixie}
repository=$(cd "$(dirname "$0")/.." && pwd)
mirror=${MIRROR:-http://deb.debian.org/debian}
select=${T:-test_redis or test_shared_tier or test_limit or test_log or test_purge_fleet or test_hits}

say() { echo "matrix: $*"; }

if [ ! -e "$root/etc/debian_version" ]; then
    say "making a Debian $release in $root"
    debootstrap --variant=minbase "$release" "$root" "$mirror"
fi

# What is tested is what git knows, changes included.
rm -rf "$root/repository"
mkdir -p "$root/repository"
(cd "$repository" && git ls-files -z | tar -c --null -T -) |
    tar -x -C "$root/repository"

# The mounts are gone with the process.
inside() {
    unshare --mount bash -euc '
        mount --bind /dev "$0/dev"
        mount -t proc proc "$0/proc"
        cp /etc/resolv.conf "$0/etc/resolv.conf"
        exec chroot "$0" env -i HOME=/root LC_ALL=C.UTF-8 \
            PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -euc "$1"' "$root" "$1"
}

say "installing packages"
inside 'cd /repository && t/deps.sh build >/dev/null &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y install \
            --no-install-recommends curl libcmocka-dev openssl python3 \
            python3-pytest python3-pytest-xdist redis-server valkey-server \
            >/dev/null'
inside 'nginx -v; redis-server --version; valkey-server --version' 2>&1

say "building, unit tests"
inside 'cd /repository && make module unit'

for server in redis-server valkey-server; do
    say "integration tests with $server"
    inside "cd /repository && REDIS_SERVER=$server make integration T='$select'"
done
