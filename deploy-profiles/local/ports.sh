# shellcheck shell=bash
# TCP ports, read off /proc so that no tool is needed. Sourced, never run.

# port_inodes PORT: the sockets that listen on it, on whatever address.
port_inodes()
{
	local hex
	printf -v hex '%04X' "$1"
	awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# port_owner PORT: "PROGRAM (process ID)" of who listens there; fails if the port is free.
port_owner()
{
	local inode fd pid
	inode=$(port_inodes "$1" | head -n 1)
	[ -n "$inode" ] || return 1
	for fd in /proc/[0-9]*/fd/*; do
		if [ "$(readlink "$fd" 2>/dev/null)" = "socket:[$inode]" ]; then
			pid=${fd#/proc/}
			pid=${pid%%/*}
			echo "$(cat "/proc/$pid/comm") (process $pid)"
			return 0
		fi
	done
	echo "a program of another user"
}
