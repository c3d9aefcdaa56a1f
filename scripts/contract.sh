#!/usr/bin/env bash
# Runs schemathesis with docs/openapi.json against a live server: no 5xx, no undeclared status.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${SWITCHBOARD_BINARY:-target/debug/switchboard}
directory=$(mktemp -d)
"$binary" serve --data-dir "$directory" --listen 127.0.0.1:0 --log-level warn >"$directory/stdout" 2>"$directory/stderr" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$directory"' EXIT
for _ in $(seq 200); do
    address=$(sed -n 's/.*listening on //p' "$directory/stdout" | head -n 1)
    if [ -n "$address" ] && curl -fsS -o /dev/null "$address/readyz" 2>/dev/null; then break; fi
    sleep 0.05
done
key=$("$binary" keys create --name contract --scope admin --data-dir "$directory")
.cache/venv/bin/schemathesis run docs/openapi.json --url "$address" \
    -H "Authorization: Bearer $key" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --max-examples "${EXAMPLES:-30}" --generation-database none --seed 7 --workers 2 --no-color
if grep -i '"level":"ERROR"' "$directory/stderr"; then
    echo "the server logged errors" >&2
    exit 1
fi
