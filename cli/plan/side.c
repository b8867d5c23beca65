#include "plan/side.h"

#include "plan/answers.h"
#include "wire/wire.h"

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__Recommendation Recommendation;

enum { ENTRY_FIELDS_MAX = 100000, BLOCK_ARENA = 1 << 20, ENTRY_ARENA = 1 << 16 };

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to read a plan");
}

Err plan_side_open(const PlanFile *file, const Plan *snapshot, PlanSide *ret)
{
	*ret = (PlanSide){0};
	if (plan_file_end(file)->inputs->brief && !snapshot)
		return err(ERR_RESOURCE_NOT_FOUND, "the plan is brief: it is read with the snapshot that it "
		                                   "was made with, and that is not "
		                                   "here any more; make it again");
	*ret = (PlanSide){.file = file,
	        .snapshot = snapshot,
	        .block_arena = arena_new(BLOCK_ARENA, 0),
	        .entry_arena = arena_new(ENTRY_ARENA, 0)};
	return ret->block_arena && ret->entry_arena ? OK : no_memory();
}

void plan_side_close(PlanSide *side)
{
	arena_free(side->block_arena);
	arena_free(side->entry_arena);
}

// --- effects ---

static Err load(PlanSide *side)
{
	arena_reset(side->block_arena);
	side->at = side->count = 0;
	return plan_file_block(side->file, side->block++, side->block_arena, &side->effects, &side->count);
}

Err plan_side_look(PlanSide *side, const EventEffects **ret)
{
	*ret = NULL;
	while (side->at == side->count) {
		if (side->block == plan_file_blocks(side->file))
			return OK;
		TRY(load(side));
	}
	*ret = side->effects[side->at];
	return OK;
}

void plan_side_step(PlanSide *side)
{
	side->at += side->at < side->count;
}

Err plan_side_seek(PlanSide *side, uint64_t place)
{
	size_t low = 0, high = plan_file_blocks(side->file);

	// The last block that begins at the place or before it; blocks are in the order of places.
	while (high - low > 1) {
		side->block = low + (high - low) / 2;
		TRY(load(side));
		if (side->count > 0 && side->effects[0]->place < place)
			low = side->block - 1;
		else
			high = side->block - 1;
	}
	side->block = low;
	side->at = side->count = 0;
	for (;;) {
		const EventEffects *effects;

		TRY(plan_side_look(side, &effects));
		if (!effects || effects->place >= place)
			return OK;
		plan_side_step(side);
	}
}

// --- entries ---

Err plan_entry(const EventEffects *effects, size_t i, Arena *arena, const Entry **ret)
{
	ProtobufCMessage *message = NULL;
	ProtobufCBinaryData bytes = effects->entries[i];

	TRY(wire_unpack(&parley__journal__v1__entry__descriptor, str_n((const char *)bytes.data, bytes.len),
	        ENTRY_FIELDS_MAX, arena, &message));
	*ret = (const Entry *)message;
	return OK;
}

static Str receipt_of(const Entry *const *entries, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i]->recommendation->seed == seed && entries[i]->receipt.len > 0)
			return str_n((const char *)entries[i]->receipt.data, entries[i]->receipt.len);
	return (Str){0};
}

// All answers of one call have its seed, and one of them its receipt.
static PlanQuestion question_of(const Entry *const *entries, size_t count, size_t at)
{
	const Recommendation *what = entries[at]->recommendation;
	PlanQuestion question = {.what = what,
	        .context = entries[at]->context,
	        .receipt = receipt_of(entries, count, what->seed)};

	for (size_t i = 0; i < at; i++)
		question.nth +=
		        entries[i]->recommendation->seed == what->seed &&
		        strcmp(entries[i]->recommendation->interaction_point, what->interaction_point) == 0;
	return question;
}

static Err read_answers(PlanSide *side, const EventEffects *effects)
{
	const Recommendation *const *answers;

	TRY(plan_answers(
	        side->snapshot, plan_file_end(side->file)->inputs, effects, side->entry_arena, &answers));
	for (size_t i = 0; i < effects->n_answers; i++)
		side->questions[side->question_count++] = (PlanQuestion){.what = answers[i]};
	return OK;
}

static Err read_entries(PlanSide *side, const EventEffects *effects)
{
	const Entry **entries = ARENA_ARRAY(side->entry_arena, const Entry *, effects->n_entries + 1);
	size_t count = 0;

	if (!entries)
		return no_memory();
	for (size_t i = 0; i < effects->n_entries; i++) {
		const Entry *entry;

		TRY(plan_entry(effects, i, side->entry_arena, &entry));
		if (entry->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_RECOMMENDATION && entry->context)
			entries[count++] = entry;
	}
	for (size_t i = 0; i < count; i++)
		side->questions[side->question_count++] = question_of(entries, count, i);
	return OK;
}

Err plan_side_read(PlanSide *side, const EventEffects *effects)
{
	arena_reset(side->entry_arena);
	side->questions =
	        ARENA_ARRAY(side->entry_arena, PlanQuestion, effects->n_entries + effects->n_answers + 1);
	side->question_count = 0;
	if (!side->questions)
		return no_memory();
	return plan_file_end(side->file)->inputs->brief ? read_answers(side, effects)
	                                                : read_entries(side, effects);
}

const Parley__Journal__V1__RecommendedOffer *plan_first(const PlanQuestion *question)
{
	return question->what->n_offers > 0 ? question->what->offers[0] : NULL;
}
