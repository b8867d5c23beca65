// Stories about changes: two designers, request IDs, masks, rehearsals, the audit.
#include "fixture.h"

#include "base/clock.h"
#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void make_channel(void)
{
	must(DESIGNER, "ChannelService/CreateChannel",
	        "{'channel': {'name': 'bank', 'description': 'first'}}");
}

static void etag_of_bank(char etag[64])
{
	CLEANUP(json_decrefp_) json_t *channel = ask(VIEWER, "ChannelService/GetChannel", "{'name': 'bank'}");
	snprintf(etag, 64, "%s", text_at(channel, "channel.etag"));
	assert_string_not_equal(etag, "");
}

static void of_two_designers_the_second_is_told(void **state)
{
	(void)state;
	char etag[64], later[64];
	make_channel();
	etag_of_bank(etag); // both read it
	must(DESIGNER, "ChannelService/UpdateChannel",
	        "{'channel': {'name': 'bank', 'etag': '%s', 'description': 'dora'}}", etag);
	must_fail(ERR_ETAG_STALE, "etag", "was changed meanwhile", OTHER_DESIGNER,
	        "ChannelService/UpdateChannel",
	        "{'channel': {'name': 'bank', 'etag': '%s', 'description': 'otto'}}", etag);
	must_fail(ERR_ETAG_STALE, "etag", "was changed meanwhile", OTHER_DESIGNER,
	        "ChannelService/DeleteChannel", "{'name': 'bank', 'etag': '%s'}", etag);
	etag_of_bank(later);
	assert_string_not_equal(etag, later);
	must(OTHER_DESIGNER, "ChannelService/UpdateChannel",
	        "{'channel': {'name': 'bank', 'etag': '%s', 'description': 'otto'}}", later);
	etag_of_bank(etag);
	must(DESIGNER, "ChannelService/DeleteChannel", "{'name': 'bank', 'etag': '%s'}", etag);
}

static void a_mask_changes_what_it_names(void **state)
{
	(void)state;
	make_bank();
	const char *rule = "TreatmentRuleService/UpdateTreatmentRule";
	must(DESIGNER, rule,
	        "{'treatmentRule': {'channel': 'bank', 'name': 'gold-for-adults', 'scoreExpression': "
	        "'double(age) * 0.5', 'disabled': true},"
	        " 'updateMask': 'scoreExpression,disabled'}");
	CLEANUP(json_decrefp_)
	json_t *got = ask(VIEWER, "TreatmentRuleService/GetTreatmentRule",
	        "{'channel': 'bank', 'name': 'gold-for-adults'}");
	assert_string_equal(text_at(got, "treatmentRule.scoreExpression"), "double(age) * 0.5");
	assert_null(json_object_get(json_object_get(got, "treatmentRule"), "score"));
	assert_string_equal(text_at(got, "treatmentRule.eligibility"), "age < 99");
	assert_string_equal(text_at(got, "treatmentRule.segment"), "adults");
	must_fail(ERR_FIELD_UNKNOWN, "update_mask", "has no field", DESIGNER, rule,
	        "{'treatmentRule': {'channel': 'bank', 'name': 'gold-for-adults'}, 'updateMask': 'colour'}");
	// Without a mask the whole is replaced.
	must(DESIGNER, rule,
	        "{'treatmentRule': {'channel': 'bank', 'name': 'gold-for-adults', 'offer': 'gold'}}");
	CLEANUP(json_decrefp_)
	json_t *whole = ask(VIEWER, "TreatmentRuleService/GetTreatmentRule",
	        "{'channel': 'bank', 'name': 'gold-for-adults'}");
	assert_string_equal(text_at(whole, "treatmentRule.segment"), "");
	// With the segment no longer named, nothing refers to it.
	must(DESIGNER, "SegmentService/DeleteSegment", "{'channel': 'bank', 'name': 'adults'}");
}

static void an_update_may_make_what_is_missing(void **state)
{
	(void)state;
	must_fail(ERR_RESOURCE_NOT_FOUND, NULL, "no channel bank", DESIGNER, "ChannelService/UpdateChannel",
	        "{'channel': {'name': 'bank'}}");
	must(DESIGNER, "ChannelService/UpdateChannel", "{'channel': {'name': 'bank'}, 'allowMissing': true}");
	must(DESIGNER, "ChannelService/UpdateChannel", "{'channel': {'name': 'bank'}, 'allowMissing': true}");
	must_fail(ERR_RESOURCE_NOT_FOUND, NULL, "no channel shop", DESIGNER, "ChannelService/UpdateChannel",
	        "{'channel': {'name': 'shop', 'etag': 'abc'}, 'allowMissing': true}");
}

static void the_same_again_changes_nothing(void **state)
{
	(void)state;
	char before[64], after[64];
	make_bank();
	int64_t audited = sql_i64("SELECT count(*) FROM audit");
	etag_of_bank(before);
	now_us += US_PER_S;
	must(DESIGNER, "OfferService/UpdateOffer",
	        "{'offer': {'name': 'gold', 'code': 'GOLD-1', 'template': 'card', 'state': 'PUBLISHED',"
	        " 'attributes': [{'name': 'rate', 'value': 2}], 'destination': 'https://example.com/gold'}}");
	must(DESIGNER, "ChannelService/UpdateChannel", "{'channel': {'name': 'bank'}}");
	etag_of_bank(after);
	assert_string_equal(before, after);
	assert_int_equal(sql_i64("SELECT count(*) FROM audit"), audited);
	assert_int_equal(sql_i64("SELECT count(*) FROM resource WHERE updated > created"), 0);
}

static const char *migration(const char *prefix)
{
	for (size_t i = 0; i < sql_migration_count; i++)
		if (str_starts(str(sql_migrations[i].name), str(prefix)))
			return sql_migrations[i].sql;
	fail_msg("no migration %s", prefix);
	return NULL;
}

// Until 0008 an event's actions were names.
static void what_an_older_version_stored_reads_as_before(void **state)
{
	(void)state;
	make_bank();
	make("Event", "taken", "'category': 'answers', 'actions': ['LOG_ACCEPT', 'RESEGMENT']");
	sql_script("UPDATE resource SET spec = spec || "
	           "'{\"actions\": [\"EVENT_ACTION_LOG_ACCEPT\", \"EVENT_ACTION_RESEGMENT\"]}', etag = 'old' "
	           "WHERE name = 'taken'; UPDATE resource SET spec = spec - 'actions' WHERE name = 'shown'");
	sql_script(migration("0008"));
	CLEANUP(json_decrefp_)
	json_t *taken = ask(VIEWER, "EventService/GetEvent", "{'channel': 'bank', 'name': 'taken'}");
	assert_string_equal(text_at(taken, "event.actions.0.kind"), "EVENT_ACTION_KIND_LOG_ACCEPT");
	assert_string_equal(text_at(taken, "event.actions.1.kind"), "EVENT_ACTION_KIND_RESEGMENT");
	assert_string_equal(text_at(taken, "event.category"), "answers");
	// Said again as it was said then, nothing changes.
	int64_t audited = sql_i64("SELECT count(*) FROM audit");
	must(DESIGNER, "EventService/UpdateEvent",
	        "{'event': {'channel': 'bank', 'name': 'taken', 'etag': 'old', 'category': 'answers', "
	        "'actions': ['LOG_ACCEPT', 'RESEGMENT']}}");
	assert_int_equal(sql_i64("SELECT count(*) FROM audit"), audited);
	assert_int_equal(sql_i64("SELECT count(*) FROM resource WHERE etag = 'old'"), 1);
}

static void validate_only_checks_everything_and_changes_nothing(void **state)
{
	(void)state;
	make_bank();
	int64_t audited = sql_i64("SELECT count(*) FROM audit");
	CLEANUP(json_decrefp_)
	json_t *answer = ask(DESIGNER, "ZoneService/CreateZone",
	        "{'zone': {'channel': 'bank', 'name': 'side'}, 'validateOnly': true}");
	assert_string_equal(text_at(answer, "zone.name"), "side");
	must(DESIGNER, "ZoneService/UpdateZone",
	        "{'zone': {'channel': 'bank', 'name': 'home', 'description': 'x'}, 'validateOnly': true, "
	        "'requestId': 'r-1'}");
	must(DESIGNER, "TreatmentRuleService/DeleteTreatmentRule",
	        "{'channel': 'bank', 'name': 'gold-for-adults', 'validateOnly': true}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "referred to", DESIGNER, "ZoneService/DeleteZone",
	        "{'channel': 'bank', 'name': 'home', 'validateOnly': true}");
	must_fail(ERR_CODE_DUPLICATE, "offer.code", "", DESIGNER, "OfferService/CreateOffer",
	        "{'offer': {'name': 'x', 'code': 'GOLD-1', 'template': 'card', 'attributes': [{'name': "
	        "'rate', 'value': 1}]},"
	        " 'validateOnly': true}");
	assert_int_equal(sql_i64("SELECT count(*) FROM audit"), audited);
	assert_int_equal(sql_i64("SELECT count(*) FROM request"), 0);
	assert_int_equal(sql_i64("SELECT count(*) FROM resource"), 9);
}

static void a_request_sent_again_is_answered_again(void **state)
{
	(void)state;
	const char *create = "{'channel': {'name': 'bank'}, 'requestId': 'r-1'}";
	CLEANUP(json_decrefp_) json_t *first = ask(DESIGNER, "ChannelService/CreateChannel", "%s", create);
	CLEANUP(json_decrefp_) json_t *again = ask(DESIGNER, "ChannelService/CreateChannel", "%s", create);
	assert_non_null(first);
	assert_true(json_equal(first, again));
	must_fail(ERR_REQUEST_ID_REUSED, "request_id", "another request", DESIGNER,
	        "ChannelService/CreateChannel", "{'channel': {'name': 'shop'}, 'requestId': 'r-1'}");
	must_fail(ERR_REQUEST_ID_REUSED, "request_id", "", DESIGNER, "ChannelService/DeleteChannel",
	        "{'name': 'bank', 'requestId': 'r-1'}");
	// IDs are each caller's own.
	must_fail(ERR_RESOURCE_EXISTS, "name", "exists already", OTHER_DESIGNER,
	        "ChannelService/CreateChannel", "%s", create);
	must(DESIGNER, "ChannelService/DeleteChannel", "{'name': 'bank', 'requestId': 'r-2'}");
	must(DESIGNER, "ChannelService/DeleteChannel", "{'name': 'bank', 'requestId': 'r-2'}");
	must_fail(ERR_FIELD_INVALID, "request_id", "printable", DESIGNER, "ChannelService/DeleteChannel",
	        "{'name': 'bank', 'requestId': 'two words'}");
	// A day later the ID is free.
	now_us += 86401 * US_PER_S;
	must(DESIGNER, "ChannelService/CreateChannel", "{'channel': {'name': 'shop'}, 'requestId': 'r-1'}");
	assert_int_equal(sql_i64("SELECT count(*) FROM request WHERE request_id = 'r-1'"), 1);
}

static void *create_with_id(void *context)
{
	json_t **answer = context;
	(void)ask_as(token_of(DESIGNER), "ChannelService/CreateChannel",
	        "{\"channel\": {\"name\": \"bank\"}, \"requestId\": \"race\"}", answer);
	return NULL;
}

static void a_request_sent_at_once_by_many_is_done_once(void **state)
{
	(void)state;
	pthread_t threads[6];
	json_t *answers[6] = {0};
	int64_t audited = sql_i64("SELECT count(*) FROM audit");
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, create_with_id, &answers[i]), 0);
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
		assert_non_null(answers[i]);
		assert_true(json_equal(answers[0], answers[i]));
	}
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
		json_decref(answers[i]);
	assert_int_equal(sql_i64("SELECT count(*) FROM audit"), audited + 1);
}

typedef struct Racer {
	int number;
	Err outcome;
} Racer;

static void *create_offer(void *context)
{
	Racer *racer = context;
	char request[256];
	json_t *answer = NULL;
	snprintf(request, sizeof(request),
	        "{\"offer\": {\"name\": \"racer-%d\", \"code\": \"SAME\", \"template\": \"card\","
	        " \"attributes\": [{\"name\": \"rate\", \"value\": 1}]}}",
	        racer->number);
	racer->outcome = ask_as(token_of(DESIGNER), "OfferService/CreateOffer", request, &answer);
	json_decref(answer);
	return NULL;
}

static void of_many_with_one_code_one_gets_it(void **state)
{
	(void)state;
	pthread_t threads[6];
	Racer racers[6];
	int won = 0;
	make_bank();
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
		racers[i].number = (int)i;
		assert_int_equal(pthread_create(&threads[i], NULL, create_offer, &racers[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
		won += racers[i].outcome == OK;
		assert_true(racers[i].outcome == OK || racers[i].outcome == ERR_CODE_DUPLICATE);
	}
	assert_int_equal(won, 1);
	assert_int_equal(sql_i64("SELECT count(*) FROM resource WHERE spec->>'code' = 'SAME'"), 1);
}

static void every_change_is_audited_with_before_and_after(void **state)
{
	(void)state;
	make_channel();
	must(OTHER_DESIGNER, "ChannelService/UpdateChannel",
	        "{'channel': {'name': 'bank', 'description': 'second'}}");
	must(DESIGNER, "ChannelService/DeleteChannel", "{'name': 'bank'}");
	CLEANUP(json_decrefp_)
	json_t *audit = ask(VIEWER, "AuditService/ListAuditEntries",
	        "{'kind': 'Channel', 'name': 'bank', 'pageSize': 3}");
	assert_int_equal(count_at(audit, "entries"), 3);
	static const struct {
		const char *action, *actor, *before, *after;
	} expected[] = {
	        {"delete", "dora", "second", NULL},
	        {"update", "otto", "first", "second"},
	        {"create", "dora", NULL, "first"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
		char path[32];
		const char *fields[] = {"action", "actor", "before", "after"};
		const char *got[4];
		for (size_t j = 0; j < 4; j++) {
			snprintf(path, sizeof(path), "entries.%zu.%s", i, fields[j]);
			got[j] = text_at(audit, path);
		}
		assert_string_equal(got[0], expected[i].action);
		assert_string_equal(got[1], expected[i].actor);
		assert_true(expected[i].before ? strstr(got[2], expected[i].before) != NULL : !*got[2]);
		assert_true(expected[i].after ? strstr(got[3], expected[i].after) != NULL : !*got[3]);
	}
}

static void the_audit_knows_what_is_mistyped_from_what_is_gone(void **state)
{
	(void)state;
	make_channel();
	must_fail(ERR_RESOURCE_NOT_FOUND, "channel", "there is no channel 'bnak' (there are: bank)", VIEWER,
	        "AuditService/ListAuditEntries", "{'channel': 'bnak'}");
	must_fail(ERR_RESOURCE_NOT_FOUND, "channel", "there is no channel 'bnak'", VIEWER,
	        "AuditService/ListAuditEntries", "{'channel': 'bnak', 'kind': 'Offer'}");
	must_fail(ERR_FIELD_INVALID, "kind", "the audit has no kind 'Ofer' (it has: AudienceLevel, ", VIEWER,
	        "AuditService/ListAuditEntries", "{'kind': 'Ofer'}");
	must(VIEWER, "AuditService/ListAuditEntries", "{'kind': 'Offer', 'name': 'nothing'}");
	must(DESIGNER, "ChannelService/DeleteChannel", "{'name': 'bank'}");
	must(VIEWER, "AuditService/ListAuditEntries", "{'channel': 'bank', 'kind': 'Offer'}");
	sql_script(
	        "INSERT INTO audit (time, actor, action, kind, channel, name, before, after, sequence, hash) "
	        "SELECT now(), 'eva', 'deploy', 'Deployment', 'gone', '1', '', '', max(sequence) + 1, "
	        "sha256('') FROM audit");
	must(VIEWER, "AuditService/ListAuditEntries", "{'channel': 'gone', 'kind': 'Offer'}");
}

static void the_audit_is_read_in_pages_newest_first(void **state)
{
	(void)state;
	char token[256] = "", last[32] = "9223372036854775807";
	size_t count = 0;
	int64_t all = sql_i64("SELECT count(*) FROM audit");
	for (int page = 0; page == 0 || *token; page++) {
		CLEANUP(json_decrefp_)
		json_t *answer = ask(
		        VIEWER, "AuditService/ListAuditEntries", "{'pageSize': 7, 'pageToken': '%s'}", token);
		assert_non_null(answer);
		for (size_t i = 0; i < count_at(answer, "entries"); i++, count++) {
			char path[32];
			snprintf(path, sizeof(path), "entries.%zu.id", i);
			const char *id = text_at(answer, path);
			assert_true(strtoll(id, NULL, 10) < strtoll(last, NULL, 10));
			snprintf(last, sizeof(last), "%s", id);
		}
		snprintf(token, sizeof(token), "%s", text_at(answer, "nextPageToken"));
	}
	assert_int_equal(count, all);
}

static void without_a_database_the_answer_is_unavailable(void **state)
{
	(void)state;
	make_channel();
	test_postgres_halt(&postgres);
	must_fail(ERR_DB_UNAVAILABLE, NULL, "", VIEWER, "ChannelService/GetChannel", "{'name': 'bank'}");
	test_postgres_resume(&postgres);
	must(VIEWER, "ChannelService/GetChannel", "{'name': 'bank'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(of_two_designers_the_second_is_told, fixture_clear),
	        cmocka_unit_test_setup(a_mask_changes_what_it_names, fixture_clear),
	        cmocka_unit_test_setup(an_update_may_make_what_is_missing, fixture_clear),
	        cmocka_unit_test_setup(the_same_again_changes_nothing, fixture_clear),
	        cmocka_unit_test_setup(what_an_older_version_stored_reads_as_before, fixture_clear),
	        cmocka_unit_test_setup(validate_only_checks_everything_and_changes_nothing, fixture_clear),
	        cmocka_unit_test_setup(a_request_sent_again_is_answered_again, fixture_clear),
	        cmocka_unit_test_setup(a_request_sent_at_once_by_many_is_done_once, fixture_clear),
	        cmocka_unit_test_setup(of_many_with_one_code_one_gets_it, fixture_clear),
	        cmocka_unit_test_setup(every_change_is_audited_with_before_and_after, fixture_clear),
	        cmocka_unit_test_setup(the_audit_knows_what_is_mistyped_from_what_is_gone, fixture_clear),
	        cmocka_unit_test_setup(the_audit_is_read_in_pages_newest_first, fixture_clear),
	        cmocka_unit_test_setup(without_a_database_the_answer_is_unavailable, fixture_clear),
	};
	return cmocka_run_group_tests_name("admin changes", tests, fixture_start, fixture_stop);
}
