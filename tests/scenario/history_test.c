// Reading the history: newest first, page by page, by filters.
#include "ingest_world.h"

#include <stdio.h>

typedef Parley__Design__V1__ListHistoryRequest Request;
typedef Parley__Design__V1__ListHistoryResponse Response;

#define KIND(name) PARLEY__DESIGN__V1__HISTORY_KIND__HISTORY_KIND_##name

enum { VISITS = 25, FACTS = 7 }; // of a visit: two recommended offers, the rest one each

static Err list(World *world, const Request *request, Response **ret)
{
	ProtobufCMessage *response = NULL;
	TRY(rpc_call(world->client, &parley__design__v1__history_service__descriptor, "ListHistory",
	        &request->base, 10000, world->arena, &response));
	*ret = (Response *)response;
	return OK;
}

static Response *list_ok(World *world, const Request *request)
{
	Response *response = NULL;
	if (list(world, request, &response) != OK)
		fail_msg("%s", err_detail()->message);
	return response;
}

static int begin(void **state)
{
	world_story_begin(state);
	World *world = *state;
	for (uint64_t visitor = 0; visitor < VISITS; visitor++)
		world_visit(world, visitor);
	world_ship_start(world);
	world_wait_shipped(world);
	return 0;
}

static int64_t time_of(const Parley__Design__V1__HistoryEntry *entry)
{
	return entry->time->seconds * 1000000 + entry->time->nanos / 1000;
}

static void pages_follow_each_other_without_gap_or_repetition(void **state)
{
	World *world = *state;
	for (int32_t size = 1; size <= 100; size += 33) {
		Request request = PARLEY__DESIGN__V1__LIST_HISTORY_REQUEST__INIT;
		request.page_size = size;
		size_t seen = 0;
		int64_t before = INT64_MAX;
		for (bool more = true; more;) {
			Response *page = list_ok(world, &request);
			assert_true(page->n_entries <= (size_t)size);
			for (size_t i = 0; i < page->n_entries; i++) {
				assert_true(time_of(page->entries[i]) <= before);
				before = time_of(page->entries[i]);
			}
			seen += page->n_entries;
			request.page_token = page->next_page_token;
			more = page->next_page_token[0] != 0;
		}
		assert_int_equal(seen, VISITS * FACTS);
	}
}

static void filters_add_up(void **state)
{
	World *world = *state;
	Request request = PARLEY__DESIGN__V1__LIST_HISTORY_REQUEST__INIT;
	request.session_id = (char *)"session-7";
	assert_int_equal(list_ok(world, &request)->n_entries, FACTS);
	Parley__Design__V1__HistoryKind kinds[] = {KIND(CONTACT), KIND(ACCEPT)};
	request.kinds = kinds;
	request.n_kinds = ARRAY_COUNT(kinds);
	Response *found = list_ok(world, &request);
	assert_int_equal(found->n_entries, 2);
	assert_int_equal(found->entries[0]->kind, KIND(ACCEPT));
	assert_int_equal(found->entries[1]->kind, KIND(CONTACT));
	assert_string_equal(found->entries[1]->offer_code, "GOLD");
	assert_string_equal(found->entries[1]->treatment_code, "T-1");
	assert_string_equal(found->entries[1]->event, "Click");
	assert_string_equal(found->entries[1]->audience_id, "customer-7");
	assert_string_equal(found->entries[1]->environment, WORLD_ENVIRONMENT);
	assert_string_equal(found->entries[1]->runtime_id, WORLD_RUNTIME);
	assert_int_equal(found->entries[1]->snapshot_version, 7);
	assert_string_equal(found->entries[1]->campaign, "spring");
	assert_string_equal(found->entries[1]->cell, "c1");
	assert_string_equal(found->entries[1]->cause_event_id, "");
	kinds[0] = kinds[1] = KIND(RECOMMENDATION);
	found = list_ok(world, &request);
	assert_string_equal(found->entries[0]->origin, "GLOBAL");
	assert_string_equal(found->entries[1]->origin, "RULE");
	assert_string_equal(found->entries[1]->campaign, "spring");
	request.audience_id = (char *)"customer-8";
	assert_int_equal(list_ok(world, &request)->n_entries, 0);
	request = (Request)PARLEY__DESIGN__V1__LIST_HISTORY_REQUEST__INIT;
	request.audience_id = (char *)"customer-8";
	request.channel = (char *)"retail";
	request.environment = (char *)WORLD_ENVIRONMENT;
	assert_int_equal(list_ok(world, &request)->n_entries, FACTS);
	request.environment = (char *)"production";
	assert_int_equal(list_ok(world, &request)->n_entries, 0);
}

static void every_kind_is_found_by_its_name(void **state)
{
	World *world = *state;
	for (int kind = KIND(RECOMMENDATION); kind <= KIND(SESSION_END); kind++) {
		Parley__Design__V1__HistoryKind kinds[] = {(Parley__Design__V1__HistoryKind)kind};
		Request request = PARLEY__DESIGN__V1__LIST_HISTORY_REQUEST__INIT;
		request.kinds = kinds;
		request.n_kinds = 1;
		size_t expected = kind == KIND(RECOMMENDATION) ? 2 * VISITS
		                  : kind == KIND(REJECT)       ? 0
		                                               : VISITS;
		Response *found = list_ok(world, &request);
		assert_int_equal(found->n_entries, expected);
		for (size_t i = 0; i < found->n_entries; i++)
			assert_int_equal(found->entries[i]->kind, kind);
	}
}

static void nonsense_is_refused(void **state)
{
	World *world = *state;
	Response *none = NULL;
	Request request = PARLEY__DESIGN__V1__LIST_HISTORY_REQUEST__INIT;
	request.page_size = -1;
	assert_int_equal(list(world, &request, &none), ERR_FIELD_INVALID);
	request.page_size = 10;
	request.page_token = list_ok(world, &request)->next_page_token;
	request.channel = (char *)"another"; // the token belongs to another question
	assert_int_equal(list(world, &request, &none), ERR_PAGE_TOKEN_INVALID);
	request.channel = (char *)"";
	request.page_token = (char *)"nonsense";
	assert_int_equal(list(world, &request, &none), ERR_PAGE_TOKEN_INVALID);
	Parley__Design__V1__HistoryKind kinds[] = {(Parley__Design__V1__HistoryKind)42};
	request.page_token = (char *)"";
	request.kinds = kinds;
	request.n_kinds = 1;
	assert_int_equal(list(world, &request, &none), ERR_FIELD_INVALID);
}

typedef Parley__Design__V1__ListDecisionsRequest DecisionsRequest;
typedef Parley__Design__V1__ListDecisionsResponse DecisionsResponse;

static Err list_decisions(World *world, const DecisionsRequest *request, DecisionsResponse **ret)
{
	ProtobufCMessage *response = NULL;
	TRY(rpc_call(world->client, &parley__design__v1__history_service__descriptor, "ListDecisions",
	        &request->base, 10000, world->arena, &response));
	*ret = (DecisionsResponse *)response;
	return OK;
}

static void decisions_are_told_whole_from_the_oldest(void **state)
{
	World *world = *state;
	for (int32_t size = 1; size <= 100; size += 33) {
		DecisionsRequest request = PARLEY__DESIGN__V1__LIST_DECISIONS_REQUEST__INIT;
		request.page_size = size;
		uint64_t seen = 0;
		for (bool more = true; more;) {
			DecisionsResponse *page = NULL;
			assert_int_equal(list_decisions(world, &request, &page), OK);
			assert_true(page->n_decisions <= (size_t)size);
			for (size_t i = 0; i < page->n_decisions; i++, seen++) {
				const Parley__Design__V1__RecordedDecision *decision = page->decisions[i];
				assert_true(decision->seed == UINT64_MAX - seen);
				assert_int_equal(decision->receipt.len, 4);
				assert_int_equal(decision->receipt.data[3], seen);
				assert_int_equal(decision->n_rows, 2);
				assert_string_equal(decision->rows[0]->offer_code, "GOLD");
				assert_string_equal(decision->rows[1]->offer_code, "SILVER");
				assert_false(decision->rows[1]->at_odds);
				assert_int_equal(strlen(decision->decision_id), 13);
			}
			request.page_token = page->next_page_token;
			more = page->next_page_token[0] != 0;
		}
		assert_int_equal(seen, VISITS);
	}
}

static void decisions_are_filtered_too(void **state)
{
	World *world = *state;
	DecisionsResponse *page = NULL;
	DecisionsRequest request = PARLEY__DESIGN__V1__LIST_DECISIONS_REQUEST__INIT;
	request.audience_id = (char *)"customer-8";
	request.environment = (char *)WORLD_ENVIRONMENT;
	request.channel = (char *)"retail";
	assert_int_equal(list_decisions(world, &request, &page), OK);
	assert_int_equal(page->n_decisions, 1);
	assert_string_equal(page->decisions[0]->session_id, "session-8");
	request.page_token = (char *)"nonsense";
	assert_int_equal(list_decisions(world, &request, &page), ERR_PAGE_TOKEN_INVALID);
	request.page_token = (char *)"";
	request.environment = (char *)"production";
	assert_int_equal(list_decisions(world, &request, &page), OK);
	assert_int_equal(page->n_decisions, 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, world_story_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(pages_follow_each_other_without_gap_or_repetition),
	        STORY(filters_add_up),
	        STORY(every_kind_is_found_by_its_name),
	        STORY(nonsense_is_refused),
	        STORY(decisions_are_told_whole_from_the_oldest),
	        STORY(decisions_are_filtered_too),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
