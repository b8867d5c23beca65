#!/usr/bin/env bash
# Keys and roots from the first to the last: persons make keys, holders sign roots, approvers sign what goes on, a key is taken
# away, and everybody can verify with nothing but files.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up test staging >/dev/null
desk=$STACK/desk
mkdir "$desk"
cd "$desk"

tell "a person's key is encrypted, opens with its passphrase only, and openssl reads it"
printf 'a horse and a battery\n' >carl.passphrase
printf 'another and longer one\n' >carl.next
printf 'something else entirely\n' >wrong
expect "keyid" parley key new carl.key --passphrase-file carl.passphrase
refused "never overwritten" parley key new carl.key --passphrase-file carl.passphrase
printf 'short\n' >short
refused "fewer than 12" parley key new dave.key --passphrase-file short
expect "private" parley key show carl.key --passphrase-file carl.passphrase
refused PASSPHRASE_WRONG parley key show carl.key --passphrase-file wrong
openssl pkey -in carl.key -passin file:carl.passphrase -noout
expect "new passphrase" parley key passphrase carl.key --passphrase-file carl.passphrase --new-passphrase-file carl.next
refused PASSPHRASE_WRONG parley key show carl.key --passphrase-file carl.passphrase
expect "private" parley key show carl.key --passphrase-file carl.next
is "the key's mode" "$(stat -c %a carl.key)" 600

tell "what staging runs was approved by a person's key, and a file and a root suffice to verify it"
stack_sample >/dev/null
root1=$STACK/keys/staging.root
expect "staging" parley snapshot verify --channel retail-bank --env staging --root "$root1"
refused "environment 'test'" parley snapshot verify --channel retail-bank --env staging --root "$STACK/keys/test.root"

tell "snapshots differ by what changed, told by name"
expect "no difference" parley snapshot diff test:retail-bank staging:retail-bank
parley export retail-bank | sed 's/^score: 72$/score: 5/' >changed.yaml
parley apply -f changed.yaml >/dev/null
parley deploy retail-bank --to test >/dev/null
refused "changed" parley snapshot diff staging:retail-bank test:retail-bank
refused "1 changed" parley snapshot diff test:retail-bank@1 test:retail-bank@2
expect "candidates" parley snapshot inspect staging:retail-bank

tell "the next root is signed by the thresholds of both, or it is none"
parley root change "$root1" 2.root --remove anna --approver carl=carl.pub --key "$STACK/root/rita.key" >/dev/null
refused "1 root keys" parley root verify 2.root --after "$root1"
refused "1 root keys" parley root publish 2.root --env staging
refused KEY_ROLE parley root sign 2.root --key "$STACK/cli/ben.key" --passphrase-file "$STACK/cli/ben.passphrase"
refused "signed already" parley root sign 2.root --key "$STACK/root/rita.key"
expect "signed by 2 of the 2" parley root sign 2.root --key "$STACK/root/ruth.key"
expect "follows the one before" parley root verify 2.root --after "$root1"
parley root change 2.root 3.root --key "$STACK/root/rita.key" --key "$STACK/root/rolf.key" >/dev/null
refused ROOT_VERSION parley root publish 3.root --env staging

tell "a revoked key approves nothing any more; who came for her does"
stack_person anna >/dev/null
parley promote retail-bank --to staging >/dev/null
expect "root 2 of staging" parley root publish 2.root --env staging
expect "root 2" parley root show 2.root
parley root get now.root --env staging >/dev/null 2>&1
cmp 2.root now.root
refused "does not list" parley --context anna approve retail-bank --env staging --yes \
	--key "$STACK/cli/anna.key" --passphrase-file "$STACK/cli/anna.passphrase"
stack_person ben >/dev/null
expect "is signed for staging" parley --context ben approve retail-bank --env staging --yes \
	--key "$STACK/cli/ben.key" --passphrase-file "$STACK/cli/ben.passphrase"
expect "root 2 of staging" parley snapshot verify --channel retail-bank --env staging --root "$root1"

tell "a floor says where a server that lost its state begins again"
expect "staging-1" parley root floor s.floor --env staging --server staging-1 --channel retail-bank --version 2 \
	--key "$STACK/root/rita.key" --after 2.root
refused "root keys" parley root send s.floor --env staging
expect "signatures   2" parley root sign s.floor --key "$STACK/root/rolf.key" --after 2.root
refused FLOOR_INVALID parley root send s.floor --env staging
refused "is a root" parley root send 2.root --env staging
refused "is a floor" parley root publish s.floor --env staging
parley root floor x.floor --env staging --server staging-9 --channel retail-bank --version 2 \
	--key "$STACK/root/rita.key" --key "$STACK/root/rolf.key" >/dev/null
refused "none of that name" parley root send x.floor --env staging

tell "the server loses it: nothing is served until the floor has come, and then what was"
state=$(find "$STACK" -path '*staging*/channels/retail-bank/state')
stack_kill staging
rm "$state"
stack_restart staging
eventually "give it a floor" parley rollout status retail-bank --env staging
expect "server staging-1 takes retail-bank again, from version 2 on" parley root send s.floor --env staging
eventually '"state": "COMPLETE"' parley rollout status retail-bank --env staging -o json
expect "staging-1" parley audit Floor -o json
where=staging
visit 1003

tell "where no design server reaches, an operator brings it"
certificate_make "$STACK/authority" "$STACK/cli" operator spiffe://parley/operator/staging/olga
certificate_make "$STACK/authority" "$STACK/cli" stranger spiffe://parley/operator/test/olga
stack_kill staging
rm "$state"
stack_kill design
stack_restart staging
bring()
{
	parley root send s.floor --runtime "127.0.0.1:${STACK_PORT[staging]}" --server-name localhost --ca "$STACK/authority/ca.crt" \
		--certificate "$STACK/cli/$1.crt" --key "$STACK/cli/$1.key"
}
refused PERMISSION_DENIED bring stranger
expect "takes retail-bank again" bring operator
tell "ok"
