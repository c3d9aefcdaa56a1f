#!/usr/bin/env bash
# Compares our requests to Telnyx, and the simulator's answers, with the vendor's own description of
# its messaging API: the connector speaks to the simulator through `prism proxy --errors`, which
# answers with an error where either side differs. The description is not ours to ship; without
# ../shared/peers (or SWITCHBOARD_TEST_PEERS) this says so and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

peers=${SWITCHBOARD_TEST_PEERS:-../shared/peers}
if [ ! -f "$peers/telnyx-messaging.yaml" ]; then
    echo "left out: the comparison with Telnyx's description, because $peers/telnyx-messaging.yaml is not there"
    exit 0
fi
prism=${SWITCHBOARD_TEST_NPM:-scripts/npm/node_modules}/@stoplight/prism-cli/dist/index.js
if [ ! -f "$prism" ]; then
    echo "missing: $prism; run: make setup" >&2
    exit 1
fi

directory=$(mktemp -d)
running=()
finish() {
    for process in "${running[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$directory"
}
trap finish EXIT

# Waits until a file has a line that starts so, and prints the word that follows.
word_after() {
    local word=
    for _ in $(seq 300); do
        word=$(sed -n "s|.*$2 *\([^ ]*\).*|\1|p" "$1" | head -n 1)
        if [ -n "$word" ]; then
            echo "$word"
            return
        fi
        sleep 0.1
    done
    echo "nothing said '$2':" >&2
    cat "$1" >&2
    exit 1
}

# As a part of the workspace, so that it shares what other checks build.
cargo build --locked --quiet --workspace --example telnyx
"${CARGO_TARGET_DIR:-target}/debug/examples/telnyx" 0 >"$directory/simulator" 2>&1 &
running+=($!)
simulator=$(word_after "$directory/simulator" 'Telnyx simulator')

# Its paths start below /v2, where the real service keeps them.
sed 's|^  /messag|  /v2/messag|' "$peers/telnyx-messaging.yaml" >"$directory/description.yaml"
# Prism takes no port 0, so one that was free a moment ago.
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
NO_COLOR=1 SCARF_ANALYTICS=false node "$prism" proxy --errors -h 127.0.0.1 -p "$port" \
    "$directory/description.yaml" "$simulator" >"$directory/prism" 2>&1 &
running+=($!)
word_after "$directory/prism" 'listening on' >/dev/null

if ! SWITCHBOARD_TEST_TELNYX_PROXY=http://127.0.0.1:$port SWITCHBOARD_TEST_PEERS=$(realpath "$peers") \
    cargo test --locked --quiet --workspace --test telnyx -- --nocapture vendors_description fixed_vector; then
    cat "$directory/prism" >&2
    exit 1
fi
if grep -i 'violation' "$directory/prism"; then
    echo "Prism found differences (see above)" >&2
    exit 1
fi
echo "our requests and the simulator's answers fit Telnyx's description"
