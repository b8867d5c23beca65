#include "source/internal.h"
#include "wire/timestamp.h"

SourceCode *source_message(const SourceRow *row, Str base, Arena *arena)
{
	SourceCode *ret = ARENA_NEW(arena, SourceCode);
	if (!ret)
		return NULL;
	parley__design__v1__source_code__init(ret);
	const Str texts[] = {row->code, row->environment, row->channel, row->offer_code, row->campaign,
	        row->cell, row->issuer};
	char **fields[] = {&ret->code, &ret->environment, &ret->channel, &ret->offer_code, &ret->campaign,
	        &ret->cell, &ret->issuer};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		if (!(*fields[i] = arena_cstr(arena, texts[i])))
			return NULL;
	while (base.len && base.ptr[base.len - 1] == '/')
		base.len--;
	if (base.len && row->issued_us)
		ret->link = arena_printf(arena, STR_FMT "/s/" STR_FMT, STR_ARG(base), STR_ARG(row->code));
	ret->issue_time = wire_timestamp(row->issued_us, arena);
	ret->expire_time = row->expires_us ? wire_timestamp(row->expires_us, arena) : NULL;
	return ret->link && (!row->issued_us || ret->issue_time) && (!row->expires_us || ret->expire_time)
	               ? ret
	               : NULL;
}
