#include "service/advisory.h"

static const struct {
	const char *code, *text;
} rows[] = {
#define ADVISORY_ROW(id, text) {#id, text},
#include "service/advisory_table.h"
#undef ADVISORY_ROW
};

void advise_more(Advisories *advisories, AdvisoryId id, Str detail, Arena *arena)
{
	Str before = (advisories->noted >> id & 1) != 0 ? advisories->details[id] : STR("");
	char *both = before.len > 0
	                     ? arena_printf(arena, STR_FMT "; " STR_FMT, STR_ARG(before), STR_ARG(detail))
	                     : NULL;
	advise(advisories, id, both != NULL ? str(both) : detail);
}

static Advisory *map_one(AdvisoryId id, Str detail, Arena *arena)
{
	Advisory *message = message_new(arena, MESSAGE_OF(advisory));
	if (message == NULL)
		return NULL;
	message->code = (char *)rows[id].code;
	message->message = (char *)rows[id].text;
	char *longer =
	        detail.len > 0 ? arena_printf(arena, "%s: " STR_FMT, rows[id].text, STR_ARG(detail)) : NULL;
	if (longer != NULL)
		message->message = longer;
	return message;
}

size_t advisories_map(const Advisories *advisories, Arena *arena, Advisory ***ret)
{
	size_t count = 0;
	*ret = NULL;
	if (advisories->noted == 0)
		return 0;
	*ret = ARENA_ARRAY(arena, Advisory *, ADVISORY_COUNT);
	for (AdvisoryId id = 0; *ret != NULL && id < ADVISORY_COUNT; id++) {
		if ((advisories->noted >> id & 1) == 0)
			continue;
		(*ret)[count] = map_one(id, advisories->details[id], arena);
		if ((*ret)[count] == NULL)
			break;
		count++;
	}
	return count;
}
