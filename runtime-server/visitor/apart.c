// Visitor state that no server keeps: begun with a checkpoint or with nothing, written when it is asked for.
#include "visitor/checkpoint.h"

#include "base/cleanup.h"

#include <unistd.h>

static void visitors_closep(Visitors **visitors)
{
	visitors_close(*visitors);
}

// What a checkpoint was written under holds for what goes on from it.
static void take_limits(const CheckpointInfo *info, VisitorsOptions *options)
{
	const CheckpointLimits *limits = &info->limits;
	options->hash_seed = info->seed;
	if (options->max_visitors == 0)
		options->max_visitors = (size_t)limits->max_visitors;
	if (options->max_facts == 0)
		options->max_facts = (unsigned)limits->max_facts;
	if (options->retention_us == 0)
		options->retention_us = (int64_t)limits->retention_us;
	if (options->treatment_bytes == 0)
		options->treatment_bytes = (size_t)limits->treatment_bytes;
}

static Err rewind_file(int fd, const char *name)
{
	return lseek(fd, 0, SEEK_SET) == 0 ? OK : err_errno(ERR_IO, "cannot read %s", name);
}

Err visitors_begin(const VisitorsOptions *options, int fd, const char *name, Visitors **ret)
{
	CLEANUP(visitors_closep) Visitors *visitors = NULL;
	VisitorsOptions all = *options;
	CheckpointInfo info;
	all.dir = "";
	if (fd >= 0) {
		TRY(rewind_file(fd, name));
		TRY(checkpoint_read_limits(fd, name, &info));
		take_limits(&info, &all);
	}
	TRY(visitors_new(&all, &visitors));
	if (fd >= 0) {
		TRY(rewind_file(fd, name));
		TRY(checkpoint_read(visitors, fd, name, &info));
		fold_next_life(visitors); // positions are of another journal
	}
	*ret = STEAL(visitors);
	return OK;
}

Err visitors_write(Visitors *visitors, int fd, int64_t now_us)
{
	CheckpointInfo info;
	uint64_t last = 0;
	LOCKED(&visitors->cutting);
	return checkpoint_write(visitors, fd, now_us, &info, &last);
}
