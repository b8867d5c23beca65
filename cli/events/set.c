// A set that is being made has its sorter's folder beside the place where it will be.
#include "events/set.h"

#include "base/clock.h"
#include "events/workbench.h"

#include <inttypes.h>
#include <unistd.h>

enum { MEMORY_MAX = 1 << 16 };

Err event_set_place(Cli *cli, const char *name, const char **ret)
{
	TRY(workbench_path(cli, "sets", name, ret));
	if (access(*ret, F_OK) == 0)
		return err(ERR_RESOURCE_EXISTS,
		        "there is an event set \"%s\": give it another name, or parley events remove %s",
		        name, name);
	return OK;
}

Err event_set_begin(Cli *cli, const char *path, EventSorter **ret, const char **ret_note)
{
	const char *folder = arena_printf(cli->arena, "%s.importing", path);
	int64_t mib;

	TRY(cli_number(cli, OPT_MEMORY, 1, MEMORY_MAX, 0, &mib));
	TRY(event_sorter_open(folder, (size_t)mib << 20, cli->arena, ret, ret_note));
	if (*ret_note && cli_given(cli, OPT_RESTART)) {
		TRY(event_sorter_forget(*ret));
		*ret_note = NULL;
	}
	return OK;
}

static void merging(void *context, uint64_t events)
{
	(void)context;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[Kwriting the set: %" PRIu64 " events", events);
}

Err event_set_finish(EventSorter *sorter, const char *path, EventSetInfo *ret)
{
	TRY(event_sorter_finish(sorter, path, merging, NULL, ret));
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return OK;
}

json_t *event_set_json(const char *name, const EventSetInfo *info)
{
	char digest[2 * EVENT_DIGEST_SIZE + 1], first[TIME_TEXT_SIZE] = "", last[TIME_TEXT_SIZE] = "";

	hex_encode(info->digest, EVENT_DIGEST_SIZE, digest);
	if (info->events > 0) {
		time_format(info->first_us, first);
		time_format(info->last_us, last);
	}
	return json_pack("{s:s, s:I, s:s, s:s, s:I, s:s}", "name", name, "events", (json_int_t)info->events,
	        "first", first, "last", last, "bytes", (json_int_t)info->bytes, "digest", digest);
}
