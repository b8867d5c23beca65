#include "watchdog.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

// The host of "HOST:PORT" or "[HOST]:PORT"; a wildcard becomes loopback.
static void host_of(const char *address, char *host, size_t size)
{
	Str text = str(address);
	const char *colon = strrchr(address, ':');
	if (colon != NULL)
		text.len = (size_t)(colon - address);
	if (text.len >= 2 && text.ptr[0] == '[')
		text = str_n(text.ptr + 1, text.len - 2);
	if (str_eq(text, STR("0.0.0.0")))
		text = STR("127.0.0.1");
	if (str_eq(text, STR("::")))
		text = STR("::1");
	snprintf(host, size, STR_FMT, STR_ARG(text));
}

static bool wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	return poll(&poll_fd, 1, timeout_ms) == 1;
}

// Half-closes and waits for the other side to answer or close.
static Err hang_up(int fd, int timeout_ms)
{
	int failed = 0;
	socklen_t size = sizeof failed;
	if (!wait_for(fd, POLLOUT, timeout_ms))
		return err(ERR_TIMEOUT, "the connection is not taken");
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0 || failed != 0)
		return err(ERR_UNAVAILABLE, "the connection is refused");
	shutdown(fd, SHUT_WR);
	if (!wait_for(fd, POLLIN, timeout_ms))
		return err(ERR_TIMEOUT, "the connection is not accepted");
	return OK;
}

Err watchdog_probe(const char *address, int port, int timeout_ms)
{
	char host[128], service[16];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
	host_of(address, host, sizeof host);
	snprintf(service, sizeof service, "%d", port);
	if (getaddrinfo(host, service, &hints, &found) != 0)
		return err(ERR_UNAVAILABLE, "the address %s cannot be resolved", host);
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	Err e = OK;
	if (fd < 0 || (connect(fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS))
		e = err_errno(ERR_UNAVAILABLE, "cannot connect to %s:%d", host, port);
	else
		e = hang_up(fd, timeout_ms);
	freeaddrinfo(found);
	if (fd >= 0)
		close(fd);
	return e;
}
