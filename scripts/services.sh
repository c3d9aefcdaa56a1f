#!/usr/bin/env bash
# Runs the two services of the documents until it is stopped: a ledger (json-server) and an echo
# (httpbin). Their ports are the arguments, 3001 and 3002 where there are none.
set -euo pipefail
cd "$(dirname "$0")/.."

ledger=${1:-3001}
echo=${2:-3002}
venv=${SWITCHBOARD_TEST_VENV:-.cache/venv}
modules=${SWITCHBOARD_TEST_NPM:-node_modules}

directory=$(mktemp -d)
running=()
finish() {
    for process in "${running[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 0' INT TERM HUP

# It writes to its file, so it gets a copy.
cp scripts/ledger.json "$directory/ledger.json"
node "$modules/json-server/lib/cli/bin.js" --quiet --host 127.0.0.1 --port "$ledger" "$directory/ledger.json" &
running+=($!)
"$venv/bin/python" -m gunicorn --no-control-socket --log-level warning --bind "127.0.0.1:$echo" httpbin:app &
running+=($!)

for address in "http://127.0.0.1:$ledger/invoices" "http://127.0.0.1:$echo/get"; do
    up=no
    for _ in $(seq 200); do
        if curl -fsS -o /dev/null "$address" 2>/dev/null; then
            up=yes
            break
        fi
        sleep 0.1
    done
    if [ "$up" = no ]; then
        echo "nothing answers at $address" >&2
        exit 1
    fi
done
echo "ledger (json-server)  http://127.0.0.1:$ledger"
echo "echo (httpbin)        http://127.0.0.1:$echo"
echo "Stop both with Ctrl-C."
wait
