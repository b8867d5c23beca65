// Values of attributes on the command line: NAME=VALUE or NAME:TYPE=VALUE.
#pragma once
#include "cli.h"

// A parley.runtime.v1.NamedValue. Without a type, true and false are bool, whole numbers int, other numbers
// double and all else string. Error: FIELD_INVALID.
Err named_value_parse(Str text, Arena *arena, json_t **ret);
// "LEVEL:KEY=VALUE,KEY=VALUE" to a parley.runtime.v1.AudienceId. Error: FIELD_INVALID.
Err audience_parse(Str text, Arena *arena, json_t **ret);
// "ATTRIBUTE=VALUE", or with != < <= > >= instead of =, or ~ (the list contains the text), to a
// parley.runtime.v1.OfferCondition; the value as for named_value_parse. Error: FIELD_INVALID.
Err condition_parse(Str text, Arena *arena, json_t **ret);
