// The command line, read against two tables: option_table.h and verb_table.h. What they say is also the help
// and the completion.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef enum OptionId {
#define OPTION_ROW(id, name, letter, takes, help) OPT_##id,
#include "option_table.h"
#undef OPTION_ROW
	OPT_COUNT,
} OptionId;

enum { OPT_GLOBAL_COUNT = OPT_HELP + 1 }; // the first rows are every verb's

typedef struct Option {
	const char *name;
	char letter;
	const char *takes;
	const char *help;
} Option;

extern const Option option_rows[OPT_COUNT];

struct Cli;

typedef struct Verb {
	const char *words;     // one or two, such as "rollout status"
	const char *arguments; // for the usage line
	size_t least, most;    // how many arguments
	const char *options;   // names of those it takes, with blanks between them
	const char *summary;
	Err (*run)(struct Cli *cli);
	const char *help; // what it does, with examples
} Verb;

extern const Verb verb_rows[];
extern const size_t verb_count;

// What an option was given, in order; several if it was repeated.
typedef struct OptionValue {
	const char *text; // "" for an option that takes nothing
	struct OptionValue *next;
} OptionValue;

typedef struct CommandLine {
	const Verb *verb;                // NULL: none was named
	const char *group;               // the first word, if it is that of a group and no verb was named
	OptionValue *options[OPT_COUNT]; // NULL: not given
	const char **arguments;
	size_t count;
} CommandLine;

// Errors: FIELD_INVALID with what would be right; `ret` then has what was understood until there.
Err command_line_read(int argc, char **argv, Arena *arena, CommandLine *ret);
// Whether the verb takes the option.
bool verb_takes(const Verb *verb, OptionId id);
