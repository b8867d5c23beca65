// The server's own fold (fold.c), fed from a folder, and the server's own writer. The state belongs to no
// journal, so its positions mean nothing; who begins with it forgets them (apart.c).
#include "visitor/assemble.h"

#include "base/cleanup.h"
#include "journal/offline.h"
#include "visitor/internal.h"

#include <stdlib.h>

enum { SCRATCH = 256 << 10, HASH_SEED = 1 };

typedef struct Assembly {
	Visitors *visitors;
	Positions *nowhere;
	JournalFolder folder;
	Fold fold;
	VisitorsAssembled *report;
} Assembly;

static void assembly_end(Assembly *assembly)
{
	if (assembly->visitors != NULL)
		visitors_free(assembly->visitors);
	free(assembly->nowhere);
}

static void scan_closep(JournalScan **scan)
{
	journal_scan_close(*scan);
}

static Err fold_segment(Assembly *assembly, size_t segment)
{
	CLEANUP(scan_closep) JournalScan *scan = NULL;
	JournalPiece piece = {.found = JOURNAL_RECORD};
	TRY(journal_scan_open(&assembly->folder, segment, &scan));
	for (;;) {
		TRY(journal_scan_next(scan, false, &piece));
		if (piece.found == JOURNAL_END)
			return OK;
		if (piece.found != JOURNAL_RECORD)
			return err(ERR_JOURNAL_CORRUPT, "%s/%s is damaged at byte %lld", assembly->folder.dir,
			        assembly->folder.segments[segment].name, (long long)piece.offset);
		assembly->report->records++;
		TRY(fold_record(&assembly->fold, &piece.record));
	}
}

static Err begin(Assembly *assembly, const char *history_dir, Arena *arena, Arena *scratch)
{
	TRY(journal_folder_read(history_dir, arena, &assembly->folder));
	TRY(visitors_new(&(VisitorsOptions){.dir = "", .hash_seed = HASH_SEED}, &assembly->visitors));
	assembly->nowhere = calloc(1, sizeof *assembly->nowhere);
	if (assembly->nowhere == NULL)
		return err(ERR_NO_MEMORY, "no memory for visitor state");
	assembly->visitors->rebuilt = assembly->nowhere; // of no life, so that no record is beyond it
	assembly->fold = (Fold){.visitors = assembly->visitors, .scratch = scratch};
	return OK;
}

Err visitors_assemble(const char *history_dir, int64_t now_us, int fd, VisitorsAssembled *ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(SCRATCH, 0);
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH, 0);
	CLEANUP(assembly_end) Assembly assembly = {.report = ret};
	*ret = (VisitorsAssembled){0};
	if (arena == NULL || scratch == NULL)
		return err(ERR_NO_MEMORY, "no memory for visitor state");
	TRY(begin(&assembly, history_dir, arena, scratch));
	for (size_t i = 0; i < assembly.folder.segment_count; i++)
		TRY(fold_segment(&assembly, i));
	for (size_t i = 0; i < VISITOR_SHARDS; i++)
		ret->visitors += assembly.visitors->shards[i].count;
	ret->forgotten = atomic_load(&assembly.visitors->forgotten);
	ret->unread = atomic_load(&assembly.visitors->unaccounted);
	return visitors_write(assembly.visitors, fd, now_us);
}
