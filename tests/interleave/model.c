#include "model.h"

#include <string.h>

enum { DEFAULT_AGE = 30, GROWN_AGE = 33 };

static bool is_owned(const State *state, int treatment)
{
	return (state->own[treatment / 64] >> (treatment % 64) & 1) != 0;
}

static double profile_balance(const Story *story, int customer)
{
	return 1000 + (double)story->number * CUSTOMERS + customer;
}

static int age_of(const State *state)
{
	return state->age != 0 ? state->age : DEFAULT_AGE;
}

static bool is_grown(const State *state)
{
	return age_of(state) >= GROWN_AGE;
}

// --- snapshots and numbers ---

// The snapshot that a call says it was done under; 0: only END or DEBUG was done, which do not say it.
static unsigned version_of(const Call *call)
{
	unsigned version = 0;
	for (int i = 0; i < call->count && version == 0; i++)
		version = call->steps[i].told.version;
	return version;
}

// A call finds the session on the newest snapshot or moves it there, and is told if it moved since the last
// answer.
static bool move(unsigned version, bool changed, State *state)
{
	if (version == 0) {
		state->version += changed;
		return true;
	}
	bool moved = version > state->version;
	if (version < state->version || (changed && !moved) || (moved && !changed && !state->unsaid))
		return false;
	state->version = version;
	state->unsaid = false;
	return true;
}

static bool has_passed(unsigned sequence, const State *state)
{
	return sequence != 0 && state->sequence != 0 && sequence <= state->sequence;
}

static bool leaves_out(unsigned sequence, const State *state)
{
	return sequence != 0 && state->sequence != 0 && sequence != state->sequence + 1;
}

// --- offers ---

static void count(Counts *counts, EventKind kind, int offer)
{
	uint8_t *by_kind[] = {
	        [SHOWN] = counts->contacts, [ACCEPTED] = counts->accepts, [REJECTED] = counts->rejects};
	by_kind[kind][offer]++;
}

// When a decision was made; one that offered nothing does not say it.
static int64_t as_of_us(const Story *story, const Shown *told)
{
	return told->count > 0 ? story->treatments[told->treatments[0]].as_of_us : INT64_MAX;
}

// What happened after the decision's moment counts for nothing, although it is in the journal already.
static Counts visitor_counts(const Story *story, const State *state, int customer, int64_t as_of)
{
	Counts counts = {0};
	for (int i = 0; i < story->event_count; i++) {
		const Posted *event = &story->events[i];
		if (state->remembered[i] == customer + 1 && event->time_us <= as_of)
			count(&counts, event->kind, story->treatments[event->treatment].offer);
	}
	return counts;
}

// Who looks at the offers.
typedef struct Looker {
	int customer;
	const Counts *session;
	const uint8_t *marks;
	bool grown;
} Looker;

static bool is_struck(int offer, const Looker *looker, const Counts *visitor)
{
	const Counts *session = looker->session;
	bool few = offer == CARD || offer == CASH;
	return looker->marks[offer] == SUPPRESSED || (offer == EXTRA && looker->marks[EXTRA] != QUALIFIED) ||
	       (offer == LUX && (!looker->grown || session->contacts[LUX] >= 2)) ||
	       (offer == CARD && session->accepts[CARD] > 0) ||
	       (offer == CASH && visitor->rejects[CASH] > 0) ||
	       (offer == CLUB && session->contacts[CLUB] >= 2) ||
	       (few && visitor->contacts[CARD] + visitor->contacts[CASH] >= 3);
}

// Whether these are the offers that the looker gets, best first.
static bool gets(const Story *story, const State *state, const Looker *looker, const Shown *told)
{
	static const int by_score[] = {EXTRA, LUX, CARD, CASH, CLUB};
	Counts visitor = visitor_counts(story, state, looker->customer, as_of_us(story, told));
	int shown = 0;
	for (int i = 0; i < OFFERS && shown < SHOWN_MAX; i++) {
		if (is_struck(by_score[i], looker, &visitor))
			continue;
		if (shown == told->count || told->offers[shown] != by_score[i])
			return false;
		shown++;
	}
	return shown == told->count;
}

// What the session recommended is in the journal in the order in which it did.
static bool note_offers(const Story *story, const Shown *shown, State *state)
{
	for (int i = 0; i < shown->count; i++) {
		int treatment = shown->treatments[i];
		const Issued *issued = &story->treatments[treatment];
		if (issued->customer != state->customer || issued->place < state->session_place)
			return false;
		state->session_place = issued->place;
		state->own[treatment / 64] |= UINT64_C(1) << (treatment % 64);
	}
	return true;
}

static bool offer(const Story *story, const Step *step, State *state)
{
	const Told *told = &step->told;
	const Looker looker = {state->customer, &state->session, state->marks, is_grown(state)};
	return told->offer.explained == (step->on || state->debug) &&
	       gets(story, state, &looker, &told->offer.shown) &&
	       note_offers(story, &told->offer.shown, state);
}

// --- events ---

// Contacts and responses count for the visitor who was offered it, and in the session if that is its visitor.
static bool log_event(
        const Story *story, const Posted *event, int customer, bool own, Counts *session, State *state)
{
	const Issued *treatment = &story->treatments[event->treatment];
	int whose = own ? customer : treatment->customer;
	if (event->place <= state->effect_place)
		return false;
	state->effect_place = event->place;
	state->remembered[event - story->events] = (uint8_t)(whose + 1);
	if (whose == customer)
		count(session, event->kind, treatment->offer);
	return true;
}

static bool act(const Story *story, const Posted *event, State *state)
{
	switch (event->kind) {
	case SHOWN:
	case ACCEPTED:
	case REJECTED:
		return log_event(story, event, state->customer, is_owned(state, event->treatment),
		        &state->session, state);
	case HIDE:
		state->marks[story->treatments[event->treatment].offer] = SUPPRESSED;
		return true;
	case LIKE:
		state->marks[EXTRA] = QUALIFIED;
		return true;
	case TICK:
		state->age = age_of(state) + 1;
		state->balance++;
		state->balance_source = BY_EVENT;
		return true;
	case NOTE:
	case EVENT_KINDS:
		break;
	}
	return true;
}

static bool post(const Story *story, const Step *step, State *state)
{
	const Posted *event = &story->events[step->event];
	if (event->place <= state->session_place)
		return false;
	state->session_place = event->place;
	state->posted |= UINT64_C(1) << step->event;
	if (event->tier != 0)
		state->tier = event->tier;
	return act(story, event, state);
}

static bool is_known(const Step *step, const State *state)
{
	return step->kind == POST && (state->posted >> step->event & 1) != 0;
}

// --- the rest ---

static void arrive(const Story *story, const Step *step, State *state)
{
	state->customer = step->customer;
	if (step->tier != 0)
		state->tier = step->tier;
	if (state->balance_source == BY_EVENT)
		return;
	state->balance = step->told.start.no_profile ? 0 : profile_balance(story, step->customer);
	state->balance_source = step->told.start.no_profile ? BY_DEFAULT : BY_PROFILE;
}

static void open_fresh(State *state)
{
	State former = *state;
	memset(state, 0, sizeof *state);
	state->open = true;
	state->session_place = former.session_place;
	state->effect_place = former.effect_place;
	memcpy(state->remembered, former.remembered, sizeof state->remembered);
	memcpy(state->visits, former.visits, sizeof state->visits);
}

static bool start(const Story *story, const Step *step, State *state)
{
	const Told *told = &step->told;
	if (state->open && state->customer != step->customer) {
		state->unsaid = true;
		return told->failure == ERR_SESSION_CONFLICT;
	}
	if (told->failure != OK || told->start.resumed != state->open)
		return false;
	if (state->open) {
		state->tier = step->tier != 0 ? step->tier : state->tier;
		return told->grown == is_grown(state);
	}
	open_fresh(state);
	state->version = told->version;
	arrive(story, step, state);
	return !told->grown;
}

static bool looks_so(const Seen *seen, const State *state)
{
	return seen->customer == state->customer && seen->debug == state->debug &&
	       seen->age == age_of(state) && seen->age_source == (state->age != 0 ? BY_EVENT : BY_DEFAULT) &&
	       seen->tier == (int)state->tier &&
	       seen->tier_source == (state->tier != 0 ? BY_SESSION : BY_DEFAULT) &&
	       seen->balance >= state->balance && seen->balance <= state->balance &&
	       seen->balance_source == state->balance_source;
}

static bool do_step(const Story *story, const Step *step, State *state)
{
	switch (step->kind) {
	case OFFER:
		return offer(story, step, state);
	case POST:
		return post(story, step, state);
	case PROFILE:
		return looks_so(&step->told.seen, state) && step->told.grown == is_grown(state);
	case AUDIENCE:
		arrive(story, step, state);
		return step->told.grown == is_grown(state);
	case DEBUG:
		state->debug = step->on;
		return true;
	case END:
		state->open = false;
		return true;
	case START:
	case STEP_KINDS:
		break;
	}
	return false;
}

// --- a call without a session ---

static bool visit(const Story *story, const Call *call, int which, State *state)
{
	static const uint8_t unmarked[OFFERS];
	Counts *own = &state->visits[call->client];
	const Step *step = &call->steps[which];
	if (step->told.failure != OK)
		return false;
	if (step->kind == POST)
		return !step->told.duplicate &&
		       log_event(story, &story->events[step->event], call->customer, false, own, state);
	const Shown *shown = &step->told.offer.shown;
	bool fits = gets(story, state, &(Looker){call->customer, own, unmarked, false}, shown);
	for (int i = 0; fits && i < shown->count; i++)
		fits = story->treatments[shown->treatments[i]].customer == call->customer;
	memset(own, 0, sizeof *own);
	return fits && step->told.offer.explained == step->on;
}

// --- all of it ---

// What comes before the first step: the session, its move to another snapshot, the call's number.
static Fit begin(const Call *call, State *state)
{
	const Step *first = &call->steps[0];
	const Told *told = &first->told;
	bool known = call->kind == ALONE && is_known(first, state);
	unsigned sequence = first->kind == START || known ? 0 : call->sequence;
	if (first->kind == START && (!state->open || told->failure != OK))
		return FITS;
	if (!state->open)
		return told->failure == ERR_SESSION_UNKNOWN ? FITS_ALL : FITS_NOT;
	if (has_passed(sequence, state)) {
		state->unsaid = true;
		return told->failure == ERR_SEQUENCE_PASSED ? FITS_ALL : FITS_NOT;
	}
	if (told->failure != OK)
		return FITS_NOT;
	return move(version_of(call), told->changed, state) && told->gap == leaves_out(sequence, state)
	               ? FITS
	               : FITS_NOT;
}

// The session is there.
static bool answered_so(const Story *story, const Step *step, State *state)
{
	const Told *told = &step->told;
	if (told->failure != OK || (told->version != 0 && told->version != state->version))
		return false;
	if (step->kind != POST)
		return do_step(story, step, state);
	return told->duplicate == is_known(step, state) && (told->duplicate || post(story, step, state));
}

Fit model_step(const Story *story, const Call *call, int which, State *state)
{
	const Step *step = &call->steps[which];
	if (call->kind == RECOMMEND)
		return visit(story, call, which, state) ? FITS : FITS_NOT;
	Fit fit = which == 0 ? begin(call, state) : FITS;
	if (fit != FITS)
		return fit;
	if (!(step->kind == START ? start(story, step, state) : answered_so(story, step, state)))
		return FITS_NOT;
	if (which + 1 == call->count && call->sequence > state->sequence)
		state->sequence = call->sequence;
	return FITS;
}
