#!/usr/bin/env bash
# Brings what a target of the Makefile needs beside Rust, Node and make, or says what is missing:
#
#   scripts/setup.sh build      a C compiler
#   scripts/setup.sh bench      that, PostgreSQL, nginx and wrk
#   scripts/setup.sh services   that, a Python environment with httpbin, the packages of scripts/npm
#   scripts/setup.sh e2e        that a browser tests the Studio: PostgreSQL, Chromium, the packages of e2e
#   scripts/setup.sh            all that the tests need
set -euo pipefail
cd "$(dirname "$0")/.."

missing() {
    echo "missing: $1" >&2
    exit 1
}

# Debian packages, where we may install them.
install() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            missing "$*; install it with: sudo apt-get install $*"
        fi
        as_root=(sudo -n)
    fi
    command -v apt-get >/dev/null || missing "$*; install it by your system's package manager"
    echo "installing $*"
    "${as_root[@]}" apt-get update -qq || echo "apt-get update failed; trying with the lists at hand" >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null ||
        missing "$*; apt-get could not install it (see above)"
}

# CHROMIUM may name one that is elsewhere.
browser() {
    if [ ! -x "${CHROMIUM:-}" ] && [ ! -x /usr/bin/chromium ] && [ ! -x /usr/bin/chromium-browser ]; then
        install chromium
    fi
}

command -v cargo >/dev/null || missing "cargo; install Rust 1.95 or newer"
# Some dependencies compile C.
command -v cc >/dev/null || install gcc libc6-dev
if [ "${1:-}" = build ]; then exit 0; fi

if [ "${1:-}" != services ] && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null &&
    ! command -v initdb >/dev/null; then
    install postgresql
fi
# One test of the suite runs behind it.
if [ -z "${1:-}" ] && [ ! -x /usr/sbin/pgbouncer ] && ! command -v pgbouncer >/dev/null; then
    install pgbouncer
fi
if [ "${1:-}" = bench ]; then
    if [ ! -x /usr/sbin/nginx ] && ! command -v nginx >/dev/null; then install nginx-light; fi
    command -v wrk >/dev/null || install wrk
    exit 0
fi

command -v curl >/dev/null || install curl
if [ "${1:-}" = e2e ]; then
    browser
    scripts/packages.sh e2e
    exit 0
fi
command -v python3 >/dev/null || install python3 python3-venv

# Most of it is waiting for registries, so both are asked at once.
if [ "${1:-}" = services ]; then
    scripts/packages.sh scripts/npm &
else
    browser
    scripts/packages.sh &
fi
installing=$!

venv=.cache/venv
if ! cmp -s scripts/requirements.txt "$venv/installed.txt"; then
    echo "installing what scripts/requirements.txt names into $venv"
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    # Debian's Python has no ensurepip without the package python3-venv.
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then install python3-venv; fi
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check -r scripts/requirements.txt ||
        missing "the Python packages of scripts/requirements.txt; pip could not install them (see above)"
    cp scripts/requirements.txt "$venv/installed.txt"
fi

wait "$installing"
