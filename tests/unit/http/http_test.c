// Stories of common/http, told over raw sockets: what is answered, and that whoever is slow, large or many
// disturbs nobody else.
#include "base/cleanup.h"
#include "base/clock.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 300, CONNECTIONS = 24, BODY_MAX = 1000, ANSWER_MAX = 64 * 1024 };

static HttpServer *server;
static int port;
static const char *missing;

// --- the handlers ---

static void echo(void *context, HttpRequest *request)
{
	Arena *arena = http_arena(request);
	Str path = http_path(request), body;
	Str header = http_header(request, "X-Name"), address = http_address(request);
	(void)context;
	Err e = http_body(request, &body);
	char *text = arena_printf(arena, STR_FMT "|" STR_FMT "|" STR_FMT "|%s", STR_ARG(path), STR_ARG(body),
	        STR_ARG(header), e == OK ? "" : err_reason(e));
	assert_true(str_starts(address, STR("ipv4:127.0.0.1:")));
	http_answer(request, &(HttpResponse){.status = 200, .type = "text/plain", .body = str(text)});
}

static void redirect(void *context, HttpRequest *request)
{
	(void)context;
	http_answer(request, &(HttpResponse){.status = 302,
	                             .type = "text/plain",
	                             .headers = {{"Location", "https://bank.example/cards/gold"}}});
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static HttpRequest *waiting; // its answer is somebody else's

static void wait_for_other(void *context, HttpRequest *request)
{
	(void)context;
	pthread_mutex_lock(&lock);
	waiting = request;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

static HttpRequest *take_waiting(void)
{
	pthread_mutex_lock(&lock);
	while (!waiting)
		pthread_cond_wait(&changed, &lock);
	HttpRequest *taken = waiting;
	waiting = NULL;
	pthread_mutex_unlock(&lock);
	return taken;
}

static const char *what_is_missing(void *context)
{
	(void)context;
	return missing;
}

static HttpReadiness readiness = {.missing = what_is_missing};
static const HttpRoute routes[] = {
        {.method = "GET", .path = "/livez", .handle = http_alive},
        {.method = "GET", .path = "/readyz", .handle = http_ready, .context = &readiness},
        {.method = "GET", .path = "/echo", .handle = echo},
        {.method = "GET", .path = "/below/", .handle = echo},
        {.method = "POST", .path = "/echo", .handle = echo, .max_body = BODY_MAX},
        {.method = "GET", .path = "/gold", .handle = redirect},
        {.method = "GET", .path = "/later", .handle = wait_for_other, .later = true},
};

static int start(void **state)
{
	(void)state;
	missing = NULL;
	return http_start(&(HttpOptions){.listen = STR("127.0.0.1:0"),
	                          .connections = CONNECTIONS,
	                          .patience_us = PATIENCE_MS * US_PER_MS,
	                          .routes = routes,
	                          .route_count = ARRAY_COUNT(routes),
	                          .ret_port = &port},
	               &server) == OK
	               ? 0
	               : -1;
}

static int stop(void **state)
{
	(void)state;
	http_stop(server);
	return 0;
}

// --- a client ---

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct timeval limit = {.tv_sec = 20};
	struct sockaddr_in address = {.sin_family = AF_INET,
	        .sin_port = htons((uint16_t)port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, Str text)
{
	while (text.len) {
		ssize_t sent = send(fd, text.ptr, text.len, MSG_NOSIGNAL);
		if (sent <= 0)
			return; // the server has answered and closed
		text = str_n(text.ptr + sent, text.len - (size_t)sent);
	}
}

static char answer[ANSWER_MAX];

// The whole answer, until the server closes.
static const char *hear(int fd)
{
	size_t len = 0;
	ssize_t got;
	while (len < ANSWER_MAX - 1 && (got = recv(fd, answer + len, ANSWER_MAX - 1 - len, 0)) > 0)
		len += (size_t)got;
	answer[len] = 0;
	close(fd);
	return answer;
}

static const char *ask(const char *method, const char *path, const char *more)
{
	char head[512];
	int fd = dial();
	snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n",
	        method, path, more);
	say(fd, str(head));
	return hear(fd);
}

static void assert_status(const char *got, int status)
{
	int is = 0;
	sscanf(got, "HTTP/1.1 %d", &is);
	assert_int_equal(is, status);
}

static void assert_ends(const char *got, const char *end)
{
	if (!str_ends(str(got), str(end)))
		fail_msg("\"%s\" does not end in \"%s\"", got, end);
}

// --- stories ---

static void routes_are_found_by_method_and_path(void **state)
{
	(void)state;
	assert_ends(ask("GET", "/echo", ""), "/echo|||");
	assert_ends(ask("GET", "/echo?name=a%20b&x=1", "X-Name: Ann\r\n"), "/echo||Ann|");
	assert_ends(ask("GET", "/below/x/y%2fz", ""), "/below/x/y/z|||");
	assert_status(ask("GET", "/below", ""), 404);
	assert_status(ask("GET", "/echoes", ""), 404);
	assert_status(ask("POST", "/nowhere", "Content-Length: 0\r\n"), 404);
	assert_status(ask("DELETE", "/echo", ""), 405);
	assert_ends(ask("HEAD", "/echo", ""), "\r\n\r\n");
	assert_non_null(strstr(ask("GET", "/gold", ""), "\r\nLocation: https://bank.example/cards/gold\r\n"));
}

static void probes_tell_life_and_readiness(void **state)
{
	(void)state;
	assert_status(ask("GET", "/livez", ""), 200);
	assert_status(ask("GET", "/readyz", ""), 200);
	missing = "the disk is full\n";
	assert_status(ask("GET", "/readyz", ""), 503);
	assert_ends(answer, "\r\n\r\nthe disk is full\n");
	assert_status(ask("GET", "/livez", ""), 200);
}

static const char *post_bytes(const char *path, size_t len)
{
	char head[256];
	char *body = calloc(1, len + 1);
	memset(body, 'x', len);
	int fd = dial();
	snprintf(head, sizeof(head),
	        "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
	        path, len);
	say(fd, str(head));
	say(fd, str_n(body, len));
	free(body);
	return hear(fd);
}

static void bodies_have_a_limit(void **state)
{
	(void)state;
	assert_ends(post_bytes("/echo", BODY_MAX), "x||");
	assert_ends(post_bytes("/echo", BODY_MAX + 1), "/echo|||REQUEST_TOO_LARGE");
	assert_ends(post_bytes("/echo", 500000), "/echo|||REQUEST_TOO_LARGE");
	post_bytes("/echo", 8 * 1024 * 1024); // given up on; what is heard depends on how much was sent
	assert_status(ask("GET", "/echo", "Content-Length: 0\r\n"), 200);
	int fd = dial();
	say(fd, STR("GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nxx"));
	assert_status(hear(fd), 413);
}

static void a_huge_header_is_refused(void **state)
{
	(void)state;
	static char large[100 * 1024];
	memset(large, 'x', sizeof(large));
	int fd = dial();
	say(fd, STR("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Large: "));
	say(fd, str_n(large, sizeof(large)));
	say(fd, STR("\r\n\r\n"));
	const char *got = hear(fd);
	if (*got)
		assert_status(got, 431);
	assert_status(ask("GET", "/livez", ""), 200);
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	const Str nonsense[] = {STR("\r\n\r\n\r\n"), STR("\0\1\2\3\xff\r\n\r\n"),
	        STR("GET /livez HTTP/9.9\r\n\r\n"),
	        STR("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"),
	        STR("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")};
	for (size_t i = 0; i < ARRAY_COUNT(nonsense); i++) {
		int fd = dial();
		say(fd, nonsense[i]);
		shutdown(fd, SHUT_WR);
		assert_null(strstr(hear(fd), "200 OK"));
	}
	assert_status(ask("GET", "/livez", ""), 200);
}

// A byte now and then would keep a connection for ever if only silence counted.
static void who_is_slow_is_hung_up_on(void **state)
{
	(void)state;
	int slow[CONNECTIONS];
	int64_t began = monotonic_us();
	char byte;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		slow[i] = dial();
		say(slow[i], STR("GET /livez HTTP/1.1\r\nX-Slow: "));
	}
	// All places are taken, and this one is answered all the same, once the others' time is up.
	int late = dial();
	say(late, STR("GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	const struct timeval tick = {.tv_usec = 20000};
	setsockopt(slow[0], SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
	while (recv(slow[0], &byte, 1, 0) < 0)
		say(slow[0], STR("x"));
	assert_true(monotonic_us() - began >= PATIENCE_MS * US_PER_MS);
	assert_status(hear(late), 200);
	for (size_t i = 0; i < CONNECTIONS; i++)
		close(slow[i]);
}

static void an_answer_may_come_later_from_another_thread(void **state)
{
	(void)state;
	int fd = dial();
	say(fd, STR("GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	HttpRequest *request = take_waiting();
	// Meanwhile the server's one thread serves others, for longer than a client may take.
	int64_t until = monotonic_us() + 2 * PATIENCE_MS * US_PER_MS;
	while (monotonic_us() < until)
		assert_status(ask("GET", "/livez", ""), 200);
	http_answer_text(request, 200, "at last\n");
	assert_ends(hear(fd), "\r\n\r\nat last\n");
}

static void *answer_slowly(void *context)
{
	HttpRequest *request = take_waiting();
	*(bool *)context = true;
	http_answer_text(request, 200, "done\n");
	return NULL;
}

static void stopping_waits_for_what_is_under_way(void **state)
{
	pthread_t thread;
	bool answered = false;
	int fd = dial();
	say(fd, STR("GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	pthread_mutex_lock(&lock);
	while (!waiting)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	assert_int_equal(pthread_create(&thread, NULL, answer_slowly, &answered), 0);
	http_stop(server);
	assert_true(answered);
	pthread_join(thread, NULL);
	close(fd);
	assert_int_equal(start(state), 0);
}

static void addresses_are_checked(void **state)
{
	(void)state;
	HttpServer *other = NULL;
	const char *wrong[] = {"", "127.0.0.1", "127.0.0.1:99999", "localhost:80", "[127.0.0.1]:80", "::1:80",
	        "[]:80", "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28:80"};
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		assert_int_equal(
		        http_start(&(HttpOptions){.listen = str(wrong[i])}, &other), ERR_CONFIG_INVALID);
	const char *open[] = {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"};
	for (size_t i = 0; i < ARRAY_COUNT(open); i++)
		assert_int_equal(
		        http_start(&(HttpOptions){.listen = str(open[i]), .loopback_only = true}, &other),
		        ERR_CONFIG_INVALID);
	char taken[32];
	snprintf(taken, sizeof(taken), "127.0.0.1:%d", port);
	assert_int_equal(http_start(&(HttpOptions){.listen = str(taken)}, &other), ERR_IO);
	assert_null(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(routes_are_found_by_method_and_path, start, stop),
	        cmocka_unit_test_setup_teardown(probes_tell_life_and_readiness, start, stop),
	        cmocka_unit_test_setup_teardown(bodies_have_a_limit, start, stop),
	        cmocka_unit_test_setup_teardown(a_huge_header_is_refused, start, stop),
	        cmocka_unit_test_setup_teardown(nonsense_is_refused, start, stop),
	        cmocka_unit_test_setup_teardown(who_is_slow_is_hung_up_on, start, stop),
	        cmocka_unit_test_setup_teardown(an_answer_may_come_later_from_another_thread, start, stop),
	        cmocka_unit_test_setup_teardown(stopping_waits_for_what_is_under_way, start, stop),
	        cmocka_unit_test_setup_teardown(addresses_are_checked, start, stop),
	};
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
