#include "decide/decide.h"

static const struct {
	const char *name, *text;
} reasons[REASON_COUNT] = {
        [REASON_OFFERED] = {"OFFERED", "offered"},
#define REASON_ROW(id, text) [REASON_##id] = {#id, text},
#include "decide/reason_table.h"
#undef REASON_ROW
};

const char *reason_name(Reason reason)
{
	return reasons[reason].name;
}

const char *origin_name(Origin origin)
{
	static const char *const names[ORIGIN_COUNT] = {
	        "RULE", "GLOBAL", "INDIVIDUAL", "QUALIFIED", "DEFAULT"};
	return names[origin];
}

const char *reason_text(Reason reason)
{
	return reasons[reason].text;
}
