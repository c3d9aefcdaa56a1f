#!/usr/bin/env bash
# The web Studio: installs its packages where they are missing and builds it into studio/dist, from
# where it goes into the binary.
#
#   scripts/studio.sh          build it, unless nothing changed since the last time
#   scripts/studio.sh check    that, and its format, lints, types and tests
set -euo pipefail
cd "$(dirname "$0")/../studio"

../scripts/packages.sh studio

if [ "${1:-}" = check ]; then
    npm run --silent check
    npm test --silent
fi

# What the build is made from, by content: a checkout sets every time anew.
made_from=$(find . ../package-lock.json -path ./node_modules -prune -o -path ./dist -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
if [ ! -f dist/index.html ] || [ "$(cat dist/.made-from 2>/dev/null)" != "$made_from" ]; then
    echo "building the Studio"
    npm run --silent build
    echo "$made_from" >dist/.made-from
fi
