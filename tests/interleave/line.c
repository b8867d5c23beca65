// A client of the bidirectional stream on gRPC core: calls are sent from any thread, one at a time on a
// stream, and one thread hears all answers.
#include "line.h"

#include "answer.h"
#include "base/cleanup.h"
#include "base/handover.h"
#include "draw.h"
#include "ways.h"
#include "wire/wire.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH "/parley.runtime.v1.InteractionService/Converse"

// What a tag points to.
typedef struct Line Line;

typedef struct Tag {
	void (*done)(Line *line, bool ok);
	Line *line;
} Tag;

typedef struct Message {
	struct Message *next;
	grpc_byte_buffer *bytes;
} Message;

struct Line {
	Lines *lines;
	int number; // from 1 on
	grpc_channel *channel;
	grpc_call *call;
	pthread_mutex_t lock; // of sending
	Message *first, **last;
	bool sending, closing;
	Tag opened, sent, heard, ended;
	grpc_metadata_array headers, trailers;
	grpc_byte_buffer *in;
	grpc_status_code status;
	grpc_slice details;
};

struct Lines {
	grpc_completion_queue *queue;
	pthread_t listener;
	atomic_size_t disorders;
	int open; // the listener's
	Line items[LINES];
};

static void start(Line *line, const grpc_op *ops, size_t count, Tag *tag)
{
	hand_over(tag);
	if (grpc_call_start_batch(line->call, ops, count, tag, NULL) != GRPC_CALL_OK)
		abort();
}

// --- sending ---

// Lock held.
static void send_next(Line *line)
{
	grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
	if (line->sending || (line->first == NULL && !line->closing))
		return;
	line->sending = true;
	if (line->first == NULL)
		op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	else
		op.data.send_message.send_message = line->first->bytes;
	start(line, &op, 1, &line->sent);
}

static void sent(Line *line, bool ok)
{
	(void)ok;
	pthread_mutex_lock(&line->lock);
	Message *message = line->first;
	if (message != NULL) {
		line->sending = false;
		line->first = message->next;
		if (line->first == NULL)
			line->last = &line->first;
		grpc_byte_buffer_destroy(message->bytes);
		free(message);
		send_next(line);
	}
	pthread_mutex_unlock(&line->lock);
}

static Message *message_of(const Call *call)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	ConverseRequest request = PARLEY__RUNTIME__V1__CONVERSE_REQUEST__INIT;
	Message *message = calloc(1, sizeof *message);
	Str packed;
	request.number = (uint64_t)(uintptr_t)call;
	request.session_id = call->story->id;
	request.command = step_message(call->story, &call->steps[0], arena);
	ProtobufCMessage *command = (ProtobufCMessage *)request.command->start_session;
	*(uint64_t *)(void *)((char *)command +
	                      protobuf_c_message_descriptor_get_field_by_name(command->descriptor, "sequence")
	                              ->offset) = call->sequence;
	if (message == NULL || wire_pack(&request.base, arena, &packed) != OK)
		abort();
	grpc_slice slice = grpc_slice_from_copied_buffer(packed.ptr, packed.len);
	message->bytes = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	return message;
}

void line_call(Lines *lines, int which, Call *call)
{
	Line *line = &lines->items[which];
	Message *message = message_of(call);
	pthread_mutex_lock(&line->lock);
	call->line = line->number;
	call->place = ++call->story->asked[which];
	call->begun_ns = now_ns();
	*line->last = message;
	line->last = &message->next;
	send_next(line);
	pthread_mutex_unlock(&line->lock);
}

// --- hearing ---

static void listen_on(Line *line)
{
	grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
	op.data.recv_message.recv_message = &line->in;
	start(line, &op, 1, &line->heard);
}

static void hear_answer(Line *line, const ConverseResponse *answer)
{
	Call *call = (Call *)(uintptr_t)answer->number;
	int64_t ended_ns = now_ns();
	pthread_mutex_lock(&line->lock); // whoever sent the call had it
	Story *story = call->story;
	call->ended_ns = ended_ns;
	if (call->place != ++story->heard[line->number - 1])
		atomic_fetch_add(&line->lines->disorders, 1);
	pthread_mutex_unlock(&line->lock);
	pthread_mutex_lock(&story->lock);
	answer_alone(call, answer->result);
	pthread_mutex_unlock(&story->lock);
}

static void heard(Line *line, bool ok)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	grpc_byte_buffer_reader reader;
	ProtobufCMessage *answer = NULL;
	if (!ok || line->in == NULL)
		return;
	if (!grpc_byte_buffer_reader_init(&reader, line->in))
		abort();
	grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
	Str bytes = str_n((const char *)GRPC_SLICE_START_PTR(all), GRPC_SLICE_LENGTH(all));
	if (wire_unpack(&parley__runtime__v1__converse_response__descriptor, bytes, 0, arena, &answer) != OK)
		abort();
	hear_answer(line, (const ConverseResponse *)answer);
	grpc_slice_unref(all);
	grpc_byte_buffer_reader_destroy(&reader);
	grpc_byte_buffer_destroy(line->in);
	line->in = NULL;
	listen_on(line);
}

static void opened(Line *line, bool ok)
{
	(void)line, (void)ok;
}

static void ended(Line *line, bool ok)
{
	(void)ok;
	if (line->status != GRPC_STATUS_OK) {
		fprintf(stderr, "interleave: a stream ended with status %d: %.*s\n", (int)line->status,
		        (int)GRPC_SLICE_LENGTH(line->details),
		        (const char *)GRPC_SLICE_START_PTR(line->details));
		abort();
	}
}

static void *listen_to_all(void *context)
{
	Lines *lines = context;
	grpc_event event;
	while ((event = grpc_completion_queue_next(lines->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL))
	                .type != GRPC_QUEUE_SHUTDOWN) {
		Tag *tag = event.tag;
		take_over(tag);
		tag->done(tag->line, event.success != 0);
		if (tag == &tag->line->ended && --lines->open == 0)
			grpc_completion_queue_shutdown(lines->queue);
	}
	return NULL;
}

// --- life ---

static void line_open(Lines *lines, Line *line, int number, const char *target)
{
	const grpc_arg arg = {.type = GRPC_ARG_INTEGER,
	        .key = (char *)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
	        .value.integer = 1};
	const grpc_channel_args args = {1, (grpc_arg *)&arg};
	grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
	grpc_slice path = grpc_slice_from_static_string(PATH);
	*line = (Line){
	        .lines = lines, .number = number, .channel = grpc_channel_create(target, credentials, &args)};
	grpc_channel_credentials_release(credentials);
	pthread_mutex_init(&line->lock, NULL);
	line->last = &line->first;
	line->opened = (Tag){opened, line};
	line->sent = (Tag){sent, line};
	line->heard = (Tag){heard, line};
	line->ended = (Tag){ended, line};
	grpc_metadata_array_init(&line->headers);
	grpc_metadata_array_init(&line->trailers);
	line->call = grpc_channel_create_call(line->channel, NULL, GRPC_PROPAGATE_DEFAULTS, lines->queue,
	        path, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
	grpc_op open[] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
	        {.op = GRPC_OP_RECV_INITIAL_METADATA,
	                .data.recv_initial_metadata.recv_initial_metadata = &line->headers}};
	grpc_op end = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
	        .data.recv_status_on_client = {&line->trailers, &line->status, &line->details, NULL}};
	start(line, open, 2, &line->opened);
	start(line, &end, 1, &line->ended);
	listen_on(line);
}

Lines *lines_new(const char *target)
{
	Lines *lines = calloc(1, sizeof *lines);
	if (lines == NULL)
		abort();
	lines->queue = grpc_completion_queue_create_for_next(NULL);
	lines->open = LINES;
	for (int i = 0; i < LINES; i++)
		line_open(lines, &lines->items[i], i + 1, target);
	if (pthread_create(&lines->listener, NULL, listen_to_all, lines) != 0)
		abort();
	return lines;
}

size_t lines_close(Lines *lines)
{
	size_t disorders;
	for (int i = 0; i < LINES; i++) {
		pthread_mutex_lock(&lines->items[i].lock);
		lines->items[i].closing = true;
		send_next(&lines->items[i]);
		pthread_mutex_unlock(&lines->items[i].lock);
	}
	pthread_join(lines->listener, NULL);
	for (int i = 0; i < LINES; i++) {
		Line *line = &lines->items[i];
		grpc_call_unref(line->call);
		grpc_channel_destroy(line->channel);
		grpc_metadata_array_destroy(&line->headers);
		grpc_metadata_array_destroy(&line->trailers);
		grpc_slice_unref(line->details);
		pthread_mutex_destroy(&line->lock);
	}
	grpc_completion_queue_destroy(lines->queue);
	disorders = atomic_load(&lines->disorders);
	free(lines);
	return disorders;
}
