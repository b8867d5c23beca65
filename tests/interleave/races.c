// ThreadSanitizer's options are part of the program, so that nobody forgets them; it calls back for every
// report. README.md says why these are.
#include "races.h"

#include <stdatomic.h>
#include <stdio.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WATCHED 1
#endif
#endif

static atomic_size_t races;

size_t races_count(void)
{
	return atomic_load(&races);
}

const char *races_text(void)
{
	static char text[64];
#ifdef WATCHED
	snprintf(text, sizeof text, "%zu data races", races_count());
#else
	snprintf(text, sizeof text, "data races not looked for");
#endif
	return text;
}

#ifdef WATCHED

void __tsan_on_report(void *report);
const char *__tsan_default_options(void);

void __tsan_on_report(void *report)
{
	(void)report;
	atomic_fetch_add(&races, 1);
}

const char *__tsan_default_options(void)
{
	return "ignore_noninstrumented_modules=1 halt_on_error=0 history_size=5 second_deadlock_stack=1";
}

#endif
