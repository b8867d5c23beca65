// Resources in YAML files: read, checked against their messages, and put in the order of dependency, before
// anything is sent.
#pragma once
#include "base/yaml.h"
#include "resource/kind.h"

typedef struct Document {
	const char *file;
	const YamlNode *node;
	const Kind *kind;
	Str channel, name;
	json_t *fields; // as the server would give them, without what it sets; an etag that the file has
	                // stays
	size_t number;  // among all documents read
	bool made;      // apply made it bare, so that others could refer to it
} Document;

typedef struct Manifest {
	Document *documents;
	size_t count;
} Manifest;

// Reads files, folders (their .yaml and .yml files, by name) and standard input ("-"). Documents without a
// channel get `channel`, if it is not NULL. Errors, each with FILE:LINE:COLUMN: YAML_INVALID, FIELD_INVALID,
// FIELD_UNKNOWN, FIELD_MISSING.
Err manifest_read(Cli *cli, const OptionValue *paths, const char *channel, Manifest *ret);
// The same from one text, in the order of the text; appends.
Err manifest_read_text(Arena *arena, Str text, const char *file, const char *channel, Manifest *ret);
// By dependency, else as they were read. Errors: FIELD_INVALID if two are the same resource.
Err manifest_sort(Manifest *manifest);
void manifest_free(Manifest *manifest);
// Puts FILE:LINE:COLUMN, kind and name before this thread's last failure, at the field that it is about if
// the file has it.
Err manifest_blame(const Document *document, Err id);
