// A channel's resources, all on one consistent view of the database, become bytes.
#include "release/internal.h"

#include "compile/compile.h"
#include "wire/json.h"

enum { SPEC_MAX = 1024 * 1024 };

typedef struct Build {
	Str channel;
	Arena *arena;
	Configuration configuration;
} Build;

static Err read_spec(const PgResult *result, size_t row, const ProtobufCMessageDescriptor *descriptor,
        Arena *arena, const void **ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	ProtobufCMessage *message = NULL;
	TRY(json_parse(pg_text(result, row, 1), SPEC_MAX, &json));
	TRY(json_to_message(json, descriptor, arena, &message));
	*ret = message;
	return OK;
}

// The resources of a kind: pointers to messages of `descriptor`.
static Err read_kind(Pg *pg, const char *kind, Str channel, const ProtobufCMessageDescriptor *descriptor,
        Arena *arena, const void *const **ret, size_t *ret_count)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, configuration_list, P_CTEXT(kind), P_TEXT(channel)));
	size_t count = pg_rows(result);
	const void **items = ARENA_ARRAY(arena, const void *, count);
	if (!items)
		return no_memory();
	for (size_t i = 0; i < count; i++) {
		Err e = read_spec(result, i, descriptor, arena, &items[i]);
		if (e)
			return err_context(e, "the stored %s " STR_FMT, kind, STR_ARG(pg_text(result, i, 0)));
	}
	*ret = items;
	*ret_count = count;
	return OK;
}

static Err read_channel(Pg *pg, Build *build)
{
	const void *const *items = NULL;
	size_t count = 0;
	TRY(read_kind(pg, "Channel", (Str){0}, &parley__design__v1__channel__descriptor, build->arena, &items,
	        &count));
	for (size_t i = 0; i < count; i++) {
		const Parley__Design__V1__Channel *channel = items[i];
		if (str_eq(str(channel->name), build->channel))
			build->configuration.channel = channel;
	}
	if (!build->configuration.channel)
		return err_at(ERR_RESOURCE_NOT_FOUND, "channel",
		        "there is no channel '" STR_FMT "': create it first", STR_ARG(build->channel));
	return OK;
}

static Err read_configuration(Pg *pg, void *context)
{
	Build *build = context;
	Configuration *c = &build->configuration;
	*c = (Configuration){0};
	TRY(read_channel(pg, build));
#define READ(kind, scope, name, list)                                                                        \
	TRY(read_kind(pg, kind, scope, &parley__design__v1__##name##__descriptor, build->arena,              \
	        (const void *const **)&c->list.items, &c->list.count))
	READ("AudienceLevel", build->channel, audience_level, levels);
	READ("Zone", build->channel, zone, zones);
	READ("InteractionPoint", build->channel, interaction_point, points);
	READ("Event", build->channel, event, events);
	READ("Segment", build->channel, segment, segments);
	READ("TreatmentRule", build->channel, treatment_rule, rules);
	READ("OfferTemplate", (Str){0}, offer_template, templates);
	READ("Offer", (Str){0}, offer, offers);
#undef READ
	return OK;
}

Err configuration_build(Release *release, Str channel, Arena *arena, Str *ret_blob)
{
	Build build = {.channel = channel, .arena = arena};
	Parley__Snapshot__V1__Snapshot *snapshot;
	Problems problems;
	TRY(store_read(release->services->store, read_configuration, &build));
	TRY(compile_snapshot(&build.configuration, arena, &snapshot, &problems));
	return snapshot_pack(snapshot, arena, ret_blob);
}
