#include "progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { QUIET_US = 2000000, LOOK_EVERY = 1024 };

void progress_resume(Progress *progress, const char *what, uint64_t all, uint64_t before)
{
	*progress = (Progress){
	        .what = what, .all = all, .done = before, .before = before, .start_us = monotonic_us()};
}

void progress_begin(Progress *progress, const char *what, uint64_t all)
{
	progress_resume(progress, what, all, 0);
}

static void tell(Progress *progress, int64_t now_us)
{
	double seconds = (double)(now_us - progress->start_us) / (double)US_PER_S;
	double rate = (double)(progress->done - progress->before) / seconds;

	progress->told_us = now_us;
	progress->shown = true;
	fprintf(stderr, "\r\033[K%s: %" PRIu64, progress->what, progress->done);
	if (progress->all > 0)
		fprintf(stderr, " of %" PRIu64, progress->all);
	if (rate > 0)
		fprintf(stderr, ", %.0f a second", rate);
	if (rate > 0 && progress->all > progress->done)
		fprintf(stderr, ", %.0f s left", (double)(progress->all - progress->done) / rate);
}

static void look(Progress *progress)
{
	int64_t now_us = monotonic_us();

	if (now_us - progress->start_us >= QUIET_US && now_us - progress->told_us >= US_PER_S &&
	        isatty(STDERR_FILENO))
		tell(progress, now_us);
}

void progress_add(Progress *progress, uint64_t done)
{
	uint64_t before = progress->done;

	progress->done += done;
	if (before / LOOK_EVERY != progress->done / LOOK_EVERY)
		look(progress);
}

void progress_reach(Progress *progress, uint64_t done)
{
	progress->done = done > progress->before ? done : progress->before;
	look(progress);
}

void progress_told(void *progress, uint64_t done)
{
	progress_reach(progress, done);
}

void progress_end(Progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
