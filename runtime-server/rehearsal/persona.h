// Visitors' profiles as a story gives them: by audience level and ID, values by attribute name.
#pragma once
#include "decide/decide.h"
#include "profile/profile.h"
#include "rehearsal/rehearsal.h"

#include <jansson.h>

typedef struct Personas Personas;

// NULL if memory is out.
Personas *personas_new(const RehearsalContent *content);
void personas_free(Personas *personas); // NULL is fine
// Level and canonical ID of {"level": NAME, "id": TEXT}. Errors: FIELD_MISSING, AUDIENCE_INVALID, NO_MEMORY.
Err persona_of(
        const RehearsalContent *content, const json_t *visitor, Arena *arena, int *ret_level, Str *ret_id);
// Gives a visitor the profile {ATTRIBUTE: value}, in place of any former one: bool, number, text, RFC 3339
// for a timestamp, a list of texts; null for an attribute that the visitor lacks. Errors: ATTRIBUTE_UNKNOWN,
// ATTRIBUTE_TYPE, NO_MEMORY.
Err personas_put(Personas *personas, int level, Str id, const json_t *profile);
// All of a file: a JSON object a line, {"level", "id", "attributes"}. Errors also: IO, JSON_INVALID; they
// name the line.
Err personas_read(const RehearsalContent *content, const char *path, Personas **ret);
// For ProfileSource.
void personas_fill(const Personas *personas, ProfileRequest *request);
