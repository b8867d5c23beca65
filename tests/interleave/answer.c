#include "answer.h"

#include <stdio.h>
#include <stdlib.h>

static bool advised(Advisory *const *advisories, size_t count, const char *code)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(advisories[i]->code, code) == 0)
			return true;
	return false;
}

static void read_advisories(Advisory *const *advisories, size_t count, Told *told)
{
	told->gap |= advised(advisories, count, "SEQUENCE_GAP");
	told->changed |= advised(advisories, count, "SNAPSHOT_CHANGED");
}

static bool is_grown(char *const *segments, size_t count)
{
	return count == 1 && strcmp(segments[0], "grown") == 0;
}

static int offer_of(const char *code)
{
	for (int i = 0; i < OFFERS; i++)
		if (strcmp(code, offer_codes[i]) == 0)
			return i;
	fprintf(stderr, "no offer is called %s\n", code);
	abort();
}

static void read_point(Story *story, const PointOffers *point, Told *told)
{
	Shown *shown = &told->offer.shown;
	told->offer.explained = point->n_candidates > 0;
	for (size_t i = 0; i < point->n_offers && i < SHOWN_MAX; i++) {
		const Offer *offer = point->offers[i];
		if (story->treatment_count == TREATMENTS_MAX)
			abort();
		Issued *treatment = &story->treatments[story->treatment_count];
		treatment->offer = offer_of(offer->offer_code);
		snprintf(treatment->code, sizeof treatment->code, "%s", offer->treatment_code);
		shown->offers[i] = treatment->offer;
		shown->treatments[i] = story->treatment_count++;
		shown->count++;
	}
}

// --- by kind ---

static void read_start(Call *call, Step *step, const BatchResult *result)
{
	const StartSessionResponse *in = result->start_session;
	(void)call;
	step->told.version = (unsigned)in->snapshot->version;
	step->told.grown = is_grown(in->segments, in->n_segments);
	step->told.start.resumed = in->resumed;
	step->told.start.no_profile = advised(in->advisories, in->n_advisories, "PROFILE_UNAVAILABLE");
	read_advisories(in->advisories, in->n_advisories, &step->told);
}

static void read_offers(Call *call, Step *step, const BatchResult *result)
{
	const GetOffersResponse *in = result->get_offers;
	step->told.version = (unsigned)in->snapshot->version;
	read_advisories(in->advisories, in->n_advisories, &step->told);
	read_point(call->story, in->points[0], &step->told);
}

static void read_event(Call *call, Step *step, const BatchResult *result)
{
	const PostEventResponse *in = result->post_event;
	(void)call;
	step->told.version = (unsigned)in->snapshot->version;
	step->told.duplicate = in->duplicate;
	read_advisories(in->advisories, in->n_advisories, &step->told);
}

static void read_attribute(const ProfileAttribute *in, Seen *seen)
{
	if (strcmp(in->name, "age") == 0) {
		seen->age = (int)in->value->int_value;
		seen->age_source = (int)in->source;
	} else if (strcmp(in->name, "balance") == 0) {
		seen->balance = in->value->double_value;
		seen->balance_source = (int)in->source;
	} else if (strcmp(in->name, "tier") == 0) {
		seen->tier = atoi(in->value->string_value);
		seen->tier_source = (int)in->source;
	}
}

static void read_profile(Call *call, Step *step, const BatchResult *result)
{
	const GetProfileResponse *in = result->get_profile;
	Seen *seen = &step->told.seen;
	step->told.version = (unsigned)in->snapshot->version;
	step->told.grown = is_grown(in->segments, in->n_segments);
	read_advisories(in->advisories, in->n_advisories, &step->told);
	seen->customer = atoi(in->audience_id) - (int)call->story->number * CUSTOMERS;
	seen->debug = in->debug;
	for (size_t i = 0; i < in->n_attributes; i++)
		read_attribute(in->attributes[i], seen);
}

static void read_audience(Call *call, Step *step, const BatchResult *result)
{
	const SetAudienceResponse *in = result->set_audience;
	(void)call;
	step->told.version = (unsigned)in->snapshot->version;
	step->told.grown = is_grown(in->segments, in->n_segments);
	step->told.start.no_profile = advised(in->advisories, in->n_advisories, "PROFILE_UNAVAILABLE");
	read_advisories(in->advisories, in->n_advisories, &step->told);
}

static void read_debug(Call *call, Step *step, const BatchResult *result)
{
	(void)call;
	read_advisories(result->set_debug->advisories, result->set_debug->n_advisories, &step->told);
}

static void read_end(Call *call, Step *step, const BatchResult *result)
{
	(void)call;
	read_advisories(result->end_session->advisories, result->end_session->n_advisories, &step->told);
}

static void read_result(Call *call, Step *step, const BatchResult *result)
{
	static void (*const kinds[STEP_KINDS])(Call * call, Step * step, const BatchResult *result) = {
	        [START] = read_start,
	        [OFFER] = read_offers,
	        [POST] = read_event,
	        [PROFILE] = read_profile,
	        [AUDIENCE] = read_audience,
	        [DEBUG] = read_debug,
	        [END] = read_end,
	};
	if (result->what_case == PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_FAILURE)
		step->told.failure = err_by_reason(str(result->failure->reason));
	else
		kinds[step->kind](call, step, result);
}

// --- calls ---

static void end(Call *call)
{
	Story *story = call->story;
	const Step *first = &call->steps[0];
	if (call->kind != RECOMMEND)
		story->missing = first->told.failure == ERR_SESSION_UNKNOWN || first->kind == END;
	story->busy[call->client] = false;
	pthread_cond_broadcast(&story->ended);
}

void answer_refused(Call *call, Err e)
{
	call->steps[0].told.failure = e;
	end(call);
}

void answer_alone(Call *call, const BatchResult *result)
{
	read_result(call, &call->steps[0], result);
	end(call);
}

void answer_batch(Call *call, const ExecuteBatchResponse *response)
{
	for (int i = 0; i < call->count; i++)
		read_result(call, &call->steps[i], response->results[i]);
	read_advisories(response->advisories, response->n_advisories, &call->steps[0].told);
	end(call);
}

void answer_recommend(Call *call, const RecommendResponse *response)
{
	Step *step = call->steps;
	if (step->kind == POST)
		read_result(call, step++, response->events[0]);
	step->told.version = (unsigned)response->snapshot->version;
	read_point(call->story, response->points[0], &step->told);
	end(call);
}
