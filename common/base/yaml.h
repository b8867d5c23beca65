// YAML 1.2 text as a tree that remembers where everything stands, for configuration files and resources.
// libfyaml parses; the tree is ours, because its builder resolves aliases without a limit. Tags are refused:
// a value is what its place asks for.
#pragma once
#include "base/arena.h"
#include "base/error.h"

enum {
	YAML_SIZE_MAX = 8 << 20,
	YAML_DEPTH_MAX = 64,
	YAML_NODES_MAX = 500000, // in one text, each alias counted with all that it stands for
	YAML_ANCHORS_MAX = 256,
};

typedef enum YamlKind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING } YamlKind;

typedef struct YamlNode {
	YamlKind kind;
	bool plain;       // a scalar without quotes: may be a number, a truth value or null
	int line, column; // of the value, from 1
	Str text;         // of a scalar
	Str key;          // of a mapping's member
	int key_line, key_column;
	struct YamlNode *items; // the first item or member
	struct YamlNode *next;  // in the same sequence or mapping; of a document: the next document
	size_t count;           // of items
	size_t weight;          // nodes in all, this one and those behind aliases counted
} YamlNode;

// The documents of `text`, linked by `next`; NULL if there are none. `name` stands for the file in messages,
// which begin with "NAME:LINE:COLUMN: ". Errors: YAML_INVALID (also for a key given twice), LIMIT, NO_MEMORY.
Err yaml_parse(Str text, const char *name, Arena *arena, YamlNode **ret);

// The member of a mapping; NULL if there is none or the node is no mapping.
const YamlNode *yaml_member(const YamlNode *mapping, Str key);

// A plain scalar that is nothing, ~ or null.
bool yaml_is_null(const YamlNode *node);
