#!/usr/bin/env bash
# Somebody changes bytes of a runtime's snapshot on its disk. At the next start it is noticed, the status says what is wrong,
# and the snapshot before it serves. As soon as the design server is there, it heals it by itself.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# flip FILE OFFSET: inverts one byte.
flip()
{
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059 # an escape is what is wanted
	printf "\\x$(printf '%02x' $((byte ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

stack_up test >/dev/null
stack_sample >/dev/null
where="test"
parley export retail-bank | sed 's/^score: 72$/score: 5/' >"$STACK/changed.yaml"
parley apply -f "$STACK/changed.yaml" >/dev/null
parley deploy retail-bank --to test >/dev/null
digest=$(parley version --env test -o json | sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p')
blob=$STACK/runtime/test/blobs/$digest
[ -s "$blob" ] || stack_fail "the snapshot is not on the runtime's disk"
size=$(stat -c %s "$blob")
tenths=900

for offset in 0 $((size / 2)) $((size - 1)); do
	tell "byte $offset of $size is changed, and the design server is away"
	process_stop "$STACK/run/design.pid"
	process_stop "$STACK/run/test.pid"
	flip "$blob" "$offset"
	stack_restart test
	expect SNAPSHOT_DIGEST cat "$STACK/log/test.log"
	visit 1003
	best home-hero
	is "customer 1003's offer, by the snapshot before" "$offer" ESTATE-TALK
	tell "it is healed when the design server is back"
	: >"$STACK/log/test.log"
	stack_restart design
	until grep -q '"snapshot activated"' "$STACK/log/test.log"; do
		[ $((tenths -= 1)) -gt 0 ] || stack_fail "nobody healed it"
		sleep 0.1
	done
	visit 1003
	best home-hero
	is "customer 1003's offer, by the snapshot brought back" "$offer" TERM-DEPOSIT
done
tell "ok"
