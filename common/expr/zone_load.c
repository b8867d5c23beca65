// Reads a zone from tzdata (RFC 8536): the 64-bit half of the file, and the rule in its last line for the
// time after the last change.
#include "base/cleanup.h"
#include "base/file.h"
#include "expr/zone.h"
#include "expr/zone_table.h"

#include <stdlib.h>

enum { FILE_MAX = 65536, HEAD_SIZE = 44, NAME_MAX_LEN = 64 };

static uint32_t u32_at(const char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return __builtin_bswap32(number);
}

static int64_t i64_at(const char *bytes)
{
	uint64_t number;

	memcpy(&number, bytes, sizeof(number));
	return (int64_t)__builtin_bswap64(number);
}

// How much there is of each, in the header's order.
typedef struct Counts {
	uint32_t utc, standard, leap, times, types, letters;
} Counts;

static bool counts_at(Str file, Counts *ret)
{
	const char *at = file.ptr + 20;

	if (file.len < HEAD_SIZE || !str_starts(file, STR("TZif")))
		return false;
	*ret = (Counts){u32_at(at), u32_at(at + 4), u32_at(at + 8), u32_at(at + 12), u32_at(at + 16),
	        u32_at(at + 20)};
	return ret->utc <= FILE_MAX && ret->standard <= FILE_MAX && ret->leap <= FILE_MAX &&
	       ret->times <= FILE_MAX && ret->types <= FILE_MAX && ret->letters <= FILE_MAX;
}

static size_t size_of(const Counts *n, size_t time)
{
	return n->times * (time + 1) + n->types * 6 + n->letters + n->leap * (time + 4) + n->standard +
	       n->utc;
}

// Behind the name of a zone's clock, such as "CET" or "<+03>".
static bool skip_name(const char **at)
{
	const char *start = *at;

	if (*start == '<') {
		*at = strchr(start, '>');
		return *at && (*at)++;
	}
	while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
		(*at)++;
	return *at > start;
}

// "-1", "3:30", "2:00:00" as seconds.
static bool read_clock(const char **at, int32_t *ret)
{
	int sign = **at == '-' ? -1 : 1;
	int32_t unit = 3600;
	char *end;

	*at += **at == '-' || **at == '+';
	*ret = 0;
	for (; unit > 0; unit /= 60) {
		long number = strtol(*at, &end, 10);

		if (end == *at || number < 0 || number > 167)
			return false;
		*ret += sign * (int32_t)number * unit;
		*at = end;
		if (**at != ':')
			return true;
		(*at)++;
	}
	return false;
}

// ",M3.5.0/3"
static bool read_rule(const char **at, ZoneRule *ret)
{
	int32_t *const parts[] = {&ret->month, &ret->week, &ret->day};
	char *end;

	if (strncmp(*at, ",M", 2) != 0)
		return false;
	(*at)++;
	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		(*at)++;
		*parts[i] = (int32_t)strtol(*at, &end, 10);
		if (end == *at || (i < 2 && *end != '.'))
			return false;
		*at = end;
	}
	ret->second = 7200;
	if (**at != '/')
		return true;
	(*at)++;
	return read_clock(at, &ret->second);
}

// "CET-1CEST,M3.5.0,M10.5.0/3": what comes east of UTC is negative there. Without a second clock the last
// change holds for ever.
static bool read_footer(const char *at, ZoneHeader *header)
{
	int32_t offset;

	if (!skip_name(&at) || !read_clock(&at, &offset))
		return *at == 0;
	header->standard = -offset;
	if (*at == 0)
		return true;
	if (!skip_name(&at))
		return false;
	header->summer = header->standard + 3600;
	if (*at != ',') {
		if (!read_clock(&at, &offset))
			return false;
		header->summer = -offset;
	}
	return read_rule(&at, &header->start) && read_rule(&at, &header->end) && *at == 0;
}

// Bounded: the caller has seen that all parts lie within the file.
static bool read_changes(const char *at, const Counts *n, ZoneHeader *header, ZoneChange *changes)
{
	const char *kinds = at + n->times * 8, *types = kinds + n->times;

	header->first = (int32_t)u32_at(types);
	header->count = (int32_t)n->times;
	for (uint32_t i = 0; i < n->times; i++) {
		unsigned type = (unsigned char)kinds[i];

		if (type >= n->types)
			return false;
		changes[i] = (ZoneChange){i64_at(at + i * 8), (int32_t)u32_at(types + type * 6)};
	}
	return true;
}

static ExprValue table_of(Str file, Arena *arena)
{
	Counts counts;
	ZoneHeader header = {0};
	size_t skip, len;
	const char *footer;
	char *table;

	if (!counts_at(file, &counts))
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	skip = HEAD_SIZE + size_of(&counts, 4);
	if (skip > file.len || !counts_at(str_n(file.ptr + skip, file.len - skip), &counts) ||
	        counts.types == 0)
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	skip += HEAD_SIZE;
	if (size_of(&counts, 8) + 2 > file.len - skip || file.ptr[file.len - 1] != '\n')
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	footer = arena_cstr(arena,
	        str_n(file.ptr + skip + size_of(&counts, 8) + 1, file.len - skip - size_of(&counts, 8) - 2));
	len = sizeof(header) + counts.times * sizeof(ZoneChange);
	table = arena_alloc(arena, len);
	if (!table || !footer || !read_footer(footer, &header) ||
	        !read_changes(
	                file.ptr + skip, &counts, &header, (ZoneChange *)(void *)(table + sizeof(header))))
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	memcpy(table, &header, sizeof(header));
	return expr_bytes(str_n(table, len));
}

// Names are paths: only letters that zones have, and no way up.
static bool is_name(Str name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

	for (size_t i = 0; i < name.len; i++)
		if (!name.ptr[i] || !strchr(letters, name.ptr[i]))
			return false;
	return name.len > 0 && name.len <= NAME_MAX_LEN && *name.ptr != '/';
}

ExprValue expr_zone_load(Str name, Arena *arena)
{
	const char *folder = getenv("TZDIR");
	char *path;
	Str file;

	if (!is_name(name))
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	path = path_join(arena, str(folder ? folder : "/usr/share/zoneinfo"), name);
	if (!path || file_read(path, FILE_MAX, arena, &file) != OK)
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	return table_of(file, arena);
}
