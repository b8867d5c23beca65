#!/usr/bin/env bash
# Who may include whom (common/README.md), read off the #include lines. The compiler cannot tell: all rooms share one include
# folder. The rules are proved to bite by planting each kind of wrong include in a tree of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Room: the rooms that it may include besides itself.
rules='
base:
audit: base
link: base
estimate: base
wire: base
records: base
eventset: base records wire
planfile: base records wire
expr: base
snapshot: base wire expr
decide: base expr snapshot
http: base
metrics: base
journal: base
pg: base
rpc: base wire metrics
trace: base metrics rpc
'
# The same for the rooms of cli (cli/README.md). What stands beside them is for all of them and includes none.
cli_rules='
resource:
touchpoint:
rows: resource
release:
history: release
trust: release
events: resource rows history
load: touchpoint release
scenario: touchpoint release history
plan: touchpoint release history events
verbs: resource touchpoint rows release history trust events load scenario plan
'
# Header pattern: what may include it, as beginnings of paths. Of the tests only those that look at gRPC core itself do:
# malformed calls, statuses, and what the benchmarks measure against.
homes='
libpq-fe[.]h|common/pg/
libpq/|common/pg/
microhttpd.h|common/http/
grpc/.*[.]h|common/rpc/ tests/unit/rpc/ tests/fuzz/rpc_ tests/malformed/ tests/access/ tests/bench/floor tests/interleave/line
'

# Prints "FILE:LINE: what is wrong" for every include in the tree that breaks a rule.
violations()
{
	local root=$1
	(cd "$root" && find common design-server runtime-server cli tests -name '*.[chy]' -o -name '*.re' -o -name '*.inc') 2>/dev/null |
		(cd "$root" && xargs -r grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]') |
		RULES=$rules CLI_RULES=$cli_rules HOMES=$homes ROOT=$root awk '
		function wrong(text) { print file ":" line ": " text }
		function exists(path,   found, ignored) {
			found = (getline ignored < (ENVIRON["ROOT"] "/" path)) >= 0
			close(ENVIRON["ROOT"] "/" path)
			return found
		}
		function is_home(homes,   begin, count, i) {
			count = split(homes, begin, " ")
			for (i = 1; i <= count; i++)
				if (index(file, begin[i]) == 1)
					return 1
			return 0
		}
		# may[prefix ROOM]: the rooms that it may include, itself among them.
		function learn(rules, prefix,   row, rooms, part, i) {
			rooms = split(rules, row, "\n")
			for (i = 1; i <= rooms; i++)
				if (split(row[i], part, ":") == 2)
					may[prefix part[1]] = " " part[1] part[2] " "
		}
		BEGIN {
			learn(ENVIRON["RULES"], "common/")
			learn(ENVIRON["CLI_RULES"], "cli/")
			home_count = split(ENVIRON["HOMES"], home, "\n")
		}
		{
			split($0, field, ":")
			file = field[1]
			line = field[2]
			match($0, /[<"][^>"]*[>"]/)
			header = substr($0, RSTART + 1, RLENGTH - 2)
			split(file, at, "/")
			split(header, to, "/")
			generated = header ~ /[.]pb-c[.]h$/

			for (i = 1; i <= home_count; i++)
				if (split(home[i], part, "|") == 2 && header ~ ("^" part[1]) && !generated && !is_home(part[2]))
					wrong(header " may be included in " part[2] " only")
			if (at[1] == "tests")
				next
			if (at[1] == "common") {
				if (!(("common/" at[2]) in may))
					wrong("the room " at[2] " has no rule in this test; give it one here and in common/README.md")
				else if (("common/" to[1]) in may && !generated && !index(may["common/" at[2]], " " to[1] " "))
					wrong(at[2] " may not include " header)
				if (at[2] == "decide" && generated && header !~ /^parley\/snapshot\//)
					wrong("decide knows no generated protobuf but the snapshot'"'"'s: " header)
				if (header ~ /^(design-server|runtime-server|cli)\// || header ~ /\/(design-server|runtime-server|cli)\//)
					wrong("common may not include " header)
				next
			}
			if (at[1] == "cli") {
				room = 3 in at ? "cli/" at[2] : ""
				if (room && !(room in may))
					wrong("the room " at[2] " has no rule in this test; give it one here and in cli/README.md")
				else if (("cli/" to[1]) in may && !index(room ? may[room] : "", " " to[1] " "))
					wrong((room ? room : "what stands beside the rooms of cli") " may not include " header)
			}
			split("design-server runtime-server cli", house, " ")
			for (i = 1; i <= 3; i++) {
				other = house[i]
				if (other == at[1])
					continue
				if (header ~ ("(^|/)" other "/") ||
					(exists(other "/" header) && !exists(at[1] "/" header) && !exists("common/" header)))
					wrong(at[1] " may not include " other "'"'"'s " header)
			}
		}'
}

# plant FILE INCLUDE: the rules must object to this one line.
plant()
{
	local tree
	tree=$(mktemp -d)
	mkdir -p "$tree/design-server/store" "$tree/runtime-server/session" "$tree/$(dirname "$1")"
	touch "$tree/design-server/store/store.h" "$tree/runtime-server/session/session.h"
	printf '// a file\n#include %s\n' "$2" >"$tree/$1"
	if [ -z "$(violations "$tree")" ]; then
		echo "planted $2 in $1, and no rule objected"
		status=1
	fi
	rm -rf "$tree"
}

status=0
plant common/base/a.c '"wire/wire.h"'
plant common/decide/a.c '"rpc/rpc.h"'
plant common/decide/a.c '"parley/runtime/v1/interaction.pb-c.h"'
plant common/journal/a.h '"snapshot/snapshot.h"'
plant common/novelty/a.c '"base/str.h"'
plant common/wire/a.c '<grpc/grpc.h>'
plant design-server/admin/a.c '<libpq-fe.h>'
plant runtime-server/service/a.c '<microhttpd.h>'
plant runtime-server/service/a.c '<grpc/support/log.h>'
plant tests/bench/call_bench.c '<grpc/grpc.h>'
plant tests/unit/store/a.c '<libpq-fe.h>'
plant design-server/admin/a.c '"session/session.h"'
plant runtime-server/main.c '"store/store.h"'
plant cli/main.c '"../design-server/store/store.h"'
plant cli/cli.c '"release/deployment.h"'
plant cli/release/a.c '"history/decision.h"'
plant cli/plan/a.c '"verbs/test.h"'
plant cli/novelty/a.c '"cli.h"'

found=$(violations .)
if [ -n "$found" ]; then
	echo "$found"
	status=1
fi
[ "$status" != 0 ] || echo "layering: every include keeps the rules"
exit "$status"
