// Plans that are submitted, approved and executed: all groups at one desk.
#include "desk.h"

Desk desk;

int main(void)
{
	desk_make();
	int failed = settle_tests() + world_tests() + apply_tests();
	desk_remove();
	return failed;
}
