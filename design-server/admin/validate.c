// The kinds that ask little.
#include "admin/validate.h"

#include "admin/message.h"

#include "parley/design/v1/channel.pb-c.h"
#include "parley/design/v1/interaction_point.pb-c.h"

enum { SESSION_TIMEOUT_MIN_S = 10, SESSION_TIMEOUT_MAX_S = 86400 };

Err validate_channel(Check *check)
{
	const Parley__Design__V1__Channel *channel = (const void *)check->message;
	uint32_t s = channel->session_timeout_s;
	if (s && (s < SESSION_TIMEOUT_MIN_S || s > SESSION_TIMEOUT_MAX_S))
		return check_fail(check, ERR_FIELD_INVALID, "session_timeout_s",
		        "give %d to %d seconds, or 0 for 1800", SESSION_TIMEOUT_MIN_S, SESSION_TIMEOUT_MAX_S);
	return OK;
}

Err validate_interaction_point(Check *check)
{
	if (!message_str(check->message, "default_content").len)
		return check_fail(check, ERR_FIELD_MISSING, "default_content",
		        "is empty: say what to show when there is no offer");
	return OK;
}
