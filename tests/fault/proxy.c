// Stands between two servers and cuts their connections. Between the design server and PostgreSQL it cuts
// right after a COMMIT was passed on, and swallows the answer: what became of it, the design server cannot
// know. That of a transaction which only reads is let through: nothing hangs on it. Elsewhere it cuts after
// any number of bytes. Seeded; what it did is in the report file, and how often it hit those who work as a
// role that was named: many others commit, too, and a case must know that it hit whom it is about. SIGUSR1
// lets it rest, and begin again.
#include "oracle/chance.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINKS_MAX = 256, CHUNK = 64 * 1024, ANSWER_WAIT_MS = 2000, BACKLOG = 64 };

typedef struct Proxy {
	const char *listen, *to, *report, *role;
	bool at_commit;
	unsigned one_in; // COMMITs, or the most bytes before a cut
	Chance chance;
	int listener;
	unsigned long connections, commits, cuts, cuts_of_role;
	struct Link {
		int near, far; // the client's side, the server's; -1: free
		size_t left;   // bytes until it is cut, if not at a COMMIT
		bool of_role, writes;
	} links[LINKS_MAX];
} Proxy;

typedef struct Link Link;

typedef union Address {
	struct sockaddr any;
	struct sockaddr_un unix_domain;
	struct sockaddr_in internet;
} Address;

static volatile sig_atomic_t rests;

static void on_signal(int number)
{
	(void)number;
	rests = !rests;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

// A path is a socket in the file system, a number a port on 127.0.0.1.
static socklen_t address_of(const char *text, Address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (text[0] == '/') {
		ret->unix_domain.sun_family = AF_UNIX;
		(void)snprintf(ret->unix_domain.sun_path, sizeof(ret->unix_domain.sun_path), "%s", text);
		return sizeof(ret->unix_domain);
	}
	ret->internet.sin_family = AF_INET;
	ret->internet.sin_port = htons((uint16_t)strtoul(text, NULL, 10));
	ret->internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(ret->internet);
}

static void listen_there(Proxy *proxy)
{
	Address address;
	socklen_t len = address_of(proxy->listen, &address);
	int on = 1;

	proxy->listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (proxy->listener < 0)
		fail("socket");
	(void)setsockopt(proxy->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(proxy->listener, &address.any, len) != 0 || listen(proxy->listener, BACKLOG) != 0)
		fail(proxy->listen);
}

static void tell(const Proxy *proxy)
{
	FILE *file = fopen(proxy->report, "we");

	if (!file)
		fail(proxy->report);
	(void)fprintf(file, "connections %lu commits %lu cuts %lu of_role %lu\n", proxy->connections,
	        proxy->commits, proxy->cuts, proxy->cuts_of_role);
	(void)fclose(file);
}

static void drop(Link *link)
{
	(void)close(link->near);
	(void)close(link->far);
	link->near = link->far = -1;
}

static void cut(Proxy *proxy, Link *link)
{
	drop(link);
	proxy->cuts++;
	proxy->cuts_of_role += link->of_role;
	tell(proxy);
}

static void join(Proxy *proxy)
{
	Address address;
	socklen_t len = address_of(proxy->to, &address);
	int near = accept(proxy->listener, NULL, NULL), far = socket(address.any.sa_family, SOCK_STREAM, 0);

	for (int i = 0; i < LINKS_MAX && near >= 0 && far >= 0; i++) {
		if (proxy->links[i].near >= 0)
			continue;
		if (connect(far, &address.any, len) != 0)
			break;
		proxy->links[i] = (Link){
		        .near = near, .far = far, .left = 1 + chance_below(&proxy->chance, proxy->one_in)};
		proxy->connections++;
		return;
	}
	(void)close(near); // the server is down
	(void)close(far);
}

static bool pass_on(int to, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(to, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

// Half of the time the answer is awaited, so that the COMMIT has surely taken effect; else it may still fail.
static void cut_at_commit(Proxy *proxy, Link *link)
{
	char answer[CHUNK];
	struct pollfd wait = {.fd = link->far, .events = POLLIN};

	if (chance_once_in(&proxy->chance, 2) && poll(&wait, 1, ANSWER_WAIT_MS) > 0)
		(void)!read(link->far, answer, sizeof(answer));
	cut(proxy, link);
}

// Simple queries, as they stand on the wire.
static const char begin_to_write[] = "Q\0\0\0\012BEGIN", commit[] = "Q\0\0\0\013COMMIT";

static bool has(const char *bytes, size_t len, const char *what, size_t what_len)
{
	return memmem(bytes, len, what, what_len) != NULL;
}

// Whether what the design server says here ends a transaction that wrote.
static bool is_commit(const Proxy *proxy, Link *link, const char *bytes, size_t len)
{
	if (proxy->role && has(bytes, len, proxy->role, strlen(proxy->role)))
		link->of_role = true;
	if (has(bytes, len, begin_to_write, sizeof(begin_to_write)))
		link->writes = true;
	if (!link->writes || !has(bytes, len, commit, sizeof(commit)))
		return false;
	link->writes = false;
	return true;
}

static void carry(Proxy *proxy, Link *link, bool forth)
{
	char bytes[CHUNK];
	ssize_t n = read(forth ? link->near : link->far, bytes, sizeof(bytes));
	size_t len = n > 0 ? (size_t)n : 0;
	bool by_bytes = !proxy->at_commit && !rests;

	if (n < 0 && errno == EINTR)
		return;
	if (by_bytes && len > link->left)
		len = link->left;
	if (len == 0 || !pass_on(forth ? link->far : link->near, bytes, len)) {
		drop(link);
		return;
	}
	if (by_bytes) {
		link->left -= len;
		if (link->left == 0)
			cut(proxy, link);
	} else if (proxy->at_commit && forth && is_commit(proxy, link, bytes, len)) {
		proxy->commits++;
		if (!rests && chance_once_in(&proxy->chance, proxy->one_in))
			cut_at_commit(proxy, link);
	}
}

static void serve(Proxy *proxy)
{
	struct pollfd wait[1 + 2 * LINKS_MAX];

	for (;;) {
		wait[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
		for (int i = 0; i < LINKS_MAX; i++) {
			wait[1 + 2 * i] = (struct pollfd){.fd = proxy->links[i].near, .events = POLLIN};
			wait[2 + 2 * i] = (struct pollfd){.fd = proxy->links[i].far, .events = POLLIN};
		}
		if (poll(wait, 1 + 2 * LINKS_MAX, -1) < 0 && errno != EINTR)
			fail("poll");
		for (int i = 0; i < LINKS_MAX; i++) {
			Link *link = &proxy->links[i];

			if (link->near >= 0 && wait[1 + 2 * i].revents)
				carry(proxy, link, true);
			if (link->near >= 0 && wait[2 + 2 * i].revents)
				carry(proxy, link, false);
		}
		if (wait[0].revents)
			join(proxy);
	}
}

int main(int argc, char **argv)
{
	static const struct option table[] = {{"listen", 1, NULL, 'l'}, {"to", 1, NULL, 't'},
	        {"report", 1, NULL, 'r'}, {"commits", 1, NULL, 'c'}, {"bytes", 1, NULL, 'b'},
	        {"seed", 1, NULL, 's'}, {"role", 1, NULL, 'o'}, {0}};
	static Proxy proxy;

	for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;) {
		const char **texts[128] = {
		        ['l'] = &proxy.listen, ['t'] = &proxy.to, ['r'] = &proxy.report, ['o'] = &proxy.role};

		if (option == 's')
			proxy.chance = chance_new(strtoull(optarg, NULL, 10), 0);
		else if (option == 'c' || option == 'b')
			proxy.one_in = (unsigned)strtoul(optarg, NULL, 10);
		else if (texts[option & 127])
			*texts[option & 127] = optarg;
		proxy.at_commit = proxy.at_commit || option == 'c';
	}
	if (!proxy.listen || !proxy.to || !proxy.report || proxy.one_in == 0) {
		(void)fprintf(stderr,
		        "usage: fault_proxy --listen ADDRESS --to ADDRESS --report FILE --seed N\n"
		        "       --commits N (cuts one in N) [--role NAME] | --bytes N (cuts before so "
		        "many)\n");
		return 2;
	}
	for (int i = 0; i < LINKS_MAX; i++)
		proxy.links[i].near = proxy.links[i].far = -1;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); // however the run ends
	(void)signal(SIGUSR1, on_signal);
	listen_there(&proxy);
	tell(&proxy);
	serve(&proxy);
}
