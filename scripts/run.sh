#!/usr/bin/env bash
# Builds the Studio and Switchboard, sooner than for a release, and runs the demo.
set -euo pipefail
cd "$(dirname "$0")/.."

began=$SECONDS
step() { echo "== $1 (after $((SECONDS - began)) s)"; }

step '1 of 4: what is missing on this machine, and the sources of what Switchboard is built with'
cargo fetch --locked &
fetching=$!
scripts/setup.sh build
step '2 of 4: the Studio'
scripts/studio.sh
step '3 of 4: Switchboard; on two processors the first time takes about four minutes'
wait "$fetching"
cargo build --locked --profile demo -p switchboard
step '4 of 4: the demo'
exec ./target/demo/switchboard demo
