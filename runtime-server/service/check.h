// What requests may hold. Every refusal names the field's path and what would be right.
#pragma once
#include "base/error.h"
#include "decide/decide.h"
#include "service/proto.h"
#include "session/values.h"

// What IDs that the server makes begin with, and a touchpoint's may not: nobody's own ID is ever one of them.
#define ID_OWN '~'

enum {
	ID_MAX = 128,       // bytes of session and event IDs
	KEY_TEXT_MAX = 256, // bytes of a textual audience key
	AUDIENCE_ID_MAX = 1024,
	POINTS_MAX = 16,
	OFFERS_MAX = 100, // per point
};

// 1 to ID_MAX bytes.
Err check_id(const char *field, const char *id);
// The same for one that a touchpoint chooses: not one of the server's own.
Err check_own_id(const char *field, const char *id);

// A visitor as a request names one.
typedef struct Audience {
	int level;
	const ExprValue *keys; // in the level's order
	Str id;                // canonical text
} Audience;

// Errors: FIELD_MISSING, AUDIENCE_INVALID, NO_MEMORY.
Err check_audience(const Plan *plan, const AudienceId *in, Arena *arena, Audience *ret);
// The same of keys that are told in the level's order. Errors: AUDIENCE_INVALID, NO_MEMORY.
Err check_keys(const Plan *plan, int level, const ExprValue *keys, Arena *arena, Audience *ret);

// The canonical text of keys that have their types, in the level's order. Errors: AUDIENCE_INVALID,
// NO_MEMORY.
Err check_audience_id(const Level *level, const ExprValue *keys, Arena *arena, Str *ret);

// A key's canonical text; NULL if memory is out.
char *check_key_text(const ExprValue *key, Arena *arena);

// Errors: ATTRIBUTE_UNKNOWN, ATTRIBUTE_TYPE, ATTRIBUTE_NOT_SETTABLE, FIELD_INVALID, NO_MEMORY.
Err check_parameters(
        const Plan *plan, int level, NamedValue **in, size_t count, Arena *arena, Parameters *ret);

// The same of attributes that are told by their slots. Errors: those but ATTRIBUTE_UNKNOWN.
Err check_slots(const Plan *plan, int level, const Parameters *in, Arena *arena);

// The same without asking whether a session may set them: what-if. `field` is the list's path.
Err check_any_attributes(const Plan *plan, int level, NamedValue **in, size_t count, const char *field,
        Arena *arena, Parameters *ret);

// All but the values of filters. Errors: FIELD_MISSING, FIELD_INVALID.
Err check_points(PointRequest **in, size_t count);
// The same of points that are told by index, and whose filters are ready.
Err check_decided(const DecidePoint *in, size_t count);
// A point's filter, ready for the engine. Errors: FIELD_INVALID, NO_MEMORY.
Err check_filter_values(const PointRequest *in, size_t point, Arena *arena, const OfferFilter **ret);
