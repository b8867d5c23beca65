#!/usr/bin/env bash
# Whom an approver trusts. The first time she is told that nothing but the design server's word speaks for the root; from then on
# that word is not enough: another root in its place, or an older one, and nothing is signed. A root that its holders made after
# it is followed by itself.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# approve NAME [OPTION…]: with the person's own key.
approve()
{
	parley --context "$1" approve retail-bank --env staging --yes --key "$STACK/cli/$1.key" --passphrase-file "$STACK/cli/$1.passphrase" "${@:2}"
}

# Something new waits for approval in staging.
wait_for_approval()
{
	parley export retail-bank | sed "s/^score: 7[0-9]\$/score: $1/" >"$STACK/changed.yaml"
	parley apply -f "$STACK/changed.yaml" >/dev/null
	parley deploy retail-bank --to test >/dev/null
	parley promote retail-bank --to staging >/dev/null
}

database()
{
	psql -X -q -At -v ON_ERROR_STOP=1 -h "$STACK_POSTGRES" -U parley -d parley_design "$@"
}

design_again()
{
	stack_kill design
	"$@"
	stack_restart design
}

stack_up test staging >/dev/null
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
for name in anna ben; do
	stack_person $name >/dev/null
done
mkdir "$STACK/desk"
for name in desk/carl cli/mallory; do
	parley key new "$STACK/$name.key" --passphrase-file "$STACK/cli/ben.passphrase" >/dev/null
done
root=$STACK/keys/staging.root
digest=$(parley root show "$root" -o json | sed -n 's/.*"sha256": *"\([^"]*\)".*/\1/p')
kept=$STACK/cli/roots/anna/staging.root

tell "the first time she is told what to compare, and it is kept once she has signed"
wait_for_approval 70
refused "MANIFEST_PLACE" approve anna --root "$STACK/keys/test.root"
refused "does not list the key" parley --context anna approve retail-bank --env staging --yes --key "$STACK/desk/carl.key" \
	--passphrase-file "$STACK/cli/ben.passphrase"
[ ! -e "$kept" ] || stack_fail "a root is kept although nothing was signed"
said=$(approve anna 2>&1) || stack_fail "anna cannot approve: $said"
for part in "root         1 of staging, SHA-256 $digest" "Nothing but the design server's word" "what its holders" \
	"is trusted here from now on ($kept)"; do
	[[ $said == *"$part"* ]] || stack_fail "it should say '$part', but says: $said"
done
cmp "$kept" "$root"
is "its mode" "$(stat -c %a "$kept")" 600
expect "trusted here already" parley --context anna snapshot verify --channel retail-bank --env staging
refused "which root do you believe" parley --context ben snapshot verify --channel retail-bank --env staging

tell "somebody puts a root of his own into the design server: she signs nothing, and neither does ben, who names the right one"
wait_for_approval 71
parley root new "$STACK/desk/forged.root" --env staging --holder mallory="$STACK/desk/carl.pub" --threshold 1 \
	--builder "$STACK/keys/builder.pub" --timestamp "$STACK/keys/staging-timestamp.pub" --approver anna="$STACK/cli/anna.pub" \
	--approver ben="$STACK/cli/ben.pub" --approver mallory="$STACK/cli/mallory.pub" --approvals 1 --expires 30d \
	--key "$STACK/desk/carl.key" --passphrase-file "$STACK/cli/ben.passphrase" >/dev/null
cp "$root" "$STACK/desk/true.root"
design_again cp "$STACK/desk/forged.root" "$root"
refused "ROOT_UNTRUSTED: what the design server hands out as root 1 of staging does not follow root 1" approve anna
refused "sign nothing; ask those who hold the root keys" approve ben --root "$STACK/desk/true.root"
cmp "$kept" "$STACK/desk/true.root"
design_again cp "$STACK/desk/true.root" "$root"
expect "is signed for staging" approve anna

tell "what the holders made after it is followed"
parley root change "$root" "$STACK/desk/2.root" --remove ben --key "$STACK/root/rita.key" --key "$STACK/root/rolf.key" >/dev/null
parley root publish "$STACK/desk/2.root" --env staging >/dev/null
wait_for_approval 72
refused "does not list the key" approve ben --root "$root"
expect "it follows root 1, which was trusted here" approve anna
cmp "$kept" "$STACK/desk/2.root"

tell "a design server that forgets that root is not believed, with --root neither"
wait_for_approval 73
database -c "DELETE FROM root_envelope WHERE environment = 'staging'"
refused "it hides that keys were revoked" approve anna
refused "ROOT_UNTRUSTED" approve anna --root "$root"
parley root publish "$STACK/desk/2.root" --env staging >/dev/null
expect "is signed for staging" approve anna

tell "who trusted the wrong one names the right one"
wait_for_approval 74
cp "$STACK/desk/forged.root" "$kept"
refused "does not follow root 1" approve anna
expect "takes the place of root 1" approve anna --root "$root"
cmp "$kept" "$STACK/desk/2.root"
tell "ok"
