#!/usr/bin/env bash
# Prints where promtool is: on the PATH, or the one program of Debian's package prometheus, fetched into build/tools. The package itself
# is not installed: it would start a server.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$PWD/build/tools/promtool
if command -v promtool; then
	exit 0
fi
if [ ! -x "$folder/promtool" ]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work"
	(cd "$work" && apt-get download prometheus) >"$work/log" 2>&1 || {
		echo "promtool cannot be fetched: $(grep -m 1 '^E:' "$work/log" || echo "apt-get download prometheus failed")" >&2
		echo "apt-get update may help, or a promtool on the PATH" >&2
		exit 1
	}
	mkdir -p "$folder"
	dpkg-deb --fsys-tarfile "$work"/prometheus_*.deb | tar -xO ./usr/bin/promtool >"$folder/promtool.new"
	chmod 755 "$folder/promtool.new"
	mv "$folder/promtool.new" "$folder/promtool"
fi
echo "$folder/promtool"
