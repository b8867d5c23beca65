// What has to be done now and then, about once a second on the main thread: no call waits for it. What is
// told here is told when it changes, and not every second.
#include "base/cleanup.h"
#include "parts.h"
#include "watchdog.h"

enum { WATCHDOG_TICKS = 10, WATCHDOG_TIMEOUT_MS = 2000, WATCHDOG_FAILURES = 3, VISITOR_TICKS = 60 };

static void watch_port(Runtime *runtime)
{
	if (watchdog_probe(runtime->config->listen.ptr, runtime->port, WATCHDOG_TIMEOUT_MS) == OK) {
		runtime->unanswered = 0;
		return;
	}
	log_failure(LOG_WARN, "own port does not answer");
	if (++runtime->unanswered < WATCHDOG_FAILURES)
		return;
	log_error("own port is dead", F_CSTR("consequence", "the server stops, to be started anew"));
	atomic_store(&runtime->broken, ERR_UNAVAILABLE);
}

// Says when shipping stops and when it goes on.
static void watch_shipping(Runtime *runtime)
{
	ShipStatus status;
	if (runtime->ship == NULL)
		return;
	ship_status(runtime->ship, &status);
	if (status.shipping == runtime->shipping)
		return;
	runtime->shipping = status.shipping;
	if (status.shipping)
		log_info("journal is being shipped", F_UINT("behind", status.behind));
	else
		log_warn("journal is not being shipped", F_CSTR("message", status.last_error.message),
		        F_UINT("behind", status.behind));
}

// Says when visitors had to make room for others.
static void watch_visitors(Runtime *runtime)
{
	VisitorsStatus status;
	visitors_status(runtime->visitors, &status);
	if (status.forgotten == runtime->forgotten)
		return;
	log_warn("visitors were forgotten for want of room",
	        F_UINT("forgotten", status.forgotten - runtime->forgotten),
	        F_UINT("visitors", status.visitors), F_UINT("bytes", status.bytes));
	runtime->forgotten = status.forgotten;
}

// Says why this server is not as it should be whenever that changes.
static void watch_standing(Runtime *runtime)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	char **reasons = NULL;
	size_t count = 0;
	if (arena == NULL || current_degraded(runtime->current, arena, &reasons, &count) != OK)
		return;
	const char *all = "";
	for (size_t i = 0; i < count && all != NULL; i++)
		all = arena_printf(arena, "%s%s%s", all, i > 0 ? "; " : "", reasons[i]);
	Digest now = digest_of(str(all));
	if (digest_eq(&now, &runtime->standing))
		return;
	if (count > 0)
		log_warn("degraded", F_UINT("reasons", count), F_CSTR("message", all));
	else if (runtime->told)
		log_info("degraded no longer", F_UINT("reasons", count));
	runtime->standing = now;
	runtime->told = true;
}

void runtime_tick(Runtime *runtime)
{
	service_sweep(runtime->service);
	if (runtime->clicks != NULL)
		clicks_sweep(runtime->clicks);
	watch_shipping(runtime);
	watch_standing(runtime);
	if (++runtime->ticks % WATCHDOG_TICKS == 0)
		watch_port(runtime);
	if (runtime->ticks % VISITOR_TICKS == 0)
		watch_visitors(runtime);
}
