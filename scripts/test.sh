#!/usr/bin/env bash
# Every check once, and at the end what each part took:
#
#   scripts/test.sh
#
# A part that waits a lot, for a browser or for a service, runs beside others. What it says is in
# target/checks/PART.log, and is shown when it fails.
set -euo pipefail
cd "$(dirname "$0")/.."

logs=target/checks
rm -rf "$logs"
mkdir -p "$logs"
began=$SECONDS
parts=()
declare -A running=()

finish() {
    for id in "${running[@]}"; do kill "$id" 2>/dev/null || true; done
    wait
}
trap finish EXIT

# Runs a part, and notes its seconds and those of processors.
measured() {
    local part=$1 TIMEFORMAT='%R %U %S'
    shift
    { time "$@" 2>&3; } 3>&2 2>"$logs/$part.took"
}

now() {
    parts+=("$1")
    printf '== %s: %s\n' "$1" "$2"
    measured "$1" "${@:3}"
}

beside() {
    parts+=("$1")
    printf '== %s, beside what follows: %s\n' "$1" "$2"
    measured "$1" "${@:3}" >"$logs/$1.log" 2>&1 &
    running[$1]=$!
}

# Waits for parts that run beside others. The status is bad when one of them failed.
wait_for() {
    local part status=0
    for part in "$@"; do
        if wait "${running[$part]}"; then
            grep -v '^ *$' "$logs/$part.log" | tail -n 1 | sed "s/^/   $part: /"
        else
            status=1
            cat "$logs/$part.log"
            echo "== failed: $part; what it said is above and in $logs/$part.log" >&2
        fi
        unset "running[$part]"
    done
    return "$status"
}

# The Studio goes into the binary, so it comes before anything is compiled.
fetch_and_install() {
    cargo fetch --locked --quiet &
    local fetching=$!
    # All packages at once, before the Studio asks for its own.
    { scripts/packages.sh && scripts/studio.sh; } &
    local studio=$!
    scripts/setup.sh
    wait "$fetching"
    wait "$studio"
}

# Clippy compiles, as its lints are a compiler's: so everything is compiled once, and not checked before.
clippy_driver=$(rustup which clippy-driver 2>/dev/null || command -v clippy-driver)
export RUSTC_WORKSPACE_WRAPPER=$clippy_driver CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__

now setup 'what the tests need, and the Studio' fetch_and_install
beside studio 'format, lints, types and tests of the Studio' scripts/studio.sh check
now format 'format, scripts, licences' make --no-print-directory format
now build 'the program, with lints' cargo build --locked --workspace --lib --bin switchboard
wait_for studio
beside contract 'schemathesis against a server' env EXAMPLES=10 scripts/contract.sh
beside conformance 'the MCP conformance suite against an agent' scripts/mcp-conformance.sh
beside e2e 'the Studio in a browser' scripts/e2e.sh target/debug/switchboard
beside links 'links of the documentation' scripts/doc_links.py
failed=0
now unit 'the tests, with lints, on both databases' make --no-print-directory unit || failed=1
wait_for contract conformance e2e links || failed=1

echo
printf '%-12s %8s %12s\n' part seconds 'of processor'
for part in "${parts[@]}"; do
    read -r real user system <"$logs/$part.took"
    awk -v part="$part" -v real="$real" -v used="$user" -v more="$system" \
        'BEGIN { printf "%-12s %8.0f %12.0f\n", part, real, used + more }'
done
printf '%-12s %8d\n' all $((SECONDS - began))
exit "$failed"
