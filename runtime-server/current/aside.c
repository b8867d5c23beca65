// Work that may take as long as it likes: a snapshot is made on the same processors on which calls are
// answered, and must take only what those leave. An unprivileged thread that has lowered its priority cannot
// raise it again, so such work has a thread of its own. It must not hold what a call might wait for.
#include "current/internal.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LOWEST = 19 };

typedef struct Aside {
	Err (*work)(void *context);
	void *context;
	Err result;
	ErrDetail detail;
} Aside;

static void *do_aside(void *context)
{
	Aside *aside = context;
	pthread_setname_np(pthread_self(), "aside");
	// If it cannot be lowered, it is done all the same.
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOWEST);
	aside->result = aside->work(aside->context);
	aside->detail = *err_detail();
	return NULL;
}

Err aside(Err (*work)(void *context), void *context)
{
	Aside aside = {.work = work, .context = context};
	pthread_t thread;
	int error = pthread_create(&thread, NULL, do_aside, &aside);
	if (error != 0)
		return err(ERR_NO_MEMORY, "no thread to make a snapshot: %s; raise the limit of threads",
		        strerror(error));
	pthread_join(thread, NULL);
	return aside.result == OK ? OK : err_restore(&aside.detail);
}
