#!/usr/bin/env bash
# Scripts that run side by side and look for ports before any of them listens get different ones, even with the same process ID to
# begin with; and so does one that needs more than a place of them.
set -euo pipefail
# shellcheck source=ports.sh
. "$(dirname "$0")/ports.sh"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkfifo "$folder/end"
scripts=3 each=18 port=
for ((n = 1; n <= scripts; n++)); do
	(
		for ((i = 1; i <= each; i++)); do
			port_free port
			echo "$port"
		done >"$folder/ports.$n"
		mv "$folder/ports.$n" "$folder/all.$n"
		read -r _ <"$folder/end" # keeps them
	) &
done
until [ "$(find "$folder" -name 'all.*' | wc -l)" = $scripts ]; do
	kill -0 $! || exit 1
	sleep 0.02
done
sort "$folder"/all.* | uniq -d >"$folder/twice"
exec 8<>"$folder/end"
for ((n = 1; n <= scripts; n++)); do
	echo >&8
done
wait
[ "$(cat "$folder"/all.* | wc -l)" = $((scripts * each)) ] || { echo "not everybody got ports" >&2 && exit 1; }
[ ! -s "$folder/twice" ] || { echo "two scripts have: $(paste -sd ' ' "$folder/twice")" >&2 && exit 1; }
echo "$scripts scripts have $((scripts * each)) ports"
