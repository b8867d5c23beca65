// ValidationService: the analysis of a channel as it is stored, on one consistent view.
#include "validate/validate.h"

#include "parley/design/v1/validation.pb-c.h"

enum { GUARD_DAYS_MAX = 90, TOLD_MAX = 2000 };

typedef Parley__Design__V1__Finding FindingMessage;

typedef struct Work {
	const Parley__Design__V1__ValidateChannelRequest *request;
	ValidateOptions options;
	Arena *arena;
	Findings findings;
} Work;

static Err validate(Pg *pg, void *context)
{
	Work *work = context;
	return validate_stored(pg, str(work->request->channel), &work->options, work->arena, &work->findings);
}

static Err answer(const Findings *findings, Arena *arena, Parley__Design__V1__ValidateChannelResponse *ret)
{
	size_t count = findings->count < TOLD_MAX ? findings->count : TOLD_MAX;
	FindingMessage *messages = ARENA_ARRAY(arena, FindingMessage, count + 1);
	ret->findings = ARENA_ARRAY(arena, FindingMessage *, count + 1);
	if (!messages || !ret->findings)
		return err(ERR_NO_MEMORY, "no memory for the findings");
	for (size_t i = 0; i < count; i++) {
		const Finding *from = &findings->items[i];
		FindingMessage *to = ret->findings[i] = &messages[i];
		const Str texts[] = {from->code, from->kind, from->channel, from->name, from->field,
		        from->reason, from->remedy, from->id};
		char **fields[] = {&to->code, &to->kind, &to->channel, &to->name, &to->field, &to->reason,
		        &to->remedy, &to->id};
		parley__design__v1__finding__init(to);
		to->severity = from->severity == FINDING_ERROR
		                       ? PARLEY__DESIGN__V1__SEVERITY__SEVERITY_ERROR
		                       : PARLEY__DESIGN__V1__SEVERITY__SEVERITY_WARNING;
		for (size_t j = 0; j < ARRAY_COUNT(texts); j++) {
			*fields[j] = arena_cstr(arena, texts[j]);
			if (!*fields[j])
				return err(ERR_NO_MEMORY, "no memory for the findings");
		}
	}
	ret->n_findings = count;
	ret->errors = (uint32_t)(findings->errors + findings->untold);
	ret->warnings = (uint32_t)findings->warnings;
	return OK;
}

static Err check_request(const Parley__Design__V1__ValidateChannelRequest *request)
{
	if (!*request->channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	if (request->guard_days > GUARD_DAYS_MAX)
		return err_at(ERR_FIELD_INVALID, "guard_days", "it is %u: give at most %d",
		        request->guard_days, GUARD_DAYS_MAX);
	return OK;
}

static void handle_validate(void *service, RpcCall *call, const ProtobufCMessage *message)
{
	Services *services = service;
	Parley__Design__V1__ValidateChannelResponse response =
	        PARLEY__DESIGN__V1__VALIDATE_CHANNEL_RESPONSE__INIT;
	Work work = {.request = (const void *)message, .arena = arena_new(256 * 1024, 0)};
	Err failed = check_request(work.request);
	work.options = (ValidateOptions){.as_of_us = clock_now_us(services->clock),
	        .guard_days = work.request->guard_days ? work.request->guard_days : VALIDATE_GUARD_DAYS,
	        .environment = str(work.request->environment)};
	if (!failed && !work.arena)
		failed = err(ERR_NO_MEMORY, "no memory to analyse the channel");
	if (!failed)
		failed = store_read(services->store, validate, &work);
	if (!failed)
		failed = answer(&work.findings, rpc_arena(call), &response);
	arena_free(work.arena);
	rpc_answer(call, failed, &response.base);
}

Err validate_register(Services *services, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "ValidateChannel", .handler = handle_validate, .blocking = true},
	};
	return rpc_server_add(server, &parley__design__v1__validation_service__descriptor, methods,
	        ARRAY_COUNT(methods), services);
}
