// What a plan's entries become in the history. They are as a runtime server's journal would have them; only
// two things are not known before the execution: what the environment calls the snapshot, and, as several
// plans may be made of the same events, what events are called that have no ID of their source's.
#include "execution/internal.h"

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__EventPosted EventPosted;

static Str digits_after(Str id, Str front)
{
	size_t len = front.len;
	if (!str_starts(id, front))
		return (Str){0};
	while (len < id.len && id.ptr[len] >= '0' && id.ptr[len] <= '9')
		len++;
	return str_n(id.ptr + front.len, len - front.len);
}

bool event_id_is_own(Str id)
{
	if (id.len > 0 && id.ptr[0] == '~')
		return true;
	Str place = digits_after(id, STR("event-"));
	if (place.len > 0 && place.len + sizeof "event-" - 1 == id.len)
		return true;
	place = digits_after(id, STR("shown-"));
	return place.len > 0 && place.ptr + place.len < id.ptr + id.len && place.ptr[place.len] == '-';
}

static char *named(const PlanRow *plan, char *id, Arena *arena)
{
	return event_id_is_own(str(id)) ? arena_printf(arena, "~" STR_FMT ":%s", STR_ARG(plan->source), id)
	                                : id;
}

static Err name_events(const PlanRow *plan, BatchRecord *record, Arena *arena)
{
	Entry *entry = record->entry;
	if (entry == NULL)
		return OK;
	entry->context->snapshot_version = (uint64_t)plan->version;
	if (entry->what_case != PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED)
		return OK;
	EventPosted *event = entry->event_posted;
	event->event_id = named(plan, event->event_id, arena);
	event->cause_event_id = named(plan, event->cause_event_id, arena);
	if (!event->event_id || !event->cause_event_id)
		return execution_no_memory();
	record->frame.event_id = str(event->event_id);
	return OK;
}

Err records_of(const PlanRow *plan, const Str *entries, size_t count, int64_t first, Arena *arena, Batch *ret)
{
	BatchRecord *records = ARENA_ARRAY(arena, BatchRecord, count + 1);
	if (records == NULL)
		return execution_no_memory();
	for (size_t i = 0; i < count; i++)
		records[i].frame = (JournalRecord){.runtime_id = plan->source,
		        .incarnation = 1,
		        .sequence = (uint64_t)first + i,
		        .payload = entries[i]};
	TRY(batch_make(records, count, arena, ret));
	for (size_t i = 0; i < count; i++)
		TRY(name_events(plan, &records[i], arena));
	return OK;
}
