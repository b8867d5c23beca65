// Answers that leave together. gRPC core sends every answer by a sendmsg of its own, and the most expensive
// part of that is the kernel's: one small segment each, and the reader woken for each. So what the poller
// sends while it works off what has come is marked MSG_MORE, which lets the kernel gather a connection's
// answers; before the poller waits, and after so many events at the latest, it pushes them out. The kernel
// keeps the order and the flow control, whoever else writes to the connection; what is never pushed leaves
// after 200 ms. That is why nothing is marked that is sent while the poller waits: gRPC core answers pings
// and opens windows by itself then, and a caller may have nothing to send before that reaches it. Programs
// that have gRPC inside are linked with --wrap=sendmsg; in others nothing is marked.
#include "rpc/internal.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	CONNECTIONS = 128,     // that have something to push; more of them are pushed at once
	DESCRIPTORS = 1 << 16, // above, nothing is gathered
	LOOK_AGAIN = 16,       // rounds between two looks at whether gathering pays
};

// The poller's; a thread that is none has no `round`.
static _Thread_local struct {
	uint32_t round;          // counts from 1; 0: this thread is no poller
	bool gathers;            // whether sends are marked
	bool waits;              // nothing is, for now
	uint32_t sends, touched; // since the last look: sends, and connections that rounds sent to
	size_t count;
	int dirty[CONNECTIONS]; // connections of this round
	uint32_t *last_round;   // of each descriptor
} gathered;

void coalesce_begin(void)
{
	gathered.last_round = calloc(DESCRIPTORS, sizeof(*gathered.last_round));
	gathered.round = gathered.last_round != NULL;
}

void coalesce_end(void)
{
	coalesce_push();
	gathered.round = 0;
	free(gathered.last_round);
}

static void push(void)
{
	static const int on = 1;

	if (gathered.gathers)
		for (size_t i = 0; i < gathered.count; i++)
			setsockopt(gathered.dirty[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	gathered.count = 0;
	gathered.round++;
}

void coalesce_push(void)
{
	if (gathered.count == 0)
		return;
	push();
	if (gathered.round % LOOK_AGAIN != 0)
		return;
	gathered.gathers = gathered.sends >= 2 * gathered.touched;
	gathered.sends = gathered.touched = 0;
}

void coalesce_wait(bool waits)
{
	gathered.waits = waits;
}

bool coalesce_note(int fd)
{
	if (gathered.round == 0 || gathered.waits || fd < 0 || fd >= DESCRIPTORS)
		return false;
	gathered.sends++;
	if (gathered.last_round[fd] == gathered.round)
		return gathered.gathers;
	if (gathered.count == CONNECTIONS)
		push();
	gathered.last_round[fd] = gathered.round;
	gathered.dirty[gathered.count++] = fd;
	gathered.touched++;
	return gathered.gathers;
}
