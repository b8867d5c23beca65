// Stories told over HTTP: the same calls as over gRPC, answered the same, as Connect has it.
#include "fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Answer {
	int status;
	char *text; // whole answer
	const char *body;
	size_t body_len;
	json_t *json; // of the body, if it is JSON
} Answer;

static void answer_free(Answer *answer)
{
	free(answer->text);
	json_decref(answer->json);
}

static int connect_http(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
	        .sin_port = htons((uint16_t)http_port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return; // the server has answered and closed
		data += sent;
		len -= (size_t)sent;
	}
}

static Answer read_answer(int fd)
{
	enum { ANSWER_MAX = 1024 * 1024 };
	Answer answer = {.text = calloc(1, ANSWER_MAX)};
	size_t len = 0;
	ssize_t got;
	while (len < ANSWER_MAX - 1 && (got = recv(fd, answer.text + len, ANSWER_MAX - 1 - len, 0)) > 0)
		len += (size_t)got;
	close(fd);
	sscanf(answer.text, "HTTP/1.1 %d", &answer.status);
	const char *end = strstr(answer.text, "\r\n\r\n");
	answer.body = end ? end + 4 : answer.text + len;
	answer.body_len = len - (size_t)(answer.body - answer.text);
	answer.json = json_loadb(answer.body, answer.body_len, 0, NULL);
	return answer;
}

static Answer request(const char *verb, const char *path, const char *type, Who who, Str body)
{
	char head[1024], authorization[128] = "";
	int fd = connect_http();
	if (token_of(who))
		snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s\r\n", token_of(who));
	snprintf(head, sizeof(head),
	        "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
	        "%s\r\n%sContent-Length: %zu\r\n\r\n",
	        verb, path, type, authorization, body.len);
	send_all(fd, head, strlen(head));
	send_all(fd, body.ptr, body.len);
	return read_answer(fd);
}

static Answer post(Who who, const char *method, const char *json)
{
	char path[128], body[4096];
	snprintf(path, sizeof(path), "/parley.design.v1.%s", method);
	snprintf(body, sizeof(body), "%s", json);
	for (char *quote = body; (quote = strchr(quote, '\''));)
		*quote = '"';
	return request("POST", path, "application/json", who, str(body));
}

static void http_and_grpc_say_the_same(void **state)
{
	(void)state;
	static const char *const calls[][2] = {
	        {"ChannelService/GetChannel", "{'name': 'bank'}"},
	        {"OfferService/GetOffer", "{'name': 'gold'}"},
	        {"OfferService/ListOffers", "{'pageSize': 1}"},
	        {"TreatmentRuleService/ListTreatmentRules",
	                "{'channel': 'bank', 'filter': 'disabled == false'}"},
	        {"AudienceLevelService/GetAudienceLevel", "{'channel': 'bank', 'name': 'customer'}"},
	        {"AuthService/WhoAmI", "{}"},
	};
	make_bank();
	for (size_t i = 0; i < ARRAY_COUNT(calls); i++) {
		CLEANUP(json_decrefp_) json_t *over_grpc = ask(VIEWER, calls[i][0], "%s", calls[i][1]);
		CLEANUP(answer_free) Answer over_http = post(VIEWER, calls[i][0], calls[i][1]);
		assert_int_equal(over_http.status, 200);
		assert_non_null(over_grpc);
		assert_true(json_equal(over_grpc, over_http.json));
	}
}

static void failures_have_code_message_and_details(void **state)
{
	(void)state;
	static const struct {
		Who who;
		const char *method, *request;
		int status;
		const char *code;
		Err reason;
		size_t details;
	} failures[] = {
	        {ANONYMOUS, "OfferService/GetOffer", "{'name': 'gold'}", 401, "unauthenticated",
	                ERR_UNAUTHENTICATED, 1},
	        {VIEWER, "OfferService/DeleteOffer", "{'name': 'gold'}", 403, "permission_denied",
	                ERR_PERMISSION_DENIED, 1},
	        {VIEWER, "OfferService/GetOffer", "{'name': 'nothing'}", 404, "not_found",
	                ERR_RESOURCE_NOT_FOUND, 1},
	        {DESIGNER, "OfferService/DeleteOffer", "{'name': 'gold'}", 400, "failed_precondition",
	                ERR_RESOURCE_IN_USE, 1},
	        {DESIGNER, "ChannelService/CreateChannel", "{'channel': {'name': 'bank'}}", 409,
	                "already_exists", ERR_RESOURCE_EXISTS, 2},
	        {VIEWER, "OfferService/ListOffers", "{'filter': 'oops'}", 400, "invalid_argument",
	                ERR_FILTER_INVALID, 2},
	        {VIEWER, "OfferService/ListOffers", "{'colour': 1}", 400, "invalid_argument",
	                ERR_FIELD_UNKNOWN, 2},
	        {VIEWER, "OfferService/ListOffers", "{", 400, "invalid_argument", ERR_JSON_INVALID, 1},
	        {VIEWER, "OfferService/Nonsense", "{}", 501, "unimplemented", ERR_METHOD_UNKNOWN, 1},
	        {ANONYMOUS, "OfferService/ListOffers", "{", 401, "unauthenticated", ERR_UNAUTHENTICATED, 1},
	};
	make_bank();
	for (size_t i = 0; i < ARRAY_COUNT(failures); i++) {
		CLEANUP(answer_free)
		Answer answer = post(failures[i].who, failures[i].method, failures[i].request);
		if (answer.status != failures[i].status ||
		        count_at(answer.json, "details") < failures[i].details)
			print_error("%s %s: %s\n", failures[i].method, failures[i].request, answer.text);
		assert_int_equal(answer.status, failures[i].status);
		assert_string_equal(text_at(answer.json, "code"), failures[i].code);
		assert_string_not_equal(text_at(answer.json, "message"), "");
		assert_true(count_at(answer.json, "details") >= failures[i].details);
		assert_string_equal(text_at(answer.json, "details.0.type"), "google.rpc.ErrorInfo");
	}
}

static void changes_over_http_are_changes(void **state)
{
	(void)state;
	CLEANUP(answer_free)
	Answer made = post(DESIGNER, "ChannelService/CreateChannel",
	        "{'channel': {'name': 'bank', 'displayName': 'Bänk'}, 'requestId': 'h-1'}");
	assert_int_equal(made.status, 200);
	CLEANUP(json_decrefp_) json_t *got = ask(VIEWER, "ChannelService/GetChannel", "{'name': 'bank'}");
	assert_string_equal(text_at(got, "channel.displayName"), "Bänk");
	// The same request over gRPC is the same request.
	must(DESIGNER, "ChannelService/CreateChannel",
	        "{'channel': {'name': 'bank', 'displayName': 'Bänk'}, 'requestId': 'h-1'}");
}

static void logging_in_over_http(void **state)
{
	(void)state;
	CLEANUP(answer_free)
	Answer login = post(ANONYMOUS, "AuthService/Login", "{'user': 'vera', 'password': '" PASSWORD "'}");
	assert_int_equal(login.status, 200);
	json_t *who = NULL;
	assert_int_equal(ask_as(text_at(login.json, "token"), "AuthService/WhoAmI", "{}", &who), OK);
	json_decref(who);
}

static void protobuf_bodies_are_taken_too(void **state)
{
	(void)state;
	must(DESIGNER, "ChannelService/CreateChannel", "{'channel': {'name': 'bank'}}");
	const char *path = "/parley.design.v1.ChannelService/GetChannel";
	CLEANUP(answer_free)
	Answer good = request("POST", path, "application/proto", VIEWER,
	        STR("\x12\x04"
	            "bank"));
	assert_int_equal(good.status, 200);
	assert_non_null(strstr(good.text, "application/proto"));
	assert_non_null(memmem(good.body, good.body_len, "bank", 4));
	CLEANUP(answer_free)
	Answer bad = request("POST", path, "application/proto", VIEWER,
	        STR("\x12\x7f"
	            "bank"));
	assert_int_equal(bad.status, 400);
	assert_string_equal(text_at(bad.json, "code"), "invalid_argument");
}

static void odd_requests_get_proper_answers(void **state)
{
	(void)state;
	const char *path = "/parley.design.v1.ChannelService/GetChannel";
	static char large[64 * 1024 + 1], huge[700 * 1024];
	memset(large, ' ', sizeof(large));
	CLEANUP(answer_free)
	Answer too_large = request("POST", path, "application/json", VIEWER, str_n(large, sizeof(large)));
	assert_int_equal(too_large.status, 429);
	assert_string_equal(text_at(too_large.json, "code"), "resource_exhausted");
	CLEANUP(answer_free)
	Answer far_too_large = request("POST", path, "application/json", VIEWER, str_n(huge, sizeof(huge)));
	assert_int_equal(far_too_large.status, 429);
	CLEANUP(answer_free)
	Answer full = request("POST", path, "application/json", VIEWER, str_n(large, sizeof(large) - 1));
	assert_int_equal(full.status, 400);
	CLEANUP(answer_free) Answer text = request("POST", path, "text/plain", VIEWER, STR("{}"));
	assert_int_equal(text.status, 415);
	CLEANUP(answer_free) Answer put = request("PUT", path, "application/json", VIEWER, STR("{}"));
	assert_int_equal(put.status, 405);
	CLEANUP(answer_free) Answer lost = request("GET", "/nowhere", "application/json", VIEWER, STR(""));
	assert_int_equal(lost.status, 404);
	CLEANUP(answer_free) Answer empty = request("POST", path, "application/json", VIEWER, STR(""));
	assert_int_equal(empty.status, 400);
}

static void it_says_whether_it_lives_and_is_ready(void **state)
{
	(void)state;
	CLEANUP(answer_free) Answer live = request("GET", "/livez", "", ANONYMOUS, STR(""));
	assert_int_equal(live.status, 200);
	CLEANUP(answer_free) Answer ready = request("GET", "/readyz", "", ANONYMOUS, STR(""));
	assert_int_equal(ready.status, 200);
	http_is_ready = false;
	CLEANUP(answer_free) Answer away = request("GET", "/readyz", "", ANONYMOUS, STR(""));
	assert_int_equal(away.status, 503);
	http_is_ready = true;
}

static void http_stays_on_loopback(void **state)
{
	(void)state;
	HttpServer *http = NULL;
	const char *elsewhere[] = {
	        "0.0.0.0:0", "192.0.2.1:80", "[::]:0", "localhost:7480", "127.0.0.1", "127.0.0.1:99999", ""};
	for (size_t i = 0; i < ARRAY_COUNT(elsewhere); i++)
		assert_int_equal(
		        http_start(&(HttpOptions){.listen = str(elsewhere[i]), .loopback_only = true}, &http),
		        ERR_CONFIG_INVALID);
	char taken[32];
	snprintf(taken, sizeof(taken), "127.0.0.1:%d", http_port);
	assert_int_equal(http_start(&(HttpOptions){.listen = str(taken)}, &http), ERR_IO);
	assert_null(http);
}

static void *hammer(void *context)
{
	int *good = context;
	for (int i = 0; i < 20; i++) {
		CLEANUP(answer_free) Answer answer = post(VIEWER, "ChannelService/ListChannels", "{}");
		*good += answer.status == 200;
	}
	return NULL;
}

static void many_at_once_are_all_answered(void **state)
{
	(void)state;
	pthread_t threads[8];
	int good[8] = {0};
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, &good[i]), 0);
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(good[i], 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(http_and_grpc_say_the_same, fixture_clear),
	        cmocka_unit_test_setup(failures_have_code_message_and_details, fixture_clear),
	        cmocka_unit_test_setup(changes_over_http_are_changes, fixture_clear),
	        cmocka_unit_test_setup(logging_in_over_http, fixture_clear),
	        cmocka_unit_test_setup(protobuf_bodies_are_taken_too, fixture_clear),
	        cmocka_unit_test(odd_requests_get_proper_answers),
	        cmocka_unit_test(it_says_whether_it_lives_and_is_ready),
	        cmocka_unit_test(http_stays_on_loopback),
	        cmocka_unit_test(many_at_once_are_all_answered),
	};
	return cmocka_run_group_tests_name("admin over HTTP", tests, fixture_start, fixture_stop);
}
