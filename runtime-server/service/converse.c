// converse: commands as they come over a stream that stays open. Those on one session are done and answered
// in the order in which they came, those on different sessions as they finish. An exchange begins when it is
// read, and lands in its session's queue; it does not wait for the answers before it, so that events go to
// the disk together. Only answers wait: one that is ready before an earlier one on its session is kept until
// that is out. A conversation takes at most SESSION_AHEAD places in a session's queue, so that a long one is
// told BUSY only if others are in the queue as well.
#include "service/commands.h"

#include "wire/wire.h"

#include <pthread.h>
#include <stdlib.h>
#include <xxhash.h>

enum { SESSION_AHEAD = 16 };

typedef struct Conversation Conversation;

// A request and its answer; lives in the call's arena.
typedef struct Exchange {
	Reply reply; // first
	RpcCall *call;
	Conversation *conversation;
	const ConverseRequest *request;
	struct Exchange *next;
	uint64_t hash; // of the session ID
	bool begun, answered;
	const ConverseResponse *answer; // waits for those before it; NULL: no memory to say anything
} Exchange;

struct Conversation {
	Service *service;
	atomic_size_t users; // the stream, and threads that are in here
	pthread_mutex_t lock;
	Exchange *first, **last; // not answered, in the order in which they came
	size_t waiting;          // of them, not begun
	bool beginning;          // somebody is in begin_more
};

static void drop(Conversation *conversation)
{
	if (atomic_fetch_sub(&conversation->users, 1) > 1)
		return;
	pthread_mutex_destroy(&conversation->lock);
	free(conversation);
}

// --- answers ---

static bool same_session(const Exchange *a, const Exchange *b)
{
	return a->hash == b->hash && strcmp(a->request->session_id, b->request->session_id) == 0;
}

static ConverseResponse *make_answer(const Exchange *exchange, Err result, const void *response)
{
	Arena *arena = rpc_arena(exchange->call);
	const BatchCommand *command = exchange->request->command;
	ErrDetail *failure = ARENA_NEW(arena, ErrDetail);
	ConverseResponse *out = message_new(arena, MESSAGE_OF(converse_response));
	if (failure == NULL || out == NULL)
		return NULL;
	if (result != OK)
		*failure = *err_detail();
	out->number = exchange->request->number;
	out->result = message_new(arena, MESSAGE_OF(batch_result));
	if (out->result == NULL || result_map(command != NULL ? command->what_case : 0, response, failure,
	                                   arena, out->result) != OK)
		return NULL;
	return out;
}

// An answer borrows from the session and its snapshot: one that has to wait is copied.
static const ConverseResponse *own(const Exchange *exchange, const ConverseResponse *answer)
{
	Arena *arena = rpc_arena(exchange->call);
	ProtobufCMessage *copy;
	Str packed;
	if (answer == NULL || wire_pack(&answer->base, arena, &packed) != OK ||
	        wire_unpack(answer->base.descriptor, packed, SIZE_MAX, arena, &copy) != OK)
		return NULL;
	return (ConverseResponse *)copy;
}

// Lock held. The exchange is gone afterwards.
static void send(Conversation *conversation, Exchange *exchange, const ConverseResponse *answer)
{
	Exchange **link = &conversation->first;
	while (*link != exchange)
		link = &(*link)->next;
	*link = exchange->next;
	if (conversation->last == &exchange->next)
		conversation->last = link;
	if (answer != NULL)
		rpc_reply(exchange->call, &answer->base);
	else
		rpc_fail(exchange->call, err(ERR_NO_MEMORY, "no memory for an answer; try again later"));
}

static Exchange *next_on_session(const Exchange *exchange)
{
	Exchange *next = exchange->next;
	while (next != NULL && !same_session(next, exchange))
		next = next->next;
	return next;
}

static bool is_first_on_session(const Conversation *conversation, const Exchange *exchange)
{
	const Exchange *first = conversation->first;
	while (!same_session(first, exchange))
		first = first->next;
	return first == exchange;
}

// Lock held. Sends the answer, and those behind it that waited for it.
static void send_all(Conversation *conversation, Exchange *exchange, const ConverseResponse *answer)
{
	Exchange *next = next_on_session(exchange);
	send(conversation, exchange, answer);
	while (next != NULL && next->answered) {
		exchange = next;
		next = next_on_session(exchange);
		send(conversation, exchange, exchange->answer);
	}
}

static void begin_more(Conversation *conversation);

static void settle(Reply *reply, Err result, const void *response)
{
	Exchange *exchange = (Exchange *)reply;
	Conversation *conversation = exchange->conversation;
	const ConverseResponse *answer = make_answer(exchange, result, response);
	atomic_fetch_add(&conversation->users, 1);
	pthread_mutex_lock(&conversation->lock);
	if (is_first_on_session(conversation, exchange)) {
		send_all(conversation, exchange, answer);
	} else {
		exchange->answer = own(exchange, answer);
		exchange->answered = true;
	}
	pthread_mutex_unlock(&conversation->lock);
	begin_more(conversation);
	drop(conversation);
}

// --- requests ---

static Err check(const ConverseRequest *in)
{
	if (in->command == NULL || command_of(in->command) == NULL)
		return err_at(
		        ERR_FIELD_MISSING, "command", "say what to do: set one of the command's fields");
	const char *session = command_session_id(in->command);
	if (*session != '\0' && strcmp(session, in->session_id) != 0)
		return err_at(ERR_FIELD_INVALID, "command",
		        "the command is for another session; leave its session_id empty");
	return OK;
}

static void begin(Exchange *exchange)
{
	const ConverseRequest *in = exchange->request;
	RpcCall *call = exchange->call;
	Err e = check(in);
	if (e != OK) {
		settle(&exchange->reply, e, NULL);
		return;
	}
	turn_begin(exchange->conversation->service, &(TurnCall){.reply = &exchange->reply,
	                                                    .arena = rpc_arena(call),
	                                                    .command = command_of(in->command),
	                                                    .request = command_request(in->command),
	                                                    .session_id = in->session_id,
	                                                    .span = trace_span_of(call),
	                                                    .sequence = command_sequence(in->command),
	                                                    .begun_us = rpc_begun_us(call),
	                                                    .deadline_us = rpc_deadline_us(call)});
}

// Lock held. The next one that may begin: it has few enough before it on its session.
static Exchange *next_to_begin(const Conversation *conversation)
{
	if (conversation->waiting == 0)
		return NULL;
	for (Exchange *exchange = conversation->first; exchange != NULL; exchange = exchange->next) {
		unsigned ahead = 0;
		if (exchange->begun)
			continue;
		for (const Exchange *before = conversation->first; before != exchange; before = before->next)
			ahead += same_session(before, exchange);
		if (ahead < SESSION_AHEAD)
			return exchange;
	}
	return NULL;
}

// One thread at a time begins exchanges, so that they begin in order; who finds one at it leaves it to that
// one. With no lock held, because what begins may be done at once.
static void begin_more(Conversation *conversation)
{
	Exchange *exchange;
	pthread_mutex_lock(&conversation->lock);
	if (!conversation->beginning) {
		conversation->beginning = true;
		while ((exchange = next_to_begin(conversation)) != NULL) {
			exchange->begun = true;
			conversation->waiting--;
			pthread_mutex_unlock(&conversation->lock);
			begin(exchange);
			pthread_mutex_lock(&conversation->lock);
		}
		conversation->beginning = false;
	}
	pthread_mutex_unlock(&conversation->lock);
}

void handle_converse(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const ConverseRequest *in = (const ConverseRequest *)request;
	Conversation *conversation = rpc_stream_state(call);
	Exchange *exchange = ARENA_NEW(rpc_arena(call), Exchange);
	(void)service;
	if (exchange == NULL) {
		rpc_fail(call, err(ERR_NO_MEMORY, "no memory for the call; try again later"));
		return;
	}
	*exchange = (Exchange){.reply = {settle},
	        .call = call,
	        .conversation = conversation,
	        .request = in,
	        .hash = XXH3_64bits(in->session_id, strlen(in->session_id))};
	atomic_fetch_add(&conversation->users, 1);
	pthread_mutex_lock(&conversation->lock);
	*conversation->last = exchange;
	conversation->last = &exchange->next;
	conversation->waiting++;
	pthread_mutex_unlock(&conversation->lock);
	begin_more(conversation);
	drop(conversation);
}

// --- a stream ---

static void *open_conversation(void *service)
{
	Conversation *conversation = calloc(1, sizeof *conversation);
	if (conversation == NULL)
		return NULL;
	conversation->service = service;
	conversation->last = &conversation->first;
	atomic_init(&conversation->users, 1);
	pthread_mutex_init(&conversation->lock, NULL);
	return conversation;
}

static void close_conversation(void *state)
{
	drop(state);
}

const RpcStreaming conversations = {.open = open_conversation, .close = close_conversation};
