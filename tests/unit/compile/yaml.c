#include "yaml.h"

#include "base/cleanup.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
	const char *kind;
	const ProtobufCMessageDescriptor *message;
	size_t list_offset; // in Configuration
} kinds[] = {
#define ROW(type, lower, field)                                                                              \
	{                                                                                                    \
#type, &parley__design__v1__##lower##__descriptor, offsetof(Configuration, field)            \
	}
        ROW(AudienceLevel, audience_level, levels),
        ROW(Zone, zone, zones),
        ROW(InteractionPoint, interaction_point, points),
        ROW(Event, event, events),
        ROW(AudienceList, audience_list, audience_lists),
        ROW(Segment, segment, segments),
        ROW(SegmentationFlow, segmentation_flow, flows),
        ROW(TreatmentRule, treatment_rule, rules),
        ROW(GlobalOffer, global_offer, global_offers),
        ROW(ScoreOverride, score_override, overrides),
        ROW(Blacklist, blacklist, blacklists),
        ROW(SuppressionRule, suppression_rule, suppressions),
        ROW(Constraint, constraint, constraints),
        ROW(OfferTemplate, offer_template, templates),
        ROW(Offer, offer, offers),
        ROW(OfferList, offer_list, offer_lists),
        ROW(Campaign, campaign, campaigns),
        ROW(OutcomeType, outcome_type, outcome_types),
#undef ROW
};

// Every list of a Configuration looks like this.
typedef struct List {
	const ProtobufCMessage **items;
	size_t count;
} List;

static void must(Err e, const char *what)
{
	if (e)
		fail_msg("%s: %s: %s", what, err_reason(e), err_detail()->message);
}

static ProtobufCMessage *message_of(
        Arena *arena, json_t *document, const ProtobufCMessageDescriptor *descriptor, const char *kind)
{
	ProtobufCMessage *message = NULL;
	json_object_del(document, "kind");
	must(json_to_message(document, descriptor, arena, &message), kind);
	return message;
}

static void add(Arena *arena, Configuration *in, json_t *document, size_t room)
{
	char *kind = arena_cstr(arena, str(json_string_value(json_object_get(document, "kind"))));
	if (strcmp(kind, "Channel") == 0) {
		in->channel = (const void *)message_of(
		        arena, document, &parley__design__v1__channel__descriptor, kind);
		return;
	}
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		List *list = (List *)(void *)((char *)in + kinds[i].list_offset);
		if (!list->items)
			list->items = ARENA_ARRAY(arena, const ProtobufCMessage *, room);
		list->items[list->count++] = message_of(arena, document, kinds[i].message, kind);
		return;
	}
	fail_msg("there is no kind '%s'", kind);
}

Configuration *configuration_from_yaml(Arena *arena, Str text)
{
	json_t *documents = NULL;
	must(json_from_yaml(text, "test", arena, &documents, NULL), "YAML");
	Configuration *in = ARENA_NEW(arena, Configuration);
	for (size_t i = 0; i < json_array_size(documents); i++) {
		json_t *document = json_array_get(documents, i);
		if (json_is_object(document))
			add(arena, in, document, json_array_size(documents));
	}
	json_decref(documents);
	return in;
}
