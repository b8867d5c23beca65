#include "ledger.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, LINE_SIZE = 1024 };

static Err make(const char *folder, const char *what, int number, int *ret_fd)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/%s.%d.csv", folder, what, number);
	*ret_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return *ret_fd >= 0 ? OK : err_errno(ERR_IO, "cannot make %s", path);
}

Err ledger_open(const char *folder, int number, Ledger *ret)
{
	TRY(make(folder, "asked", number, &ret->asked));
	return make(folder, "acked", number, &ret->acked);
}

void ledger_close(Ledger *ledger)
{
	(void)close(ledger->asked);
	(void)close(ledger->acked);
}

static Err put(int fd, const LedgerLine *line)
{
	char text[LINE_SIZE];
	int len = snprintf(text, sizeof(text), "%s,%s,%s,%ld,%s,%s\n", line->what, line->id, line->kind,
	        line->visitor, line->treatment, line->offer);

	if (len < 0 || len >= LINE_SIZE)
		return err(ERR_LIMIT, "a line of the log is longer than %d bytes", LINE_SIZE);
	return write(fd, text, (size_t)len) == len ? OK : err_errno(ERR_IO, "cannot write the log");
}

Err ledger_write(Ledger *ledger, const LedgerLine *line)
{
	return put(ledger->asked, line);
}

Err ledger_acked(Ledger *ledger, const LedgerLine *line)
{
	TRY(put(ledger->acked, line));
	return fdatasync(ledger->acked) == 0 ? OK : err_errno(ERR_IO, "cannot sync the log");
}
