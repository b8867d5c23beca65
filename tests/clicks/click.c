// What the story needs beyond curl: tokens made with a key (which a forger does not have), and thousands of
// tokens that are nearly right, on one connection.
#include "link/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 4096, REQUEST_MAX = 512 };

static int usage(void)
{
	fputs("usage: parley-click make KEYFILE ENVIRONMENT TREATMENT CHANNEL OFFER EXPIRES_S\n"
	      "       parley-click mutate PORT TOKEN SEED COUNT\n",
	        stderr);
	return 2;
}

static int make(char **argument)
{
	LinkKeys keys;
	char token[LINK_TOKEN_CHARS];
	if (link_keys_read(argument[0], str(argument[1]), &keys) != OK) {
		fprintf(stderr, "%s\n", err_detail()->message);
		return 1;
	}
	uint64_t offer = link_offer_ref(str(argument[3]), str(argument[4]));
	if (!link_click_write(&keys, str(argument[2]), offer, strtoll(argument[5], NULL, 10), token)) {
		fprintf(stderr, "%s is no treatment code\n", argument[2]);
		return 1;
	}
	printf("%.*s\n", LINK_TOKEN_CHARS, token);
	return 0;
}

// --- nearly right tokens ---

static int connect_to(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		perror("parley-click: connect");
		exit(1);
	}
	return fd;
}

// The status of the next answer, all of which is read; 0 if the server has hung up.
static unsigned read_answer(int fd)
{
	char answer[ANSWER_MAX + 1];
	size_t len = 0;
	for (;;) {
		ssize_t got = recv(fd, answer + len, ANSWER_MAX - len, 0);
		if (got <= 0)
			return 0;
		len += (size_t)got;
		answer[len] = '\0';
		const char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "content-length:");
		if (end != NULL && length != NULL && length < end &&
		        len >= (size_t)(end + 4 - answer) + strtoul(length + 15, NULL, 10))
			return (unsigned)strtoul(answer + 9, NULL, 10);
	}
}

static unsigned ask(int *fd, const char *port, const char *token)
{
	char request[REQUEST_MAX];
	int len = snprintf(request, sizeof request, "GET /c/%s HTTP/1.1\r\nHost: offers\r\n\r\n", token);
	for (int tries = 0; tries < 2; tries++) {
		if (send(*fd, request, (size_t)len, MSG_NOSIGNAL) == len) {
			unsigned status = read_answer(*fd);
			if (status != 0)
				return status;
		}
		close(*fd);
		*fd = connect_to(port);
	}
	fputs("parley-click: the server does not answer\n", stderr);
	exit(1);
}

// A token changed in one to three places, cut, or with something behind it; what HTTP allows in a path.
static void mutate(const char *token, char ret[REQUEST_MAX / 2])
{
	static const char any[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~.!$&'()*+,;=:@/";
	size_t len = strlen(token);
	memcpy(ret, token, len + 1);
	switch (random() % 8) {
	case 0:
		ret[(size_t)random() % len] = '\0';
		return;
	case 1:
		ret[len++] = any[(size_t)random() % (sizeof any - 1)];
		ret[len] = '\0';
		return;
	default:
		for (long n = random() % 3; n >= 0; n--)
			ret[(size_t)random() % len] = any[(size_t)random() % (sizeof any - 1)];
	}
}

static int mutations(char **argument)
{
	const char *port = argument[0], *token = argument[1];
	unsigned long count = strtoul(argument[3], NULL, 10), led_on = 0, others = 0;
	char changed[REQUEST_MAX / 2];
	if (strlen(token) >= REQUEST_MAX / 4)
		return usage();
	srandom((unsigned)strtoul(argument[2], NULL, 10));
	int fd = connect_to(port);
	for (unsigned long i = 0; i < count; i++) {
		do
			mutate(token, changed);
		while (strcmp(changed, token) == 0);
		unsigned status = ask(&fd, port, changed);
		if (status >= 300 && status < 400) {
			printf("led on: %s\n", changed);
			led_on++;
		} else if (status != 404) {
			printf("%u: %s\n", status, changed);
			others++;
		}
	}
	close(fd);
	printf("%lu tokens, %lu led on, %lu not answered 404\n", count, led_on, others);
	return led_on + others > 0;
}

int main(int count, char **argument)
{
	if (count == 8 && strcmp(argument[1], "make") == 0)
		return make(argument + 2);
	if (count == 6 && strcmp(argument[1], "mutate") == 0)
		return mutations(argument + 2);
	return usage();
}
