#!/usr/bin/env bash
# Two administrators, two designers and an approver work on one channel at once: they read, change with the etag that they read,
# mark, unmark, make, delete and deploy. Afterwards nobody's change is lost silently: every one that was acknowledged is in the
# audit once, was made on what its author had read, and is there in the end or was overwritten by somebody who had seen it.
#
# SEED chooses who does what; ROUNDS says how much (default 15 for each of them).
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

SEED=${SEED:-$((EPOCHSECONDS % 100000))}
ROUNDS=${ROUNDS:-15}
# What all of them change: KIND NAME.
things=("rule young-get-account" "rule young-at-desk" "segment young" "offer young-account")

user_add()
{
	parley user create "$1" --role "$2" --password-file "$STACK/password" >/dev/null
	PARLEY_CONFIG=$STACK/$1/config.yaml parley context set "$1" --design "127.0.0.1:$STACK_DESIGN" --ca "$STACK/authority/ca.crt" >/dev/null
	PARLEY_CONFIG=$STACK/$1/config.yaml parley login "$1" --password-file "$STACK/password" >/dev/null
}

# --- one of them; `here` is the folder, `me` the name ---

# try ALLOWED COMMAND…: runs it. A refusal must be one of those allowed, each a reason that tells what happened.
try()
{
	local allowed=$1 status=0
	shift
	"$@" >"$here/said" 2>&1 || status=$?
	[ "$status" != 0 ] || return 0
	grep -qE "error: ($allowed):" "$here/said" || {
		printf '%s: %s\n' "$*" "$(cat "$here/said")" >>"$here/strange"
	}
	return "$status"
}

described()
{
	sed -n 's/^description: *//p' "$1"
}

# Reads, changes the description, and writes with the etag that was read. Mostly the change is added to what is there; sometimes it
# takes its place. Acknowledged changes are noted as KIND|NAME|what was read|what was written.
edit()
{
	local seen new
	try "" parley get "$1" "$2" --channel retail-bank -o yaml || return 0
	cp "$here/said" "$here/read"
	seen=$(described "$here/read")
	new="${seen:+$seen }$me-$round"
	[ $((RANDOM % 6)) != 0 ] || new=$me-$round
	{
		grep -v '^description:' "$here/read"
		printf 'description: %s\n' "$new"
	} >"$here/written"
	! try "ETAG_STALE|RESOURCE_MARKED" parley apply -f "$here/written" || printf '%s|%s|%s|%s\n' "$1" "$2" "$seen" "$new" >>"$here/acknowledged"
}

make()
{
	cat >"$here/made" <<-END
		kind: InteractionPoint
		channel: retail-bank
		name: of-$me
		zone: marketing
		default_content: Nothing today
		description: $me-$round
	END
	! try RESOURCE_MARKED parley apply -f "$here/made" || printf 'point|of-%s||%s-%s\n' "$me" "$me" "$round" >>"$here/acknowledged"
}

unmake()
{
	try "RESOURCE_NOT_FOUND|RESOURCE_MARKED" parley delete interaction-point "of-$me" --channel retail-bank || true
}

# To test, or what test runs to staging, where it waits for the approver.
bring()
{
	if [ "$1" = 0 ]; then
		try "" parley deploy retail-bank --to test || true
	else
		try PROMOTION_SOURCE parley promote retail-bank --to staging || true
	fi
}

# Whatever waits, if it still does when the signature is there. If other content has taken its place, the signature does not fit.
sign()
{
	try "DEPLOYMENT_NOT_FOUND|DEPLOYMENT_STATE|SIGNATURE_INVALID" parley approve retail-bank --env staging --yes \
		--key "$STACK/cli/anna.key" --passphrase-file "$STACK/cli/anna.passphrase" || true
}

work()
{
	local thing
	for ((round = 1; round <= ROUNDS; round++)); do
		read -ra thing <<<"${things[$((RANDOM % ${#things[@]}))]}"
		case $1/$((RANDOM % 10)) in
		approver/[0-6]) sign ;;
		approver/*) try PERMISSION_DENIED parley mark "${thing[@]}" --channel retail-bank || true ;;
		*/[0-4]) edit "${thing[@]}" ;;
		designer/5) try RESOURCE_MARKED parley mark "${thing[@]}" --channel retail-bank || true ;;
		designer/[67]) try "RESOURCE_NOT_FOUND|PERMISSION_DENIED" parley unmark "${thing[@]}" --channel retail-bank || true ;;
		administrator/5) unmake ;;
		administrator/6) try "RESOURCE_NOT_FOUND" parley unmark "${thing[@]}" --channel retail-bank || true ;;
		administrator/[78]) bring "$((RANDOM % 2))" ;;
		designer/8 | administrator/9) make ;;
		designer/9) unmake ;;
		esac
	done
}

# --- what must be true afterwards ---

database()
{
	psql -X -q -At -v ON_ERROR_STOP=1 -h "$STACK_POSTGRES" -U parley -d parley_design "$@"
}

# none WHAT SQL: it finds no row.
none()
{
	local found
	found=$(database -c "$2")
	[ -z "$found" ] || stack_fail "$1 (seed $SEED): $found"
}

# Every acknowledged change beside the audit's, and the audit's entries of what they changed in order.
prepare_check()
{
	cat "$STACK"/*/acknowledged >"$STACK/all" 2>/dev/null || true
	database <<-'END'
		CREATE TABLE acknowledged (kind text, name text, seen text, written text);
		CREATE VIEW changed AS SELECT id, actor, action, kind, name, before, after,
			coalesce(nullif(before, '')::jsonb ->> 'description', '') AS seen, nullif(after, '')::jsonb ->> 'description' AS written,
			lag(after, 1, '') OVER (PARTITION BY kind, name ORDER BY id) AS previous
		FROM audit WHERE action IN ('create', 'update', 'delete') AND channel || kind IN ('retail-bankTreatmentRule', 'retail-bankInteractionPoint', 'retail-bankSegment', 'Offer');
	END
	sed 's/^rule|/TreatmentRule|/; s/^point|/InteractionPoint|/; s/^segment|/Segment|/; s/^offer|/Offer|/' "$STACK/all" |
		database -c "COPY acknowledged FROM STDIN (DELIMITER '|', NULL '\\N')"
}

check()
{
	none "an acknowledged change is not in the audit exactly once, by its author" \
		"SELECT a.* FROM acknowledged a WHERE (SELECT count(*) FROM changed c WHERE c.kind = a.kind AND c.name = a.name AND c.written = a.written
			AND c.actor = split_part(reverse(split_part(reverse(a.written), ' ', 1)), '-', 1)) <> 1"
	none "a change was made on something else than its author had read" \
		"SELECT a.*, c.seen FROM acknowledged a JOIN changed c USING (kind, name, written) WHERE a.seen <> c.seen AND a.name NOT LIKE 'of-%'"
	none "the audit has a change that was not acknowledged" \
		"SELECT c.* FROM changed c WHERE c.written ~ '-[0-9]+\$' AND NOT EXISTS (SELECT FROM acknowledged a
			WHERE a.kind = c.kind AND a.name = c.name AND a.written = c.written)"
	none "a change was lost between two entries of the audit" \
		"SELECT id, kind, name FROM changed WHERE coalesce(nullif(before, '')::jsonb, 'null') <> coalesce(nullif(previous, '')::jsonb, 'null')"
	none "a resource is not what the audit said last" \
		"SELECT DISTINCT ON (c.kind, c.name) c.kind, c.name FROM changed c LEFT JOIN resource r ON r.kind = c.kind AND r.name = c.name
			WHERE c.id = (SELECT max(id) FROM changed l WHERE l.kind = c.kind AND l.name = c.name)
				AND coalesce(nullif(c.after, '')::jsonb, 'null') <> coalesce(r.spec, 'null')"
	none "something was changed while it was marked" \
		"WITH turn AS (SELECT id, kind, name, CASE action WHEN 'mark' THEN 1 ELSE -1 END AS step FROM audit WHERE action IN ('mark', 'unmark')
			UNION ALL SELECT id, m ->> 'kind', m ->> 'name', -1 FROM audit, jsonb_array_elements(before::jsonb -> 'marks') m WHERE action = 'marks-deployed')
		SELECT c.id, c.kind, c.name FROM changed c
		WHERE (SELECT coalesce(sum(step), 0) FROM turn t WHERE t.kind = c.kind AND t.name = c.name AND t.id < c.id) <> 0"
	none "a build has a resource as nobody had made it" \
		"SELECT b.id, v.kind, v.name FROM build b JOIN resource_version v ON v.id = ANY (b.items) WHERE v.kind || v.name IN (SELECT kind || name FROM changed)
			AND NOT EXISTS (SELECT FROM audit a WHERE a.kind = v.kind AND a.name = v.name AND nullif(a.after, '')::jsonb = v.spec)"
}

check_deployments()
{
	none "something is released to staging that nobody but its author looked at" \
		"SELECT id, author FROM deployment d WHERE environment = 'staging' AND released IS NOT NULL
			AND NOT EXISTS (SELECT FROM audit a WHERE a.action = 'approve' AND a.channel = d.channel AND a.name = d.environment AND a.actor <> d.author)"
	none "a deployment's bytes are not those of its build" \
		"SELECT d.id FROM deployment d JOIN build b ON b.id = d.build WHERE d.blob <> b.digest"
}

# --- the story ---

stack_up test staging >/dev/null
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
parley deploy retail-bank --to test >/dev/null
echo "correct horse battery" >"$STACK/password"
team="olga:administrator otto:administrator dora:designer dirk:designer anna:approver"
for member in $team; do
	mkdir "$STACK/${member%:*}"
	user_add "${member%:*}" "${member#*:}"
done

tell "five people at work, $ROUNDS rounds each (SEED=$SEED)"
number=0
workers=()
for member in $team; do
	number=$((number + 1))
	(
		trap - EXIT
		me=${member%:*} here=$STACK/${member%:*}
		export PARLEY_CONFIG=$here/config.yaml
		# A program that ends while gRPC's own threads still let go of a connection looks to the sanitizer as if it leaked. The
		# servers are held to their memory all the same.
		export LSAN_OPTIONS=detect_leaks=0
		RANDOM=$((SEED + number))
		work "${member#*:}"
	) &
	workers+=($!)
done
for worker in "${workers[@]}"; do
	wait "$worker" || stack_fail "somebody could not go on working (seed $SEED)"
done
! cat "$STACK"/*/strange 2>/dev/null || stack_fail "somebody was refused for no good reason (seed $SEED)"

tell "what was acknowledged is what was done"
prepare_check
changes=$(wc -l <"$STACK/all")
[ "$changes" -ge $((ROUNDS / 2)) ] || stack_fail "only $changes changes were acknowledged (seed $SEED)"
check

tell "when all marks are gone, one deployment more leaves nothing pending"
parley marks -o json | sed -n 's/.*"kind": "\(.*\)".*/\1/p; s/.*"name": "\(.*\)".*/\1/p' | paste - - | while read -r kind name; do
	parley unmark "$kind" "$name" --channel retail-bank >/dev/null
done
parley deploy retail-bank --to test >/dev/null
expect "nothing is pending" parley pending retail-bank --env test
check
check_deployments
tell "ok: $changes changes acknowledged, $(database -c "SELECT count(*) FROM audit WHERE action = 'mark'") marks, $(database -c "SELECT count(*) FROM build") builds, \
$(database -c "SELECT count(*) FROM deployment WHERE environment = 'staging' AND released IS NOT NULL") times to staging with anna's signature"
