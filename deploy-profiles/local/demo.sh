# shellcheck shell=bash
# What quickstart shows: the sample bank deployed along its line, three customers who get different offers on production and
# why, and what came of it in the history. Needs stack.sh and `parley` on the PATH. Sourced, never run.

sample=$stack_profiles/sample
demo_channel=retail-bank

# Environments that have the sample's customers; a changed file is taken again.
demo_import()
{
	local environment print
	print=$(stack_fingerprint "$sample/customers.csv")
	for environment in $STACK_ENVIRONMENTS; do
		[ "$(cat "$STACK/cli/imported-$environment" 2>/dev/null)" != "$print" ] || continue
		stack_import "$environment" "$demo_channel" customer "$sample/customers.csv" || return
		echo "$print" >"$STACK/cli/imported-$environment"
	done
}

demo_apply()
{
	parley apply -f "$sample/$demo_channel.yaml"
}

demo_deploy()
{
	local environment
	step "$EXIT_FAILED" "Signing in as administrator" "$log/login.log" stack_login
	step "$EXIT_FAILED" "Applying the sample bank" "$log/apply.log" demo_apply
	step "$EXIT_FAILED" "Importing its customers into three profile databases" "$log/import.log" demo_import
	for environment in $STACK_ENVIRONMENTS; do
		step "$EXIT_FAILED" "Deploying to $environment" "$log/deploy.log" \
			parley deploy "$demo_channel" --to "$environment" --comment "quickstart"
		note "$(tail -n 1 "$log/deploy.log")"
	done
}
