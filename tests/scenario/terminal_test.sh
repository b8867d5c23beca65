#!/usr/bin/env bash
# What people are asked at a terminal, and what they watch there: keys, approvals, roll-outs.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up test staging >/dev/null
channel=retail-bank
keys=$STACK/own
mkdir "$keys"

# at_terminal STATUS SHOWN [TEXT ANSWER]… -- COMMAND…: ends with STATUS and shows SHOWN; TEXT is waited for and gets ANSWER.
# Sets `shown` to all that was shown.
at_terminal()
{
	local expected=$1 text=$2 status=0
	shift 2
	shown=$(parley-pty 60 "$@" 2>&1) || status=$?
	[ "$status" = "$expected" ] || stack_fail "${*} ends with $status instead of $expected and shows: $shown"
	[[ $shown == *"$text"* ]] || stack_fail "${*} should show '$text', but shows: $shown"
}

hidden()
{
	[[ $shown != *"$1"* ]] || stack_fail "the terminal shows what was typed blindly: $shown"
}

tell "a new key asks for its passphrase twice and shows neither"
at_terminal 0 "a new key pair" "at least 12 characters" "correct horse" "Again:" "correct horse" -- parley key new "$keys/own.key"
hidden "correct horse"
[ -s "$keys/own.key" ] && [ -s "$keys/own.pub" ] || stack_fail "there is no key pair"
[[ $(stat -c %a "$keys/own.key") == 600 ]] || stack_fail "others can read the key"

tell "two that differ make no key"
at_terminal 7 "the two passphrases differ" "characters" "correct horse" "Again:" "correct house" -- parley key new "$keys/other.key"
[ ! -e "$keys/other.key" ] && [ ! -e "$keys/other.pub" ] || stack_fail "a key was made all the same"
at_terminal 7 "fewer than 12 characters" "characters" "short" "Again:" "short" -- parley key new "$keys/other.key"
[ ! -e "$keys/other.key" ] || stack_fail "a key was made all the same"

tell "a passphrase is changed by who knows the old one"
at_terminal 7 "PASSPHRASE_WRONG" "Passphrase of" "wrong horse" -- parley key passphrase "$keys/own.key"
at_terminal 0 "encrypted by the new passphrase" "Passphrase of" "correct horse" "characters" "battery staple" "Again:" "battery staple" \
	-- parley key passphrase "$keys/own.key"
hidden "battery staple"

tell "something waits for an approval"
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
for environment in test staging; do
	stack_import "$environment" $channel customer "$stack_profiles/sample/customers.csv" >/dev/null
done
stack_deploy $channel test >/dev/null
parley promote $channel --to staging --no-wait >/dev/null
stack_person anna >/dev/null
passphrase=$(cat "$STACK/cli/anna.passphrase")
approve=(parley --context anna approve $channel --env staging --key "$STACK/cli/anna.key"
	--root "$STACK/root/staging.root")
state()
{
	parley deployment get $channel --env staging -o json | jq -r .state
}

tell "who does not say yes signs nothing"
for word in no y "" YES; do
	at_terminal 7 "nothing was signed" "Type yes:" "$word" -- "${approve[@]}"
	is "the state" "$(state)" AWAITING_APPROVAL
done
[[ $shown == *"To be signed: version 1 of $channel in staging"* ]] || stack_fail "it is not told what would be signed: $shown"

tell "nor does who does not know the passphrase"
at_terminal 7 "PASSPHRASE_WRONG" "Type yes:" yes "Passphrase of" "not $passphrase" -- "${approve[@]}"
hidden "$passphrase"
is "the state" "$(state)" AWAITING_APPROVAL

tell "without a terminal nobody can be asked"
refused "there is no terminal to ask at" setsid --wait "${approve[@]}"

tell "who looks, says yes and has the passphrase signs"
at_terminal 0 "version 1 of $channel is signed for staging" "Type yes:" yes "Passphrase of" "$passphrase" -- "${approve[@]}"
hidden "$passphrase"
eventually COMPLETE state

# widest COMMAND…: the longest line that a terminal of 72 columns shows, in characters.
widest()
{
	COLUMNS=72 parley-pty 30 -- "$@" 2>/dev/null | sed 's/\x1b\[[0-9;]*m//g' | tr -d '\r' | wc -L
}

tell "a table is no wider than the terminal, and says what it left out and how to see it"
rules=(parley get rules --channel $channel)
whole=$("${rules[@]}" | wc -L)
[ "$whole" -gt 72 ] || stack_fail "the table should need more than 72 columns to be left out of, but needs $whole"
[ "$(widest "${rules[@]}")" -le 72 ] || stack_fail "the table has lines of $(widest "${rules[@]}") columns"
COLUMNS=72 at_terminal 0 "no room for" -- "${rules[@]}"
[[ $shown == *CHANNEL*"-o wide shows all"* ]] || stack_fail "the line beneath the table says: $shown"
is "the width of all of it" "$(widest "${rules[@]}" -o wide)" "$whole"
is "what a script gets, whatever COLUMNS says" "$(COLUMNS=72 "${rules[@]}" | wc -L)" "$whole"

# redraws FILE: how often the screen was drawn anew.
redraws()
{
	grep -c $'\033\[H\033\[2J' "$1" || true
}

tell "a roll-out is watched until its end"
stack_kill test
parley export $channel | sed 's/default_content: .*/default_content: another/' | parley apply -f - >/dev/null
parley deploy $channel --to test --no-wait >/dev/null 2>&1 || [ $? = 6 ] # its only server is away
watch=(parley rollout status $channel --env test --watch)
status=0
parley-pty 100 -- "${watch[@]}" >"$STACK/watched" 2>&1 &
watcher=$!
more_than_two()
{
	[ "$(redraws "$STACK/watched")" -gt 2 ] && echo drawn
}
eventually drawn more_than_two
kill -0 $watcher || stack_fail "it has ended before the roll-out: $(cat "$STACK/watched")"
stack_restart test
wait $watcher || status=$?
is "the exit status of what was well in the end" $status 0
[[ $(tail -n 3 "$STACK/watched") == *" ok"* ]] || stack_fail "the last it shows is not that all is well: $(tail -n 3 "$STACK/watched")"

tell "what is not well at the end is told by the exit status"
stack_kill test
unwell()
{
	parley rollout status $channel --env test >/dev/null || echo "status $?"
}
eventually "status 1" unwell
at_terminal 1 "QUIET-SINCE" -- "${watch[@]}"
tell "ok"
