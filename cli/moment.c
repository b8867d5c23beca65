// Whoever asks for a period thinks "the last seven days" or "since June": both are shorter than RFC 3339.
#include "moment.h"

#include "base/clock.h"

enum { BACK_DAYS_MAX = 36500 };

Err cli_moment(Cli *cli, OptionId id, int64_t fallback_us, int64_t *ret_us)
{
	const char *text = cli_option(cli, id);
	int64_t back_us;

	*ret_us = fallback_us;
	if (!text || time_parse(str(text), ret_us))
		return OK;
	if (strlen(text) == 10 && time_parse(str(arena_printf(cli->arena, "%sT00:00:00Z", text)), ret_us))
		return OK;
	if (cli_duration_within(cli, id, BACK_DAYS_MAX, 0, &back_us) == OK) {
		*ret_us = clock_now_us(clock_system()) - back_us;
		return OK;
	}
	return cli_usage(cli,
	        "--%s must be a time (2026-06-01T08:00:00Z), a day (2026-06-01, its begin in UTC) or how "
	        "long ago (12h, 7d), not '%s'",
	        option_rows[id].name, text);
}

Err cli_moment_field(Cli *cli, OptionId id, const char *field, json_t *request)
{
	char text[TIME_TEXT_SIZE];
	int64_t us;

	if (!cli_given(cli, id))
		return OK;
	TRY(cli_moment(cli, id, 0, &us));
	time_format(us, text);
	json_object_set_new(request, field, json_string(text));
	return OK;
}
