#!/usr/bin/env bash
# Brings what the tests need beside Rust, Node and make: PostgreSQL, a Python environment with real
# HTTP services and schemathesis, and json-server. Says what is missing where it may not install.
set -euo pipefail
cd "$(dirname "$0")/.."

install() {
    if [ "$(id -u)" -eq 0 ]; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
    elif sudo -n true 2>/dev/null; then
        sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
    else
        echo "missing: $*; install it with: apt-get install $*" >&2
        exit 1
    fi
}

for tool in cargo node npm curl; do
    command -v "$tool" >/dev/null || { echo "missing: $tool; install it first" >&2; exit 1; }
done
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || install postgresql
command -v python3 >/dev/null || install python3 python3-venv

venv=.cache/venv
if ! cmp -s scripts/requirements.txt "$venv/installed.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv" 2>/dev/null || { install python3-venv && python3 -m venv "$venv"; }
    "$venv/bin/pip" install -q --disable-pip-version-check -r scripts/requirements.txt
    cp scripts/requirements.txt "$venv/installed.txt"
fi
if [ ! -d scripts/npm/node_modules/json-server ]; then
    (cd scripts/npm && npm ci --silent --no-audit --no-fund)
fi
