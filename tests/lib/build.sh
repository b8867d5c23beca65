# shellcheck shell=bash
# For tests that people run by hand on a clean clone: what is missing is installed, as quickstart does, and built. Source it.

# build_release NAME TARGET…: builds the programs and the targets, and sets PARLEY_BIN. What was printed meanwhile is in
# build/NAME.log. Does nothing if the caller's PARLEY_BIN says where the programs are.
build_release()
{
	local root output
	[ -z "${PARLEY_BIN:-}" ] || return 0
	root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
	output=$root/build/$1.log
	shift
	mkdir -p "$root/build"
	(
		. "$root/deploy-profiles/local/say.sh"
		. "$root/deploy-profiles/local/packages.sh"
		# shellcheck disable=SC2086 # lists of names
		packages_ensure "$output" $PACKAGES_BUILD $PACKAGES_RUN
	)
	echo "building"
	(cd "$root" && cmake --preset release &&
		cmake --build --preset release --target parley parley-design parley-runtime "$@") >"$output" 2>&1 ||
		{ tail -n 30 "$output" >&2 && exit 6; }
	PARLEY_BIN=$root/build/release/bin
}
