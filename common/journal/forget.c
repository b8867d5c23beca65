// For who must be rid of what records say: a segment can be ended before it is full, so that all that stands
// in it can be shipped and deleted; and damaged bytes, of which nobody can tell what they say, can be
// removed.
#include "journal/internal.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

static void dir_closep(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
}

void journal_roll(Journal *journal)
{
	atomic_store(&journal->rolling, true);
}

bool journal_rid(const Journal *journal, uint64_t incarnation, uint64_t sequence)
{
	uint64_t oldest = journal_next_incarnation(journal, 0);
	return oldest == 0 || oldest > incarnation ||
	       (oldest == incarnation && journal_first(journal, incarnation) > sequence);
}

Err journal_remove_quarantined(Journal *journal, uint64_t *ret_files)
{
	int fd = openat(journal->folder.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(dir_closep) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	*ret_files = 0;
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return err_errno(ERR_IO, "cannot list the journal %s", journal->folder.path);
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (!str_ends(str(entry->d_name), STR(".quarantine")))
			continue;
		TRY(file_remove(&journal->folder, entry->d_name));
		++*ret_files;
	}
	return *ret_files > 0 ? file_sync(&journal->folder, journal->folder.fd) : OK;
}
