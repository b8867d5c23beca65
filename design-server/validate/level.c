// Attributes that are read, but that nothing gives to anybody.
#include "validate/internal.h"

// All expressions of a level, with `each` for their conditions.
static void mark_read(const Condition *condition, bool *read, size_t slots)
{
	for (size_t i = 0; condition->slots && i < slots; i++)
		read[i] |= condition->slots[i / 64] >> (i % 64) & 1;
}

static Err read_expression(Analysis *a, uint32_t level, const SnapExpression *expression, bool *read)
{
	const Condition *condition;
	if (!expression)
		return OK;
	TRY(logic_condition(a->logic[level], expression, &condition));
	mark_read(condition, read, a->snapshot->audience_levels[level]->n_attributes);
	return OK;
}

static Err read_flows(Analysis *a, uint32_t level, bool *read)
{
	for (size_t i = 0; i < a->snapshot->n_flows; i++) {
		const SnapFlow *flow = a->snapshot->flows[i];
		for (size_t j = 0; flow->audience_level == level && j < flow->n_steps; j++) {
			for (size_t k = 0; k < flow->steps[j]->n_branches; k++)
				TRY(read_expression(a, level, flow->steps[j]->branches[k]->condition, read));
		}
	}
	return OK;
}

static Err read_all(Analysis *a, uint32_t level, bool *read)
{
	const Snapshot *s = a->snapshot;
	Object object;
	for (size_t i = 0; i < s->n_segments; i++) {
		if (s->segments[i]->audience_level == level)
			TRY(read_expression(a, level, s->segments[i]->expression, read));
	}
	for (size_t i = 0; i < s->n_zones; i++)
		TRY(read_expression(a, level, zone_inclusion(s->zones[i], level), read));
	for (size_t i = 0; i < rule_count(a); i++) {
		const SnapRule *rule = rule_at(a, i, &object);
		if (rule->audience_level == level)
			TRY(read_expression(a, level, rule->eligibility, read));
	}
	for (size_t i = 0; i < s->n_events; i++) {
		for (size_t j = 0; j < s->events[i]->n_actions; j++) {
			const SnapAction *action = s->events[i]->actions[j];
			if (action->audience_level == level + 1)
				TRY(read_expression(a, level, action->condition, read));
		}
	}
	return read_flows(a, level, read);
}

Err analyse_levels(Analysis *a)
{
	for (uint32_t i = 0; i < a->snapshot->n_audience_levels; i++) {
		const SnapLevel *level = a->snapshot->audience_levels[i];
		bool *read = ARENA_ARRAY(a->arena, bool, level->n_attributes + 1);
		if (!read)
			return validate_no_memory();
		TRY(read_all(a, i, read));
		for (size_t j = 0; j < level->n_attributes; j++) {
			const SnapAttribute *attribute = level->attributes[j];
			if (!read[j] || a->settable[i][j] || attribute->default_value)
				continue;
			finding(a, FINDING_ATTRIBUTE_NEVER_SET,
			        (Object){"AudienceLevel", level->name,
			                arena_printf(a->arena, "attributes[%zu]", j)},
			        "let sessions or an event set it, give it a column or a default, or take it "
			        "out of the "
			        "conditions",
			        "conditions ask for '%s', but it is in no table, has no default, and nothing "
			        "sets it",
			        attribute->name);
		}
	}
	return OK;
}
