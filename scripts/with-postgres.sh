#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL cluster, whose URL is in
# SWITCHBOARD_TEST_POSTGRES_URL. A cluster that runs already is never touched.
set -euo pipefail

binaries=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ -z "$binaries" ] || [ ! -x "$binaries/initdb" ]; then
    echo "PostgreSQL is missing; install it with: apt-get install postgresql" >&2
    exit 1
fi
PATH="$binaries:$PATH"
export PATH

# A short name: a socket's path has a limit of 107 bytes.
directory=$(mktemp -d /tmp/sbpg.XXXXXX)
as_owner=()
if [ "$(id -u)" -eq 0 ]; then
    # PostgreSQL refuses to run as root.
    chown postgres "$directory"
    as_owner=(setpriv --reuid postgres --regid postgres --clear-groups env HOME="$directory")
fi

stop() {
    (cd / && "${as_owner[@]}" "$binaries/pg_ctl" -D "$directory/data" -m immediate stop >/dev/null 2>&1) || true
    rm -rf "$directory"
}
trap stop EXIT
trap 'exit 130' INT TERM

(
    cd /
    "${as_owner[@]}" "$binaries/initdb" --no-sync -A trust -U postgres -E UTF8 --locale=C -D "$directory/data" >/dev/null
    "${as_owner[@]}" "$binaries/pg_ctl" -w -l "$directory/log" -D "$directory/data" \
        -o "-c listen_addresses='' -c unix_socket_directories='$directory' -c fsync=${SWITCHBOARD_TEST_POSTGRES_FSYNC:-off} -c max_connections=300" \
        start >/dev/null
)
export SWITCHBOARD_TEST_POSTGRES_URL="postgres://postgres@localhost/postgres?host=$directory"
"$@"
