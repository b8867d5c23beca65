// A session outlives snapshots. When another one serves, the session moves on: values are found again by
// attribute name and type, segments are computed anew, and treatments, which are indexes into the snapshot
// that is left, become text.
#include "session/session.h"

#include <stdlib.h>

typedef Parley__Snapshot__V1__Attribute Attribute;
typedef Parley__Snapshot__V1__AudienceLevel Level;

static const Level *level_of(const Plan *plan, int level)
{
	return plan_snapshot(plan)->audience_levels[level];
}

static bool same_keys(const Level *a, const Level *b)
{
	if (a->n_keys != b->n_keys)
		return false;
	for (size_t i = 0; i < a->n_keys; i++)
		if (strcmp(a->keys[i]->name, b->keys[i]->name) != 0 || a->keys[i]->type != b->keys[i]->type)
			return false;
	return true;
}

// Whether the value of an attribute may go on as that of another.
static bool fits(const Attribute *from, const Attribute *to, int least)
{
	return from->type == to->type && (least < FROM_SESSION || to->session_settable);
}

bool session_carry(const Session *session, const Plan *plan, int level, int least, Values *values)
{
	const Level *from = level_of(session->plan, session->level), *to = level_of(plan, level);
	const uint8_t *was = session_origins(session);
	bool dropped = false;
	for (size_t i = 0; i < from->n_attributes; i++) {
		if (was[i] < least)
			continue;
		int slot = plan_attribute(plan, level, str(from->attributes[i]->name));
		if (slot < 0 || !fits(from->attributes[i], to->attributes[slot], least)) {
			dropped = true;
			continue;
		}
		ExprValue value = session_given(session)[i];
		values_set(values, slot, value.kind == EXPR_ERROR ? expr_missing((uint32_t)slot) : value,
		        was[i]);
	}
	return dropped;
}

static size_t facts_text(const TreatmentFacts *facts)
{
	return facts->offer_code.len + facts->rule.len + facts->segment.len + facts->point.len +
	       facts->zone.len + facts->campaign.len + facts->cell.len;
}

static Str put_text(char **free_space, Str text)
{
	char *copy = *free_space;
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	*free_space += text.len;
	return str_n(copy, text.len);
}

static TreatmentFacts own_facts(const TreatmentFacts *facts, char **free_space)
{
	return (TreatmentFacts){
	        .offer_code = put_text(free_space, facts->offer_code),
	        .rule = put_text(free_space, facts->rule),
	        .segment = put_text(free_space, facts->segment),
	        .point = put_text(free_space, facts->point),
	        .zone = put_text(free_space, facts->zone),
	        .campaign = put_text(free_space, facts->campaign),
	        .cell = put_text(free_space, facts->cell),
	};
}

// The treatment that is so many before the newest.
static Treatment *before_newest(const Session *session, uint32_t back)
{
	const Ring *ring = &session->treatments;
	return (Treatment *)ring->items + (ring->next + ring->capacity - 1 - back) % ring->capacity;
}

// Room for the facts of those that are not text yet, which are the newest; NULL if there are none.
static Err new_facts(const Session *session, OldFacts **ret)
{
	uint32_t count = 0;
	size_t text = 0;
	for (; count < session->treatments.count; count++) {
		const Treatment *treatment = before_newest(session, count);
		if (treatment->facts != NULL)
			break;
		TreatmentFacts facts = session_treatment_facts(session, treatment);
		text += facts_text(&facts);
	}
	if (count == 0)
		return OK;
	OldFacts *block = malloc(sizeof *block + count * sizeof block->facts[0] + text);
	if (block == NULL)
		return err(ERR_NO_MEMORY, "no memory for the session's treatments; try again later");
	block->next = NULL;
	block->left = count;
	*ret = block;
	return OK;
}

// Turns what was recommended under the snapshot that is left into text. What is text already stays where it
// is: each treatment is copied once, however often snapshots change.
static Err keep_facts(Session *session)
{
	OldFacts *block = NULL;
	TRY(new_facts(session, &block));
	if (block == NULL)
		return OK;
	char *free_space = (char *)(block->facts + block->left);
	for (uint32_t i = 0; i < block->left; i++) {
		Treatment *treatment = before_newest(session, i);
		TreatmentFacts facts = session_treatment_facts(session, treatment);
		block->facts[i] = own_facts(&facts, &free_space);
		treatment->facts = &block->facts[i];
	}
	*(session->old_facts_end != NULL ? session->old_facts_end : &session->old_facts) = block;
	session->old_facts_end = &block->next;
	return OK;
}

Err session_follow(Session *session, const Plan *plan, int64_t as_of_us, Arena *scratch)
{
	const Level *from = level_of(session->plan, session->level);
	int level = plan_level(plan, str(from->name));
	if (level < 0 || !same_keys(from, level_of(plan, level)))
		return err(ERR_SESSION_UNKNOWN,
		        "the new snapshot no longer has the session's audience level %s; start a new session",
		        from->name);
	Values values;
	TRY(values_new(plan, level, scratch, &values));
	bool dropped = session_carry(session, plan, level, FROM_PROFILE, &values);
	SegmentRequest request = {.level = level, .audience_id = session->audience_id, .as_of_us = as_of_us};
	TRY(values_segment(&values, plan, &request, scratch, NULL));
	TRY(keep_facts(session));
	TRY(session_keep(session, &values));
	facts_follow(&session->facts, session->plan, plan);
	bool lost = pending_follow(&session->pending, session->plan, plan);
	session->plan = plan;
	session->level = level;
	session->notes |= SESSION_NOTE_CHANGED | (dropped ? SESSION_NOTE_DROPPED : 0U) |
	                  (lost ? SESSION_NOTE_ACTIONS : 0U);
	return OK;
}
