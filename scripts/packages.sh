#!/usr/bin/env bash
# Installs the npm packages of workspaces from the one lock file; those of all where none is named:
#
#   scripts/packages.sh [studio] [e2e] [scripts/npm]
#
# What is there already is not installed again, and stays when more is asked for.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in node npm; do
    if ! command -v "$tool" >/dev/null; then
        echo "missing: $tool; install Node 20.19 or newer" >&2
        exit 1
    fi
done

# Parts of a check ask for it beside each other.
mkdir -p .cache
exec 9>.cache/packages.lock
flock 9

if [ $# -eq 0 ]; then set -- studio e2e scripts/npm; fi
lock=$(cat package.json package-lock.json .npmrc | sha256sum | cut -d ' ' -f 1)
installed=node_modules/.installed
missing=no
for workspace in "$@"; do
    if ! grep -qxF "$lock $workspace" "$installed" 2>/dev/null; then missing=yes; fi
done
if [ "$missing" = no ]; then exit 0; fi

wanted=$({
    printf '%s\n' "$@"
    sed 's/.* //' "$installed" 2>/dev/null || true
} | sort -u)
echo "installing the npm packages of" $wanted
# shellcheck disable=SC2086 # one word for each workspace
if ! npm ci --loglevel=error --no-audit --no-fund $(printf -- '--workspace=%s ' $wanted) >/dev/null; then
    echo "missing: the packages of package-lock.json; npm could not install them (see above)" >&2
    exit 1
fi
for workspace in $wanted; do echo "$lock $workspace"; done >"$installed"
