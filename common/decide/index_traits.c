// One visitor: attributes become keys when they are first asked for.
#include "decide/index_values.h"

Err traits_init(const Conditions *conditions, uint32_t level, const ExprValue *values, int64_t as_of_us,
        Arena *arena, Traits *ret)
{
	const LevelSlots *slots = &conditions->levels[level];
	size_t count = slots->schema->count;
	// One piece: keys, numbers, members, then the states of both.
	size_t words = (count + 1) * (sizeof *ret->keys + sizeof *ret->numbers + sizeof *ret->members);
	char *piece = arena_alloc(arena, words + 2 * (count + 1));
	if (!piece)
		return err(ERR_NO_MEMORY, "no memory for %zu attributes", count);
	*ret = (Traits){
	        .conditions = conditions,
	        .level = slots,
	        .attributes = slots->schema->attributes,
	        .values = values,
	        .arena = arena,
	        .keys = (int64_t *)(void *)piece,
	        .states = (uint8_t *)piece + words,
	        .number_states = (uint8_t *)piece + words + count + 1,
	};
	ret->numbers = (double *)(void *)(ret->keys + count + 1);
	ret->members = (uint64_t **)(void *)(ret->numbers + count + 1);
	ret->keys[count] = as_of_us;
	ret->states[count] = KEY_READ;
	ret->numbers[count] = 1;
	ret->number_states[count] = KEY_READ;
	return OK;
}

void traits_forget(Traits *traits, uint32_t slot)
{
	traits->states[slot] = traits->number_states[slot] = KEY_UNREAD;
}

// Which of the numbered texts the list has.
static KeyState read_members(Traits *traits, uint32_t slot, ExprValue list)
{
	const Texts *texts = &traits->conditions->texts;
	uint32_t owner = traits->level->base + slot;
	size_t words = (texts->counts[owner] + 63) / 64, bytes = 0;
	uint64_t *members = ARENA_ARRAY(traits->arena, uint64_t, words + 1);
	if (!members || list.len > KEY_ITEMS_MAX)
		return KEY_ODD;
	for (uint32_t i = 0; i < list.len; i++) {
		ExprValue item = list.items[i];
		if (item.kind != EXPR_STRING || (bytes += item.len) > KEY_BYTES_MAX)
			return KEY_ODD;
		int64_t number = texts_find(texts, owner, str_n(item.s, item.len));
		if (number != KEY_NO_TEXT)
			members[number / 64] |= UINT64_C(1) << (number % 64);
	}
	traits->members[slot] = members;
	return KEY_READ;
}

static KeyState read_key(Traits *traits, uint32_t slot)
{
	ExprValue value = traits->values[slot];
	int64_t *key = &traits->keys[slot];
	if (value.kind == EXPR_ERROR)
		return KEY_MISSING;
	if (value.kind != traits->attributes[slot].type.kind)
		return KEY_ODD;
	switch (value.kind) {
	case EXPR_BOOL:
		*key = value.b;
		return KEY_READ;
	case EXPR_INT:
		*key = value.i;
		return KEY_READ;
	case EXPR_DOUBLE:
		*key = key_of_double(value.d);
		return KEY_READ;
	case EXPR_TIMESTAMP:
		return key_of_time(value, key) ? KEY_READ : KEY_ODD;
	case EXPR_STRING:
		if (value.len > KEY_BYTES_MAX)
			return KEY_ODD;
		*key = texts_find(
		        &traits->conditions->texts, traits->level->base + slot, str_n(value.s, value.len));
		return KEY_READ;
	case EXPR_LIST:
		return read_members(traits, slot, value);
	default:
		return KEY_ODD;
	}
}

KeyState traits_read_now(Traits *traits, uint32_t slot)
{
	KeyState state = read_key(traits, slot);
	traits->states[slot] = (uint8_t)state;
	return state;
}

static bool in_ranges(const Predicate *predicate, int64_t key)
{
	uint32_t low = 0, high = predicate->count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (key > predicate->ranges[middle].high)
			low = middle + 1;
		else
			high = middle;
	}
	return low < predicate->count && key >= predicate->ranges[low].low;
}

Answer traits_predicate(Traits *traits, const Predicate *predicate)
{
	switch (traits_read(traits, predicate->slot)) {
	case KEY_MISSING:
		return predicate->missing ? ANSWER_YES : ANSWER_NO;
	case KEY_ODD:
		return ANSWER_PROGRAM;
	default:
		break;
	}
	int64_t key = traits->keys[predicate->slot], number = predicate->first.low;
	if (predicate->kind != PREDICATE_IN) {
		bool has = (traits->members[predicate->slot][number / 64] >> (number % 64)) & 1;
		return has == (predicate->kind == PREDICATE_HAS) ? ANSWER_YES : ANSWER_NO;
	}
	if (predicate->count == 1)
		return key >= number && key <= predicate->first.high ? ANSWER_YES : ANSWER_NO;
	return in_ranges(predicate, key) ? ANSWER_YES : ANSWER_NO;
}

static Answer ask_term(Traits *traits, const Term *term)
{
	const Conditions *conditions = traits->conditions;
	Answer answer = term->program ? ANSWER_PROGRAM : ANSWER_YES;
	for (uint32_t i = 0; i < term->count; i++) {
		Answer one = traits_predicate(
		        traits, &conditions->predicates[conditions->literals[term->first + i]]);
		if (one == ANSWER_NO)
			return ANSWER_NO;
		if (one == ANSWER_PROGRAM)
			answer = ANSWER_PROGRAM;
	}
	return answer;
}

Answer traits_condition(Traits *traits, uint32_t condition)
{
	const Conditions *conditions = traits->conditions;
	Answer answer = ANSWER_NO;
	for (uint32_t i = conditions->first_term[condition]; i < conditions->first_term[condition + 1]; i++) {
		Answer one = ask_term(traits, &conditions->terms[i]);
		if (one == ANSWER_YES)
			return ANSWER_YES;
		if (one == ANSWER_PROGRAM)
			answer = ANSWER_PROGRAM;
	}
	return answer;
}

// Ints as far as doubles tell them apart.
KeyState traits_read_number_now(Traits *traits, uint32_t slot)
{
	const int64_t most = INT64_C(1) << 53;
	const ExprValue *value = &traits->values[slot];
	ExprKind kind = traits->attributes[slot].type.kind;
	KeyState state = value->kind == EXPR_ERROR ? KEY_MISSING : value->kind == kind ? KEY_READ : KEY_ODD;
	if (state == KEY_READ && kind == EXPR_INT && (value->i > most || value->i < -most))
		state = KEY_ODD;
	if (state == KEY_READ)
		traits->numbers[slot] = kind == EXPR_INT ? (double)value->i : value->d;
	traits->number_states[slot] = (uint8_t)state;
	return state;
}
