// A page's entries are newest first. Those of one moment are turned round, and what one call left as several
// entries is put together again; a moment that a page cuts through is read once more with the next one.
#include "events/recorded.h"

#include "base/clock.h"
#include "connect.h"
#include "parley/design/v1/history.pb-c.h"
#include "resource/kind.h"
#include "wire/timestamp.h"

#include <stdlib.h>

#define KIND(name) PARLEY__DESIGN__V1__HISTORY_KIND__HISTORY_KIND_##name

enum { PAGE = 1000, MOMENT_MAX = 8000, ARENA_BLOCK = 1 << 20, KEYS_MAX = 16 };

typedef Parley__Design__V1__HistoryEntry Entry;
typedef Parley__Plan__V1__NamedText NamedText;
typedef Parley__Plan__V1__Question Question;

// An audience level of the channel, by what the IDs in the history need.
typedef struct Level {
	struct Level *next;
	const char *name, *keys[KEYS_MAX];
	size_t key_count; // 0: the channel has no such level
} Level;

struct Recorded {
	RecordedOptions options;
	RecordedCounts counts;
	Questions *questions;
	Level *levels;
	Arena *page, *scratch; // of a page; of an event
	const Entry **entries; // of the page
	size_t count;
	Err (*take)(void *context, const Event *event);
	void *context;
};

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for recorded history");
}

Err recorded_open(const RecordedOptions *options, const RecordedCounts *counts, Recorded **ret)
{
	Recorded *recorded = calloc(1, sizeof *recorded);

	if (!recorded)
		return no_memory();
	recorded->options = *options;
	recorded->counts = *counts;
	recorded->page = arena_new(ARENA_BLOCK, 0);
	recorded->scratch = arena_new(ARENA_BLOCK, 0);
	*ret = recorded;
	if (!recorded->page || !recorded->scratch)
		return no_memory();
	return questions_open(options->cli, options->environment, options->channel, &recorded->questions);
}

void recorded_close(Recorded *recorded)
{
	if (!recorded)
		return;
	questions_close(recorded->questions);
	arena_free(recorded->page);
	arena_free(recorded->scratch);
	free(recorded);
}

const RecordedCounts *recorded_counts(const Recorded *recorded)
{
	return &recorded->counts;
}

// --- the visitor ---

static Err level_read(Recorded *recorded, const char *name, Level **ret)
{
	CLEANUP(json_decrefp_) json_t *fields = NULL;
	Arena *arena = recorded->options.cli->arena;
	Level *level = ARENA_NEW(arena, Level);
	const json_t *key;
	size_t i;

	if (!level)
		return no_memory();
	level->name = arena_cstr(arena, str(name));
	TRY(resource_get(recorded->options.cli, kind_find(STR("AudienceLevel")),
	        str(recorded->options.channel), str(name), true, &fields));
	json_array_foreach(json_object_get(fields, "keys"), i, key)
	{
		if (level->key_count < KEYS_MAX)
			level->keys[level->key_count++] =
			        arena_cstr(arena, str(json_string_value(json_object_get(key, "name"))));
	}
	level->next = recorded->levels;
	recorded->levels = *ret = level;
	return OK;
}

static Err level_of(Recorded *recorded, const char *name, Level **ret)
{
	for (*ret = recorded->levels; *ret; *ret = (*ret)->next)
		if (strcmp((*ret)->name, name) == 0)
			return OK;
	return level_read(recorded, name, ret);
}

// The next key of an ID as the history writes it: several stand with "|" between them, escaped by "\" inside.
static char *key_text(const char **at, bool composite, Arena *arena)
{
	char *text = arena_alloc(arena, strlen(*at) + 1), *to = text;

	while (text && **at && !(composite && **at == '|')) {
		if (composite && **at == '\\' && (*at)[1])
			++*at;
		*to++ = *(*at)++;
	}
	if (!text)
		return NULL;
	*to = '\0';
	*at += **at != '\0';
	return text;
}

static Err fill_visitor(const Level *level, const Entry *entry, Arena *arena, Event *event)
{
	const char *at = entry->audience_id;

	event->keys = ARENA_ARRAY(arena, NamedText *, level->key_count);
	if (!event->keys)
		return no_memory();
	for (size_t i = 0; i < level->key_count; i++) {
		NamedText *key = event->keys[i] = ARENA_NEW(arena, NamedText);
		if (!key)
			return no_memory();
		parley__plan__v1__named_text__init(key);
		key->name = (char *)(uintptr_t)level->keys[i];
		key->value = key_text(&at, level->key_count > 1, arena);
		if (!key->value)
			return no_memory();
	}
	event->n_keys = level->key_count;
	return OK;
}

static int64_t time_of(const Entry *entry)
{
	return entry->time ? entry->time->seconds * US_PER_S + entry->time->nanos / 1000 : 0;
}

// *ret is NULL, and it is counted, if nobody knows the visitor's level.
static Err event_begin(Recorded *recorded, const Entry *entry, Event **ret)
{
	Level *level;
	Event *event = ARENA_NEW(recorded->scratch, Event);

	*ret = NULL;
	TRY(level_of(recorded, entry->audience_level, &level));
	recorded->counts.unknown += level->key_count == 0;
	if (level->key_count == 0)
		return OK;
	if (!event)
		return no_memory();
	parley__plan__v1__event__init(event);
	event->time_us = time_of(entry);
	event->audience_level = entry->audience_level;
	event->session = entry->session_id;
	*ret = event;
	return fill_visitor(level, entry, recorded->scratch, event);
}

// --- entries of one moment: newest first, from `first` to before `behind` ---

typedef struct Moment {
	Recorded *recorded;
	size_t first, behind;
} Moment;

// Whether an older entry of the moment is of the same call: then that one stood for all.
static bool is_told(const Moment *moment, size_t at, bool (*same)(const Entry *a, const Entry *b))
{
	const Entry **entries = moment->recorded->entries;

	for (size_t i = at + 1; i < moment->behind; i++)
		if (same(entries[at], entries[i]))
			return true;
	return false;
}

static bool same_decision(const Entry *a, const Entry *b)
{
	return b->kind == KIND(RECOMMENDATION) && strcmp(a->decision_id, b->decision_id) == 0;
}

// An outcome's row has the outcome's name in the place of the event's.
static bool same_event(const Entry *a, const Entry *b)
{
	return b->kind != KIND(RECOMMENDATION) && b->kind != KIND(OUTCOME) && a->event_id[0] != '\0' &&
	       strcmp(a->event_id, b->event_id) == 0 && strcmp(a->session_id, b->session_id) == 0;
}

// Without a receipt: the points that were answered, for as many offers as were given.
static Err fill_answered(const Moment *moment, size_t at, Event *event)
{
	Arena *arena = moment->recorded->scratch;

	event->questions = ARENA_ARRAY(arena, Question *, moment->behind - moment->first);
	if (!event->questions)
		return no_memory();
	for (size_t i = at + 1; i-- > moment->first;) {
		const Entry *entry = moment->recorded->entries[i];
		size_t q = 0;

		if (!same_decision(moment->recorded->entries[at], entry))
			continue;
		while (q < event->n_questions &&
		        strcmp(event->questions[q]->interaction_point, entry->interaction_point) != 0)
			q++;
		if (q == event->n_questions) {
			Question *question = event->questions[event->n_questions++] =
			        ARENA_NEW(arena, Question);
			if (!question)
				return no_memory();
			parley__plan__v1__question__init(question);
			question->interaction_point = entry->interaction_point;
		}
		event->questions[q]->max++;
	}
	moment->recorded->counts.bare++;
	return OK;
}

static Err take_question(const Moment *moment, size_t at)
{
	Recorded *recorded = moment->recorded;
	const Entry *entry = recorded->entries[at];
	Event *event;
	bool read;

	if (is_told(moment, at, same_decision))
		return OK;
	TRY(event_begin(recorded, entry, &event));
	if (!event)
		return OK;
	TRY(questions_fill(
	        recorded->questions, entry->decision_id, recorded->scratch, event, &recorded->counts, &read));
	if (!read)
		TRY(fill_answered(moment, at, event));
	if (event->n_questions == 0) // only of points that there were not
		return OK;
	recorded->counts.questions++;
	return recorded->take(recorded->context, event);
}

static Err take_event(const Moment *moment, size_t at)
{
	Recorded *recorded = moment->recorded;
	RecordedCounts *counts = &recorded->counts;
	const Entry *entry = recorded->entries[at];
	bool outcome = entry->kind == KIND(OUTCOME);
	Event *event;

	counts->caused += entry->cause_event_id[0] != '\0';
	counts->late += entry->session_id[0] == '\0' && entry->cause_event_id[0] == '\0';
	if (entry->cause_event_id[0] != '\0' || entry->session_id[0] == '\0' ||
	        is_told(moment, at, same_event))
		return OK;
	if (outcome) {
		// Another row of the event, which has its name, may be newer.
		bool named = false;
		for (size_t i = moment->first; i < at && !named; i++)
			named = same_event(entry, recorded->entries[i]);
		counts->unnamed += !named;
		return OK;
	}
	TRY(event_begin(recorded, entry, &event));
	if (!event)
		return OK;
	event->event = entry->event;
	// IDs of our own making are no source's, and nobody may post them again.
	if (entry->event_id[0] != '~')
		event->event_id = entry->event_id;
	event->offer_code = entry->offer_code;
	counts->events++;
	return recorded->take(recorded->context, event);
}

static Err take_moment(const Moment *moment)
{
	for (size_t i = moment->behind; i-- > moment->first;) {
		arena_reset(moment->recorded->scratch);
		moment->recorded->counts.entries++;
		TRY(moment->recorded->entries[i]->kind == KIND(RECOMMENDATION) ? take_question(moment, i)
		                                                               : take_event(moment, i));
	}
	return OK;
}

// --- pages ---

static Err add_entries(Recorded *recorded, const Parley__Design__V1__ListHistoryResponse *page)
{
	const Entry **entries =
	        ARENA_ARRAY(recorded->page, const Entry *, recorded->count + page->n_entries + 1);

	if (!entries)
		return no_memory();
	if (recorded->count)
		memcpy(entries, recorded->entries, recorded->count * sizeof *entries);
	for (size_t i = 0; i < page->n_entries; i++)
		entries[recorded->count + i] = page->entries[i];
	recorded->entries = entries;
	recorded->count += page->n_entries;
	return OK;
}

// At least one whole moment, or all that is left.
static Err read_page(Recorded *recorded, bool *ret_more)
{
	static const Parley__Design__V1__HistoryKind kinds[] = {
	        KIND(RECOMMENDATION), KIND(CONTACT), KIND(ACCEPT), KIND(REJECT), KIND(EVENT), KIND(OUTCOME)};
	Parley__Design__V1__ListHistoryRequest request = PARLEY__DESIGN__V1__LIST_HISTORY_REQUEST__INIT;
	Google__Protobuf__Timestamp since = GOOGLE__PROTOBUF__TIMESTAMP__INIT,
	                            until = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

	arena_reset(recorded->page);
	recorded->entries = NULL;
	recorded->count = 0;
	wire_timestamp_set(&since, recorded->options.since_us);
	wire_timestamp_set(&until, recorded->options.until_us);
	request.environment = (char *)(uintptr_t)recorded->options.environment;
	request.channel = (char *)(uintptr_t)recorded->options.channel;
	request.kinds = (Parley__Design__V1__HistoryKind *)(uintptr_t)kinds;
	request.n_kinds = ARRAY_COUNT(kinds);
	request.since = &since;
	request.until = &until;
	request.page_size = PAGE;
	do {
		ProtobufCMessage *answer;

		TRY(cli_ask(recorded->options.cli, SERVER_DESIGN,
		        &parley__design__v1__history_service__descriptor, "ListHistory", &request.base,
		        recorded->page, &answer));
		const Parley__Design__V1__ListHistoryResponse *page = (const void *)answer;
		TRY(add_entries(recorded, page));
		request.page_token = page->next_page_token;
		*ret_more = *page->next_page_token != '\0';
		if (recorded->count > MOMENT_MAX)
			return err(
			        ERR_LIMIT, "the history has more than %d entries of one moment", MOMENT_MAX);
	} while (*ret_more &&
	         time_of(recorded->entries[0]) == time_of(recorded->entries[recorded->count - 1]));
	return OK;
}

Err recorded_read(Recorded *recorded, Err (*take)(void *context, const Event *event), void *context,
        int64_t *ret_until_us, bool *ret_end)
{
	bool more;

	recorded->take = take;
	recorded->context = context;
	TRY(read_page(recorded, &more));
	const Entry **entries = recorded->entries;
	size_t count = recorded->count;
	if (count)
		TRY(questions_fetch(recorded->questions, time_of(entries[count - 1]), time_of(entries[0])));
	for (size_t first = 0, behind; first < count; first = behind) {
		for (behind = first + 1;
		        behind < count && time_of(entries[behind]) == time_of(entries[first]);)
			behind++;
		if (more && behind == count)
			break;
		TRY(take_moment(&(Moment){recorded, first, behind}));
		recorded->options.until_us = time_of(entries[first]);
	}
	*ret_until_us = recorded->options.until_us;
	*ret_end = !more;
	return OK;
}
