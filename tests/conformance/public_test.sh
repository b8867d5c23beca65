#!/usr/bin/env bash
# public_test.sh PROGRAM: every public case with the program that ctest has built, if the cases are there.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cases=${PARLEY_CEL_CASES:-$root/../shared/peers/cel}
if [ ! -r "$cases/basic.jsonl" ]; then
	echo "skipped: there are no cases in ${PARLEY_CEL_CASES:-../shared/peers/cel}"
	exit 77
fi
exec "$1" "$cases"/*.jsonl
