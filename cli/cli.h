// What all verbs share: the command line, the context, output and errors.
#pragma once
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "context.h"
#include "options.h"
#include "trace/context.h"
#include "wire/json.h"

#include <stdio.h>

typedef enum ExitCode {
#define EXIT_ROW(code, name, meaning) EXIT_##name = (code),
#include "exit_table.h"
#undef EXIT_ROW
} ExitCode;

typedef enum Format { FORMAT_TABLE, FORMAT_JSON, FORMAT_YAML, FORMAT_CSV } Format;

struct RpcClient;

typedef struct Cli {
	Arena *arena; // lives as long as the program
	CommandLine line;
	ContextFile contexts;
	Context *context; // never NULL once a verb runs
	Format format;
	bool format_given;
	bool wide; // tables have all their columns, however narrow the terminal
	int timeout_ms;
	int exit_code;                       // what a verb that succeeds exits with
	bool connected;                      // to some server, some time
	char traceparent[TRACE_PARENT_SIZE]; // sent with all calls; empty: none
	bool usage;                          // the failure is the command line's
	struct RpcClient *design, *runtime;  // once needed
} Cli;

#define VERB_ROW(words, arguments, least, most, options, summary, run, help) Err run(Cli *cli);
#include "verb_table.h"
#undef VERB_ROW

// The last value that an option was given, NULL if none.
const char *cli_option(const Cli *cli, OptionId id);
static inline bool cli_given(const Cli *cli, OptionId id)
{
	return cli->line.options[id] != NULL;
}
// A number that an option was given, or `fallback`.
Err cli_number(Cli *cli, OptionId id, int64_t min, int64_t max, int64_t fallback, int64_t *ret);
// A number above 0 that an option was given, or 0.
Err cli_factor(Cli *cli, OptionId id, double *ret);
// A duration (500ms, 10s, 2m, 12h, 30d) that an option was given, or `fallback_us`.
Err cli_duration(Cli *cli, OptionId id, int64_t fallback_us, int64_t *ret_us);
// The same, of at most `days`.
Err cli_duration_within(Cli *cli, OptionId id, int64_t days, int64_t fallback_us, int64_t *ret_us);
// Fails with exit code 2.
Err cli_usage(Cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// A value that must be given.
Err cli_need(Cli *cli, OptionId id, const char **ret);
// On standard error, if --verbose.
void cli_verbose(const Cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// The exit code of an error.
int exit_code_of(Err id);
// Prints this thread's last failure: reason (USAGE if it is the command line's), message, field, hint.
void cli_print_error(const Cli *cli, Err id);
// Whether to colour what goes there.
bool cli_colour(FILE *to);

// help.c
void help_print_general(FILE *to);
void help_print_group(FILE *to, const char *group);
void help_print_verb(FILE *to, const Verb *verb);
