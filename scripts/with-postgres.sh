#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL cluster, whose URL is in
# SWITCHBOARD_TEST_POSTGRES_URL:
#
#   scripts/with-postgres.sh cargo nextest run -p switchboard
#
# A cluster that runs already is never touched: this one listens on a socket in a directory of its
# own and on no port, and is removed with it. SWITCHBOARD_TEST_POSTGRES_FSYNC=on makes it flush to
# disk as in real use.
set -euo pipefail

if [ $# -eq 0 ]; then
    echo "usage: $0 COMMAND [ARGUMENT...]" >&2
    exit 2
fi

binaries=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$binaries" ] && command -v initdb >/dev/null; then
    binaries=$(dirname "$(command -v initdb)")
fi
if [ ! -x "$binaries/initdb" ]; then
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

command_id=
finish() {
    trap '' INT TERM HUP
    if [ -n "$command_id" ]; then
        kill -TERM "$command_id" 2>/dev/null || true
    fi
    (cd / && "${as_owner[@]}" pg_ctl -D "$directory/data" -m immediate stop >/dev/null 2>&1) || true
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

start() {
    cd /
    "${as_owner[@]}" initdb --no-sync -A trust -U postgres -E UTF8 --locale=C -D "$directory/data" &&
        "${as_owner[@]}" pg_ctl -w -l "$directory/log" -D "$directory/data" -o "-c listen_addresses='' \
            -c unix_socket_directories='$directory' -c max_connections=300 \
            -c fsync=${SWITCHBOARD_TEST_POSTGRES_FSYNC:-off}" start
}
if ! (start) >"$directory/start" 2>&1; then
    echo "PostgreSQL did not start:" >&2
    cat "$directory/start" "$directory/log" >&2 2>/dev/null || true
    exit 1
fi

export SWITCHBOARD_TEST_POSTGRES_URL="postgres://postgres@localhost/postgres?host=$directory"
# In the background, because a signal is only seen between commands: a stop must not leave the
# cluster behind.
"$@" <&0 &
command_id=$!
status=0
wait "$command_id" || status=$?
command_id=
exit "$status"
