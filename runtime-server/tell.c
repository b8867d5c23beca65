// What the parts of a running server tell, put into the log with what follows from it; and what follows at
// once: without a journal the process ends, without a snapshot it is not ready.
#include "parts.h"

#include "base/cleanup.h"

#include <signal.h>
#include <unistd.h>

// --- while it runs ---

void tell_journal_poisoned(void *context, const ErrDetail *why)
{
	Runtime *runtime = context;
	log_error("journal failed", F_CSTR("message", why->message),
	        F_CSTR("consequence", "the server stops; what was not acknowledged may be lost"));
	atomic_store(&runtime->broken, ERR_JOURNAL_FAILED);
	kill(getpid(), SIGTERM);
}

void tell_profiles(void *context, bool available, const ErrDetail *why)
{
	(void)context;
	if (available)
		log_info("profile database is back", F_BOOL("available", true));
	else
		log_warn("profile database is away", F_CSTR("message", why->message),
		        F_CSTR("consequence", "sessions start with default attributes"));
}

void tell_checkpoint(void *context, const ErrDetail *why)
{
	(void)context;
	if (why == NULL)
		log_info("checkpoint of visitor state is written again", F_BOOL("written", true));
	else
		log_warn("checkpoint of visitor state failed", F_CSTR("message", why->message),
		        F_CSTR("consequence", "the journal grows, and a start takes longer"));
}

void tell_snapshots(void *context)
{
	Runtime *runtime = context;
	CurrentStatus status;
	bool serves = false;
	for (size_t i = 0; i < current_count(runtime->current); i++) {
		current_status(runtime->current, i, &status);
		serves |= status.stable.version != 0;
	}
	rpc_server_set_health(runtime->server, "parley.runtime.v1.InteractionService", serves);
}

void tell_collector(void *context, bool taken, const ErrDetail *why)
{
	(void)context;
	if (taken)
		log_info("traces are taken again", F_BOOL("taken", true));
	else
		log_warn("traces are not taken", F_CSTR("message", why->message),
		        F_CSTR("consequence", "spans that there is no room for are dropped"));
}

// --- what they found at the start ---

void tell_journal_found(Runtime *runtime)
{
	JournalStatus status;
	journal_status(runtime->journal, &status);
	if (status.quarantined_parts > 0 || status.lost_sequences > 0)
		log_error("journal was damaged", F_UINT("quarantined_parts", status.quarantined_parts),
		        F_UINT("lost_sequences", status.lost_sequences));
}

void tell_visitors_found(Runtime *runtime)
{
	VisitorsStatus status;
	visitors_status(runtime->visitors, &status);
	log_info("visitor state loaded", F_UINT("visitors", status.visitors), F_UINT("bytes", status.bytes),
	        F_UINT("treatments", status.treatments));
	if (status.fell_back)
		log_error("checkpoint of visitor state was damaged",
		        F_CSTR("message", status.checkpoint_error.message),
		        F_CSTR("consequence", "the one before it was taken, and more of the journal"));
	if (status.unaccounted > 0)
		log_error("journal lacks records that visitor state needs",
		        F_UINT("records", status.unaccounted),
		        F_CSTR("consequence", "what they said of contacts and responses is forgotten"));
	runtime->forgotten = status.forgotten;
}

void tell_snapshots_found(Runtime *runtime)
{
	CurrentStatus status;
	for (size_t i = 0; i < current_count(runtime->current); i++) {
		current_status(runtime->current, i, &status);
		if (status.last_error[0] != '\0')
			log_warn("snapshot refused at start", F_STR("channel", status.channel),
			        F_CSTR("message", status.last_error));
		if (status.stable.version != 0)
			log_info("snapshot serves", F_STR("channel", status.channel),
			        F_UINT("version", status.stable.version));
		if (status.candidate.version != 0)
			log_info("candidate serves", F_STR("channel", status.channel),
			        F_UINT("version", status.candidate.version),
			        F_UINT("permille", status.permille));
	}
	tell_snapshots(runtime);
}
