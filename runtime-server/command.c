// Errors as `parley` prints them: who runs these commands by hand reads them, who runs them by `parley` too.
#include "command.h"

#include <stdio.h>
#include <stdlib.h>

int command_usage(const char *usage)
{
	fputs(usage, stderr);
	return USAGE;
}

bool command_number(const char *text, uint64_t *ret)
{
	char *end = NULL;
	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0';
}

void command_failed(Err e)
{
	fprintf(stderr, "error: %s: %s\n", err_reason(e), err_detail()->message);
}
