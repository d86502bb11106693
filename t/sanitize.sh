#!/usr/bin/env bash
# Integration tests with nginx itself under AddressSanitizer and UBSan:
# t/sanitize.sh DIR [PYTEST_PATTERN].  Debian's nginx can not find overruns of
# pool allocations; one built with NGX_DEBUG_PALLOC can.  nginx is built once,
# from the distribution's source of the installed version.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
pattern=${2:-}

# nginx adds to null pointers (its macros do so in the module, too), copies
# nothing from them, and reads HTTP/2 frames as words wherever they lie.
flags="-fsanitize=address,undefined -fno-sanitize=pointer-overflow"
cc_opt="-O1 -g -fno-omit-frame-pointer $flags -DNGX_DEBUG_PALLOC=1"
server_opt="$cc_opt -fno-sanitize=nonnull-attribute,alignment"
source_dir=$dir/source

# apt-get with sources, lists and cache of our own; the system's stay as they
# are.
private_apt() {
    apt-get -q -o Dir::Etc::SourceList="$dir/apt/sources.list" \
        -o Dir::Etc::SourceParts="$dir/apt/sources.list.d" \
        -o Dir::State::Lists="$dir/apt/lists" \
        -o Dir::Cache="$dir/apt/cache" \
        -o Acquire::Retries=3 -o APT::Sandbox::User= "$@"
}

# The system's mirrors and suites, for sources in place of binaries.
system_sources() {
    rm -rf "$dir/apt"
    mkdir -p "$dir/apt/sources.list.d" "$dir/apt/lists/partial" \
        "$dir/apt/cache/archives/partial"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] || continue
        sed 's/^Types:.*/Types: deb-src/' "$file" \
            >"$dir/apt/sources.list.d/${file##*/}"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] || continue
        sed -n 's/^deb[[:space:]]/deb-src /p' "$file"
    done >"$dir/apt/sources.list"
}

debian_sources() {
    local codename
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    rm -f "$dir"/apt/sources.list.d/*
    echo "deb-src http://deb.debian.org/debian $codename main" \
        >"$dir/apt/sources.list"
}

# The installed version, or the suite's newest when a mirror has dropped it.
download() {
    local version
    version=$(dpkg-query -W -f '${source:Version}' nginx)
    private_apt update || true # a mirror of something else may have no sources
    rm -rf "$dir/download"
    mkdir "$dir/download"
    (cd "$dir/download" && { private_apt source "nginx=$version" ||
        private_apt source nginx; })
}

fetch_nginx() {
    [ -e "$source_dir/conf_flags" ] && return
    echo "t/sanitize.sh: fetching nginx's source"
    system_sources
    download || { debian_sources && download; }
    rm -rf "$source_dir"
    mv "$dir"/download/nginx-*/ "$source_dir"
    cp /usr/share/nginx/src/conf_flags "$source_dir"
}

build_nginx() {
    [ -x "$dir/server/nginx" ] && return
    echo "t/sanitize.sh: building nginx"
    (
        cd "$source_dir"
        . ./conf_flags
        ./configure "${NGX_CONF_FLAGS[@]}" --builddir="$dir/server" \
            --with-http_sub_module --with-http_gunzip_module \
            --with-cc-opt="$server_opt" --with-ld-opt="$flags"
        make -j2 -f "$dir/server/Makefile" binary
    ) >"$dir/build.log" 2>&1 || { tail -n 20 "$dir/build.log"; exit 1; }
}

cd "$repository"
fetch_nginx
build_nginx
make --no-print-directory module BUILD="$dir" NGINX_SRC="$source_dir" \
    CC_OPT="$cc_opt" LD_OPT="$flags"

LSAN_OPTIONS=suppressions=$repository/t/sanitize.supp:print_suppressions=0 \
    NGINX_BIN=$dir/server/nginx MODULE_SO=$dir/ngx_http_edge_cache_module.so \
    ${PYTHON:-/usr/bin/python3} -m pytest -n "${TESTS_AT_ONCE:-3}" \
    t/integration ${pattern:+-k "$pattern"}
