// flow draw.
#include "resource/flow.h"
#include "output.h"
#include "resource/kind.h"

Err verb_flow_draw(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *flow = NULL;

	TRY(resource_get(cli, kind_find(STR("SegmentationFlow")), str(cli->line.arguments[0]),
	        str(cli->line.arguments[1]), false, &flow));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, flow);
	printf(STR_FMT, STR_ARG(flow_draw(flow, cli->arena)));
	return OK;
}
