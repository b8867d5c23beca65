// What the runtime server's HTTP side says when its disk fails: it lives, and is not ready.
#include "faults.h"
#include "side.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

// The answer to a GET, up to its end.
static const char *get(int port, const char *path, char *answer, size_t size)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	        .sin_port = htons((uint16_t)port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char request[200];
	size_t len = 0;
	ssize_t n;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	int asked = snprintf(
	        request, sizeof request, "GET %s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n", path);
	assert_int_equal(write(fd, request, (size_t)asked), asked);
	while (len < size - 1 && (n = read(fd, answer + len, size - 1 - len)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	close(fd);
	return answer;
}

static void with_a_poisoned_journal_it_lives_and_is_not_ready(void **state)
{
	(void)state;
	char answer[4096];
	TestDir dir = test_dir();
	Faults faults;
	Side *side = NULL;
	faults_init(&faults);
	JournalOptions options = test_options(&dir);
	options.io = &faults.io;
	Journal *journal = test_open(&options);
	const SideOptions side_options = {.listen = STR("127.0.0.1:0"), .parts.journal = journal};
	assert_int_equal(side_open(&side_options, &side), OK);

	assert_int_equal(test_append(journal, "e-1", STR("good")), OK);
	atomic_store(&faults.fail_errno, EIO);
	atomic_store(&faults.fail_times, 1);
	atomic_store(&faults.fail_call, (int)CALL_FDATASYNC);
	assert_int_equal(test_append(journal, "e-2", STR("bad")), ERR_JOURNAL_FAILED);

	get(side_port(side), "/readyz", answer, sizeof answer);
	assert_non_null(strstr(answer, "503 Service Unavailable"));
	assert_non_null(strstr(answer, "the journal cannot be written: the server stops"));
	assert_non_null(strstr(get(side_port(side), "/livez", answer, sizeof answer), "200 OK"));
	side_close(side);
	journal_close(journal);
	test_dir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(with_a_poisoned_journal_it_lives_and_is_not_ready),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
