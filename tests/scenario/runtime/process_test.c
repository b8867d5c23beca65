// A real parley-runtime: who may call it, what it survives, how it ends.
#include "base/clock.h"
#include "process.h"
#include "watchdog.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define INTERACTION_SERVICE "parley.runtime.v1.InteractionService"

static Home home;
static Client design, touchpoint;

static int set_up(void **state)
{
	(void)state;
	home_make(&home);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	home_remove(&home);
	return 0;
}

static void start(void)
{
	assert_int_equal(home_start(&home), -1);
	design = home_client(&home, "design");
	touchpoint = home_client(&home, "touchpoint");
}

static void drop_clients(void)
{
	client_free(&design);
	client_free(&touchpoint);
}

static Digest deploy_bank(void)
{
	return must_deploy(&design, world_finish(world_bank(design.arena)), 1, NULL);
}

// --- who may what ---

static Err version_by(Client client)
{
	Err e = get_version(&client, NULL);
	client_free(&client);
	return e;
}

static Err status_by(Client client)
{
	Err e = get_status(&client, NULL);
	client_free(&client);
	return e;
}

static Err start_by(Client client)
{
	Err e = start_session(&client, new_start(&client, "s1", 1), NULL);
	client_free(&client);
	return e;
}

static void everybody_gets_what_is_theirs(void **state)
{
	char same_length[] = TEST_TOKEN;
	same_length[sizeof same_length - 2] ^= 1;
	(void)state;
	start();
	deploy_bank();
	assert_int_equal(version_by(home_client(&home, "touchpoint")), OK);
	assert_int_equal(version_by(home_client(&home, "design")), OK);
	assert_int_equal(version_by(home_token_client(&home, TEST_TOKEN)), OK);
	assert_int_equal(version_by(home_plaintext_client(&home, TEST_TOKEN)), OK);
	assert_int_equal(start_by(home_client(&home, "touchpoint")), OK);
	assert_int_equal(start_by(home_token_client(&home, TEST_TOKEN)), OK);
	assert_int_equal(status_by(home_client(&home, "design")), OK);

	assert_int_equal(version_by(home_token_client(&home, NULL)), ERR_UNAUTHENTICATED);
	assert_int_equal(version_by(home_plaintext_client(&home, NULL)), ERR_UNAUTHENTICATED);
	assert_int_equal(version_by(home_token_client(&home, TEST_TOKEN "x")), ERR_UNAUTHENTICATED);
	assert_int_equal(start_by(home_plaintext_client(&home, TEST_TOKEN)), OK);
	assert_int_equal(start_by(home_plaintext_client(&home, same_length)), ERR_UNAUTHENTICATED);
	assert_int_equal(start_by(home_plaintext_client(&home, same_length)), ERR_UNAUTHENTICATED);
	assert_int_equal(start_by(home_plaintext_client(&home, TEST_TOKEN)), OK);
	assert_int_equal(start_by(home_client(&home, "elsewhere")), ERR_PERMISSION_DENIED);
	assert_int_equal(start_by(home_client(&home, "r1")), ERR_PERMISSION_DENIED);
	assert_int_equal(start_by(home_client(&home, "design")), ERR_PERMISSION_DENIED);
	assert_int_equal(status_by(home_client(&home, "touchpoint")), ERR_PERMISSION_DENIED);
	assert_int_equal(status_by(home_token_client(&home, TEST_TOKEN)), ERR_PERMISSION_DENIED);
	assert_int_equal(status_by(home_plaintext_client(&home, NULL)), ERR_UNAUTHENTICATED);
	drop_clients();
	assert_int_equal(home_stop(&home, SIGTERM), 0);
}

static void it_is_ready_once_something_is_deployed(void **state)
{
	(void)state;
	start();
	assert_true(home_healthy(&touchpoint, ""));
	assert_false(home_healthy(&touchpoint, INTERACTION_SERVICE));
	assert_int_equal(
	        start_session(&touchpoint, new_start(&touchpoint, "s1", 1), NULL), ERR_CHANNEL_NOT_DEPLOYED);
	deploy_bank();
	assert_true(home_healthy(&touchpoint, INTERACTION_SERVICE));
	drop_clients();
	assert_int_equal(home_stop(&home, SIGINT), 0);
	start();
	assert_true(home_healthy(&touchpoint, INTERACTION_SERVICE));
	drop_clients();
}

// --- what it survives ---

static void killed_it_serves_again_and_has_what_it_acknowledged(void **state)
{
	(void)state;
	GetVersionResponse *before = NULL, *after = NULL;
	home_configure(&home, "design: {address: \"127.0.0.1:1\"}\n"); // nobody there
	start();
	deploy_bank();
	must_start(&touchpoint, "s1", 7, NULL);
	const char *code = must_offer(&touchpoint, "s1", "home-banner", 1)->offers[0]->treatment_code;
	assert_int_equal(
	        post_event(&touchpoint, new_event(&touchpoint, "s1", "e1", "shown", code), NULL), OK);
	assert_int_equal(
	        post_event(&touchpoint, new_event(&touchpoint, "s1", "e2", "accepted", code), NULL), OK);
	assert_int_equal(get_version(&touchpoint, &before), OK);
	uint64_t incarnation = before->incarnation;
	drop_clients();
	assert_int_equal(home_stop(&home, SIGKILL), 128 + SIGKILL);

	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Entry **entries;
	size_t count = read_entries(home.journal, arena, &entries);
	assert_true(count >= 2);
	assert_string_equal(entries[count - 2]->event_posted->event_id, "e1");
	assert_string_equal(entries[count - 1]->event_posted->event_id, "e2");

	start();
	assert_int_equal(get_version(&touchpoint, &after), OK);
	assert_true(after->incarnation > incarnation);
	assert_int_equal(after->snapshots[0]->version, 1);
	assert_int_equal(get_offers(&touchpoint, new_offers(&touchpoint, "s1", "home-banner", 1), NULL),
	        ERR_SESSION_UNKNOWN);
	must_start(&touchpoint, "s1", 7, NULL);
	assert_string_equal(must_offer(&touchpoint, "s1", "home-banner", 1)->offers[0]->offer_code, "CARD");
	drop_clients();
	assert_int_equal(home_stop(&home, SIGTERM), 0);
}

// Flips one bit in the middle of the blob of version 2.
static void tamper(const Deployment *deployment)
{
	char hex[65], path[256];
	Digest digest = digest_of(deployment->blob);
	digest_hex(&digest, hex);
	snprintf(path, sizeof path, "%s/state/blobs/%s", home.dir, hex);
	chmod(path, 0600);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	long middle = (long)deployment->blob.len / 2;
	fseek(file, middle, SEEK_SET);
	int byte = fgetc(file);
	fseek(file, middle, SEEK_SET);
	fputc(byte ^ 1, file);
	assert_int_equal(fclose(file), 0);
}

static void a_tampered_file_is_refused_and_the_previous_serves(void **state)
{
	(void)state;
	GetStatusResponse *status = NULL;
	start();
	Digest first = deploy_bank();
	World *next = world_bank(design.arena);
	world_rule(next, "more", NULL, "home", "CARD", 99);
	const Snapshot *snapshot = world_finish(next);
	must_deploy(&design, snapshot, 2, &first);
	Deployment second = new_deployment(&design, snapshot, 2, &first, BUILDER);
	assert_int_equal(home_stop(&home, SIGTERM), 0);
	tamper(&second);
	drop_clients();
	start();
	assert_true(home_logged(&home, "SNAPSHOT_DIGEST"));
	assert_int_equal(must_start(&touchpoint, "s1", 1, NULL)->snapshot->version, 1);
	assert_int_equal(get_status(&design, &status), OK);
	assert_non_null(strstr(status->channels[0]->last_error, "SNAPSHOT_DIGEST"));
	drop_clients();
}

// --- how it does not begin ---

static void a_second_one_on_the_same_folder_refuses(void **state)
{
	(void)state;
	start();
	Home second = home;
	snprintf(second.log, sizeof second.log, "%s/log2", home.dir);
	assert_int_equal(home_start(&second), 1);
	assert_true(home_logged(&second, "JOURNAL_LOCKED"));
	assert_true(home_healthy(&touchpoint, ""));
	drop_clients();
}

static void a_taken_port_is_told(void **state)
{
	(void)state;
	start();
	Home second;
	home_make(&second);
	char text[512], *at;
	FILE *file = fopen(second.config, "r");
	size_t len = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[len] = '\0';
	assert_non_null(at = strstr(text, "listen: 127.0.0.1:0"));
	file = fopen(second.config, "w");
	fprintf(file, "%.*slisten: 127.0.0.1:%d%s", (int)(at - text), text, home.port,
	        at + strlen("listen: 127.0.0.1:0"));
	fclose(file);
	assert_int_equal(home_start(&second), 1);
	assert_true(home_logged(&second, "cannot start"));
	home_remove(&second);
	drop_clients();
}

static void wrong_configurations_are_refused_with_their_place(void **state)
{
	(void)state;
	home_configure(&home, "profils: {}\n");
	assert_int_equal(home_start(&home), 5);
	assert_true(home_logged(&home, "runtime.yaml:10:1"));
	assert_true(home_logged(&home, "profiles"));
	home_configure(&home, "log_level: loud\n");
	assert_int_equal(home_start(&home), 5);
	home_configure(&home, "");
	char root[96];
	snprintf(root, sizeof root, "%s/root", home.dir);
	test_root_write(root, "staging", BUILDER, 0);
	assert_int_equal(home_start(&home), 5);
	assert_true(home_logged(&home, "MANIFEST_PLACE"));
	assert_int_equal(unlink(root), 0);
	assert_int_equal(home_start(&home), 5);
	assert_true(home_logged(&home, "trusted_root"));
}

// --- the watchdog ---

static void a_port_that_accepts_nobody_is_noticed(void **state)
{
	(void)state;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	int port = ntohs(address.sin_port);
	assert_int_equal(watchdog_probe("127.0.0.1:0", port, 100), ERR_TIMEOUT);
	close(listener);
	assert_int_equal(watchdog_probe("0.0.0.0:0", port, 1000), ERR_UNAVAILABLE);
	start();
	assert_int_equal(watchdog_probe("0.0.0.0:0", home.port, 10000), OK);
	assert_int_equal(watchdog_probe("127.0.0.1:0", home.plaintext, 10000), OK);
	drop_clients();
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(everybody_gets_what_is_theirs),
	        STORY(it_is_ready_once_something_is_deployed),
	        STORY(killed_it_serves_again_and_has_what_it_acknowledged),
	        STORY(a_tampered_file_is_refused_and_the_previous_serves),
	        STORY(a_second_one_on_the_same_folder_refuses),
	        STORY(a_taken_port_is_told),
	        STORY(wrong_configurations_are_refused_with_their_place),
	        STORY(a_port_that_accepts_nobody_is_noticed),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime process", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
