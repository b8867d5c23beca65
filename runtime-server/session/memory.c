// What a session remembers of its own past: recommended treatments, so that an event can quote one, and event
// IDs, so that an event counts once. Both are bounded rings; the oldest goes first.
#include "session/session.h"

#include <stdlib.h>

static void drop_oldest_facts(Session *session)
{
	OldFacts *oldest = session->old_facts;
	session->old_facts = oldest->next;
	if (oldest->next == NULL)
		session->old_facts_end = NULL;
	free(oldest);
}

static void remember_offer(Session *session, int point, const DecidedOffer *offer)
{
	bool full = session->treatments.count == session->treatments.capacity;
	Treatment *treatment = ring_push(&session->treatments, sizeof(Treatment));
	if (full && treatment->facts != NULL && --session->old_facts->left == 0)
		drop_oldest_facts(session);
	*treatment = (Treatment){.id = offer->id, .point = (uint32_t)point};
	memcpy(treatment->code, offer->treatment_code, sizeof treatment->code);
}

Err session_remember_decision(Session *session, const Decision *decision)
{
	size_t count = 0;
	for (size_t p = 0; p < decision->count; p++)
		count += decision->points[p].offer_count;
	size_t bound = count > SESSION_TREATMENTS ? count : SESSION_TREATMENTS;
	if (count > 0 && !ring_reserve(&session->treatments, sizeof(Treatment), count, bound))
		return err(ERR_NO_MEMORY, "no memory for the session's treatments; try again later");
	for (size_t p = 0; p < decision->count; p++)
		for (size_t i = 0; i < decision->points[p].offer_count; i++)
			remember_offer(session, decision->points[p].point, &decision->points[p].offers[i]);
	return OK;
}

const Treatment *session_treatment(const Session *session, Str code)
{
	const Treatment *treatments = session->treatments.items;
	for (uint32_t i = 0; i < session->treatments.count; i++)
		if (str_eq(str(treatments[i].code), code))
			return &treatments[i];
	return NULL;
}

void rule_facts(const Parley__Snapshot__V1__Snapshot *snapshot,
        const Parley__Snapshot__V1__TreatmentRule *rule, TreatmentFacts *ret)
{
	ret->rule = str(rule->name);
	if (rule->segment > 0)
		ret->segment = str(snapshot->segments[rule->segment - 1]->name);
	if (rule->campaign == 0)
		return;
	const Parley__Snapshot__V1__Campaign *campaign = snapshot->campaigns[rule->campaign - 1];
	ret->campaign = str(campaign->code);
	if (rule->cell > 0)
		ret->cell = str(campaign->cells[rule->cell - 1]->code);
}

TreatmentFacts treatment_facts(const Plan *plan, CandidateId id, uint32_t point)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = plan_snapshot(plan);
	const Parley__Snapshot__V1__TreatmentRule *rule = decide_rule(plan, id);
	Str empty = STR("");
	TreatmentFacts facts = {.offer_code = str(snapshot->offers[id.offer]->code),
	        .rule = empty,
	        .segment = empty,
	        .point = str(snapshot->points[point]->name),
	        .zone = str(snapshot->zones[snapshot->points[point]->zone]->name),
	        .campaign = empty,
	        .cell = empty};
	if (rule != NULL)
		rule_facts(snapshot, rule, &facts);
	return facts;
}

TreatmentFacts session_treatment_facts(const Session *session, const Treatment *treatment)
{
	if (treatment->facts != NULL)
		return *treatment->facts;
	return treatment_facts(session->plan, treatment->id, treatment->point);
}

bool session_event_seen(Session *session, uint64_t epoch, EventKey key)
{
	if (session->events_epoch != epoch)
		ring_free(&session->events);
	session->events_epoch = epoch;
	const EventKey *keys = session->events.items;
	for (uint32_t i = 0; i < session->events.count; i++)
		if (keys[i].high == key.high && keys[i].low == key.low)
			return true;
	return false;
}

Err session_event_reserve(Session *session)
{
	if (!ring_reserve(&session->events, sizeof(EventKey), 1, SESSION_EVENTS))
		return err(ERR_NO_MEMORY, "no memory for the session's events; try again later");
	return OK;
}

void session_event_remember(Session *session, EventKey key)
{
	*(EventKey *)ring_push(&session->events, sizeof(EventKey)) = key;
}

void session_clear(Session *session)
{
	free((char *)session->audience_id.ptr);
	free(session->values);
	free(session->lasting);
	while (session->old_facts != NULL)
		drop_oldest_facts(session);
	session_forget_notes(session);
	facts_free(&session->facts);
	pending_clear(&session->pending);
	ring_free(&session->treatments);
	ring_free(&session->events);
}
