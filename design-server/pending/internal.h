// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "pending/configuration.h"
#include "services.h"

Err pending_no_memory(void);

// A list of resources that grows.
typedef struct Pile {
	Resource *items;
	size_t count, room;
} Pile;
Err pile_add(Pile *pile, const Resource *resource, Arena *arena);

// --- reach.c ---
// Called once a name that `from` holds; not for the channel, which everything names.
typedef Err (*ReferenceReport)(void *context, const Resource *from, const Kind *kind, Str name);
Err references_of(const Resource *resource, ReferenceReport report, void *context);
// Sorts by kind and name.
void resources_sort(Resource *items, size_t count);
// Drops the global resources that nothing in the channel reaches. With `ret_missing` it is told what is named
// and not there: `from` names the resource of that kind and name.
typedef struct Missing {
	const Resource *from;
	const Kind *kind;
	Str name;
} Missing;
enum { MISSING_MAX = 8 };
typedef struct MissingList {
	Missing items[MISSING_MAX];
	size_t count; // of all, also those that found no place
} MissingList;
Err resources_reach(Collected *collected, Arena *arena, MissingList *ret_missing);

// --- marks.c ---
typedef struct Mark {
	int64_t id;
	Str channel;
	const Kind *kind; // NULL: all of the channel
	Str name, author, comment;
	int64_t created_us;
} Mark;
// Rows of id, channel, kind, name, author, comment, created.
Err marks_read(const PgResult *rows, Arena *arena, Mark **ret, size_t *ret_count);
// All of a channel, in the order in which they were made.
Err marks_of_channel(Pg *pg, Str channel, Arena *arena, Mark **ret, size_t *ret_count);
// "parley mark offer gold --channel bank"
const char *mark_command(const char *verb, Str channel, const Kind *kind, Str name, Arena *arena);
