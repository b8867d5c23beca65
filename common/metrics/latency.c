#include "metrics/latency.h"

const int64_t latency_bounds_us[LATENCY_BOUNDS] = {50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000,
        100000, 250000, 500000, 1000000, 2500000, 10000000};

unsigned latency_place(int64_t took_us)
{
	unsigned place = 0;
	while (place < LATENCY_BOUNDS && took_us > latency_bounds_us[place])
		place++;
	return place;
}
