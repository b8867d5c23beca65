// Which calls are traced: those whose caller traces them; of those without a traceparent, as many as the
// ratio says; none whose caller does not trace them. A caller that nobody authorized is never traced.
#include "trace/internal.h"

#include "trace/random.h"

static bool drawn(const Tracer *tracer)
{
	int64_t ratio = tracer->options.ratio;
	return ratio > 0 && trace_random() % RATIO_WHOLE < (uint64_t)ratio;
}

// Sets the IDs of what it is a part of, if anything; they are in `parent`.
static bool is_traced(const Tracer *tracer, Str header, TraceContext *parent, Str *ret_ids)
{
	*ret_ids = STR("");
	if (header.len == 0 || !trace_parent_read(header, parent))
		return drawn(tracer);
	*ret_ids = str_n((const char *)parent->ids, sizeof parent->ids);
	return parent->sampled;
}

static void put_state(TraceSpan *span, Str state)
{
	if (span != NULL && span->record.has_parent && trace_state_fine(state))
		span_put_state(span, state);
}

static TraceSpan *begin_span(Tracer *tracer, RpcCall *call, Str parent_ids)
{
	Str path = rpc_path(call);
	const char *slash = memrchr(path.ptr, '/', path.len);
	size_t service_len = (size_t)(slash - path.ptr) - 1;
	TraceSpan *span = span_new(tracer, parent_ids, SPAN_SERVER, str_n(path.ptr + 1, path.len - 1),
	        rpc_begun_us(call), rpc_arena(call));
	trace_span_text(span, "rpc.system", STR("grpc"));
	trace_span_text(span, "rpc.service", str_n(path.ptr + 1, service_len));
	trace_span_text(span, "rpc.method", str(slash + 1));
	return span;
}

static void *begin(void *context, RpcCall *call)
{
	Tracer *tracer = context;
	TraceContext parent;
	Str ids, header = rpc_header(call, "traceparent");
	if (header.len == 0)
		header = rpc_peer(call)->traceparent;
	if (!is_traced(tracer, header, &parent, &ids))
		return NULL;
	TraceSpan *span = begin_span(tracer, call, ids);
	put_state(span, rpc_header(call, "tracestate"));
	return span;
}

static void end(void *context, void *observed, int status)
{
	(void)context;
	span_end_call(observed, status);
}

TraceSpan *trace_span_of_request(Tracer *tracer, Str name, Str header, Str state, Arena *arena)
{
	TraceContext parent;
	Str ids;
	if (tracer == NULL || !is_traced(tracer, header, &parent, &ids))
		return NULL;
	TraceSpan *span = span_new(tracer, ids, SPAN_SERVER, name, monotonic_us(), arena);
	put_state(span, state);
	return span;
}

RpcObserver observer_of(Tracer *tracer)
{
	return (RpcObserver){.begin = begin, .end = end, .context = tracer};
}

const RpcObserver *tracer_observer(const Tracer *tracer)
{
	return tracer != NULL ? &tracer->observer : NULL;
}

TraceSpan *trace_span_of(const RpcCall *call)
{
	return rpc_observed(call);
}
