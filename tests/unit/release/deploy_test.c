// A channel goes down the line, with servers that come and go.
#include "base/cleanup.h"
#include "line.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define STATE(name) PARLEY__DESIGN__V1__DEPLOYMENT_STATE__DEPLOYMENT_STATE_##name

typedef Parley__Design__V1__DeployResponse DeployResponse;
typedef Parley__Design__V1__Deployment Deployment;

static Line line;

static int set_up(void **state)
{
	(void)state;
	line_reset(&line);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	line_end(&line);
	return 0;
}

static DeployResponse *deploy(const char *environment)
{
	DeployResponse *response = NULL;
	Err e = line_deploy(&line, environment, &response);
	if (e)
		fail_msg("%s: %s", err_reason(e), err_detail()->message);
	return response;
}

static void says(const char *part)
{
	if (!strstr(err_detail()->message, part))
		fail_msg("'%s' does not say '%s'", err_detail()->message, part);
}

static void change_the_rule(int age)
{
	line_do(&line, arena_printf(line.arena,
	                       "UPDATE resource SET spec = jsonb_set(spec, '{eligibility}', '\"age >= %d\"') "
	                       "WHERE kind = "
	                       "'TreatmentRule'",
	                       age));
}

// If it is not complete, the servers' own words say why.
static void is_complete(const Deployment *deployment)
{
	for (size_t i = 0; i < deployment->n_servers; i++)
		if (deployment->servers[i]->error[0])
			print_error(
			        "%s: %s\n", deployment->servers[i]->server, deployment->servers[i]->error);
	assert_int_equal(deployment->state, STATE(COMPLETE));
}

static void the_first_environment_builds_and_the_next_promotes(void **state)
{
	(void)state;
	assert_int_equal(line_deploy(&line, "production", NULL), ERR_PROMOTION_SOURCE);
	says("deploy it there first");
	Deployment *test = deploy("test")->deployment;
	assert_int_equal(test->version, 1);
	is_complete(test);
	assert_int_equal(test->n_servers, 2);
	assert_string_equal(test->servers[1]->server, "test-2");
	assert_string_equal(test->author, "dora");
	assert_string_equal(test->comment, "because");
	assert_string_equal(test->promoted_from, "");
	Deployment *production = deploy("production")->deployment;
	assert_string_equal(production->digest, test->digest);
	assert_string_equal(production->promoted_from, "test");
	assert_int_equal(production->servers[0]->running_version, 1);
	for (size_t i = 0; i < NODES; i++)
		assert_int_equal(node_serves(&line.nodes[i]), 1);
	assert_int_equal(line_ask(&line, "SELECT count(*) FROM blob"), 1);
	assert_true(line_ask(&line,
	                    "SELECT count(*) FROM audit WHERE action = 'deploy' AND actor = 'dora'") >= 2);
}

static void the_same_again_changes_nothing(void **state)
{
	(void)state;
	assert_false(deploy("test")->unchanged);
	DeployResponse *again = deploy("test");
	assert_true(again->unchanged);
	assert_int_equal(again->deployment->version, 1);
	assert_int_equal(again->deployment->state, STATE(COMPLETE));
	assert_int_equal(line_ask(&line, "SELECT count(*) FROM deployment"), 1);
}

static void what_expired_is_signed_anew(void **state)
{
	(void)state;
	deploy("test");
	line.now_us += INT64_C(364) * 86400 * 1000000;
	assert_true(deploy("test")->unchanged);
	line.now_us += INT64_C(86400) * 1000000;
	DeployResponse *anew = deploy("test");
	assert_false(anew->unchanged);
	assert_int_equal(anew->deployment->version, 2);
	assert_int_equal(anew->deployment->state, STATE(COMPLETE));
}

static void a_designer_builds_but_does_not_promote(void **state)
{
	(void)state;
	line.role = CALLER_DESIGNER;
	deploy("test");
	assert_int_equal(line_deploy(&line, "production", NULL), ERR_PERMISSION_DENIED);
	says("promoting needs role administrator in production");
}

static void a_server_that_was_away_is_brought_up_in_order(void **state)
{
	(void)state;
	deploy("test");
	node_stop(&line.nodes[1]);
	for (int age = 20; age <= 21; age++) {
		change_the_rule(age);
		Deployment *missed = deploy("test")->deployment;
		assert_int_equal(missed->state, STATE(INCOMPLETE));
		assert_string_equal(missed->servers[0]->error, "");
		assert_non_null(strstr(missed->servers[1]->error, "UNAVAILABLE"));
	}
	node_start(&line.nodes[1]);
	assert_int_equal(node_serves(&line.nodes[1]), 1);
	DeployResponse *again = deploy("test");
	assert_true(again->unchanged);
	assert_int_equal(again->deployment->state, STATE(COMPLETE));
	assert_int_equal(node_serves(&line.nodes[1]), 3);
}

static void what_no_server_runs_is_not_promoted(void **state)
{
	(void)state;
	deploy("test");
	change_the_rule(20);
	node_stop(&line.nodes[0]);
	node_stop(&line.nodes[1]);
	assert_int_equal(deploy("test")->deployment->state, STATE(INCOMPLETE));
	assert_int_equal(line_deploy(&line, "production", NULL), ERR_PROMOTION_SOURCE);
	says("not every server of test runs version 2");
}

static void a_damaged_server_is_healed_by_deploying_again(void **state)
{
	(void)state;
	deploy("test");
	change_the_rule(20);
	deploy("test");
	node_stop(&line.nodes[0]);
	assert_int_equal(system(arena_printf(line.arena, "for f in %s/blobs/*; do printf x >> $f; done",
	                         line.nodes[0].dir)),
	        0);
	node_start(&line.nodes[0]);
	assert_int_equal(node_serves(&line.nodes[0]), 0);
	assert_int_equal(deploy("test")->deployment->state, STATE(COMPLETE));
	assert_int_equal(node_serves(&line.nodes[0]), 2);
}

static void a_new_epoch_starts_anew(void **state)
{
	(void)state;
	for (int age = 20; age <= 21; age++) {
		change_the_rule(age);
		deploy("test");
		deploy("production");
	}
	assert_int_equal(node_serves(&line.nodes[2]), 2);
	line_close(&line);
	line_open(&line, 2);
	Deployment *anew = deploy("production")->deployment;
	assert_int_equal(anew->version, 1);
	assert_int_equal(anew->state, STATE(COMPLETE));
	assert_int_equal(node_serves(&line.nodes[2]), 1);
	change_the_rule(22);
	deploy("test");
	assert_int_equal(deploy("production")->deployment->version, 2);
	assert_int_equal(node_serves(&line.nodes[2]), 2);
}

static void what_does_not_compile_is_told_and_not_recorded(void **state)
{
	(void)state;
	line_do(&line,
	        "UPDATE resource SET spec = spec || '{\"eligibility\": \"agee > 3\", \"zone\": \"attic\"}'"
	        " WHERE kind = 'TreatmentRule'");
	assert_int_equal(line_deploy(&line, "test", NULL), ERR_FINDINGS_ERROR);
	says("REFERENCE_DANGLING:TreatmentRule/adults (there is no zone 'attic')");
	says("EXPRESSION_INVALID:TreatmentRule/adults");
	assert_int_equal(line_ask(&line, "SELECT count(*) FROM deployment"), 0);
}

static void checking_only_leaves_nothing(void **state)
{
	(void)state;
	Parley__Design__V1__DeployRequest request = PARLEY__DESIGN__V1__DEPLOY_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	request.channel = arena_cstr(line.arena, STR("bank"));
	request.environment = arena_cstr(line.arena, STR("test"));
	request.validate_only = true;
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), OK);
	const Deployment *would = ((DeployResponse *)(void *)response)->deployment;
	assert_int_equal(would->version, 1);
	assert_int_equal(strlen(would->digest), 64);
	assert_int_equal(would->n_servers, 0);
	assert_int_equal(line_ask(&line, "SELECT count(*) FROM deployment"), 0);
	assert_int_equal(node_serves(&line.nodes[0]), 0);
}

static void a_request_id_is_answered_once(void **state)
{
	(void)state;
	Parley__Design__V1__DeployRequest request = PARLEY__DESIGN__V1__DEPLOY_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	request.channel = arena_cstr(line.arena, STR("bank"));
	request.environment = arena_cstr(line.arena, STR("test"));
	request.request_id = arena_cstr(line.arena, STR("r-1"));
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), OK);
	change_the_rule(30);
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), OK);
	assert_int_equal(((DeployResponse *)(void *)response)->deployment->version, 1);
	request.environment = arena_cstr(line.arena, STR("production"));
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), ERR_REQUEST_ID_REUSED);
	assert_int_equal(line_ask(&line, "SELECT count(*) FROM deployment"), 1);
	line.now_us += INT64_C(86400) * 1000000;
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), OK);
	assert_int_equal(line_ask(&line, "SELECT count(*) FROM deployment"), 2);
}

static void so_is_one_that_had_nothing_to_do(void **state)
{
	(void)state;
	Parley__Design__V1__DeployRequest request = PARLEY__DESIGN__V1__DEPLOY_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	deploy("test");
	request.channel = arena_cstr(line.arena, STR("bank"));
	request.environment = arena_cstr(line.arena, STR("test"));
	request.request_id = arena_cstr(line.arena, STR("r-1"));
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), OK);
	assert_true(((DeployResponse *)(void *)response)->unchanged);
	change_the_rule(30);
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), OK);
	assert_true(((DeployResponse *)(void *)response)->unchanged);
	assert_int_equal(((DeployResponse *)(void *)response)->deployment->version, 1);
	assert_int_equal(line_ask(&line, "SELECT count(*) FROM deployment"), 1);
}

static void a_rollback_is_done_once(void **state)
{
	(void)state;
	Parley__Design__V1__RollbackRequest request = PARLEY__DESIGN__V1__ROLLBACK_REQUEST__INIT;
	Parley__Design__V1__DeployRequest other = PARLEY__DESIGN__V1__DEPLOY_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	deploy("test");
	change_the_rule(30);
	deploy("test");
	change_the_rule(40);
	deploy("test");
	request.channel = other.channel = arena_cstr(line.arena, STR("bank"));
	request.environment = other.environment = arena_cstr(line.arena, STR("test"));
	request.request_id = other.request_id = arena_cstr(line.arena, STR("r-1"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(line_call(&line, "Rollback", &request.base, &response), OK);
		const DeployResponse *answer = (const void *)response;
		assert_int_equal(answer->deployment->version, 4);
		assert_int_equal(answer->deployment->rollback_of, 2);
		assert_false(answer->unchanged);
		is_complete(answer->deployment);
	}
	assert_int_equal(line_ask(&line, "SELECT count(*) FROM deployment"), 4);
	assert_int_equal(line_call(&line, "Deploy", &other.base, &response), ERR_REQUEST_ID_REUSED);
	request.to_version = 1;
	assert_int_equal(line_call(&line, "Rollback", &request.base, &response), ERR_REQUEST_ID_REUSED);
	says("give each request its own");
	request.to_version = 0;
	line.user = "dave"; // another caller's IDs are others
	assert_int_equal(line_call(&line, "Rollback", &request.base, &response), OK);
	assert_int_equal(((DeployResponse *)(void *)response)->deployment->rollback_of, 1);
}

static void an_undeployment_is_done_once(void **state)
{
	(void)state;
	Parley__Design__V1__UndeployRequest request = PARLEY__DESIGN__V1__UNDEPLOY_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	deploy("test");
	request.channel = request.confirm = arena_cstr(line.arena, STR("bank"));
	request.environment = arena_cstr(line.arena, STR("test"));
	request.request_id = arena_cstr(line.arena, STR("r-1"));
	assert_int_equal(line_call(&line, "Undeploy", &request.base, &response), OK);
	assert_int_equal(node_serves(&line.nodes[0]), 0);
	assert_int_equal(deploy("test")->deployment->version, 3);
	assert_int_equal(line_call(&line, "Undeploy", &request.base, &response), OK);
	const Deployment *again = ((DeployResponse *)(void *)response)->deployment;
	assert_int_equal(again->version, 2);
	assert_true(again->undeploy);
	assert_int_equal(node_serves(&line.nodes[0]), 3);
	request.in_use = true;
	assert_int_equal(line_call(&line, "Undeploy", &request.base, &response), ERR_REQUEST_ID_REUSED);
}

static void mistakes_are_told(void **state)
{
	(void)state;
	Parley__Design__V1__DeployRequest request = PARLEY__DESIGN__V1__DEPLOY_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), ERR_FIELD_MISSING);
	request.channel = arena_cstr(line.arena, STR("shop"));
	request.environment = arena_cstr(line.arena, STR("moon"));
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), ERR_ENVIRONMENT_UNKNOWN);
	says("there are: test, production");
	request.environment = arena_cstr(line.arena, STR("test"));
	assert_int_equal(line_call(&line, "Deploy", &request.base, &response), ERR_RESOURCE_NOT_FOUND);
}

static void the_history_is_paged(void **state)
{
	(void)state;
	for (int age = 20; age < 25; age++) {
		change_the_rule(age);
		deploy("test");
	}
	Parley__Design__V1__ListDeploymentsRequest request =
	        PARLEY__DESIGN__V1__LIST_DEPLOYMENTS_REQUEST__INIT;
	request.page_size = 2;
	request.channel = arena_cstr(line.arena, STR("bank"));
	uint64_t expected = 5;
	do {
		ProtobufCMessage *response = NULL;
		assert_int_equal(line_call(&line, "ListDeployments", &request.base, &response), OK);
		const Parley__Design__V1__ListDeploymentsResponse *page = (void *)response;
		for (size_t i = 0; i < page->n_deployments; i++, expected--) {
			assert_int_equal(page->deployments[i]->version, expected);
			assert_int_equal(page->deployments[i]->state,
			        expected == 5 ? STATE(COMPLETE) : STATE(SUPERSEDED));
		}
		request.page_token = page->next_page_token;
	} while (*request.page_token);
	assert_int_equal(expected, 0);
	ProtobufCMessage *response = NULL;
	request.page_token = arena_cstr(line.arena, STR("nonsense"));
	assert_int_equal(
	        line_call(&line, "ListDeployments", &request.base, &response), ERR_PAGE_TOKEN_INVALID);
}

static void status_is_asked_live(void **state)
{
	(void)state;
	deploy("test");
	deploy("production");
	node_stop(&line.nodes[1]);
	Parley__Design__V1__GetRolloutStatusRequest request =
	        PARLEY__DESIGN__V1__GET_ROLLOUT_STATUS_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	assert_int_equal(line_call(&line, "GetRolloutStatus", &request.base, &response), OK);
	const Parley__Design__V1__GetRolloutStatusResponse *status = (void *)response;
	assert_int_equal(status->n_deployments, 2);
	const Deployment *test = status->deployments[0];
	assert_string_equal(test->environment, "test");
	assert_int_equal(test->servers[0]->journal_lag, 3);
	assert_int_equal(test->servers[0]->sessions, 5);
	assert_non_null(test->servers[0]->seen_time);
	assert_int_equal(test->servers[0]->seen_time->seconds - test->servers[0]->shipped_time->seconds, 90);
	assert_null(test->servers[0]->quiet_time);
	// Of one that is away it is told what it ran when it was last heard of.
	assert_int_equal(test->servers[1]->running_version, 1);
	assert_non_null(test->servers[1]->seen_time);
	assert_int_equal(test->servers[1]->quiet_time->seconds, test->servers[1]->seen_time->seconds);
	assert_non_null(test->servers[1]->shipped_time);
	assert_true(*test->servers[1]->error);
	assert_int_equal(status->deployments[1]->state, STATE(COMPLETE));
}

static void environments_are_listed(void **state)
{
	(void)state;
	Parley__Design__V1__ListEnvironmentsRequest request =
	        PARLEY__DESIGN__V1__LIST_ENVIRONMENTS_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	assert_int_equal(line_call(&line, "ListEnvironments", &request.base, &response), OK);
	const Parley__Design__V1__ListEnvironmentsResponse *list = (void *)response;
	assert_int_equal(list->n_environments, 2);
	assert_string_equal(list->environments[0]->name, "test");
	assert_int_equal(list->environments[0]->n_servers, 2);
	assert_string_equal(list->environments[1]->promotes_from, "test");
}

static void persons_sign_and_the_author_does_not(void **state)
{
	(void)state;
	line_close(&line);
	line.approvals = 2;
	line_open(&line, 1);
	deploy("test");
	line.user = "anna";
	Deployment *waiting = deploy("production")->deployment, *now = NULL;
	line.user = "dora";
	assert_int_equal(waiting->state, STATE(AWAITING_APPROVAL));
	assert_int_equal(waiting->approvals_needed, 2);
	assert_int_equal(
	        line_approve(&line, "anna", TEST_ANNA, "production", 1, NULL), ERR_APPROVER_IS_AUTHOR);
	assert_int_equal(line_approve(&line, "carl", TEST_BEN, "production", 1, NULL), ERR_PERMISSION_DENIED);
	says("everybody signs for himself");
	assert_int_equal(line_approve(&line, "ben", TEST_TIMESTAMP, "production", 1, NULL), ERR_KEY_ROLE);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(line_approve(&line, "ben", TEST_BEN, "production", 1, &now), OK);
		assert_int_equal(now->state, STATE(AWAITING_APPROVAL));
	}
	assert_int_equal(node_serves(&line.nodes[2]), 0);
	assert_int_equal(line_approve(&line, "carl", TEST_CARL, "production", 1, &now), OK);
	is_complete(now);
	assert_int_equal(line_approve(&line, "carl", TEST_CARL, "production", 1, &now), OK);
	assert_int_equal(node_serves(&line.nodes[2]), 1);
}

int main(void)
{
	line_make(&line);
	rpc_init();
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(the_first_environment_builds_and_the_next_promotes),
	        T(the_same_again_changes_nothing),
	        T(what_expired_is_signed_anew),
	        T(a_designer_builds_but_does_not_promote),
	        T(a_server_that_was_away_is_brought_up_in_order),
	        T(what_no_server_runs_is_not_promoted),
	        T(a_damaged_server_is_healed_by_deploying_again),
	        T(a_new_epoch_starts_anew),
	        T(what_does_not_compile_is_told_and_not_recorded),
	        T(checking_only_leaves_nothing),
	        T(a_request_id_is_answered_once),
	        T(so_is_one_that_had_nothing_to_do),
	        T(a_rollback_is_done_once),
	        T(an_undeployment_is_done_once),
	        T(mistakes_are_told),
	        T(the_history_is_paged),
	        T(status_is_asked_live),
	        T(environments_are_listed),
	        T(persons_sign_and_the_author_does_not),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	line_remove(&line);
	return failed;
}
