// Plans of our own making, and calls about them.
#include "desk.h"

#include "wire/wire.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WAIT_MS = 20000, DIGEST_BYTES = 32, LENGTH_BYTES = 4 };

typedef Parley__Journal__V1__Entry Entry;

static const int64_t MORNING = INT64_C(1779004800) * US_PER_S; // 2026-05-17, 08:00

int64_t visit_us(int number)
{
	return MORNING + (int64_t)number * US_PER_S;
}

static char *text(const char *value)
{
	return arena_cstr(desk.arena, str(value));
}

static ProtobufCBinaryData filled(uint8_t value)
{
	uint8_t *bytes = arena_alloc(desk.arena, DIGEST_BYTES);
	memset(bytes, value, DIGEST_BYTES);
	return (ProtobufCBinaryData){DIGEST_BYTES, bytes};
}

// --- effects ---

static ProtobufCBinaryData packed(const Entry *entry)
{
	Str bytes;
	assert_int_equal(wire_pack(&entry->base, desk.arena, &bytes), OK);
	return (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.ptr};
}

static ProtobufCBinaryData shown(const Visits *visits, int number, Entry *entry)
{
	Parley__Journal__V1__EventPosted event = PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	Parley__Journal__V1__EventMeaning meaning = PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT;
	Parley__Journal__V1__Effect effect = PARLEY__JOURNAL__V1__EFFECT__INIT, *effects = &effect;
	event.event_id = arena_printf(desk.arena, "%s%d", visits->events ? visits->events : "event-", number);
	event.event = text("shown");
	event.treatment_code = arena_printf(desk.arena, "T%llu-%d", (unsigned long long)visits->seed, number);
	event.offer_code = effect.offer_code = text("GOLD");
	event.meanings = &meaning;
	event.n_meanings = 1;
	effect.kind = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_CONTACT;
	event.effects = &effects;
	event.n_effects = 1;
	entry->what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED;
	entry->event_posted = &event;
	return packed(entry);
}

static void visit(const Visits *visits, int number, ProtobufCBinaryData entries[ENTRIES])
{
	Parley__Journal__V1__Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	Parley__Journal__V1__SessionStarted started = PARLEY__JOURNAL__V1__SESSION_STARTED__INIT;
	Parley__Journal__V1__SessionEnded ended = PARLEY__JOURNAL__V1__SESSION_ENDED__INIT;
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	context.channel = text(visits->channel ? visits->channel : "bank");
	context.session_id = arena_printf(desk.arena, "s%d", number);
	context.audience_level = text("customer");
	context.audience_id = arena_printf(desk.arena, "%d", number);
	context.snapshot_digest = filled(visits->snapshot ? visits->snapshot : SNAPSHOT);
	context.time_us = visit_us(number);
	entry.context = &context;
	started.profile = text("none");
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_SESSION_STARTED;
	entry.session_started = &started;
	entries[0] = packed(&entry);
	entries[1] = shown(visits, number, &entry);
	ended.cause = text("ended");
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_SESSION_ENDED;
	entry.session_ended = &ended;
	entries[2] = packed(&entry);
}

static Str effects_of(const Visits *visits, int place)
{
	EventEffects effects = PARLEY__PLAN__V1__EVENT_EFFECTS__INIT;
	ProtobufCBinaryData entries[ENTRIES];
	Str bytes;
	visit(visits, visits->first + place, entries);
	effects.place = (uint64_t)place;
	effects.entries = entries;
	effects.n_entries = ENTRIES;
	assert_int_equal(wire_pack(&effects.base, desk.arena, &bytes), OK);
	return bytes;
}

// Each behind its length, as in a plan's blocks.
static Str joined(const Str *effects, size_t count)
{
	size_t total = 0;
	for (size_t i = 0; i < count; i++)
		total += LENGTH_BYTES + effects[i].len;
	char *bytes = arena_alloc(desk.arena, total), *end = bytes;
	for (size_t i = 0; i < count; i++) {
		for (size_t byte = 0; byte < LENGTH_BYTES; byte++)
			*end++ = (char)(effects[i].len >> 8 * byte & 0xff);
		memcpy(end, effects[i].ptr, effects[i].len);
		end += effects[i].len;
	}
	return str_n(bytes, total);
}

Sample *desk_sample(Visits visits)
{
	Sample *sample = ARENA_NEW(desk.arena, Sample);
	Str *effects = ARENA_ARRAY(desk.arena, Str, (size_t)visits.count);
	for (int i = 0; i < visits.count; i++)
		effects[i] = effects_of(&visits, i);
	*sample = (Sample){.effects = (uint64_t)visits.count, .bytes = joined(effects, (size_t)visits.count)};
	sample->digest = digest_of(sample->bytes);
	parley__plan__v1__plan_inputs__init(&sample->inputs);
	sample->inputs.channel = text("bank");
	sample->inputs.set_digest = filled(1);
	sample->inputs.snapshot_digest = filled(SNAPSHOT);
	sample->inputs.seed = visits.seed;
	sample->inputs.state_time_us = visits.begins_us;
	if (visits.begins_us != 0)
		sample->inputs.state_digest = filled(2);
	return sample;
}

// --- calls ---

static char environment[] = "production";

static ProtobufCBinaryData digest_data(const Sample *sample)
{
	return (ProtobufCBinaryData){DIGEST_BYTES, (uint8_t *)(uintptr_t)sample->digest.bytes};
}

Err desk_call(const char *user, const char *method, const ProtobufCMessage *request, SubmittedPlan **ret)
{
	ProtobufCMessage *answer = NULL;
	desk.user = user;
	Err e = rpc_call(desk.client, &parley__design__v1__plan_service__descriptor, method, request, WAIT_MS,
	        desk.arena, &answer);
	if (e == OK && ret != NULL)
		*ret = (SubmittedPlan *)answer;
	return e;
}

Err desk_begin(const char *user, const Sample *sample, SubmittedPlan **ret)
{
	Parley__Design__V1__SubmitPlanRequest request = PARLEY__DESIGN__V1__SUBMIT_PLAN_REQUEST__INIT;
	Parley__Plan__V1__PlanInputs inputs = sample->inputs;
	request.environment = environment;
	request.digest = digest_data(sample);
	request.inputs = &inputs;
	request.effects = sample->effects;
	request.comment = text("a day once more");
	return desk_call(user, "SubmitPlan", &request.base, ret);
}

Err desk_add(
        const char *user, const Sample *sample, uint64_t offset, Str piece, bool last, SubmittedPlan **ret)
{
	Parley__Design__V1__AddPlanEffectsRequest request =
	        PARLEY__DESIGN__V1__ADD_PLAN_EFFECTS_REQUEST__INIT;
	request.environment = environment;
	request.digest = digest_data(sample);
	request.offset = offset;
	request.content = (ProtobufCBinaryData){piece.len, (uint8_t *)(uintptr_t)piece.ptr};
	request.last = last;
	return desk_call(user, "AddPlanEffects", &request.base, ret);
}

Err desk_submit(const char *user, const Sample *sample, SubmittedPlan **ret)
{
	TRY(desk_begin(user, sample, ret));
	for (size_t at = 0; at < sample->bytes.len;) {
		size_t len = sample->bytes.len - at < PIECE_MAX ? sample->bytes.len - at : PIECE_MAX;
		bool last = at + len == sample->bytes.len;
		TRY(desk_add(user, sample, at, str_n(sample->bytes.ptr + at, len), last, ret));
		at += len;
	}
	return OK;
}

Err desk_approve(const char *user, uint8_t number, const Sample *sample, SubmittedPlan **ret)
{
	Parley__Design__V1__ApprovePlanRequest request = PARLEY__DESIGN__V1__APPROVE_PLAN_REQUEST__INIT;
	ProtobufCBinaryData statement = desk_get(sample)->statement;
	Signature *signature = test_sign(number, STR(PLAN_PAYLOAD_TYPE),
	        str_n((const char *)statement.data, statement.len), desk.arena);
	request.environment = environment;
	request.digest = digest_data(sample);
	request.keyid = signature->keyid;
	request.signature = signature->sig;
	return desk_call(user, "ApprovePlan", &request.base, ret);
}

Err desk_execute(const Sample *sample, SubmittedPlan **ret)
{
	Parley__Design__V1__ExecutePlanRequest request = PARLEY__DESIGN__V1__EXECUTE_PLAN_REQUEST__INIT;
	request.environment = environment;
	request.digest = digest_data(sample);
	return desk_call("carl", "ExecutePlan", &request.base, ret);
}

Err desk_withdraw(const char *user, const Sample *sample, SubmittedPlan **ret)
{
	Parley__Design__V1__WithdrawPlanRequest request = PARLEY__DESIGN__V1__WITHDRAW_PLAN_REQUEST__INIT;
	request.environment = environment;
	request.digest = digest_data(sample);
	request.comment = text("too late");
	return desk_call(user, "WithdrawPlan", &request.base, ret);
}

SubmittedPlan *desk_get(const Sample *sample)
{
	Parley__Design__V1__GetPlanRequest request = PARLEY__DESIGN__V1__GET_PLAN_REQUEST__INIT;
	SubmittedPlan *plan = NULL;
	request.environment = environment;
	request.digest = digest_data(sample);
	if (desk_call("dora", "GetPlan", &request.base, &plan) != OK)
		fail_msg("%s", err_detail()->message);
	return plan;
}
