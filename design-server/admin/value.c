// What several kinds ask of their values.
#include "admin/check.h"
#include "admin/message.h"

#include <math.h>

enum { CODE_MAX = 64, DAYS_MAX = 3650 };

static bool is_code(const char *code)
{
	size_t len = strspn(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	return len > 0 && len <= CODE_MAX && !code[len];
}

Err value_code(const Check *check, const char *field, const char *code)
{
	if (is_code(code))
		return OK;
	return check_fail(check, *code ? ERR_FIELD_INVALID : ERR_FIELD_MISSING, field,
	        "\"%s\" is not a code: 1 to %d letters, digits, '-' and '_'", code, CODE_MAX);
}

Err value_score(const Check *check, const char *field, double score)
{
	if (isfinite(score) && score >= 0 && score <= 100)
		return OK;
	return check_fail(check, ERR_FIELD_INVALID, field, "a marketer score is 0 to 100");
}

Err value_percent(const Check *check, const char *field, double percent)
{
	if (!isfinite(percent) || percent < 0 || percent > 100)
		return check_fail(check, ERR_FIELD_INVALID, field, "a share is 0 to 100 percent");
	// What is written as 0.0001 is not quite that in binary.
	if (fabs(percent * 10000 - round(percent * 10000)) > 1e-6)
		return check_fail(check, ERR_FIELD_INVALID, field,
		        "%g is finer than shares are: round it to 0.0001 percent", percent);
	return OK;
}

Err value_scope(const Check *check, const char *prefix, Parley__Design__V1__Scope scope, uint32_t days)
{
	const char *field = check_at(check, "%sdays", prefix);
	if (scope == PARLEY__DESIGN__V1__SCOPE__SCOPE_UNSPECIFIED)
		return check_fail(check, ERR_FIELD_MISSING, check_at(check, "%sscope", prefix),
		        "say how long: SESSION, DAYS or FOR_EVER");
	if (scope != PARLEY__DESIGN__V1__SCOPE__SCOPE_DAYS && days)
		return check_fail(
		        check, ERR_FIELD_INVALID, field, "goes with scope DAYS: leave one of the two out");
	if (scope == PARLEY__DESIGN__V1__SCOPE__SCOPE_DAYS && (!days || days > DAYS_MAX))
		return check_fail(check, days ? ERR_FIELD_INVALID : ERR_FIELD_MISSING, field,
		        "give 1 to %d days with scope DAYS", DAYS_MAX);
	return OK;
}

Err value_offer(const Check *check, const char *prefix, const char *offer, const char *offer_list)
{
	if (*offer && *offer_list)
		return check_fail(check, ERR_FIELD_INVALID, check_at(check, "%soffer_list", prefix),
		        "and offer exclude each other: name one of them");
	if (!*offer && !*offer_list)
		return check_fail(check, ERR_FIELD_MISSING, check_at(check, "%soffer", prefix),
		        "name the offer, or an offer list");
	return OK;
}

static bool is_among(const char *word, const char *words)
{
	size_t len = strlen(word);
	for (const char *at = words; (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

Err value_only(const Check *check, const char *prefix, const ProtobufCMessage *message, const char *allowed,
        const char *what)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		if (message_has(message, field) && !is_among(field->name, allowed))
			return check_fail(check, ERR_FIELD_INVALID,
			        check_at(check, "%s%s", prefix, field->name), "%s has no %s: leave it out",
			        what, field->name);
	}
	return OK;
}

Err value_dates(const Check *check)
{
	int64_t from, until;
	if (!message_time(check->message, "effective_time", &from) ||
	        !message_time(check->message, "expire_time", &until))
		return OK;
	if (from >= until)
		return check_fail(check, ERR_FIELD_INVALID, "expire_time",
		        "is not after effective_time, so it would never be in force: give a later moment");
	return OK;
}
