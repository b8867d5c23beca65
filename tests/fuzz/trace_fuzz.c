// Any text as traceparent and tracestate. A traceparent of version 00 that is taken is the one text of what
// it says, but for flags that mean nothing here.
#include "fuzz.h"

#include "trace/context.h"

#include <stdlib.h>

static void try_parent(Str text)
{
	enum { FLAGS = 53 };
	TraceContext context, again;
	char written[TRACE_PARENT_SIZE];
	if (!trace_parent_read(text, &context))
		return;
	if (!trace_ids_fine(str_n((const char *)context.ids, sizeof context.ids)))
		abort();
	trace_parent_write(&context, written);
	if (memcmp(written + 2, text.ptr + 2, FLAGS - 2) != 0 || !trace_parent_read(str(written), &again) ||
	        again.sampled != context.sampled)
		abort();
}

static void try_state(Str text)
{
	if (!trace_state_fine(text))
		return;
	if (text.len > TRACE_STATE_MAX || memchr(text.ptr, '=', text.len) == NULL)
		abort();
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\t' && (text.ptr[i] < ' ' || text.ptr[i] > '~'))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = str_n((const char *)data, size);
	try_parent(text);
	try_state(text);
	return 0;
}
