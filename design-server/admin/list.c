// Lists: pages by position, filtered here. A filtered list reads in batches until the page is full.
#include "admin/call.h"
#include "admin/filter.h"
#include "admin/message.h"
#include "base/cleanup.h"
#include "store/page.h"
#include "wire/wire.h"

enum {
	BATCH = 50,
	SCRATCH_BLOCK = 64 * 1024,
	PAGE_BYTES_MAX = 1024 * 1024, // of specs; a page may be shorter than asked
};

typedef struct Page {
	size_t max, count, bytes;
	ProtobufCMessage **items;
	Str channel, name; // of the last item
	bool more;
} Page;

// What a page token is bound to.
static Str query_of(const AdminCall *call)
{
	return str(arena_printf(call->arena, "%s\n" STR_FMT "\n" STR_FMT, call->kind->name,
	        STR_ARG(message_str(call->request, "channel")),
	        STR_ARG(message_str(call->request, "filter"))));
}

// Names have no '/'.
static void split_position(Str position, Page *page)
{
	const char *slash = position.len ? memchr(position.ptr, '/', position.len) : NULL;
	size_t channel = slash ? (size_t)(slash - position.ptr) : 0;
	page->channel = str_n(position.ptr, channel);
	page->name = slash ? str_n(slash + 1, position.len - channel - 1) : (Str){0};
}

static bool is_full(const Page *page, const Resource *next)
{
	return page->count == page->max || (page->count && page->bytes + next->spec.len > PAGE_BYTES_MAX);
}

// What a filter does not want is forgotten with its batch, however much that is.
static Err keep(Page *page, const Resource *resource, Arena *arena, bool *ret_full)
{
	ProtobufCMessage *message;
	Str bytes;
	*ret_full = is_full(page, resource);
	if (*ret_full)
		return OK;
	TRY(wire_pack(resource->message, arena, &bytes));
	TRY(wire_unpack(resource->kind->message, bytes, 0, arena, &message));
	page->items[page->count++] = message;
	page->bytes += resource->spec.len;
	page->channel = message_str(message, "channel");
	page->name = message_str(message, "name");
	return OK;
}

static Err fill(Pg *pg, const AdminCall *call, Filter *filter, Page *page)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH_BLOCK, 0);
	Str channel = page->channel, name = page->name;
	if (!scratch)
		return err(ERR_NO_MEMORY, "no memory for a page");
	for (size_t read = BATCH; read == BATCH && !page->more;) {
		Resource *batch;
		TRY(resource_list(pg, call->kind, message_str(call->request, "channel"), channel, name, BATCH,
		        scratch, &batch, &read));
		for (size_t i = 0; i < read && !page->more; i++)
			if (filter_wants(filter, batch[i].message, call->now_us))
				TRY(keep(page, &batch[i], call->arena, &page->more));
		if (read) {
			channel = arena_str(call->arena, batch[read - 1].channel);
			name = arena_str(call->arena, batch[read - 1].name);
		}
		arena_reset(scratch);
	}
	return OK;
}

// The response's one repeated field.
static const char *list_field(const ProtobufCMessageDescriptor *response)
{
	for (unsigned i = 0; i < response->n_fields; i++)
		if (response->fields[i].label == PROTOBUF_C_LABEL_REPEATED)
			return response->fields[i].name;
	return NULL;
}

Err verb_list(Pg *pg, AdminCall *call)
{
	CLEANUP(filter_freep) Filter *filter = NULL;
	Page page = {0};
	Str query = query_of(call), position;
	TRY(page_size(message_i32(call->request, "page_size"), &page.max));
	TRY(page_token_read(message_str(call->request, "page_token"), query, call->arena, &position));
	TRY(filter_compile(call->kind->message, message_str(call->request, "filter"), call->arena, &filter));
	split_position(position, &page);
	page.items = ARENA_ARRAY(call->arena, ProtobufCMessage *, page.max);
	call->response = message_new(call->method->output, call->arena);
	if (!page.items || !call->response)
		return err(ERR_NO_MEMORY, "no memory for a page");
	TRY(fill(pg, call, filter, &page));
	message_set_list(call->response, list_field(call->method->output), page.items, page.count);
	if (!page.more)
		return OK;
	position = str(
	        arena_printf(call->arena, STR_FMT "/" STR_FMT, STR_ARG(page.channel), STR_ARG(page.name)));
	message_set_str(call->response, "next_page_token", page_token_make(query, position, call->arena).ptr);
	return OK;
}
