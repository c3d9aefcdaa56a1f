#!/usr/bin/env bash
# Does in a browser what a person does, with a binary that has the Studio in it, on SQLite and on a
# throw-away PostgreSQL; one line for each flow:
#
#   scripts/e2e.sh target/release/switchboard [PATTERN]
#
# With a pattern only the flows whose names fit it run. Pictures of every page are left in
# e2e/screenshots.
set -euo pipefail

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: $0 BINARY [PATTERN]" >&2
    exit 2
fi
binary=$(realpath "$1")
cd "$(dirname "$0")/.."

if [ ! -d node_modules/playwright-core ]; then
    echo "missing: the packages of e2e; run: scripts/setup.sh e2e" >&2
    exit 1
fi

# Does the binary have the Studio in it? Asked of a server of its own.
# What the test run itself is told is no setting of the server.
clean=(env --unset=SWITCHBOARD_TEST_VENV --unset=SWITCHBOARD_TEST_NPM)
directory=$(mktemp -d)
"${clean[@]}" "$binary" serve --data-dir "$directory/data" --listen 127.0.0.1:0 --log-level error >"$directory/said" 2>&1 &
server=$!
finish() {
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    rm -rf "$directory"
}
trap finish EXIT
address=
for _ in $(seq 600); do
    address=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$directory/said" | head -n 1)
    if [ -n "$address" ] || ! kill -0 "$server" 2>/dev/null; then break; fi
    sleep 0.1
done
if [ -z "$address" ]; then
    echo "$binary does not start:" >&2
    cat "$directory/said" >&2
    exit 1
fi
if ! curl -fsS --compressed "$address/" | grep -q '<div id="root">'; then
    echo "$binary has no Studio in it: build the Studio first, then the binary (make run does both)" >&2
    exit 1
fi
finish
trap - EXIT

rm -rf e2e/screenshots
pattern=()
if [ $# -gt 1 ]; then pattern=(--test-name-pattern="$2"); fi
E2E_BINARY=$binary scripts/with-postgres.sh node --test --test-concurrency="${E2E_AT_ONCE:-2}" \
    --test-reporter=./e2e/lib/reporter.mjs "${pattern[@]}" e2e/flows/
