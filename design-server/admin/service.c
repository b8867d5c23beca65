// From a call of a kind's service to its verb and back: which verb, which transaction, which answer.
#include "admin/admin_internal.h"
#include "admin/call.h"
#include "admin/message.h"
#include "base/cleanup.h"

enum { CALL_ARENA_BLOCK = 16 * 1024, CALL_ARENA_MAX = 64 * 1024 * 1024 };

typedef struct Work {
	AdminCall *call;
	Verb verb;
} Work;

static Err run_reading(Pg *pg, void *context)
{
	Work *work = context;
	return work->verb(pg, work->call);
}

static Err run_changing(Pg *pg, void *context)
{
	Work *work = context;
	return request_once(pg, work->call, work->verb);
}

static const ProtobufCMethodDescriptor *find_method(const Kind *kind, const char *prefix)
{
	for (unsigned i = 0; i < kind->service->n_methods; i++)
		if (str_starts(str(kind->service->methods[i].name), str(prefix)))
			return &kind->service->methods[i];
	return NULL;
}

typedef Err (*Transaction)(Store *store, StoreWork work, void *context);

static void serve(const KindService *service, RpcCall *rpc, const ProtobufCMessage *request,
        const char *prefix, Verb verb, Transaction transaction, StoreWork run)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(CALL_ARENA_BLOCK, CALL_ARENA_MAX);
	AdminCall call = {
	        .services = service->services,
	        .kind = service->kind,
	        .who = rpc_principal(rpc),
	        .method = find_method(service->kind, prefix),
	        .request = request,
	        .arena = arena,
	        .now_us = clock_now_us(service->services->clock),
	};
	Work work = {&call, verb};
	Err failed = arena ? transaction(service->services->store, run, &work)
	                   : err(ERR_NO_MEMORY, "no memory for a call");
	rpc_answer(rpc, failed, call.response);
}

static Transaction changing(const ProtobufCMessage *request)
{
	return message_bool(request, "validate_only") ? store_rehearse : store_transact;
}

static void handle_get(void *service, RpcCall *rpc, const ProtobufCMessage *request)
{
	serve(service, rpc, request, "Get", verb_get, store_run, run_reading);
}

static void handle_list(void *service, RpcCall *rpc, const ProtobufCMessage *request)
{
	serve(service, rpc, request, "List", verb_list, store_read, run_reading);
}

static void handle_create(void *service, RpcCall *rpc, const ProtobufCMessage *request)
{
	serve(service, rpc, request, "Create", verb_create, changing(request), run_changing);
}

static void handle_update(void *service, RpcCall *rpc, const ProtobufCMessage *request)
{
	serve(service, rpc, request, "Update", verb_update, changing(request), run_changing);
}

static void handle_delete(void *service, RpcCall *rpc, const ProtobufCMessage *request)
{
	serve(service, rpc, request, "Delete", verb_delete, changing(request), run_changing);
}

// One row a verb.
static const struct {
	const char *prefix;
	RpcHandler handler;
} verbs[] = {
        {"Get", handle_get},
        {"List", handle_list},
        {"Create", handle_create},
        {"Update", handle_update},
        {"Delete", handle_delete},
};

Err kind_register(KindService *service, Services *services, const Kind *kind, RpcServer *server)
{
	service->services = services;
	service->kind = kind;
	for (size_t i = 0; i < ARRAY_COUNT(verbs); i++)
		service->methods[i] = (RpcMethod){
		        .name = find_method(kind, verbs[i].prefix)->name,
		        .handler = verbs[i].handler,
		        .blocking = true,
		};
	return rpc_server_add(server, kind->service, service->methods, ARRAY_COUNT(verbs), service);
}
