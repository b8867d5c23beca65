// The verbs as a table in memory.
#include "cli.h"

const Verb verb_rows[] = {
#define VERB_ROW(words, arguments, least, most, options, summary, run, help)                                 \
	{words, arguments, least, most, options, summary, run, help},
#include "verb_table.h"
#undef VERB_ROW
};
const size_t verb_count = ARRAY_COUNT(verb_rows);
