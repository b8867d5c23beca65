// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "environment/environment.h"
#include "pending/configuration.h"
#include "services.h"

#include "parley/design/v1/pending.pb-c.h"

Err pending_no_memory(void);

// A list of resources that grows.
typedef struct Pile {
	Resource *items;
	size_t count, room;
} Pile;
Err pile_add(Pile *pile, const Resource *resource, Arena *arena);

// --- collect.c ---
// The working configuration, with the global resources that the channel does not reach.
Err configuration_all(Pg *pg, Str channel, Arena *arena, Collected *ret);

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

// --- diff.c ---
typedef struct Change {
	const Resource *before, *after; // NULL: not there
} Change;
// What differs, by kind and name. What is only written in another form is no difference.
Err changes_between(
        const Collected *before, const Collected *after, Arena *arena, Change **ret, size_t *ret_count);
// Sets fields and field_count.
enum { FIELDS_MAX = 200, VALUE_MAX = 8 * 1024 };
Err change_fields(const Change *change, Arena *arena, Parley__Design__V1__PendingChange *ret);

// --- dependents.c ---
// Who names whom in a configuration, backwards.
typedef struct Graph {
	const Collected *of;
	size_t *first;  // by place: where its referrers begin in `from`; one more for the end
	uint32_t *from; // places of referrers
	uint32_t *seen; // by place: the last question that met it
	uint32_t *queue;
	uint32_t question;
} Graph;
Err graph_make(const Collected *of, Arena *arena, Graph *ret);
// Sets the dependents of a resource of the graph's configuration: the nearest first, some of them by name.
enum { DEPENDENTS_NAMED_MAX = 20, DEPENDENTS_COUNTED_MAX = 10000 };
Err graph_dependents(Graph *graph, const Resource *on, Arena *arena, Parley__Design__V1__PendingChange *ret);

// --- message.c ---
Parley__Design__V1__ResourceName *map_resource_name(const Resource *resource, Arena *arena);
Parley__Design__V1__DeploymentMark *map_mark(const Mark *mark, Arena *arena);

// --- the service ---
typedef struct Pending {
	Services *services;
	const Environments *environments;
} Pending;
void handle_list_pending_changes(void *pending, RpcCall *call, const ProtobufCMessage *request);
