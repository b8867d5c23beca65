// One line a case: its number, its name, refused or ACCEPTED, and the check that said so. After each the
// snapshot that served before must serve, which a touchpoint's call shows; at the end a good deployment is
// still taken.
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>

static Site site;

static void remove_site(void)
{
	if (site.home.dir[0] != '\0')
		home_remove(&site.home);
}

// Whether it was refused by the check that it should be, and changed nothing.
static bool attempt(const Case *tried)
{
	uint64_t before = site.version;
	Err e = tried->attempt(&site);
	ErrDetail said = *err_detail();
	uint64_t serves = site_serves(&site);
	bool good = e == tried->expected && serves == before;
	printf("%3s  %-46s %-9s %-20s %s\n", tried->number, tried->name,
	        e == OK || serves != before ? "ACCEPTED" : "refused",
	        e == OK                ? ""
	        : tried->check != NULL ? tried->check
	                               : err_reason(e),
	        good          ? ""
	        : serves == 0 ? "nothing serves"
	        : e == OK     ? ""
	                      : said.message);
	arena_reset(site.arena);
	return good;
}

int main(void)
{
	unsigned passed = 0, failed = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	atexit(remove_site);
	site_make(&site);
	for (size_t i = 0; i < case_count; i++)
		*(attempt(&cases[i]) ? &passed : &failed) += 1;
	site_deploy(&site, world_finish(world_bank(site.design.arena)));
	bool good = site_serves(&site) == site.version;
	printf("  -  %-46s %s\n", "a good deployment afterwards", good ? "taken" : "NOT TAKEN");
	*(good ? &passed : &failed) += 1;
	site_remove(&site);
	site.home.dir[0] = '\0';
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}
