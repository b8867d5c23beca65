#include "collector.h"

typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest Request;
typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceResponse Response;
typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTracePartialSuccess PartialSuccess;
typedef Opentelemetry__Proto__Trace__V1__ResourceSpans ResourceSpans;
typedef Opentelemetry__Proto__Trace__V1__ScopeSpans ScopeSpans;

static void hand_on(const Collector *collector, const ResourceSpans *process)
{
	for (size_t s = 0; s < process->n_scope_spans; s++) {
		const ScopeSpans *part = process->scope_spans[s];
		for (size_t i = 0; i < part->n_spans; i++)
			collector->each(collector->context, process->resource, part->spans[i]);
	}
}

static void take(void *service, RpcCall *call, const ProtobufCMessage *message)
{
	Collector *collector = service;
	const Request *request = (const Request *)message;
	Response response = OPENTELEMETRY__PROTO__COLLECTOR__TRACE__V1__EXPORT_TRACE_SERVICE_RESPONSE__INIT;
	PartialSuccess partial =
	        OPENTELEMETRY__PROTO__COLLECTOR__TRACE__V1__EXPORT_TRACE_PARTIAL_SUCCESS__INIT;
	int rejects = atomic_load(&collector->rejects);
	if (rejects < 0) {
		rpc_fail(call, err(ERR_REQUEST_MALFORMED, "these are no spans"));
		return;
	}
	for (size_t i = 0; i < request->n_resource_spans; i++)
		hand_on(collector, request->resource_spans[i]);
	partial.rejected_spans = rejects;
	response.partial_success = rejects > 0 ? &partial : NULL;
	rpc_reply(call, &response.base);
}

Err collector_start(Collector *collector, const char *address)
{
	static const RpcMethod methods[] = {{.name = "Export", .handler = take, .max_request = 4 << 20}};
	const RpcListener listener = {.address = address, .ret_port = &collector->port};
	const RpcServerOptions options = {.listeners = &listener, .listener_count = 1};
	TRY(rpc_server_new(&options, &collector->server));
	TRY(rpc_server_add(collector->server,
	        &opentelemetry__proto__collector__trace__v1__trace_service__descriptor, methods, 1,
	        collector));
	return rpc_server_start(collector->server);
}

void collector_stop(Collector *collector)
{
	rpc_server_free(collector->server);
	collector->server = NULL;
}

static const OtlpAttribute *find(OtlpAttribute *const *attributes, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(attributes[i]->key, key) == 0)
			return attributes[i];
	return NULL;
}

const OtlpAttribute *collector_attribute(const OtlpSpan *span, const char *key)
{
	return find(span->attributes, span->n_attributes, key);
}

const char *collector_program(const OtlpResource *resource)
{
	const OtlpAttribute *name = find(resource->attributes, resource->n_attributes, "service.name");
	return name != NULL ? name->value->string_value : "";
}
