# shellcheck shell=bash
# The cases in which a runtime's disk or clock is not as it should be, and the one in which nothing is wrong for long. cases.sh
# sources it and says what a case is.

# An image of the disk, and life goes on; what that life recorded is in the history when the image comes back.
case_old_image()
{
	local i
	told="old disk images put back"
	for ((i = 1; i <= 2; i++)); do
		load_start
		stack_kill "$where"
		rm -rf "$STACK/fault/image"
		cp -a "$state" "$STACK/fault/image"
		stack_restart "$where"
		pause_some
		load_end offers
		stack_kill "$where"
		rm -rf "$state"
		cp -a "$STACK/fault/image" "$state"
		stack_restart "$where"
		load_start
		pause_some
		load_end offers
	done
}

# flip_bit: in the treatment code that an event quotes, in the journal: one from the middle of those that were
# acknowledged while the design server was away, and cannot have been shipped.
flip_bit()
{
	local id treatment file place byte
	IFS=, read -r _ id _ _ treatment _ < <(comm -13 "$run/perhaps-shipped" <(sort "$run"/acked.*.csv) | grep ',contact,' |
		awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }')
	for file in "$journal"/*.segment; do
		place=$({ grep -obUaF -e "$id" "$file" || true; } | awk -F : 'NR == 1 { print $1 }')
		[ -z "$place" ] || break
	done
	[ -n "$place" ] || stack_fail "event $id is not in the journal"
	place=$(grep -obUaF -e "$treatment" "$file" | awk -F : -v after="$place" '$1 > after && !found++ { print $1 }')
	byte=$(od -An -tu1 -j "$place" -N 1 "$file")
	# shellcheck disable=SC2059 # the octal number is the text
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$file" bs=1 seek="$place" conv=notrunc status=none
}

# One bit of a record that is not shipped yet turns over on the disk, with many behind it. That record is lost, and said to be;
# what follows is not, and nothing false gets into the history.
case_damage()
{
	local told_lost
	load_start
	stack_kill design
	sort "$run"/acked.*.csv >"$run/perhaps-shipped"
	load_grow 4000
	load_stop
	stack_kill "$where"
	flip_bit
	stack_restart "$where"
	stack_restart design
	damaged=1
	load_judge
	told_lost=$(design_sql -At -c "SELECT count(*) FROM ingest_reject")
	[ "$told_lost" = 1 ] || problem "the damaged record is not told as lost: ingest_reject has $told_lost rows"
	design_sql -c "TRUNCATE ingest_reject"
	told="a bit of one record turned over; that record is told as lost"
}

# The clock is set while the runtime serves, and is still wrong when it starts anew.
case_clock()
{
	local seconds hours
	told="clock set by 1 h and 1 year, forth and back"
	shim FAULT_CLOCK=1
	stack_kill "$where"
	stack_restart "$where"
	load_start
	for seconds in 3600 -3600 31536000 -31536000 0; do
		fault_set clock "$seconds"
		pause_some 600
		stack_kill "$where"
		stack_restart "$where"
		pause_some 600
	done
	load_end offers
	hours=$(design_sql -At -c "SELECT count(DISTINCT round(extract(epoch FROM time - now()) / 3600)) FROM fault_check.event")
	[ "$hours" -ge 5 ] || problem "the history knows $hours different times, not 5: the clock was not set"
}

# A full disk refuses events by code and takes them again when there is room; nothing has to be started anew.
case_disk_full()
{
	told="a full disk, and room again"
	shim FAULT_DISK=1
	stack_kill "$where"
	stack_restart "$where"
	load_start
	fault_set disk enospc
	load_tries 5000
	fault_set disk none
	load_grow 500
	load_end
	[ "$(load_figure full)" -gt 0 ] || problem "no event was refused with JOURNAL_FULL"
	told+=": $(load_figure full) calls refused meanwhile"
}

# offered_link: sets link and treatment of what a visitor is shown.
offered_link()
{
	local session said
	session=$(parley session start --env "$where" --channel fault --audience visitor:number=7 2>/dev/null) || stack_fail "no session"
	said=$(parley offers "$session" first --env "$where" -o json 2>/dev/null) || stack_fail "no offers"
	treatment=$(sed -n 's/.*"treatment_code": *"\([^"]*\)".*/\1/p' <<<"$said" | head -n 1)
	link=$(sed -n 's/.*"link": *"\([^"]*\)".*/\1/p' <<<"$said" | head -n 1)
}

# click WHAT: it leads on, and keeps nobody waiting for a disk.
click()
{
	local code seconds
	read -r code seconds < <(curl -sS --max-time 20 -o /dev/null -w '%{http_code} %{time_total}\n' "$link" 2>&1)
	[ "$code" = 302 ] || problem "a click $1 was answered $code"
	awk -v s="$seconds" 'BEGIN { exit !(s < 4) }' || problem "a click $1 was led on after $seconds s only"
}

# click_figure NAME: sets figure.
click_figure()
{
	figure=$(curl -sS --max-time 10 "http://127.0.0.1:${STACK_SIDE[$where]}/metrics" | sed -n "s/^parley_clicks_$1 //p")
}

# clicked TREATMENT: the history has its click, once, before half a minute is over.
clicked()
{
	local polls=150 count=
	until [ "$count" = 1 ] || [ $((polls -= 1)) = 0 ]; do
		count=$(design_sql -At -c "SELECT count(*) FROM late_response WHERE event_id = 'click:$1'")
		[ "$count" = 1 ] || sleep 0.2
	done
	[ "$count" = 1 ] || problem "the history has $count clicks of one link"
}

# Who clicks gets to the page, whatever the disk does; and what had been led on in time outlives a power failure at once.
case_clicks()
{
	local link treatment figure first
	shim FAULT_HOLD=1
	stack_kill "$where"
	stack_restart "$where"
	offered_link
	first=$treatment
	click "on a sound disk"
	stack_kill "$where"
	stack_restart "$where"
	offered_link
	fault_set sync 6000000
	click "on a disk that stalls"
	fault_set sync 0
	clicked "$treatment"
	click_figure late_total
	[ "$figure" = 1 ] || problem "one click was led on before the disk had it, but told are $figure"
	offered_link
	fault_set disk enospc
	click "on a full disk"
	click_figure 'total{result="lost"}'
	[ "$figure" = 1 ] || problem "one click was lost, but told are $figure"
	fault_set disk none
	load_start
	# The one before may have waited for room, and then stands in the journal too.
	echo "again,click:$treatment,,,," >"$run/asked.click.csv"
	click "with room again"
	load_end
	clicked "$treatment"
	clicked "$first"
	told="clicks are led on from a disk that stalls or is full"
}

case_short_writes()
{
	shim FAULT_DISK=1
	stack_kill "$where"
	stack_restart "$where"
	load_start
	fault_set disk short
	load_grow 2000
	load_end
	told="short and interrupted writes"
}

# disk_fails WORD…: the runtime must stop by itself with exit code 3, and what it has acknowledged is there in its next life.
disk_fails()
{
	local word begun=
	for word in "$@"; do
		shim FAULT_HOLD=1
		stack_kill "$where"
		runtime_child
		[ -n "$begun" ] || load_start
		begun=yes
		pause_some 500
		fault_set disk "$word"
		runtime_ended 3
		rm -f "$STACK/run/$where.pid"
		shim
		stack_restart "$where"
	done
	pause_some 300
	load_end offers
}

case_sync_fails()
{
	disk_fails eio-sync eio-once
	told="EIO on fdatasync: exit 3"
}

case_write_fails()
{
	disk_fails eio-write eio-write
	told="EIO on write: exit 3"
}

# The design server is away until the journal is 70 % full: events are refused with a time to come back, offers go on and say that
# they are not recorded. When it is back the journal empties by itself.
case_quota()
{
	local link treatment figure
	load_start --threads 2
	stack_kill design
	client_words --fill --threads 6 --name "fill$run_number"
	"${client[@]}" >"$run/fill.out" 2>"$run/fill.err" ||
		problem "the filling client failed: $(tail -n 1 "$run/fill.err")"
	[ "$(sed -n 's/.*crowded \([0-9]*\).*/\1/p' "$run/fill.out")" -gt 0 ] || problem "no getOffers that was recorded said EVENTS_PAUSED"
	[ "$(sed -n 's/.*paused \([0-9]*\).*/\1/p' "$run/fill.out")" -gt 0 ] || problem "no getOffers said HISTORY_PAUSED"
	offered_link
	click "on a full journal"
	click_figure 'total{result="lost"}'
	[ "$figure" = 1 ] || problem "one click was lost, but told are $figure"
	stack_restart design
	load_grow 300
	load_end
	click "when there is room again"
	clicked "$treatment"
	[ "$(load_figure full)" -gt 0 ] || problem "no event was refused with JOURNAL_FULL"
	[ "$(load_figure no_pushback)" = 0 ] || problem "$(load_figure no_pushback) refusals did not say when to try again"
	told="journal at its quota: $(load_figure full) events refused, offers went on"
}

# measure: sets rss_runtime, rss_design (KiB), fds_runtime, fds_design and disk (KiB of the journal).
measure()
{
	local pid name
	for name in "$where" design; do
		pid=$(process_pid "$STACK/run/$name.pid")
		printf -v "rss_${name/$where/runtime}" '%s' "$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")"
		printf -v "fds_${name/$where/runtime}" '%s' "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)"
	done
	# Files come and go while du looks; what it has seen by then is told all the same.
	disk=$({ du -sk "$journal" 2>/dev/null || true; } | cut -f 1)
}

# Nothing is wrong, and nothing grows: after a warm-up memory, descriptors and journal stay where they are.
case_steady()
{
	local rss_runtime rss_design fds_runtime fds_design disk before
	load_start
	load_grow 40000
	measure
	before=("$rss_runtime" "$rss_design" "$fds_runtime" "$fds_design")
	load_grow $((rounds * 5000))
	measure
	load_end
	[ "$rss_runtime" -lt $((before[0] + 16384)) ] || problem "the runtime grew from ${before[0]} to $rss_runtime KiB"
	[ "$rss_design" -lt $((before[1] + 16384)) ] || problem "the design server grew from ${before[1]} to $rss_design KiB"
	[ "$fds_runtime" -le $((before[2] + 4)) ] || problem "the runtime's files grew from ${before[2]} to $fds_runtime"
	[ "$fds_design" -le $((before[3] + 4)) ] || problem "the design server's files grew from ${before[3]} to $fds_design"
	[ "$disk" -le $((3 * 65536)) ] || problem "the journal has $disk KiB"
	told="runtime ${before[0]} -> $rss_runtime KiB, ${before[2]} -> $fds_runtime files; design server ${before[1]} -> $rss_design KiB, ${before[3]} -> $fds_design files; journal $disk KiB"
}
