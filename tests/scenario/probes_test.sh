#!/usr/bin/env bash
# What a load balancer or a supervisor asks over HTTP: whether a server lives, and whether it is ready.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up test >/dev/null
side=${STACK_SIDE[test]}

tell "a runtime lives from the start, and is ready once it serves a snapshot"
expect "200 OK" get "$side" /livez
expect "503 Service Unavailable" get "$side" /readyz
expect "no channel is deployed here yet" get "$side" /readyz
stack_sample >/dev/null
expect "200 OK" get "$side" /readyz
expect "404 Not Found" get "$side" /

tell "with the design server and its database gone it stays ready"
stack_kill design
stack_kill postgres
expect "200 OK" get "$side" /readyz
stack_kill test
stack_restart test
expect "200 OK" get "$side" /readyz

tell "connections that say nothing keep nobody from asking"
silent=()
for _ in {1..200}; do
	exec {fd}<>"/dev/tcp/127.0.0.1/$side"
	silent+=("$fd")
done
expect "200 OK" get "$side" /livez
for fd in "${silent[@]}"; do
	exec {fd}>&-
done
tell "ok"
