// Configuration files: YAML read against a table. The program declares what it knows (sections, keys, types,
// defaults, limits); anything else in the file is refused with line and column and the nearest known name, so
// that a typing error is never a silent default.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef enum ConfigType {
	CONFIG_STRING,   // Str
	CONFIG_INT,      // int64_t, within min and max
	CONFIG_BOOL,     // bool
	CONFIG_DURATION, // int64_t microseconds; written 250ms, 5s, 10m, 12h, 30d
	CONFIG_SIZE,     // int64_t bytes; written 64KiB, 16MiB, 2GiB
	CONFIG_SHARE,    // int64_t millionths; written 10%, 0.5%, 150%
	CONFIG_CHOICE,   // Str, one of `choices`
	CONFIG_STRINGS,  // ConfigStrings
	CONFIG_SECTION,  // a nested table, at `offset` in the same struct
	CONFIG_LIST,     // ConfigList of structs of `item_size`, each read by `fields`
	CONFIG_PLACE,    // ConfigPlace: no key of the file, but where this table stands in it; named ""
} ConfigType;

// For what the caller has to say of a table: "FILE:LINE:COLUMN: …".
typedef struct ConfigPlace {
	int line, column;
} ConfigPlace;

typedef struct ConfigStrings {
	Str *items;
	size_t count;
} ConfigStrings;

typedef struct ConfigList {
	void *items;
	size_t count;
} ConfigList;

typedef struct ConfigField {
	const char *name;
	ConfigType type;
	size_t offset;                    // offsetof in the struct that is filled
	bool required;                    // refuse a file without it
	const char *fallback;             // text of the default; NULL leaves zero or the empty string
	int64_t min, max;                 // for numbers of any kind; both 0: no bounds
	const char *choices;              // for CONFIG_CHOICE: "one|other"
	const struct ConfigField *fields; // for CONFIG_SECTION and CONFIG_LIST; ends with {0}
	size_t item_size;                 // for CONFIG_LIST
	const char *help;                 // one line, for --help-config
	const char *example; // of a CONFIG_LIST that may be left out: what is printed, as a comment, instead
	                     // of its items' keys
} ConfigField;

// Reads `path` into `ret` by `fields` (ends with {0}); texts live in `arena`. Relative paths are the caller's
// affair. Errors: IO, CONFIG_INVALID with "FILE:LINE:COLUMN: …".
Err config_load(const char *path, const ConfigField *fields, Arena *arena, void *ret);
// The same from text; `name` stands for the file in messages.
Err config_parse(Str text, const char *name, const ConfigField *fields, Arena *arena, void *ret);
// Prints a commented example of everything that `fields` know.
void config_print_help(const ConfigField *fields);

// A whole number with us, ms, s, m, h or d behind it, or 0, as microseconds; false if it is anything else.
bool duration_parse(Str text, int64_t *ret_us);
