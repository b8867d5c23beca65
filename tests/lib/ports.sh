# shellcheck shell=bash
# Ports for a test's servers, of which a test may kill one and start it again while others run beside it: a port that nobody listens on
# just now may be another test's all the same. So a script has a place of sixteen ports that is its own as long as anything of it
# lives, by a lock on a file; and they lie below those that the kernel gives to connections. Sourced, never run.

# shellcheck source=../../deploy-profiles/local/ports.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy-profiles/local/ports.sh"

port_first=20000 port_places=750 port_place_size=16
port_place="" port_next=0

# One user's tests keep out of each other's way by the locks, and out of another user's by what listens.
port_place_take()
{
	local folder=/tmp/parley-ports-$EUID lock
	(umask 077 && mkdir -p "$folder")
	port_place=$(($$ % port_places)) port_next=0
	while :; do
		exec {lock}>"$folder/$port_place"
		! flock -n "$lock" || break
		exec {lock}>&-
		port_place=$(((port_place + 1) % port_places))
	done
}

# port_free VARIABLE: sets it to a port that nobody else has.
port_free()
{
	local candidate=
	while [ -z "$candidate" ] || [ -n "$(port_inodes "$candidate")" ]; do
		if [ -z "$port_place" ] || [ "$port_next" = "$port_place_size" ]; then
			port_place_take
		fi
		candidate=$((port_first + port_place * port_place_size + port_next))
		port_next=$((port_next + 1))
	done
	printf -v "$1" "%d" "$candidate"
}
