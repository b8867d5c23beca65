#!/usr/bin/env bash
# Two design servers that know nothing of each other, each with a database of its own, are given the same configuration: one the
# whole of it at once; the other piece by piece in another order, in another time zone, with changes that are taken back, a rule that
# comes and goes, and deployments in between. What they deploy in the end is the same, byte for byte.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
sample=$repository/deploy-profiles/sample/retail-bank.yaml

# deployed FOLDER: the snapshot that test runs, as its server keeps it.
deployed()
{
	local digest
	digest=$(parley version --env test -o json | sed -n 's/.*"digest": *"\([^"]*\)".*/\1/p')
	is "the digest's length" ${#digest} 64
	expect "no difference" parley snapshot diff "test:retail-bank" "$(find "$STACK/runtime/test" -name "$digest")"
	cp "$(find "$STACK/runtime/test" -name "$digest")" "$1/$digest"
	parley export retail-bank >"$1/export.yaml"
}

at_once()
{
	parley apply -f "$sample"
	parley deploy retail-bank --to test
	deployed "$1"
}

# The documents of the sample, one a file, named so that they stand in another order.
pieces()
{
	awk -v to="$1" 'BEGIN { n = 900 } /^---$/ { n--; next } { print >(to "/" n ".yaml") }' "$sample"
}

piece_by_piece()
{
	local folder=$STACK/pieces
	mkdir "$folder"
	pieces "$folder"
	sed -e 's/^score: 72$/score: 7/' -e 's/^expression: age < 26$/expression: age < 27/' "$sample" | parley apply -f -
	sed -n '/^kind: TreatmentRule$/,/^---$/p' "$sample" | sed '/^---$/q' | sed -e 's/^name: .*/name: comes-and-goes/' -e 's/^offer: .*/offer: branch-talk/' | parley apply -f -
	parley deploy retail-bank --to test
	parley delete TreatmentRule comes-and-goes --channel retail-bank
	parley apply -f "$folder"
	parley delete TreatmentRule retired-at-desk --channel retail-bank
	parley deploy retail-bank --to test
	parley apply -f "$folder"
	parley deploy retail-bank --to test
	is "the version" "$(parley version --env test -o json | sed -n 's/.*"version": *"\{0,1\}\([0-9]*\).*/\1/p')" 3
	deployed "$1"
}

if [ $# -gt 0 ]; then
	stack_up test
	"$@"
	exit
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/one" "$folder/other"
tell "two design servers, two databases, the same configuration"
TZ=Pacific/Auckland "$0" piece_by_piece "$folder/other" >"$folder/other.log" 2>&1 &
"$0" at_once "$folder/one" >"$folder/one.log" 2>&1 || { cat "$folder/one.log" >&2 && exit 1; }
wait $! || { cat "$folder/other.log" >&2 && exit 1; }
digest=$(cd "$folder/one" && echo ????????????????????????????????*)
tell "both run $digest"
cmp "$folder/one/$digest" "$folder/other/$digest"
cmp "$folder/one/export.yaml" "$folder/other/export.yaml"
tell "ok"
