// What the files of this room share.
#pragma once
#include "compile/compile.h"
#include "expr/expr.h"
#include "snapshot/snapshot.h"
#include "snapshot/types.h"

// A list's items by name, for turning references into indices.
typedef struct NameEntry {
	Str name;
	uint32_t index; // in the list
} NameEntry;
typedef struct NameIndex {
	const NameEntry *entries; // by name
	size_t count;
} NameIndex;
int name_find(const NameIndex *index, const char *name); // -1 if there is none

typedef struct Compile {
	const Configuration *in;
	Arena *arena;
	Snapshot *out;
	Problems *problems;
	const char *kind; // of what is being compiled: for problems
	const char *name;
	ExprSchema *schemas;                       // by audience level of `out`
	NameIndex levels, zones, segments, offers; // offers by name, not by code
} Compile;

// Notes a problem of the present resource. Memory that runs out while noting ends the compilation at its end.
void problem(Compile *c, const char *field, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// With this thread's last failure as the message.
void problem_from_error(Compile *c, const char *field);
Err problems_error(const Compile *c);

// Looks up a reference; notes a problem if there is no such thing. -1 then, or if `name` is empty.
int reference(Compile *c, const NameIndex *index, const char *field, const char *what, const char *name);

// Each fills its list of `out`, sorted. Error: NO_MEMORY.
Err compile_levels(Compile *c);
Err compile_offers(Compile *c);
Err compile_zones(Compile *c);
Err compile_points(Compile *c);
Err compile_events(Compile *c);
Err compile_segments(Compile *c);
Err compile_rules(Compile *c);

// --- value.c ---
Parley__Snapshot__V1__ValueType value_type(Parley__Design__V1__AttributeType type);
const char *type_text(Parley__Design__V1__AttributeType type);
// NULL, with a problem noted, if the literal does not fit the type.
SnapConstant *compile_literal(Compile *c, const char *field, Parley__Design__V1__AttributeType type,
        const Parley__Design__V1__Literal *literal);
// NULL, with a problem noted, if it does not compile.
SnapExpression *compile_expression(
        Compile *c, const char *field, const ExprSchema *schema, const char *source, ExprKind expected);
// Both dates, with a problem noted if they make no sense.
void compile_dates(Compile *c, const Google__Protobuf__Timestamp *effective,
        const Google__Protobuf__Timestamp *expires, int64_t *ret_effective_us, int64_t *ret_expires_us);

// An array of `count` new items of a generated type, as protobuf-c wants it: pointers to initialised structs.
#define NEW_ITEMS(c, type, INIT, count)                                                                      \
	({                                                                                                   \
		size_t n_ = (count);                                                                         \
		type *structs_ = ARENA_ARRAY((c)->arena, type, n_);                                          \
		type **items_ = ARENA_ARRAY((c)->arena, type *, n_);                                         \
		for (size_t i_ = 0; structs_ && items_ && i_ < n_; i_++) {                                   \
			structs_[i_] = (type)INIT;                                                           \
			items_[i_] = &structs_[i_];                                                          \
		}                                                                                            \
		structs_ ? items_ : NULL;                                                                    \
	})

// Sorts pointers to items by the text that `key_offset` finds in each.
void sort_by(void *items, size_t count, size_t key_offset);
// The index of a list, in whatever order it is, by the text that `key_offset` finds. Error: NO_MEMORY.
Err index_by(Compile *c, void *items, size_t count, size_t key_offset, NameIndex *ret);
Err compile_no_memory(void);
