// The kinds that ask little.
#include "admin/validate.h"

#include "admin/message.h"

#include "parley/design/v1/channel.pb-c.h"
#include "parley/design/v1/event.pb-c.h"
#include "parley/design/v1/interaction_point.pb-c.h"

enum { SESSION_TIMEOUT_MIN_S = 10, SESSION_TIMEOUT_MAX_S = 86400, ACTIONS_MAX = 16, CATEGORY_MAX = 63 };

Err validate_channel(Check *check)
{
	const Parley__Design__V1__Channel *channel = (const void *)check->message;
	uint32_t s = channel->session_timeout_s;
	if (s && (s < SESSION_TIMEOUT_MIN_S || s > SESSION_TIMEOUT_MAX_S))
		return check_fail(check, ERR_FIELD_INVALID, "session_timeout_s",
		        "give %d to %d seconds, or 0 for 1800", SESSION_TIMEOUT_MIN_S, SESSION_TIMEOUT_MAX_S);
	return OK;
}

Err validate_zone(Check *check)
{
	(void)check; // the generic checks say it all
	return OK;
}

Err validate_interaction_point(Check *check)
{
	if (!message_str(check->message, "default_content").len)
		return check_fail(check, ERR_FIELD_MISSING, "default_content",
		        "is empty: say what to show when there is no offer");
	return OK;
}

Err validate_event(Check *check)
{
	const Parley__Design__V1__Event *event = (const void *)check->message;
	if (strlen(event->category) > CATEGORY_MAX)
		return check_fail(
		        check, ERR_FIELD_INVALID, "category", "has more than %d bytes", CATEGORY_MAX);
	if (event->n_actions > ACTIONS_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "actions",
		        "has %zu actions; at most %d are taken", event->n_actions, ACTIONS_MAX);
	for (size_t i = 0; i < event->n_actions; i++) {
		if (event->actions[i]->kind ==
		        PARLEY__DESIGN__V1__EVENT_ACTION_KIND__EVENT_ACTION_KIND_UNSPECIFIED)
			return check_fail(check, ERR_FIELD_INVALID, check_at(check, "actions[%zu].kind", i),
			        "is unspecified: name an action, or leave it out");
	}
	return OK;
}

Err validate_audience_list(Check *check)
{
	return check_dates(check);
}

Err validate_blacklist(Check *check)
{
	return check_dates(check);
}

Err validate_campaign(Check *check)
{
	return check_dates(check);
}

Err validate_constraint(Check *check)
{
	return check_dates(check);
}

Err validate_offer_list(Check *check)
{
	return check_dates(check);
}

Err validate_score_override(Check *check)
{
	return check_dates(check);
}

Err validate_segmentation_flow(Check *check)
{
	return check_dates(check);
}

Err validate_suppression_rule(Check *check)
{
	return check_dates(check);
}
