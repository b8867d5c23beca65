// The fold is the server's own (fold.c), fed from a folder that is looked at from outside. It ends shard by
// shard where the checkpoint's shards end, and is written by what writes checkpoints; so what is compared is
// two files that should be the same bytes.
#include "visitor/replay.h"

#include "base/cleanup.h"
#include "journal/offline.h"
#include "visitor/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRATCH = 256 << 10, ATTEMPTS = 3 };

typedef struct File {
	int fd;
	Str bytes;
	ino_t inode;
} File;

typedef struct Replay {
	const ReplayOptions *options;
	Arena *arena;
	ReplayReport *report;
	JournalFolder folder;
	File checkpoint, base, folded;
	Parts parts;
	CheckpointInfo info;
	Positions *until;
	Coverage from; // of the base
	Visitors *visitors;
	int64_t done, all; // bytes of the journal
} Replay;

static void file_close(File *file)
{
	if (file->bytes.len > 0)
		munmap((char *)(uintptr_t)file->bytes.ptr, file->bytes.len);
	if (file->fd >= 0)
		close(file->fd);
	*file = (File){.fd = -1};
}

static void replay_end(Replay *replay)
{
	file_close(&replay->checkpoint);
	file_close(&replay->base);
	file_close(&replay->folded);
	if (replay->visitors != NULL)
		visitors_free(replay->visitors);
	replay->visitors = NULL;
}

static Err file_map(File *file, const char *path)
{
	struct stat stat;
	if (fstat(file->fd, &stat) != 0)
		return err_errno(ERR_IO, "cannot read %s", path);
	file->inode = stat.st_ino;
	if (stat.st_size == 0)
		return OK;
	void *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, file->fd, 0);
	if (bytes == MAP_FAILED)
		return err_errno(ERR_IO, "cannot read %s", path);
	file->bytes = str_n(bytes, (size_t)stat.st_size);
	return OK;
}

// -1 as its descriptor: there is none.
static Err file_open(File *file, const char *path)
{
	*file = (File){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	if (file->fd < 0)
		return errno == ENOENT ? OK : err_errno(ERR_IO, "cannot open %s", path);
	return file_map(file, path);
}

// --- what to begin with ---

static const char *path_in(Replay *replay, const char *name)
{
	const char *path = arena_printf(replay->arena, "%s/%s", replay->options->visitors_dir, name);
	return path != NULL ? path : "";
}

static Err open_checkpoint(Replay *replay)
{
	const char *path = replay->options->checkpoint;
	path = path != NULL ? path : path_in(replay, "newest");
	TRY(file_open(&replay->checkpoint, path));
	if (replay->checkpoint.fd < 0)
		return err(ERR_RESOURCE_NOT_FOUND,
		        "there is no checkpoint %s to compare with: the server writes one every few minutes, "
		        "when it stops, and when it gets SIGUSR1",
		        path);
	TRY(parts_read(replay->checkpoint.bytes, path, replay->arena, &replay->parts));
	replay->until = ARENA_NEW(replay->arena, Positions);
	if (replay->until == NULL)
		return err(ERR_NO_MEMORY, "no memory to fold");
	TRY(parts_info(&replay->parts, path, &replay->info, replay->until));
	replay->report->checkpoint = path;
	replay->report->incarnation = replay->info.coverage.incarnation;
	replay->report->position = replay->info.coverage.sequence;
	replay->report->time_us = replay->info.time_us;
	replay->report->bytes = replay->checkpoint.bytes.len;
	return OK;
}

static Err make_visitors(Replay *replay)
{
	const CheckpointLimits *limits = &replay->info.limits;
	const VisitorsOptions options = {
	        .dir = replay->options->visitors_dir,
	        .max_visitors = (size_t)limits->max_visitors,
	        .max_facts = (unsigned)limits->max_facts,
	        .retention_us = (int64_t)limits->retention_us,
	        .treatment_bytes = (size_t)limits->treatment_bytes,
	        .hash_seed = replay->info.seed,
	};
	TRY(visitors_new(&options, &replay->visitors));
	replay->visitors->rebuilt = replay->until;
	return OK;
}

// The checkpoint before it, if there is one that can be read and is older.
static Err load_base(Replay *replay)
{
	const char *path = path_in(replay, "previous");
	CheckpointInfo info;
	if (replay->options->from_start || replay->options->history_dir != NULL)
		return OK;
	TRY(file_open(&replay->base, path));
	if (replay->base.fd < 0)
		return OK;
	Err e = checkpoint_read(replay->visitors, replay->base.fd, path, &info);
	bool older = e == OK && (info.coverage.incarnation < replay->info.coverage.incarnation ||
	                                (info.coverage.incarnation == replay->info.coverage.incarnation &&
	                                        info.coverage.sequence <= replay->info.coverage.sequence));
	if (older) {
		replay->from = info.coverage;
		replay->report->base = path;
		return OK;
	}
	visitors_clear(replay->visitors);
	return e == OK || e == ERR_STATE_CORRUPT ? OK : e;
}

// --- folding ---

static Err lacking(const Replay *replay, const char *file, uint64_t from, uint64_t until)
{
	return err(ERR_SEQUENCE_GAP,
	        "%s/%s: the journal no longer has records %llu to %llu, which the fold needs: they were "
	        "shipped "
	        "and deleted%s",
	        replay->folder.dir, file, (unsigned long long)from, (unsigned long long)until,
	        replay->options->from_start ? "; leave --from-start out to begin with the checkpoint before"
	                                    : ", or lost: see parley journal verify");
}

static Err broken(const Replay *replay, const char *file, int64_t offset)
{
	return err(ERR_JOURNAL_CORRUPT, "%s/%s is damaged at byte %lld: see parley journal verify",
	        replay->folder.dir, file, (long long)offset);
}

static void scan_closep(JournalScan **scan)
{
	journal_scan_close(*scan);
}

static void progress(Replay *replay, int64_t bytes)
{
	const ReplayOptions *options = replay->options;
	replay->done += bytes;
	if (options->on_progress != NULL)
		options->on_progress(options->context, replay->done, replay->all);
}

static Err fold_one(Replay *replay, Fold *fold, const JournalRecord *record)
{
	bool ours =
	        record->incarnation > replay->from.incarnation || record->sequence > replay->from.sequence;
	bool beyond = record->incarnation == replay->info.coverage.incarnation &&
	              record->sequence > replay->info.coverage.sequence;
	if (!ours || beyond)
		return OK;
	replay->report->records++;
	if (record->lost_until != 0)
		replay->report->lost += record->lost_until - record->sequence + 1;
	return fold_record(fold, record);
}

static Err fold_segment(Replay *replay, Fold *fold, size_t segment, uint64_t *next)
{
	CLEANUP(scan_closep) JournalScan *scan = NULL;
	const JournalFile *file = &replay->folder.segments[segment];
	JournalPiece piece = {.found = JOURNAL_RECORD};
	bool sparse = replay->options->history_dir != NULL;
	if (file->first > *next && !sparse)
		return lacking(replay, file->name, *next, file->first - 1);
	Err e = journal_scan_open(&replay->folder, segment, &scan);
	if (e == ERR_RESOURCE_NOT_FOUND)
		return lacking(replay, file->name, file->first, file->first);
	TRY(e);
	for (;;) {
		TRY(journal_scan_next(scan, false, &piece));
		if (piece.found == JOURNAL_END ||
		        (piece.found == JOURNAL_TAIL && !journal_folder_has_next(&replay->folder, segment)))
			break;
		if (piece.found != JOURNAL_RECORD || (piece.record.sequence != piece.expected && !sparse))
			return broken(replay, file->name, piece.offset);
		TRY(fold_one(replay, fold, &piece.record));
		*next = (piece.record.lost_until ? piece.record.lost_until : piece.record.sequence) + 1;
		progress(replay, piece.bytes);
	}
	progress(replay, file->bytes - piece.offset);
	return OK;
}

// All of it is in the base: another segment of the life begins no later than where the base ends.
static bool is_covered(const Replay *replay, size_t segment)
{
	const JournalFile *file = &replay->folder.segments[segment];
	return file->incarnation < replay->from.incarnation ||
	       (file->incarnation == replay->from.incarnation &&
	               journal_folder_has_next(&replay->folder, segment) &&
	               replay->folder.segments[segment + 1].first <= replay->from.sequence + 1);
}

static bool is_needed(const Replay *replay, size_t segment)
{
	const JournalFile *file = &replay->folder.segments[segment];
	return !is_covered(replay, segment) &&
	       (file->incarnation < replay->info.coverage.incarnation ||
	               (file->incarnation == replay->info.coverage.incarnation &&
	                       file->first <= replay->info.coverage.sequence));
}

static Err fold_all(Replay *replay, Fold *fold)
{
	uint64_t life = replay->from.incarnation, next = replay->from.sequence + 1;
	for (size_t i = 0; i < replay->folder.segment_count; i++)
		replay->all += is_needed(replay, i) ? replay->folder.segments[i].bytes : 0;
	for (size_t i = 0; i < replay->folder.segment_count; i++) {
		const JournalFile *file = &replay->folder.segments[i];
		if (!is_needed(replay, i))
			continue;
		if (file->incarnation != life) {
			fold_next_life(replay->visitors);
			life = file->incarnation;
			next = 1;
		}
		TRY(fold_segment(replay, fold, i, &next));
	}
	uint64_t last = replay->info.coverage.sequence;
	if (last > 0 && replay->options->history_dir == NULL &&
	        (life != replay->info.coverage.incarnation || next <= last))
		return lacking(replay, "", life == replay->info.coverage.incarnation ? next : 1, last);
	return OK;
}

// How much of the checkpoint the history may lack. The mark is written at most once a second, and not again
// where nothing more comes to be shipped: so it excuses a difference, and does not make one.
static void look_at_mark(Replay *replay)
{
	const Coverage *end = &replay->info.coverage;
	const JournalFolder *folder = &replay->folder;
	bool here = false;
	for (size_t i = 0; i < folder->segment_count; i++)
		here |= folder->segments[i].incarnation == end->incarnation;
	uint64_t shipped = journal_folder_shipped(folder, end->incarnation);
	if (here && shipped < end->sequence)
		replay->report->unshipped = end->sequence - shipped;
}

static Err open_folder(Replay *replay)
{
	const char *history = replay->options->history_dir;
	TRY(journal_folder_read(replay->options->journal_dir, replay->arena, &replay->folder));
	if (history == NULL)
		return OK;
	replay->report->of_history = true;
	look_at_mark(replay);
	return journal_folder_read(history, replay->arena, &replay->folder);
}

static Err fold(Replay *replay)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH, 0);
	Fold fold = {.visitors = replay->visitors, .scratch = scratch};
	if (scratch == NULL)
		return err(ERR_NO_MEMORY, "no memory to fold");
	TRY(open_folder(replay));
	return fold_all(replay, &fold);
}

static Err write_folded(Replay *replay)
{
	CheckpointInfo info;
	uint64_t last = 0;
	replay->folded.fd = memfd_create("folded", MFD_CLOEXEC);
	if (replay->folded.fd < 0)
		return err_errno(ERR_IO, "cannot make room for what is folded");
	TRY(checkpoint_write(replay->visitors, replay->folded.fd, replay->info.time_us, &info, &last));
	return file_map(&replay->folded, "what was folded");
}

// A server that writes a checkpoint meanwhile takes away what this one needs: then it is begun anew.
static bool has_moved_on(Replay *replay)
{
	struct stat stat_now;
	return replay->options->checkpoint == NULL && stat(path_in(replay, "newest"), &stat_now) == 0 &&
	       stat_now.st_ino != replay->checkpoint.inode;
}

static Err attempt(Replay *replay)
{
	Parts folded;
	TRY(open_checkpoint(replay));
	TRY(make_visitors(replay));
	TRY(load_base(replay));
	TRY(fold(replay));
	TRY(write_folded(replay));
	TRY(parts_read(replay->folded.bytes, "that was folded", replay->arena, &folded));
	return parts_compare(&replay->parts, &folded, replay->arena, replay->report);
}

Err visitors_replay(const ReplayOptions *options, Arena *arena, ReplayReport *ret)
{
	Err e = OK;
	for (int i = 0; i < ATTEMPTS; i++) {
		CLEANUP(replay_end)
		Replay replay = {.options = options, .arena = arena, .report = ret};
		replay.checkpoint.fd = replay.base.fd = replay.folded.fd = -1;
		*ret = (ReplayReport){0};
		e = attempt(&replay);
		if (!has_moved_on(&replay) || (e == OK && ret->different == 0))
			break;
	}
	return e;
}
