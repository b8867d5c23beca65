// Journal bytes from anywhere: as frames that a runtime ships, and as a segment that recovery finds at start.
// Recovery must never fail on content, and what it left must be sound: a second recovery changes nothing
// more. Who only looks (offline.h) must see beforehand what recovery then does.
#include "journal/offline.h"
#include "journal/record.h"
#include "journal/recovery.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void split_frames(Str frames)
{
	JournalRecord record;
	while (frames.len > 0 && journal_record_parse(&frames, &record) == OK) {
		if (record.frame.len == 0 || record.sequence == 0 || record.payload.len > JOURNAL_PAYLOAD_MAX)
			abort();
	}
}

static Folder folder;
static JournalIo io;

static int no_sync(void *context, int fd)
{
	(void)context;
	(void)fd;
	return 0;
}

// What is put aside would only fill the disk.
static int rename_or_drop(void *context, int dir_fd, const char *from, const char *to)
{
	if (str_ends(str(to), STR(".quarantine")))
		return journal_io_system()->unlink(context, dir_fd, from);
	return journal_io_system()->rename(context, dir_fd, from, to);
}

static void remove_folder(void)
{
	unlinkat(folder.fd, "0000000000000001-0000000000000001.segment", 0);
	rmdir(folder.path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	io = *journal_io_system();
	io.fdatasync = no_sync;
	io.rename = rename_or_drop;
	strcpy(folder.path, "/tmp/journal-fuzz-XXXXXX");
	if (mkdtemp(folder.path) == NULL)
		abort();
	folder.io = &io;
	folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atexit(remove_folder);
	return 0;
}

// Wraps what is not a record yet, so that the fuzzer gets past the checksum.
static Str with_records(Str input, uint8_t *space)
{
	size_t len = 0;
	uint64_t sequence = 0;
	while (input.len > 2) {
		uint8_t step = (uint8_t)input.ptr[0], take = (uint8_t)input.ptr[1];
		input = str_n(input.ptr + 2, input.len - 2);
		size_t n = take < input.len ? take : input.len;
		Str part = str_n(input.ptr, n);
		sequence += step < 0xf0 ? 1 : step & 3; // now and then a gap or a repetition
		JournalRecord record = {
		        .runtime_id = STR("r"), .incarnation = 1, .sequence = sequence + 1, .payload = part};
		if (step % 8 == 7) {
			memcpy(space + len, part.ptr, part.len); // damage
			len += part.len;
		} else {
			record_encode(&record, space + len);
			len += record_size(record.runtime_id, record.event_id, record.payload);
		}
		input = str_n(input.ptr + n, input.len - n);
	}
	return str_n((char *)space, len);
}

static JournalStatus foretell(const char *name)
{
	JournalScan *scan = NULL;
	JournalStatus seen = {0};
	JournalPiece piece = {.found = JOURNAL_RECORD};
	int fd = openat(folder.fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || journal_scan_fd(fd, 1, 1, &scan) != OK)
		abort();
	while (piece.found == JOURNAL_RECORD || piece.found == JOURNAL_DAMAGE) {
		if (journal_scan_next(scan, false, &piece) != OK)
			abort();
		seen.quarantined_parts += piece.found == JOURNAL_DAMAGE;
		if (piece.found == JOURNAL_RECORD)
			seen.lost_sequences += piece.record.sequence - piece.expected;
	}
	seen.torn_bytes = (uint64_t)piece.bytes;
	journal_scan_close(scan);
	return seen;
}

static void recover(Str content)
{
	Segment segment = {.incarnation = 1, .first = 1};
	char name[NAME_SIZE];
	segment_name(&segment, name);
	int fd = openat(folder.fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, content.ptr, content.len) != (ssize_t)content.len)
		abort();
	close(fd);
	JournalStatus foretold = foretell(name);
	for (int life = 0; life < 2; life++) {
		SegmentList list = {0};
		JournalStatus found = {0};
		Err e = recovery_run(&folder, STR("r"), &list, &found);
		if (e != OK && e != ERR_CONFIG_INVALID) // another runtime's
			abort();
		if (e == OK && life == 0 &&
		        (found.torn_bytes != foretold.torn_bytes ||
		                found.quarantined_parts != foretold.quarantined_parts ||
		                found.lost_sequences != foretold.lost_sequences))
			abort();
		if (e == OK && life == 1 &&
		        (found.torn_bytes || found.quarantined_parts || found.lost_sequences))
			abort();
		segment_list_clear(&list);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint8_t space[4 << 20];
	Str input = str_n((const char *)bytes, size < 4096 ? size : 4096);
	split_frames(input);
	recover(input);
	recover(with_records(input, space));
	return 0;
}
