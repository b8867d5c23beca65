#include "service/several.h"

#include "wire/wire.h"

Err several_new(Turn *turn, size_t count, Several **ret)
{
	Several *several = ARENA_NEW(turn->arena, Several);
	Part *parts = ARENA_ARRAY(turn->arena, Part, count);
	if (several == NULL || parts == NULL)
		return err(ERR_NO_MEMORY, "no memory for the commands; send fewer, or try again later");
	several->turn = turn;
	several->parts = parts;
	several->count = count;
	atomic_init(&several->open, 1);
	*ret = several;
	return OK;
}

// Whoever comes last answers; everything is gone then.
static void drop(Several *several)
{
	const ProtobufCMessage *out = NULL;
	if (atomic_fetch_sub(&several->open, 1) > 1)
		return;
	Reply *reply = several->turn->reply;
	Err e = several->answer(several, several->turn->arena, &out);
	reply->send(reply, e, out);
}

static const ErrDetail *keep_failure(Arena *arena)
{
	static const ErrDetail no_memory = {.id = ERR_NO_MEMORY, .message = "no memory to say what is wrong"};
	ErrDetail *failure = ARENA_NEW(arena, ErrDetail);
	if (failure == NULL)
		return &no_memory;
	*failure = *err_detail();
	return failure;
}

static void keep(Reply *reply, Err result, const void *response)
{
	Part *part = (Part *)reply;
	if (result == OK)
		part->response = response;
	else
		part->failure = keep_failure(part->turn.arena);
	drop(part->several);
}

static Err begin(Part *part, Outcome *outcome)
{
	const Several *several = part->several;
	Turn *turn = &part->turn;
	turn->now_us = wall_now(turn->service); // those before it may have taken a while
	if (several->stopped)
		return err(ERR_CANCELLED, "a command before this one was refused; nothing was done");
	if (several->ended || (!turn->command->opens && !turn->session->started))
		return err(ERR_SESSION_UNKNOWN, "the session was closed, or could not be opened");
	if (turn->command->check != NULL)
		TRY(turn->command->check(turn->request));
	if (turn_is_late(turn))
		return turn->command->late(&part->turn, turn->session->pin, outcome);
	return turn->command->step(&part->turn, outcome);
}

// An answer borrows from the session and its snapshot, and all are sent when there may be neither.
static Err own(const void *response, Arena *arena, ProtobufCMessage **ret)
{
	const ProtobufCMessage *message = response;
	Str packed;
	TRY(wire_pack(message, arena, &packed));
	return wire_unpack(message->descriptor, packed, SIZE_MAX, arena, ret);
}

static void settle(Part *part, Err result, const Outcome *outcome)
{
	Several *several = part->several;
	ProtobufCMessage *response = NULL;
	bool later = outcome->end == TURN_LATER || outcome->end == TURN_LATER_END;
	if (result == OK && !later)
		result = own(outcome->response, several->turn->arena, &response);
	several->stopped |= result != OK && several->stop_on_error;
	several->ended |= result == ERR_SESSION_UNKNOWN || outcome->end == TURN_REPLY_END ||
	                  outcome->end == TURN_LATER_END;
	if (result != OK || !later)
		part->reply.send(&part->reply, result, response);
}

// Goes on with the next part; false: one of them has suspended all, and may have resumed them by now.
static bool go_on(Several *several)
{
	while (several->next < several->count) {
		Part *part = &several->parts[several->next++];
		Outcome outcome = {0};
		atomic_fetch_add(&several->open, 1);
		Err e = begin(part, &outcome);
		if (e == OK && outcome.end == TURN_SUSPENDED)
			return false;
		settle(part, e, &outcome);
	}
	return true;
}

static Outcome done(const Several *several)
{
	return (Outcome){.end = several->ended ? TURN_LATER_END : TURN_LATER};
}

static void resumed(Turn *turn, Err result, const Outcome *outcome)
{
	Part *part = (Part *)(void *)((char *)turn - offsetof(Part, turn));
	Several *several = part->several;
	settle(part, result, outcome);
	if (!go_on(several))
		return;
	Outcome end = done(several);
	turn_resume(several->turn, OK, &end); // leaves the session; the rest is still there
	drop(several);
}

void several_fill(Several *several, size_t which, const Command *command, const void *request)
{
	const Turn *turn = several->turn;
	Part *part = &several->parts[which];
	part->reply.send = keep;
	part->several = several;
	part->turn = (Turn){
	        .service = turn->service,
	        .reply = &part->reply,
	        .command = command,
	        .request = request,
	        .span = turn->span,
	        .sequence = command->opens ? turn->sequence : 0,
	        .arena = turn->arena,
	        .session = turn->session,
	        .late_us = turn->late_us,
	        .margin_us = turn->margin_us,
	        .resumed = resumed,
	};
}

static Err answer_part_late(Part *part, const Deployed *deployed)
{
	Turn *turn = &part->turn;
	Outcome outcome = {0};
	if (turn->command->check != NULL)
		TRY(turn->command->check(turn->request));
	if (turn->command->late == NULL)
		return err(ERR_TIMEOUT, "there was no time left before the deadline: this was not done");
	TRY(turn->command->late(turn, deployed, &outcome));
	part->response = outcome.response;
	return OK;
}

Err several_late(Several *several, const Deployed *deployed, Outcome *outcome)
{
	const ProtobufCMessage *out = NULL;
	bool some = false;
	for (size_t i = 0; i < several->count; i++) {
		Part *part = &several->parts[i];
		if (answer_part_late(part, deployed) != OK)
			part->failure = keep_failure(part->turn.arena);
		some |= part->response != NULL;
	}
	if (!some)
		return err_retry(ERR_TIMEOUT, 50,
		        "there was no time left before the deadline, and nothing was done: allow more time");
	TRY(several->answer(several, several->turn->arena, &out));
	*outcome = (Outcome){TURN_REPLY, out};
	return OK;
}

Err several_run(Several *several, Outcome *outcome)
{
	outcome->end = TURN_SUSPENDED;
	if (!go_on(several))
		return OK;
	*outcome = done(several);
	drop(several);
	return OK;
}
