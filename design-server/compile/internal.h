// What the files of this room share.
#pragma once
#include "base/cleanup.h"
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

// An offer list as it is when the channel is compiled.
typedef struct DrawnList {
	bool used;        // by something in the channel
	bool by_rule;     // by a rule or global offer: the snapshot has it
	uint32_t *offers; // indices into the configuration's
	size_t count;
} DrawnList;

typedef struct Compile {
	const Configuration *in; // sorted by name
	Arena *arena;
	Snapshot *out;
	Problems *problems;
	const char *kind; // of what is being compiled: for problems
	const char *name;
	ExprSchema *schemas;                                  // by audience level of `out`
	NameIndex levels, zones, segments, events, campaigns; // of `out`
	NameIndex rule_lists;                                 // offer lists of `out`
	NameIndex offers, offer_lists, templates;             // of the configuration
	bool *reached;                                        // by offer of the configuration
	uint32_t *offer_index; // by offer of the configuration that is reached: its place in `out`
	DrawnList *drawn;      // by offer list of the configuration
} Compile;

// Notes a problem of the present resource. Memory that runs out while noting ends the compilation at its end.
void problem(Compile *c, const char *field, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// The same of a particular sort.
void problem_as(Compile *c, ProblemSort sort, const char *field, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
// With this thread's last failure as the message; of the sort EXPRESSION if it is about one.
void problem_from_error(Compile *c, const char *field);
Err problems_error(const Compile *c);

// Looks up a reference; notes a problem if there is no such thing. -1 then, or if `name` is empty.
int reference(Compile *c, const NameIndex *index, const char *field, const char *what, const char *name);

// The named audience level, or the channel's only one; -1 if there is none, with a problem noted.
int level_or_only(Compile *c, const char *field, const char *name, const char *what);
// The slot of a level's attribute; -1, with a problem noted, if it has none of that name.
int attribute_slot(Compile *c, const char *field, int level, const char *name);

// Each fills its list of `out`, sorted. Error: NO_MEMORY.
Err compile_levels(Compile *c);
Err compile_segments(Compile *c); // and the audience lists they go by
Err compile_flows(Compile *c);
Err compile_reach(Compile *c); // not a list: which offers belong
Err compile_offers(Compile *c);
Err compile_offer_lists(Compile *c);
Err compile_campaigns(Compile *c);
Err compile_zones(Compile *c);
Err compile_points(Compile *c);
Err compile_events(Compile *c);
Err compile_rules(Compile *c);
Err compile_global_offers(Compile *c);
Err compile_overrides(Compile *c);
Err compile_blacklist(Compile *c);
Err compile_suppressions(Compile *c);
Err compile_constraints(Compile *c);

// --- value.c; whatever does not fit is noted as a problem ---
Parley__Snapshot__V1__ValueType value_type(Parley__Design__V1__AttributeType type);
const char *type_text(Parley__Design__V1__AttributeType type);
// Whether the literal fits the type; then `ret` is its value. Notes nothing.
bool literal_fits(Parley__Design__V1__AttributeType type, const Parley__Design__V1__Literal *literal,
        SnapConstant *ret);
// The type that a literal has by itself.
Parley__Design__V1__AttributeType literal_type(const Parley__Design__V1__Literal *literal, bool timestamp);
// NULL if the literal does not fit the type.
SnapConstant *compile_literal(Compile *c, const char *field, Parley__Design__V1__AttributeType type,
        const Parley__Design__V1__Literal *literal);
// NULL if it does not compile to something of that type; an int serves a double.
SnapExpression *compile_expression(Compile *c, const char *field, const ExprSchema *schema,
        const char *source, Parley__Snapshot__V1__ValueType expected);
// The same without a problem: `ret` is NULL then, and `ret_message` why. Error: NO_MEMORY.
Err try_expression(Compile *c, const ExprSchema *schema, const char *source,
        Parley__Snapshot__V1__ValueType expected, SnapExpression **ret, const char **ret_message);
void compile_dates(Compile *c, const Google__Protobuf__Timestamp *effective,
        const Google__Protobuf__Timestamp *expires, int64_t *ret_effective_us, int64_t *ret_expires_us);
void compile_score(Compile *c, const char *field, double score, double *ret);
void compile_share(Compile *c, const char *field, double percent, uint32_t *ret_ppm);
// `path` stands before the fields' names: "actions[1]." or nothing.
void compile_scope(Compile *c, const char *path, Parley__Design__V1__Scope scope, uint32_t days,
        Parley__Snapshot__V1__Scope *ret, uint32_t *ret_days);
bool score_fits(double score);
// The canonical text of an audience ID; NULL if it is none. The field is `list`[`index`]`member`.
char *compile_id(Compile *c, const char *list, size_t index, const char *member, int level, const char *id);

// --- offers ---
const Parley__Design__V1__OfferTemplate *find_template(const Compile *c, const char *name);
// The offer's constant of an attribute of its template; false if it has none.
bool offer_constant(const Parley__Design__V1__Offer *offer,
        const Parley__Design__V1__TemplateAttribute *wanted, SnapConstant *ret);
// What is on the list. Error: NO_MEMORY.
Err draw_list(Compile *c, const Parley__Design__V1__OfferList *in, DrawnList *list);

// Offers of `out`, ascending, without repetition.
typedef struct OfferSet {
	uint32_t *items;
	size_t count;
} OfferSet;
Err offer_set_of_list(Compile *c, int list, OfferSet *ret);
// Offers and offers of lists, by name; `path` as for compile_scope.
Err offer_set_of(Compile *c, const char *path, char **offers, size_t offer_count, char **lists,
        size_t list_count, OfferSet *ret);

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
