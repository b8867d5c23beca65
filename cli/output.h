// Answers as tables, JSON or YAML.
#pragma once
#include "cli.h"

// `items` is an array of objects. `columns` is "TITLE:field TITLE:field …"; a field may be a path such as
// snapshot.version. A column without a value in any row is left out, except the first. "TITLE:field/N" may be
// left out where the terminal is too narrow, the highest N first, unless --output is wide.
Err print_table(Cli *cli, const json_t *items, const char *columns);
// The same as CSV (RFC 4180, UTF-8, LF) with the fields' names as titles, unless --no-header; values as JSON
// has them, texts bare.
Err print_csv(Cli *cli, const json_t *items, const char *columns);
// Items by --output: a table; CSV; one JSON array; or one YAML document each.
Err print_items(Cli *cli, const json_t *items, const char *columns);
// One thing: as a table its fields, one a line.
Err print_one(Cli *cli, const json_t *item);
// As JSON or YAML whatever the format is, if it is not the table.
Err print_json(Cli *cli, const json_t *json);
// How many columns of a terminal the text takes.
size_t text_width(Str text);
// Without line ends and escapes: what others wrote into a resource must not speak to the terminal.
Str text_printable(Arena *arena, Str text);
