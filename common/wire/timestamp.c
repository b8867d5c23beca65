// A Timestamp's nanoseconds count forward, also before 1970, where C's remainder counts backward.
#include "wire/timestamp.h"

#include "base/clock.h"

void wire_timestamp_set(Google__Protobuf__Timestamp *time, int64_t us)
{
	int64_t rest = us % US_PER_S;

	google__protobuf__timestamp__init(time);
	time->seconds = us / US_PER_S - (rest < 0);
	time->nanos = (int32_t)(rest < 0 ? rest + US_PER_S : rest) * 1000;
}

Google__Protobuf__Timestamp *wire_timestamp(int64_t us, Arena *arena)
{
	Google__Protobuf__Timestamp *time = ARENA_NEW(arena, Google__Protobuf__Timestamp);

	if (time)
		wire_timestamp_set(time, us);
	return time;
}
