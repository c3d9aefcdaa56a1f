#!/usr/bin/env bash
# Builds the Studio and Switchboard and runs the demo. The binary is that of the tests: it is there much
# sooner than one for a release, and `make test` goes on from there.
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
step '3 of 4: Switchboard; the first time takes about five minutes on two processors'
wait "$fetching"
# What a second build would go on from is not worth its time in the first.
if [ ! -e target/debug ]; then export CARGO_INCREMENTAL=0; fi
cargo build --locked --workspace --bin switchboard
step '4 of 4: the demo'
exec ./target/debug/switchboard demo
