// What was asked last stays as it is, to be asked again or changed first.
#include "lasting_stage.h"

Asked asked;

void open_bank(void)
{
	stage_open();
	asked = (Asked){.segments = {1}}; // an adult
	assert_int_equal(lasting_build(stage.plan, stage.arena, &asked.lasting), OK);
	assert_ptr_equal(lasting_plan(asked.lasting), stage.plan);
}

void prepare(const char *point, uint32_t max)
{
	asked.points[0] = (DecidePoint){.point = plan_point(stage.plan, str(point)),
	        .max = max,
	        .filter = stage.filter,
	        .filter_count = stage.filter_count};
	asked.visitor = (Visitor){.audience_id = stage.audience_id,
	        .values = stage.values,
	        .segments = asked.segments,
	        .state = stage.state};
	asked.request = (DecideRequest){.points = asked.points,
	        .count = 1,
	        .as_of_us = stage.as_of_us,
	        .seed = stage.seed,
	        .deduplicate_across = stage.deduplicate_across};
}

bool keep(void)
{
	assert_int_equal(
	        decide(stage.plan, &asked.visitor, &asked.request, stage.arena, &asked.decision), OK);
	size_t size = lasting_size(asked.lasting, &asked.visitor, &asked.request, &asked.decision);
	if (size == 0)
		return false;
	asked.kept = arena_alloc(stage.arena, size);
	lasting_keep(asked.lasting, &asked.visitor, &asked.request, &asked.decision, asked.kept);
	return true;
}

bool lasts(const char *point, uint32_t max)
{
	prepare(point, max);
	return keep();
}

bool again(void)
{
	Decision decision;
	return lasting_again(
	        asked.lasting, asked.kept, &asked.visitor, &asked.request, stage.arena, &decision);
}

bool again_at(int64_t us)
{
	asked.request.as_of_us = us;
	return again();
}
