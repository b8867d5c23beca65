# shellcheck shell=bash
# What quickstart shows: the sample bank deployed along its line, four customers who get different offers on production, or none,
# and why, and what came of it in the history. Needs stack.sh, `parley` on the PATH and `log`, the folder of logs. Sourced, never run.

sample=$stack_profiles/sample
channel=retail-bank

# Profile databases that lack the sample's customers get them; a changed file is taken again.
demo_import()
{
	local environment print
	print=$(stack_fingerprint "$sample/customers.csv")
	for environment in $STACK_ENVIRONMENTS; do
		[ "$(cat "$STACK/cli/imported-$environment" 2>/dev/null)" != "$print" ] || continue
		stack_import "$environment" "$channel" customer "$sample/customers.csv" || return
		echo "$print" >"$STACK/cli/imported-$environment"
	done
}

# Once only: from then on the configuration is the user's, and starting again must not take back what was changed.
demo_apply()
{
	[ -f "$STACK/cli/applied" ] || parley apply -f "$sample/$channel.yaml" && touch "$STACK/cli/applied"
}

# Likewise: what the user deployed stays, unless a server does not run what it should.
demo_deploy_to()
{
	local environment=$1
	if [ -f "$STACK/cli/deployed-$environment" ] && parley rollout status "$channel" --env "$environment"; then
		return 0
	fi
	stack_deploy "$channel" "$environment" --comment "by quickstart" && touch "$STACK/cli/deployed-$environment"
}

demo_deploy()
{
	local environment
	step "$EXIT_FAILED" "Signing in as administrator" "$log/login.log" stack_login
	step "$EXIT_FAILED" "Applying the sample bank" "$log/apply.log" demo_apply
	step "$EXIT_FAILED" "Importing its customers into the profile databases" "$log/import.log" demo_import
	for environment in $STACK_ENVIRONMENTS; do
		step "$EXIT_FAILED" "Deploying to $environment" "$log/deploy.log" demo_deploy_to "$environment"
	done
}

# demo_visit CUSTOMER WHO POINT [EVENT…]: a session, the offers and why, and then the events about the best of them.
demo_visit()
{
	local customer=$1 who=$2 point=$3 session answer code event
	shift 3
	printf '\n── Customer %s, %s, at %s\n' "$customer" "$who" "$point"
	{
		session=$(parley session start --env production --channel "$channel" --audience "customer:customer_id=$customer" 2>&3) || return
	} 3>&1
	answer=$(parley offers "$session" "$point" --max 2 --explain --env production) || return
	printf '%s\n' "$answer"
	code=$(awk 'NR == 2 { print $NF }' <<<"$answer")
	for event in "$@"; do
		parley event "$session" "$event" --treatment "$code" --env production || return
	done
	[ $# = 0 ] || demo_history "$session" $# || return
	parley session end "$session" --env production
}

# The runtime ships its journal every moment: wait until the events have arrived.
demo_history()
{
	local session=$1 expected=$2 tries=100 found
	while [ $((tries -= 1)) -gt 0 ]; do
		found=$(parley history --session "$session" --kind contact --kind accept -o json | grep -c '"event_id"' || true)
		[ "$found" -lt "$expected" ] || break
		sleep 0.2
	done
	printf '\nIn the history of the design server:\n'
	parley history --session "$session"
	[ "$found" -ge "$expected" ] || {
		echo "only $found of $expected events have reached the history after 20 seconds" >&2
		return 1
	}
}

demo()
{
	demo_visit 1001 "21 years old" home-hero &&
		demo_visit 1002 "36, well paid, no home of his own" home-hero offer-shown offer-accepted &&
		demo_visit 1003 "71, with savings" call-centre-desk &&
		demo_visit 1010 "40, for whom there is nothing" home-hero
}

# At the first run only: a second one is to change nothing, and a visit is history.
demo_once()
{
	if [ -f "$STACK/cli/demo.done" ]; then
		printf '\nFour customers visited when this was first run; ./quickstart demo lets them visit again.\n'
		return
	fi
	demo || die "$EXIT_FAILED" "the visit of the four customers failed" "The servers' logs are in $STACK/log"
	touch "$STACK/cli/demo.done"
}

demo_next()
{
	cat <<-TEXT

		Everything runs. What to try next:

		  eval "\$(./quickstart env)"                let this shell find the command line, then:
		  parley get rules --channel $channel      what the bank offers to whom
		  parley export $channel > bank.yaml       edit it, then: parley diff -f bank.yaml; parley apply -f bank.yaml
		  parley deploy $channel --to test         then parley promote $channel --to staging, then --to production
		  parley --context anna approve $channel --env staging --key $STACK/cli/anna.key
		                                             what waits for approval, by anna's key (passphrase beside it)
		  parley rollout history $channel          what was deployed when, and by whom
		  parley expr eval --env age:int --bind age=42 'age >= 18 && age < 65'
		  tests/touchpoints/run                      a Node and a Python touchpoint on stock libraries
		  ./quickstart demo                          the four customers once more
		  ./quickstart status, stop, reset

		Design server: gRPC 127.0.0.1:$STACK_DESIGN, Connect JSON http://127.0.0.1:$STACK_HTTP
		Runtimes:      test 127.0.0.1:${STACK_PORT[test]}, staging 127.0.0.1:${STACK_PORT[staging]}, production 127.0.0.1:${STACK_PORT[production]}
		Metrics:       http://127.0.0.1:$STACK_HTTP/metrics, and http://127.0.0.1:PORT/metrics of the runtimes: ${STACK_SIDE[test]}, ${STACK_SIDE[staging]}, ${STACK_SIDE[production]};
		               /livez and /readyz beside them
		Administrator: user administrator, password in $STACK/cli/administrator.password
		Credentials of touchpoints: $STACK/touchpoint/ENVIRONMENT
	TEXT
}
