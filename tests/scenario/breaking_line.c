// One thread, one connection at a time: a client that ships has no more, and the next one waits in the
// listener's queue until the one before is broken.
#include "breaking_line.h"

#include "fixture.h" // cmocka

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOK_MS = 20, BACKLOG = 16, CHUNK = 16 << 10 };

struct BreakingLine {
	int listener, to_port;
	size_t bytes; // from the client, in a connection's life
	pthread_t thread;
	atomic_bool stop;
	unsigned broken;
};

static struct sockaddr_in local(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	        .sin_port = htons((uint16_t)port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

// What is there is passed on; false: one side has ended.
static bool pass(int from, int to, size_t *ret_bytes)
{
	char chunk[CHUNK];
	ssize_t got = read(from, chunk, sizeof chunk);
	*ret_bytes += got > 0 ? (size_t)got : 0;
	for (ssize_t sent = 0; sent < got;) {
		ssize_t more = send(to, chunk + sent, (size_t)(got - sent), MSG_NOSIGNAL);
		if (more <= 0)
			return false;
		sent += more;
	}
	return got > 0;
}

static void carry(BreakingLine *line, int near, int far)
{
	struct pollfd ends[] = {{.fd = near, .events = POLLIN}, {.fd = far, .events = POLLIN}};
	size_t passed = 0, answered = 0;
	while (!line->stop) {
		if (poll(ends, 2, LOOK_MS) <= 0)
			continue;
		if ((ends[0].revents && !pass(near, far, &passed)) ||
		        (ends[1].revents && !pass(far, near, &answered)))
			return;
		if (passed >= line->bytes) {
			line->broken++;
			return;
		}
	}
}

static void *line_main(void *context)
{
	BreakingLine *line = context;
	const struct sockaddr_in to = local(line->to_port);
	while (!line->stop) {
		struct pollfd waiting = {.fd = line->listener, .events = POLLIN};
		if (poll(&waiting, 1, LOOK_MS) <= 0)
			continue;
		int near = accept(line->listener, NULL, NULL), far = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(far, (const struct sockaddr *)&to, sizeof to) == 0)
			carry(line, near, far);
		close(near);
		close(far);
	}
	return NULL;
}

BreakingLine *breaking_line_start(int to_port, size_t bytes, int *ret_port)
{
	BreakingLine *line = calloc(1, sizeof *line);
	struct sockaddr_in here = local(0);
	socklen_t len = sizeof here;
	assert_non_null(line);
	line->bytes = bytes;
	line->to_port = to_port;
	line->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(line->listener, (struct sockaddr *)&here, sizeof here), 0);
	assert_int_equal(listen(line->listener, BACKLOG), 0);
	assert_int_equal(getsockname(line->listener, (struct sockaddr *)&here, &len), 0);
	*ret_port = ntohs(here.sin_port);
	assert_int_equal(pthread_create(&line->thread, NULL, line_main, line), 0);
	return line;
}

unsigned breaking_line_stop(BreakingLine *line)
{
	line->stop = true;
	pthread_join(line->thread, NULL);
	close(line->listener);
	unsigned broken = line->broken;
	free(line);
	return broken;
}
