#!/bin/sh
# Purges, and returns when it is certain.
#
#   EDGE_TOKEN=... purge.sh URL JSON
#   purge.sh http://10.0.0.11:8081/edge/purge '{"tags":["product:42"]}'
#
# EDGE_TRIES (30): how often, a second apart. The answer goes to stdout.
# Exit code  0  no server answers with anything older any more
#            1  not certain: servers are missing (the answer names them), or
#               nobody answered; what was logged will still be applied
#            2  refused: wrong token, wrong JSON; trying again is no use
set -u

[ $# -eq 2 ] || { echo "usage: EDGE_TOKEN=... $0 URL JSON" >&2; exit 2; }
: "${EDGE_TOKEN:?set it to a token of token_file}"

answer=$(mktemp) || exit 1
trap 'rm -f "$answer"' EXIT

tries=${EDGE_TRIES:-30}
while :; do
    : >"$answer"
    # The token is not for the list of processes.
    status=$(printf 'header = "Authorization: Bearer %s"\n' "$EDGE_TOKEN" |
             curl --silent --max-time 15 --config - --data "$2" \
                  --output "$answer" --write-out '%{http_code}' "$1")
    case $status in
        200) cat "$answer"; echo; exit 0 ;;
        429) ;;
        4??) cat "$answer"; echo; exit 2 ;;
    esac
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then
        cat "$answer"; echo
        exit 1
    fi
    sleep 1
done
