// Errors as people and scripts get them, and reading the values of options.
#include "cli.h"

#include "base/clock.h"
#include "base/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { DURATION_DAYS_MAX = 90 };

typedef struct Hint {
	Err id;
	const char *text;
} Hint;

static const Hint hints[] = {
#define HINT_ROW(id, text) {ERR_##id, text},
#include "hint_table.h"
#undef HINT_ROW
};

// By gRPC status: the codes of google.rpc.Code, 0 to 16.
static const ExitCode exit_by_status[] = {
        EXIT_OK,          // OK
        EXIT_UNAVAILABLE, // CANCELLED
        EXIT_INTERNAL,    // UNKNOWN
        EXIT_REFUSED,     // INVALID_ARGUMENT
        EXIT_UNAVAILABLE, // DEADLINE_EXCEEDED
        EXIT_NOT_FOUND,   // NOT_FOUND
        EXIT_CONFLICT,    // ALREADY_EXISTS
        EXIT_DENIED,      // PERMISSION_DENIED
        EXIT_REFUSED,     // RESOURCE_EXHAUSTED
        EXIT_REFUSED,     // FAILED_PRECONDITION
        EXIT_CONFLICT,    // ABORTED
        EXIT_REFUSED,     // OUT_OF_RANGE
        EXIT_INTERNAL,    // UNIMPLEMENTED
        EXIT_INTERNAL,    // INTERNAL
        EXIT_UNAVAILABLE, // UNAVAILABLE
        EXIT_INTERNAL,    // DATA_LOSS
        EXIT_DENIED,      // UNAUTHENTICATED
};

int exit_code_of(Err id)
{
	int status = err_status(id);

	if (id == ERR_CONFIG_INVALID) // the contexts, or their lack
		return EXIT_USAGE;
	if (id == ERR_CANCELLED) // by the person who was asked
		return EXIT_REFUSED;
	if (id == ERR_BUSY) // the one exhausted resource that comes back by itself
		return EXIT_UNAVAILABLE;
	return status >= 0 && (size_t)status < ARRAY_COUNT(exit_by_status) ? (int)exit_by_status[status]
	                                                                   : EXIT_INTERNAL;
}

bool cli_colour(FILE *to)
{
	const char *no = getenv("NO_COLOR");

	return !(no && *no) && isatty(fileno(to));
}

// A server's words may hold what others wrote; escapes among it must not reach the terminal.
static void print_words(const char *text)
{
	for (; *text; text++) {
		bool control = (unsigned char)*text < 0x20 && *text != '\n' && *text != '\t';

		putc(control || *text == 0x7f ? '?' : *text, stderr);
	}
}

void cli_print_error(const Cli *cli, Err id)
{
	const ErrDetail *detail = err_detail();
	bool colour = cli_colour(stderr);

	fflush(stdout);
	fprintf(stderr, "%serror:%s %s: ", colour ? "\033[31m" : "", colour ? "\033[0m" : "",
	        cli->usage ? "USAGE" : err_reason(id));
	print_words(detail->message[0] ? detail->message : err_text(id));
	putc('\n', stderr);
	if (detail->field[0])
		fprintf(stderr, "  field: %s\n", detail->field);
	// A message that names a command knows better than what holds for all of its kind.
	for (size_t i = 0; i < ARRAY_COUNT(hints); i++)
		if (hints[i].id == id && !strstr(detail->message, "parley "))
			fprintf(stderr, "  hint: %s\n", hints[i].text);
}

const char *cli_option(const Cli *cli, OptionId id)
{
	const OptionValue *value = cli->line.options[id];

	while (value && value->next)
		value = value->next;
	return value ? value->text : NULL;
}

Err cli_usage(Cli *cli, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	cli->usage = true;
	return err(ERR_FIELD_INVALID, "%s", text);
}

Err cli_need(Cli *cli, OptionId id, const char **ret)
{
	*ret = cli_option(cli, id);
	if (*ret)
		return OK;
	return cli_usage(cli, "%s needs --%s %s; see: parley %s --help", cli->line.verb->words,
	        option_rows[id].name, option_rows[id].takes, cli->line.verb->words);
}

Err cli_number(Cli *cli, OptionId id, int64_t min, int64_t max, int64_t fallback, int64_t *ret)
{
	const char *text = cli_option(cli, id);

	*ret = fallback;
	if (text && (!str_to_i64(str(text), ret) || *ret < min || *ret > max))
		return cli_usage(cli, "--%s must be a whole number from %" PRId64 " to %" PRId64 ", not '%s'",
		        option_rows[id].name, min, max, text);
	return OK;
}

Err cli_factor(Cli *cli, OptionId id, double *ret)
{
	const char *text = cli_option(cli, id);

	*ret = 0;
	return !text || (str_to_f64(str(text), ret) && *ret > 0)
	               ? OK
	               : cli_usage(cli, "--%s must be a number above 0, such as 50", option_rows[id].name);
}

Err cli_duration_within(Cli *cli, OptionId id, int64_t days, int64_t fallback_us, int64_t *ret_us)
{
	const char *text = cli_option(cli, id);

	*ret_us = fallback_us;
	if (!text ||
	        (duration_parse(str(text), ret_us) && *ret_us > 0 && *ret_us <= days * 24 * 3600 * US_PER_S))
		return OK;
	return cli_usage(cli,
	        "--%s must be a time with its unit, at most %" PRId64 "d: 500ms, 10s, 2m, 12h; not '%s'",
	        option_rows[id].name, days, text);
}

Err cli_duration(Cli *cli, OptionId id, int64_t fallback_us, int64_t *ret_us)
{
	return cli_duration_within(cli, id, DURATION_DAYS_MAX, fallback_us, ret_us);
}

void cli_verbose(const Cli *cli, const char *fmt, ...)
{
	va_list args;

	if (!cli_given(cli, OPT_VERBOSE))
		return;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}
