// ControlService: the design server brings blobs in pieces, activates them, steers candidates, and brings
// what they are verified by. Who asks for it is not what it is believed for: signatures are.
#include "base/log.h"
#include "service/map.h"
#include "service/status.h"

static void fail(RpcCall *call, const char *event, Err e)
{
	log_failure(LOG_WARN, event);
	rpc_fail(call, e);
}

// --- StageBlob ---

static Err stage(Service *service, const StageBlobRequest *in, uint64_t *ret_received)
{
	Digest digest;
	if (!digest_parse(str(in->digest), &digest))
		return err_at(ERR_FIELD_INVALID, "digest",
		        "digest is 64 hex digits: the SHA-256 of the whole blob");
	if (in->data.len > CURRENT_PIECE_MAX)
		return err_at(ERR_FIELD_INVALID, "data", "a piece has at most %d bytes, this one %zu",
		        CURRENT_PIECE_MAX, in->data.len);
	return current_stage(service->options.current, &digest, in->length, in->offset,
	        str_n((const char *)in->data.data, in->data.len), ret_received);
}

void handle_stage_blob(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	StageBlobResponse out = PARLEY__RUNTIME__V1__STAGE_BLOB_RESPONSE__INIT;
	Err e = stage(service, (const StageBlobRequest *)request, &out.received);
	if (e == OK)
		rpc_reply(call, &out.base);
	else
		fail(call, "blob refused", e);
}

// --- Activate ---

static Err take(Service *service, const ActivateRequest *in, const Deployed **ret, bool *ret_unchanged)
{
	Str envelope = str_n((const char *)in->envelope.data, in->envelope.len);
	if (in->candidate)
		return current_activate_candidate(
		        service->options.current, envelope, in->candidate_permille, ret, ret_unchanged);
	return current_activate(service->options.current, envelope, ret, ret_unchanged);
}

static void tell_activated(const ActivateRequest *in, const SnapshotVersion *snapshot, bool unchanged)
{
	log_info(unchanged ? "snapshot serves already" : "snapshot activated",
	        F_CSTR("channel", snapshot->channel), F_UINT("version", snapshot->version),
	        F_CSTR("digest", snapshot->digest),
	        F_UINT("permille", in->candidate ? in->candidate_permille : CURRENT_SHARE_MAX));
}

static Err activate(Service *service, const ActivateRequest *in, Arena *arena, ActivateResponse *out)
{
	CLEANUP(current_releasep) const Deployed *deployed = NULL;
	bool unchanged = false;
	TRY(take(service, in, &deployed, &unchanged));
	out->unchanged = unchanged;
	if (deployed != NULL) {
		TRY(map_version(deployed, arena, &out->snapshot));
		tell_activated(in, out->snapshot, unchanged);
	} else {
		log_info("channel switched off", F_BOOL("unchanged", unchanged));
	}
	if (!unchanged)
		service_changed(service);
	return OK;
}

void handle_activate(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	ActivateResponse out = PARLEY__RUNTIME__V1__ACTIVATE_RESPONSE__INIT;
	Err e = activate(service, (const ActivateRequest *)request, rpc_arena(call), &out);
	if (e == OK)
		rpc_reply(call, &out.base);
	else
		fail(call, "snapshot refused", e);
}

// --- Steer ---

#define ACTION(name) [PARLEY__RUNTIME__V1__STEER_ACTION__STEER_ACTION_##name]

static const char *const action_names[] = {
        ACTION(SHARE) = "share", ACTION(KEEP) = "keep", ACTION(RETURN) = "return"};

static Err steer(Service *service, const SteerRequest *in, Arena *arena, SteerResponse *out)
{
	static const CurrentSteer steers[] = {
	        ACTION(SHARE) = STEER_SHARE, ACTION(KEEP) = STEER_KEEP, ACTION(RETURN) = STEER_RETURN};
	Digest manifest;
	if (!digest_parse(str(in->manifest), &manifest))
		return err_at(ERR_FIELD_INVALID, "manifest",
		        "manifest is 64 hex digits: the SHA-256 of the candidate's manifest");
	if (in->action <= 0 || (size_t)in->action >= ARRAY_COUNT(steers))
		return err_at(ERR_FIELD_INVALID, "action", "action is SHARE, KEEP or RETURN");
	Current *current = service->options.current;
	TRY(current_steer(current, str(in->channel), &manifest, steers[in->action], in->candidate_permille));
	log_info("candidate steered", F_CSTR("channel", in->channel), F_CSTR("manifest", in->manifest),
	        F_CSTR("action", action_names[in->action]), F_UINT("permille", in->candidate_permille));
	service_changed(service);
	return status_channel(current, str(in->channel), arena, &out->status);
}

void handle_steer(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	SteerResponse out = PARLEY__RUNTIME__V1__STEER_RESPONSE__INIT;
	Err e = steer(service, (const SteerRequest *)request, rpc_arena(call), &out);
	if (e == OK)
		rpc_reply(call, &out.base);
	else
		fail(call, "steering refused", e);
}

// --- what is trusted ---

static Str view(ProtobufCBinaryData data)
{
	return str_n((const char *)data.data, data.len);
}

void handle_put_root(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Service *service = context;
	const PutRootRequest *in = (const PutRootRequest *)request;
	PutRootResponse out = PARLEY__RUNTIME__V1__PUT_ROOT_RESPONSE__INIT;
	Err e = current_put_root(service->options.current, view(in->envelope), &out.version);
	if (e != OK) {
		fail(call, "root refused", e);
		return;
	}
	log_info("root is known", F_UINT("version", out.version));
	service_changed(service); // channels may have waited for it
	rpc_reply(call, &out.base);
}

void handle_put_timestamp(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Service *service = context;
	const PutTimestampRequest *in = (const PutTimestampRequest *)request;
	PutTimestampResponse out = PARLEY__RUNTIME__V1__PUT_TIMESTAMP_RESPONSE__INIT;
	Err e = current_put_timestamp(service->options.current, view(in->envelope), &out.version);
	if (e == OK)
		rpc_reply(call, &out.base);
	else
		fail(call, "timestamp refused", e);
}

void handle_put_floor(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Service *service = context;
	const PutFloorRequest *in = (const PutFloorRequest *)request;
	PutFloorResponse out = PARLEY__RUNTIME__V1__PUT_FLOOR_RESPONSE__INIT;
	Err e = current_put_floor(service->options.current, view(in->envelope));
	if (e != OK) {
		fail(call, "floor refused", e);
		return;
	}
	log_info("floor is taken", F_UINT("bytes", in->envelope.len));
	rpc_reply(call, &out.base);
}

void handle_list_audit_heads(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Service *service = context;
	ListAuditHeadsResponse *out = NULL;
	(void)request;
	Err e = current_heads(service->options.current, rpc_arena(call), &out);
	if (e == OK)
		rpc_reply(call, &out->base);
	else
		rpc_fail(call, e);
}
