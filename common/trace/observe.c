// Which calls are traced: those whose caller traces them; of those without a traceparent, as many as the
// ratio says; none whose caller does not trace them. A caller that nobody authorized is never traced.
#include "trace/internal.h"

#include "trace/random.h"

static bool drawn(const Tracer *tracer)
{
	int64_t ratio = tracer->options.ratio;
	return ratio > 0 && trace_random() % RATIO_WHOLE < (uint64_t)ratio;
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
	Str header = rpc_header(call, "traceparent");
	if (header.len == 0)
		header = rpc_peer(call)->traceparent;
	if (header.len == 0 || !trace_parent_read(header, &parent))
		return drawn(tracer) ? begin_span(tracer, call, STR("")) : NULL;
	if (!parent.sampled)
		return NULL;
	Str state = rpc_header(call, "tracestate");
	TraceSpan *span = begin_span(tracer, call, str_n((const char *)parent.ids, sizeof parent.ids));
	if (span != NULL && trace_state_fine(state))
		span_put_state(span, state);
	return span;
}

static void end(void *context, void *observed, int status)
{
	(void)context;
	span_end_call(observed, status);
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
