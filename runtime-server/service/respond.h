// Responses without a session: what postResponse does, for whoever else in this server learns what came of an
// offer. A click is such a response: {.event_id = "click:ID", .code_kind = RESPONSE_CODE(TREATMENT),
// .response = "clicked"}.
#pragma once
#include "service/internal.h"

#define RESPONSE_CODE(name) PARLEY__JOURNAL__V1__RESPONSE_CODE__RESPONSE_CODE_##name

enum {
	RESPONSE_CODE_MAX = 128, // bytes of a treatment, offer or custom code
	RESPONSE_MAX = 64,       // bytes of what the response is
};

// Texts end in NUL. All is borrowed, and must live as long as the arena.
typedef struct LateResponse {
	const char *event_id; // 1 to ID_MAX bytes, unique in the environment; one that comes again changes
	                      // nothing
	const char *channel;
	Parley__Journal__V1__ResponseCode code_kind;
	const char *code;
	const AudienceId *audience; // of an offer code; may be NULL otherwise
	const char *response;       // accept, reject, or the name of an outcome type
	int64_t responded_us;       // since 1970; 0: now
	TraceSpan *span;            // of the call that it came with; NULL: it is not traced
} LateResponse;

// Checks it, records it, and answers when it is on disk (from the journal's thread then) or known already,
// with a PostResponseResponse or this thread's last failure. If this server knows the treatment, an accept or
// a reject takes effect on the visitor's state at once. `arena` and `reply` live until then. Any thread.
// Errors: FIELD_MISSING, FIELD_INVALID, CHANNEL_NOT_DEPLOYED, AUDIENCE_INVALID, JOURNAL_FULL, JOURNAL_FAILED,
// NO_MEMORY.
void respond(Service *service, const LateResponse *response, Arena *arena, Reply *reply);
// The same of a request. `span` is of the call that it came with; NULL: it is not traced.
void respond_to(
        Service *service, const PostResponseRequest *request, TraceSpan *span, Arena *arena, Reply *reply);
