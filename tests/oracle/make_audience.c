// Who gets what: segments, lists and flows, and what is said of single visitors.
#include "oracle.h"
#include "reference.h"

static uint32_t some_level(Chance *chance, const World *world)
{
	return chance_below(chance, 4) ? 0 : chance_below(chance, world->snapshot->n_audience_levels);
}

// One of few, so that samples and control groups share some; and one as long as may be.
char *make_salt(Chance *chance, World *world)
{
	enum { SALT_MAX = 255 };
	if (chance_below(chance, 8))
		return make_name(world, "salt", chance_below(chance, 3));
	char salt[SALT_MAX];
	memset(salt, 's', sizeof salt);
	return arena_cstr(world->arena, str_n(salt, sizeof salt));
}

uint32_t make_share(Chance *chance, World *world, uint32_t level, const char *salt)
{
	const char *id = make_audience_id(world, level, chance_below(chance, IDS));
	uint32_t share = ref_share_of(str(salt), str(world->snapshot->audience_levels[level]->name), str(id));
	return chance_once_in(chance, 3) ? chance_below(chance, 1000001) : share + chance_below(chance, 2);
}

static void make_audience_lists(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	snapshot->n_audience_lists = MAKE_LIST(world, snapshot->audience_lists, SnapList,
	        PARLEY__SNAPSHOT__V1__AUDIENCE_LIST__INIT, chance_below(chance, 4));
	for (size_t i = 0; i < snapshot->n_audience_lists; i++) {
		SnapList *list = snapshot->audience_lists[i];
		list->name = make_name(world, "l", i);
		list->audience_level = some_level(chance, world);
		list->ids = ARENA_ARRAY(world->arena, char *, IDS + 64 * world->scale);
		for (uint32_t id = 0; id < IDS; id++)
			if (chance_once_in(chance, 2))
				list->ids[list->n_ids++] = make_audience_id(world, list->audience_level, id);
		for (uint32_t id = 4000; world->scale > 1 && id < 4500; id += 1 + chance_below(chance, 60))
			list->ids[list->n_ids++] =
			        arena_printf(world->arena, list->audience_level ? "%u|x" : "%u", id);
	}
}

static void make_segment(Chance *chance, World *world, SnapSegment *segment)
{
	const Snapshot *snapshot = world->snapshot;
	segment->audience_level = some_level(chance, world);
	if (chance_below(chance, 3))
		segment->expression = make_formula(chance, world, segment->audience_level, EXPR_BOOL);
	uint32_t list = snapshot->n_audience_lists ? chance_below(chance, snapshot->n_audience_lists) : 0;
	if (snapshot->n_audience_lists && chance_below(chance, 3) &&
	        snapshot->audience_lists[list]->audience_level == segment->audience_level)
		segment->list = list + 1;
	if (segment->list && segment->expression)
		segment->list_use =
		        (Parley__Snapshot__V1__ListUse)(SNAP_LIST_USE(ALL) + chance_below(chance, 3));
	if (chance_once_in(chance, 2)) {
		segment->group = make_name(world, "g", chance_below(chance, 2));
		segment->rank = chance_below(chance, 3);
	}
}

void make_segments(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	make_audience_lists(chance, world);
	snapshot->n_segments = MAKE_LIST(world, snapshot->segments, SnapSegment,
	        PARLEY__SNAPSHOT__V1__SEGMENT__INIT, chance_below(chance, world->scale > 1 ? 200 : 6));
	for (size_t i = 0; i < snapshot->n_segments; i++) {
		snapshot->segments[i]->name = make_name(world, "s", i);
		make_segment(chance, world, snapshot->segments[i]);
	}
}

// --- flows ---

// 0 (the end) or a step behind this one, plus 1.
static uint32_t some_next(Chance *chance, const SnapFlow *flow, size_t from)
{
	size_t behind = flow->n_steps - from - 1;
	if (!behind || chance_once_in(chance, 6))
		return 0;
	return (uint32_t)(from + 1) + (chance_below(chance, 2) ? 0 : chance_below(chance, behind)) + 1;
}

static void make_branches(Chance *chance, World *world, const SnapFlow *flow, size_t index)
{
	SnapStep *step = flow->steps[index];
	uint32_t left = 1000000;
	step->n_branches = MAKE_LIST(world, step->branches, SnapBranch,
	        PARLEY__SNAPSHOT__V1__FLOW_BRANCH__INIT, 1 + chance_below(chance, 3));
	for (size_t i = 0; i < step->n_branches; i++) {
		SnapBranch *branch = step->branches[i];
		branch->name = make_name(world, "b", i);
		branch->next = some_next(chance, flow, index);
		if (step->kind == SNAP_STEP(DECISION)) {
			branch->condition = make_formula(chance, world, flow->audience_level, EXPR_BOOL);
			continue;
		}
		uint32_t share = make_share(chance, world, flow->audience_level, step->salt);
		if (i && share > 1000000 - left) // so that its span ends there
			share -= 1000000 - left;
		if (share == 0 || share > left)
			share = left;
		left -= share;
		branch->share_ppm = share;
		if (!left)
			step->n_branches = i + 1;
	}
}

// A segment of that level, or none.
static bool some_segment(Chance *chance, const Snapshot *snapshot, uint32_t level, uint32_t *ret)
{
	for (size_t tries = 0; snapshot->n_segments && tries < 8; tries++) {
		*ret = chance_below(chance, snapshot->n_segments);
		if (snapshot->segments[*ret]->audience_level == level)
			return true;
	}
	return false;
}

static void make_step(Chance *chance, World *world, const SnapFlow *flow, size_t index)
{
	static const Parley__Snapshot__V1__FlowStepKind kinds[] = {SNAP_STEP(DECISION), SNAP_STEP(SAMPLE),
	        SNAP_STEP(SET_ATTRIBUTE), SNAP_STEP(SEGMENT), SNAP_STEP(SEGMENT)};
	const SnapLevel *level = world->snapshot->audience_levels[flow->audience_level];
	SnapStep *step = flow->steps[index];
	step->name = make_name(world, "t", index);
	step->kind = CHANCE_OF(chance, kinds);
	step->next = some_next(chance, flow, index);
	if (step->kind == SNAP_STEP(SEGMENT) &&
	        !some_segment(chance, world->snapshot, flow->audience_level, &step->segment))
		step->kind = SNAP_STEP(SAMPLE);
	if (step->kind == SNAP_STEP(SET_ATTRIBUTE) && level->n_attributes == 0)
		step->kind = SNAP_STEP(SAMPLE);
	if (step->kind == SNAP_STEP(SAMPLE))
		step->salt = make_salt(chance, world);
	if (step->kind == SNAP_STEP(SAMPLE) || step->kind == SNAP_STEP(DECISION))
		make_branches(chance, world, flow, index);
	if (step->kind == SNAP_STEP(SET_ATTRIBUTE)) {
		step->attribute = chance_below(chance, level->n_attributes);
		step->value = make_formula(chance, world, flow->audience_level,
		        ast_kind(level->attributes[step->attribute]->type));
	}
	if (step->kind != SNAP_STEP(SEGMENT))
		step->segment = 0;
}

void make_flows(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	snapshot->n_flows = MAKE_LIST(world, snapshot->flows, SnapFlow,
	        PARLEY__SNAPSHOT__V1__SEGMENTATION_FLOW__INIT, chance_below(chance, 3));
	for (size_t i = 0; i < snapshot->n_flows; i++) {
		SnapFlow *flow = snapshot->flows[i];
		flow->name = make_name(world, "f", i);
		flow->audience_level = some_level(chance, world);
		flow->n_steps = MAKE_LIST(world, flow->steps, SnapStep, PARLEY__SNAPSHOT__V1__FLOW_STEP__INIT,
		        1 + chance_below(chance, 5));
		for (size_t s = 0; s < flow->n_steps; s++)
			make_step(chance, world, flow, s);
	}
}

// --- single visitors ---

void make_visitor_lists(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	size_t max = snapshot->n_audience_levels * IDS * snapshot->n_offers;
	uint32_t adds = 4 + chance_below(chance, 20);
	uint32_t bans = 20 + chance_below(chance, 40);
	if (world->plain)
		adds = chance_once_in(chance, 2) ? 30 : UINT32_MAX; // few or none
	MAKE_LIST(world, snapshot->score_overrides, SnapOverride, PARLEY__SNAPSHOT__V1__SCORE_OVERRIDE__INIT,
	        max);
	MAKE_LIST(world, snapshot->blacklist, SnapBlacklistEntry, PARLEY__SNAPSHOT__V1__BLACKLIST_ENTRY__INIT,
	        max);
	for (size_t i = 0; i < max; i++) {
		uint32_t offer = (uint32_t)(i % snapshot->n_offers);
		uint32_t id = (uint32_t)(i / snapshot->n_offers % IDS);
		uint32_t level = (uint32_t)(i / snapshot->n_offers / IDS);
		if (chance_once_in(chance, adds)) {
			SnapOverride *override = snapshot->score_overrides[snapshot->n_score_overrides++];
			override->audience_level = level;
			override->audience_id = make_audience_id(world, level, id);
			override->offer = offer;
			override->score = chance_below(chance, 5) * 25;
			override->adds = chance_once_in(chance, 2);
		}
		if (chance_once_in(chance, bans)) {
			SnapBlacklistEntry *entry = snapshot->blacklist[snapshot->n_blacklist++];
			entry->audience_level = level;
			entry->audience_id = make_audience_id(world, level, id);
			entry->offer = offer;
		}
	}
}
