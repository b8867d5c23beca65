// What the builders share: lists that grow, and names that become indices when the world is finished.
#pragma once
#include "world/world.h"

enum { WORLD_ITEMS_MAX = 4096 };

typedef enum ReferenceKind {
	REFERS_ZONE,
	REFERS_SEGMENT,
	REFERS_OFFER,
	REFERS_EVENT,
	REFERS_AUDIENCE_LIST,
	REFERS_OFFER_LIST,
	REFERS_CAMPAIGN,
	REFERS_CELL, // `of` is the rule, whose campaign is resolved before
	REFERS_STEP, // `of` is the flow
} ReferenceKind;

typedef struct Reference {
	struct Reference *next;
	ReferenceKind kind;
	const void *of;
	const char *name;
	uint32_t *where;
	uint32_t base; // 1 where 0 stands for none
} Reference;

// A list of indices to sort when they are known.
typedef struct IndexList {
	struct IndexList *next;
	uint32_t *items;
	size_t count;
} IndexList;

struct World {
	Arena *arena;
	Snapshot snapshot;
	ExprSchema schema;
	Reference *references, **references_end;
	IndexList *lists;
};

// The words of a text, each with a NUL behind it.
char **world_words(World *world, const char *text, size_t *ret_count);
// Ends the program if there is an error.
void world_must(Err e);
void world_refer(World *world, Reference reference);
// Indices of the offers whose codes are in `codes`, separated by spaces; sorted when the world is finished,
// if so asked.
void world_refer_offers(World *world, const char *codes, bool sorted, uint32_t **ret, size_t *ret_count);

// A new item behind the others of a list, which has room for WORLD_ITEMS_MAX.
#define WORLD_ADD(world, owner, list, type, ...)                                                             \
	({                                                                                                   \
		__auto_type owner_ = (owner);                                                                \
		if (!owner_->list)                                                                           \
			owner_->list = ARENA_ARRAY((world)->arena, type *, WORLD_ITEMS_MAX);                 \
		if (owner_->n_##list == WORLD_ITEMS_MAX)                                                     \
			world_must(err(ERR_LIMIT, "too many " #list));                                       \
		type *item_ = ARENA_NEW((world)->arena, type);                                               \
		*item_ = (type)__VA_ARGS__;                                                                  \
		owner_->list[owner_->n_##list++] = item_;                                                    \
		item_;                                                                                       \
	})
// The same, in the snapshot, with a name.
#define WORLD_ADD_NAMED(world, text, list, type, ...)                                                        \
	({                                                                                                   \
		type *named_ = WORLD_ADD(world, &(world)->snapshot, list, type, __VA_ARGS__);                \
		named_->name = world_text(world, text);                                                      \
		named_;                                                                                      \
	})
