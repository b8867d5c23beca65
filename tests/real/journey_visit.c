// A redemption quotes the mailer's treatment if the coupon was in it: a response in another session than the
// offer. Else the household asks for that very coupon first.
#include "journey_visit.h"

#include "base/clock.h"

#include "parley/runtime/v1/interaction.pb-c.h"

#define MESSAGE(name)     Parley__Runtime__V1__##name
#define INIT(initialiser) PARLEY__RUNTIME__V1__##initialiser##__INIT

typedef MESSAGE(GetOffersResponse) OffersResponse;

enum { ID_SIZE = 64 };

typedef struct Call {
	const ErrandWorld *world;
	Errand *errand;
	Arena *arena;
	int64_t deadline_us;
	char session_id[ID_SIZE], point[ID_SIZE];
} Call;

static Err call(const Call *c, const char *method, const ProtobufCMessage *request, ProtobufCMessage **ret)
{
	return touchpoint_call(
	        c->world->touchpoint, c->world->client, method, request, c->deadline_us, c->arena, ret);
}

static const char *kind_of(const Errand *errand)
{
	return errand->redeems ? "redeem" : "mailer";
}

static Err start(const Call *c)
{
	MESSAGE(StartSessionRequest) request = INIT(START_SESSION_REQUEST);
	MESSAGE(AudienceId) audience = INIT(AUDIENCE_ID);
	MESSAGE(NamedValue) key = INIT(NAMED_VALUE), *keys[] = {&key};
	MESSAGE(Value) value = INIT(VALUE);
	ProtobufCMessage *response;

	value.kind_case = PARLEY__RUNTIME__V1__VALUE__KIND_INT_VALUE;
	value.int_value = c->errand->household;
	key.name = "household_id";
	key.value = &value;
	audience.level = "household";
	audience.keys = keys;
	audience.n_keys = 1;
	request.channel = (char *)c->world->touchpoint->channel;
	request.audience = &audience;
	request.session_id = (char *)c->session_id;
	return call(c, "StartSession", &request.base, &response);
}

// What the mailer shows, or the very coupon.
static Err ask(const Call *c, const MESSAGE(PointOffers) * *ret)
{
	MESSAGE(GetOffersRequest) request = INIT(GET_OFFERS_REQUEST);
	MESSAGE(PointRequest) point = INIT(POINT_REQUEST), *points[] = {&point};
	MESSAGE(OfferCondition) condition = INIT(OFFER_CONDITION), *conditions[] = {&condition};
	MESSAGE(Value) upc = INIT(VALUE);
	ProtobufCMessage *response;

	upc.kind_case = PARLEY__RUNTIME__V1__VALUE__KIND_STRING_VALUE;
	upc.string_value = c->errand->coupon;
	condition.attribute = "upc";
	condition.value = &upc;
	point.interaction_point = (char *)c->point;
	point.max_offers = c->errand->redeems ? 1 : MAILER_OFFERS;
	point.filter = conditions;
	point.n_filter = c->errand->redeems ? 1 : 0;
	request.session_id = (char *)c->session_id;
	request.points = points;
	request.n_points = 1;
	TRY(call(c, "GetOffers", &request.base, &response));
	const OffersResponse *answer = (const OffersResponse *)response;
	if (answer->n_points != 1 || answer->points[0]->n_advisories)
		return err(ERR_INTERNAL, "%s: %s", c->point,
		        answer->n_points == 1 ? answer->points[0]->advisories[0]->message : "no answer");
	*ret = answer->points[0];
	const Errand *errand = c->errand;
	for (size_t i = 0; i < (*ret)->n_offers; i++)
		(void)fprintf(c->world->log->offers, "%ld,%s,%ld,%s,%zu,%s,%s\n", errand->line,
		        kind_of(errand), errand->household, errand->campaign, i + 1,
		        (*ret)->offers[i]->offer_code, (*ret)->offers[i]->treatment_code);
	if (!(*ret)->n_offers)
		(void)fprintf(c->world->log->offers, "%ld,%s,%ld,%s,0,,\n", errand->line, kind_of(errand),
		        errand->household, errand->campaign);
	return OK;
}

// Posts an event and writes it down once it is acknowledged.
static Err post(const Call *c, const char *event, const char *kind, size_t number, const char *offer,
        const char *treatment, bool across)
{
	MESSAGE(PostEventRequest) request = INIT(POST_EVENT_REQUEST);
	ProtobufCMessage *response;
	char event_id[ID_SIZE];

	(void)snprintf(event_id, sizeof(event_id), "%s-%ld-%zu", kind, c->errand->line, number);
	request.session_id = (char *)c->session_id;
	request.event_id = event_id;
	request.event = (char *)event;
	request.treatment_code = (char *)treatment;
	TRY(call(c, "PostEvent", &request.base, &response));
	(void)fprintf(c->world->log->events, "%s,%s,%ld,%s,%s,%d\n", event_id, kind, c->errand->household,
	        c->errand->campaign, offer, across);
	return OK;
}

static Err mailer(Call *c)
{
	const MESSAGE(PointOffers) * point;
	Errand *errand = c->errand;

	TRY(ask(c, &point));
	for (size_t i = 0; i < point->n_offers; i++) {
		const MESSAGE(Offer) *offer = point->offers[i];

		TRY(post(c, "coupon-sent", "contact", i, offer->offer_code, offer->treatment_code, false));
		(void)snprintf(errand->shown[i].treatment, CODE_SIZE, "%s", offer->treatment_code);
		(void)snprintf(errand->shown[i].coupon, CODE_SIZE, "%s", offer->offer_code);
	}
	errand->shown_count = point->n_offers;
	atomic_store(&errand->done, true);
	return OK;
}

static const char *treatment_of_mailer(const Errand *mailer, const char *coupon)
{
	if (mailer && atomic_load(&mailer->done))
		for (size_t i = 0; i < mailer->shown_count; i++)
			if (strcmp(mailer->shown[i].coupon, coupon) == 0)
				return mailer->shown[i].treatment;
	return NULL;
}

static Err redeem(Call *c)
{
	const char *treatment = treatment_of_mailer(c->errand->mailer, c->errand->coupon);
	const MESSAGE(PointOffers) * point;

	if (treatment)
		return post(c, "coupon-redeemed", "accept", 0, c->errand->coupon, treatment, true);
	TRY(ask(c, &point));
	if (!point->n_offers)
		return OK;
	const MESSAGE(Offer) *offer = point->offers[0];
	TRY(post(c, "coupon-sent", "contact", 0, offer->offer_code, offer->treatment_code, false));
	return post(c, "coupon-redeemed", "accept", 0, offer->offer_code, offer->treatment_code, false);
}

static Err end(const Call *c)
{
	MESSAGE(EndSessionRequest) request = INIT(END_SESSION_REQUEST);
	ProtobufCMessage *response;

	request.session_id = (char *)c->session_id;
	return call(c, "EndSession", &request.base, &response);
}

static Err through(Call *c)
{
	TRY(start(c));
	TRY(c->errand->redeems ? redeem(c) : mailer(c));
	return end(c);
}

Err errand_run(const ErrandWorld *world, Errand *errand, Arena *arena)
{
	Call c = {.world = world,
	        .errand = errand,
	        .arena = arena,
	        .deadline_us = monotonic_us() + world->touchpoint->patience_ms * US_PER_MS};

	(void)snprintf(c.session_id, ID_SIZE, "%s-%ld", kind_of(errand), errand->line);
	(void)snprintf(c.point, ID_SIZE, "mailer-%s", errand->campaign);
	Err e = through(&c);
	return e == OK ? OK
	               : err_context(e, "household %ld, campaign %s", errand->household, errand->campaign);
}
