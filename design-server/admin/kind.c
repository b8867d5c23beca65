// The table of kinds, made from its rows.
#include "admin/kind.h"

#include "admin/validate.h"

#include "parley/design/v1/audience_level.pb-c.h"
#include "parley/design/v1/audience_list.pb-c.h"
#include "parley/design/v1/blacklist.pb-c.h"
#include "parley/design/v1/campaign.pb-c.h"
#include "parley/design/v1/channel.pb-c.h"
#include "parley/design/v1/constraint.pb-c.h"
#include "parley/design/v1/event.pb-c.h"
#include "parley/design/v1/global_offer.pb-c.h"
#include "parley/design/v1/interaction_point.pb-c.h"
#include "parley/design/v1/offer.pb-c.h"
#include "parley/design/v1/offer_list.pb-c.h"
#include "parley/design/v1/offer_template.pb-c.h"
#include "parley/design/v1/outcome_type.pb-c.h"
#include "parley/design/v1/score_override.pb-c.h"
#include "parley/design/v1/segment.pb-c.h"
#include "parley/design/v1/segmentation_flow.pb-c.h"
#include "parley/design/v1/suppression_rule.pb-c.h"
#include "parley/design/v1/treatment_rule.pb-c.h"
#include "parley/design/v1/zone.pb-c.h"

#define REFERENCE(path, kind, required) {#path, #kind, required},
#define KIND(type, field, unique, looked_into, references)                                                   \
	static const Reference field##_references[] = {references{0}};
#include "admin/kind_table.h"
#undef KIND
#undef REFERENCE

const Kind kinds[KIND_COUNT] = {
#define KIND(type, lower, unique_field, looked_into, refs)                                                   \
	{.name = #type,                                                                                      \
	        .field = #lower,                                                                             \
	        .message = &parley__design__v1__##lower##__descriptor,                                       \
	        .service = &parley__design__v1__##lower##_service__descriptor,                               \
	        .references = lower##_references,                                                            \
	        .unique = unique_field,                                                                      \
	        .content_matters = looked_into,                                                              \
	        .validate = validate_##lower},
#include "admin/kind_table.h"
#undef KIND
};

const Kind *kind_by_name(Str name)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (str_eq(name, str(kinds[i].name)))
			return &kinds[i];
	return NULL;
}

bool kind_has_channel(const Kind *kind)
{
	return protobuf_c_message_descriptor_get_field_by_name(kind->message, "channel");
}
