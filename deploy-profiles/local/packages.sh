# shellcheck shell=bash
# Which Debian 12 packages what needs, and installing those that are missing. Needs say.sh. Sourced, never run.

PACKAGES_BUILD="gcc libc6-dev cmake ninja-build pkg-config libgrpc-dev grpc-proto protobuf-compiler libprotobuf-dev
	protobuf-c-compiler libprotobuf-c-dev libpq-dev libssl-dev libjansson-dev libfyaml-dev libmicrohttpd-dev libsodium-dev
	libxxhash-dev libjemalloc-dev libcmocka-dev re2c lemon"
PACKAGES_RUN="postgresql-15 openssl tzdata"
PACKAGES_CHECK="procps clang libclang-rt-14-dev llvm-14 clang-format-14"
PACKAGES_TOUCHPOINTS="nodejs ca-certificates python3 python3-grpcio python3-protobuf"

# Debian's npm is a package of its own; other builds of Node bring theirs.
packages_npm()
{
	command -v npm >/dev/null || echo npm
}

packages_missing()
{
	local name
	for name in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
	done
}

# A private cluster is all that we want of PostgreSQL: keep its package from starting one of the system's own.
packages_install()
{
	local as_root=$1 drop=/etc/postgresql-common/createcluster.d/parley-quickstart.conf status=0
	shift
	$as_root mkdir -p "${drop%/*}"
	printf 'create_main_cluster = false\n' | $as_root tee "$drop" >/dev/null
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" || status=$?
	$as_root rm -f "$drop"
	return "$status"
}

packages_update()
{
	$1 apt-get -o DPkg::Lock::Timeout=300 update
}

# Prints the command that makes one root: nothing for root, sudo for who may.
packages_as_root()
{
	if [ "$(id -u)" = 0 ]; then
		return 0
	fi
	command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v >&2; }; } && echo sudo
}

packages_failed()
{
	local log=$1
	shift
	show_log "$log" 12
	if grep -qi 'no space left on device\|not enough free space\|enough free space in' "$log"; then
		die "$EXIT_DISK" "the disk is full: Debian's packages do not fit" "Free some space (df -h shows where) and run this again."
	fi
	if grep -q 'Could not resolve\|Temporary failure\|Unable to connect\|Could not connect\|Failed to fetch\|Connection timed out' "$log"; then
		die "$EXIT_PACKAGES" "Debian's package server cannot be reached, and these packages are missing: $*" \
			"Check the network (or the proxy in /etc/apt/apt.conf.d) and run this again."
	fi
	die "$EXIT_PACKAGES" "apt-get could not install: $*" "Its output is in $log" "Parley is made for Debian 12 (bookworm)."
}

# packages_ensure LOG NAME…: says what is missing, then installs it.
packages_ensure()
{
	local log=$1 missing as_root
	shift
	command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
		die "$EXIT_PACKAGES" "this is no Debian: dpkg and apt-get are not here" "Parley is made for Debian 12 (bookworm)."
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	# shellcheck disable=SC2086 # names without spaces
	set -- $missing
	printf '%s  %d Debian packages are missing:\n' "$(clock)" $#
	printf '%s\n' "$*" | fold -s -w 90 | sed 's/^/        /'
	as_root=$(packages_as_root) || die "$EXIT_PACKAGES" "installing them needs root, and this user may not use sudo" \
		"Ask an administrator to run:" "apt-get install -y --no-install-recommends $*"
	need_space /var 1500 "installing Debian's packages"
	# Some other source of packages may be down; whether ours is, the installation will tell.
	try_step "Fetching the list of packages" "$log" packages_update "$as_root"
	try_step "Installing packages" "$log" packages_install "$as_root" "$@"
	[ "$step_status" = 0 ] || packages_failed "$log" "$@"
}
