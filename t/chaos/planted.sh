#!/usr/bin/env bash
# planted.sh OBJECTS DIRECTORY: the module as OBJECTS has it, but with a bug: an
# answer's ticket is taken when it is stored, not before it is fetched.  Built
# aside; prints where.
set -euo pipefail

objects=$1
mkdir -p "$2"
directory=$(cd "$2" && pwd)
source=$PWD/src/flow/draft.cpp

rm -rf "$directory/nginx"
cp -a "$objects" "$directory/nginx"
sed "s|entry_.ticket = request.ticket;|entry_.ticket = request.zone().ticket();|" \
    "$source" >"$directory/draft.cpp"
if cmp -s "$source" "$directory/draft.cpp"; then
    echo "$source has no such line any more" >&2
    exit 1
fi
sed -i -e "s|$objects|$directory/nginx|g" -e "s|$source|$directory/draft.cpp|" \
    "$directory/nginx/Makefile"
rm -f "$directory"/nginx/addon/flow/draft.{o,d} "$directory"/nginx/*.so
make -s -C "${NGINX_SRC:-/usr/share/nginx/src}" \
    -f "$directory/nginx/Makefile" modules >&2
echo "$directory/nginx/ngx_http_edge_cache_module.so"
