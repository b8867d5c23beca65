// Threads of this room: named for ps and top, and deaf to signals, which belong to main.
#include "rpc/internal.h"

#include <signal.h>

Err thread_start(const char *name, void *(*run)(void *), void *argument, pthread_t *ret)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(ret, NULL, run, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return err(ERR_NO_MEMORY,
		        "cannot start thread %s: %s; raise the limit of processes and threads", name,
		        strerror(error));
	pthread_setname_np(*ret, name);
	return OK;
}
