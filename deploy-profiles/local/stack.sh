# shellcheck shell=bash
# A whole Parley on one machine: credentials, configuration from the deploy profiles, databases, one design server and one
# runtime an environment. quickstart and the tests make theirs by the same functions. Sourced, never run. The caller sets:
#
#   STACK           the folder of everything (it exists; 0700)
#   STACK_PROGRAMS  where parley, parley-design and parley-runtime are
#   STACK_POSTGRES  the socket's folder
#   STACK_DESIGN, STACK_HTTP                            ports on 127.0.0.1 of the design server, gRPC and HTTP,
#   STACK_PORT[environment], STACK_SIDE[environment]   and of the runtimes, likewise
#
# and may set the service user (process.sh).

stack_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
stack_profiles=$(dirname "$stack_here")
for part in say certificates process ports database; do
	# shellcheck source=/dev/null
	. "$stack_here/$part.sh"
done
unset part

STACK_ENVIRONMENTS="test staging production" # in the order of promotion
declare -A STACK_PORT STACK_SIDE

# The folders. What the servers need is the service user's; the authority's key is not among that.
stack_service_folders="keys etc log runtime"
stack_folders()
{
	local folder
	for folder in $stack_service_folders authority root run cli touchpoint; do
		mkdir -p "$STACK/$folder" && chmod 700 "$STACK/$folder" || return
	done
	for folder in $STACK_ENVIRONMENTS; do
		mkdir -p "$STACK/runtime/$folder" "$STACK/etc/environments/$folder" "$STACK/touchpoint/$folder" || return
	done
	stack_hand_over
}

# What root made becomes the service user's.
stack_hand_over()
{
	local folder
	[ -n "${SERVICE_USER:-}" ] || return 0
	chgrp "$SERVICE_USER" "$STACK" && chmod 710 "$STACK" || return
	for folder in $stack_service_folders; do
		chown -R "$SERVICE_USER:" "$STACK/$folder" || return
	done
}

# Who holds what: three persons the root keys, two others may approve. How many must: STACK_APPROVALS.
stack_holders="rita rolf ruth"
stack_approvers="anna ben"
declare -A STACK_APPROVALS=([test]=0 [staging]=1 [production]=2)

# stack_root ENVIRONMENT: its timestamp key and its first root, signed by two of the holders. Kept if it is there.
stack_root()
{
	local environment=$1 keys=$STACK/keys root=$STACK/root name arguments=()
	[ ! -s "$keys/$environment.root" ] || return 0
	signing_key_make "$keys/$environment-timestamp.key" || return
	for name in $stack_holders; do
		arguments+=(--holder "$name=$root/$name.pub")
	done
	for name in $stack_approvers; do
		arguments+=(--approver "$name=$STACK/cli/$name.pub")
	done
	rm -f "$root/$environment.root"
	parley root new "$root/$environment.root" --env "$environment" "${arguments[@]}" --threshold 2 \
		--builder "$keys/builder.pub" --timestamp "$keys/$environment-timestamp.pub" \
		--approvals "${STACK_APPROVALS[$environment]}" --expires 3650d --key "$root/rita.key" --key "$root/rolf.key" &&
		make_file "$keys/$environment.root" cat "$root/$environment.root"
}

# What signs, and whom each environment trusts. Approvers' keys are encrypted; the passphrases lie beside them here only
# because one machine plays all the persons.
stack_trust()
{
	local name environment
	signing_key_make "$STACK/keys/builder.key" || return
	for name in $stack_holders; do
		signing_key_make "$STACK/root/$name.key" || return
	done
	for name in $stack_approvers; do
		make_file "$STACK/cli/$name.passphrase" random_text 18 || return
		signing_key_make "$STACK/cli/$name.key" "$STACK/cli/$name.passphrase" || return
	done
	for environment in $STACK_ENVIRONMENTS; do
		stack_root "$environment" || return
	done
}

# Keys and certificates of the servers, and what a touchpoint of each environment needs, in a folder of its own.
stack_credentials()
{
	local keys=$STACK/keys authority=$STACK/authority environment folder
	authority_make "$authority" || return
	make_file "$keys/ca.crt" cat "$authority/ca.crt" || return
	stack_trust >/dev/null || return
	certificate_make "$authority" "$keys" design spiffe://parley/design || return
	for environment in $STACK_ENVIRONMENTS; do
		folder=$STACK/touchpoint/$environment
		certificate_make "$authority" "$keys" "$environment-1" "spiffe://parley/runtime/$environment/$environment-1" || return
		certificate_make "$authority" "$folder" touchpoint "spiffe://parley/touchpoint/$environment/web" || return
		make_file "$folder/ca.crt" cat "$authority/ca.crt" || return
		token_make "$folder/touchpoint.token" || return
		make_file "$keys/$environment-link.key" openssl rand -hex 32 || return
	done
	stack_hand_over
}

# render TEMPLATE FILE: fills in @NAME@ by the variable of that name. A name without a variable is an error.
render()
{
	local text name
	text=$(<"$1")
	while [[ $text =~ @([A-Z_]+)@ ]]; do
		name=${BASH_REMATCH[1]}
		[ -n "${!name+set}" ] || {
			echo "$1: @$name@ has no value" >&2
			return 1
		}
		text=${text//"@$name@"/${!name}}
	done
	printf '%s\n' "$text" | cmp -s - "$2" || { printf '%s\n' "$text" >"$2.new" && mv "$2.new" "$2"; }
}

# The deploy profiles with this machine's addresses and folders filled in. The variables are the templates'.
stack_configure()
{
	local environment etc=$STACK/etc
	local STATE KEYS DESIGN_PORT HTTP_PORT RUNTIME_PORT SIDE_PORT TOKEN_DIGEST DATABASE DATABASE_INGEST DATABASE_OWNER PROFILES
	# shellcheck disable=SC2034 # read by render
	{
		KEYS=$STACK/keys DESIGN_PORT=$STACK_DESIGN HTTP_PORT=$STACK_HTTP
		DATABASE="host=$STACK_POSTGRES dbname=parley_design user=parley_design"
		DATABASE_INGEST="host=$STACK_POSTGRES dbname=parley_design user=parley_ingest"
		DATABASE_OWNER="host=$STACK_POSTGRES dbname=parley_design user=parley_owner"
		STATE=$etc
	}
	render "$stack_profiles/design/design.yaml" "$etc/design.yaml" || return
	for environment in $STACK_ENVIRONMENTS; do
		# shellcheck disable=SC2034
		{
			RUNTIME_PORT=${STACK_PORT[$environment]} SIDE_PORT=${STACK_SIDE[$environment]} STATE=$STACK/runtime/$environment
			TOKEN_DIGEST=$(token_digest "$STACK/touchpoint/$environment/touchpoint.token")
			PROFILES="host=$STACK_POSTGRES dbname=profiles_$environment user=$profile_reader"
		}
		render "$stack_profiles/$environment/environment.yaml" "$etc/environments/$environment/environment.yaml" || return
		render "$stack_profiles/$environment/runtime.yaml" "$etc/environments/$environment/runtime.yaml" || return
	done
	stack_hand_over
}

# The design database's schema, and a first user who may everything. The password is made once.
stack_administrator()
{
	local etc=$STACK/etc/design.yaml
	"$STACK_PROGRAMS/parley-design" migrate --config "$etc" || return
	make_file "$STACK/cli/administrator.password" random_text 18 || return
	[ ! -f "$STACK/cli/administrator.made" ] || return 0
	"$STACK_PROGRAMS/parley-design" user --config "$etc" administrator --role administrator \
		--password-file "$STACK/cli/administrator.password" || return
	touch "$STACK/cli/administrator.made"
}

# `parley` told where the servers are and what to show them, and signed in, unless it is. Needs PARLEY_CONFIG.
stack_login()
{
	local environment folder
	parley context set local --design "127.0.0.1:$STACK_DESIGN" --ca "$STACK/authority/ca.crt" || return
	for environment in $STACK_ENVIRONMENTS; do
		folder=$STACK/touchpoint/$environment
		parley context set local --env "$environment" --runtime "127.0.0.1:${STACK_PORT[$environment]}" \
			--ca "$folder/ca.crt" --certificate "$folder/touchpoint.crt" --key "$folder/touchpoint.key" || return
	done
	parley whoami >/dev/null 2>&1 || parley login administrator --password-file "$STACK/cli/administrator.password"
}

# stack_person NAME: an approver as a user of the design server, and a context of that name in which to sign.
stack_person()
{
	local name=$1
	make_file "$STACK/cli/$name.password" random_text 18 || return
	if [ -f "$STACK/cli/$name.made" ] && parley --context "$name" whoami >/dev/null 2>&1; then
		return
	fi
	parley context set "$name" --design "127.0.0.1:$STACK_DESIGN" --ca "$STACK/authority/ca.crt" || return
	[ -f "$STACK/cli/$name.made" ] ||
		parley --context local user create "$name" --role approver --password-file "$STACK/cli/$name.password" || return
	touch "$STACK/cli/$name.made"
	parley --context "$name" login "$name" --password-file "$STACK/cli/$name.password"
}

# stack_approve CHANNEL ENVIRONMENT: what waits there gets the approvals that it needs, each by a person's own key.
stack_approve()
{
	local channel=$1 environment=$2 name
	for name in $stack_approvers; do
		# Not by a pipe: who stops reading at the first word found would break it.
		[[ $(parley rollout history "$channel" --env "$environment" --limit 1 -o json) == *'"AWAITING_APPROVAL"'* ]] || return 0
		stack_person "$name" || return
		parley --context "$name" approve "$channel" --env "$environment" --yes --root "$STACK/root/$environment.root" \
			--key "$STACK/cli/$name.key" --passphrase-file "$STACK/cli/$name.passphrase" || return
	done
}

# stack_evidence CHANNEL: what production's gates ask for, measured on staging. STACK_SCENARIOS: other scenarios than the sample's.
# A visit has some fourteen calls, and visits come when they like: at 50 calls a second there may be two of them, and the gate wants more.
stack_evidence()
{
	parley evidence scenarios "$1" "${STACK_SCENARIOS:-$stack_profiles/sample/scenarios.yaml}" --env staging &&
		parley load "$1" --env staging --rate 200 --seconds 2 --connections 4
}

# stack_deploy CHANNEL ENVIRONMENT [OPTION…]: deployed or promoted, with what its gates ask for, and approved.
stack_deploy()
{
	[ "$2" != production ] || stack_evidence "$1" || return
	parley deploy "$1" --to "$2" "${@:3}" && stack_approve "$1" "$2"
}

# stack_import ENVIRONMENT CHANNEL LEVEL FILE [OPTION…]: customers into the environment's profile database.
stack_import()
{
	parley profile import "$4" --database "host=$STACK_POSTGRES dbname=profiles_$1 user=$profile_owner" \
		--channel "$2" --level "$3" --create "${@:5}"
}

# What a server was started from: if it changes, the server is started anew.
stack_fingerprint()
{
	cat "$@" | openssl dgst -sha256 -r
}

# stack_server NAME PORT HTTP-PORT PROGRAM CONFIG: starts it unless it runs as it should, and waits until it listens on both.
stack_server()
{
	local name=$1 port=$2 http=$3 program=$STACK_PROGRAMS/$4 config=$5 pidfile=$STACK/run/$1.pid print owner twentieths=600
	print=$(stack_fingerprint "$program" "$config") || return
	if process_pid "$pidfile" >/dev/null; then
		[ "$(cat "$STACK/run/$name.from" 2>/dev/null)" != "$print" ] || return 0
		process_stop "$pidfile"
	fi
	if owner=$(port_owner "$port"); then
		echo "$name cannot start: port $port is taken by $owner"
		return "$EXIT_PORT"
	fi
	process_start "$pidfile" "$STACK/log/$name.log" "$program" --config "$config" || return
	until [ -n "$(port_inodes "$port")" ] && [ -n "$(port_inodes "$http")" ]; do
		if ! process_pid "$pidfile" >/dev/null || [ $((twentieths -= 1)) = 0 ]; then
			echo "$name does not start; the end of $STACK/log/$name.log:"
			tail -n 12 "$STACK/log/$name.log"
			return "$EXIT_SERVER"
		fi
		sleep 0.05
	done
	echo "$print" >"$STACK/run/$name.from"
}

stack_design_start()
{
	stack_server design "$STACK_DESIGN" "$STACK_HTTP" parley-design "$STACK/etc/design.yaml"
}

stack_runtime_start()
{
	stack_server "$1" "${STACK_PORT[$1]}" "${STACK_SIDE[$1]}" parley-runtime "$STACK/etc/environments/$1/runtime.yaml"
}

stack_stop()
{
	local name
	for name in design $STACK_ENVIRONMENTS; do
		process_stop "$STACK/run/$name.pid" &
	done
	wait
}
