#include "metrics/stripe.h"

#include <stdatomic.h>

unsigned stripe_of_thread(void)
{
	static atomic_uint threads;
	static _Thread_local unsigned mine; // 0: not yet known
	if (!mine)
		mine = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % STRIPES + 1;
	return mine - 1;
}
