// The client's own log: what was asked and what was acknowledged, two files a thread, as CSV for the checker.
// An acknowledgement counts only once its line is on disk, so that the log can be believed whatever dies.
#pragma once
#include "base/error.h"

typedef struct Ledger {
	int asked, acked;
} Ledger;

// What a line is about. `sent` is written before the call; the others after the answer.
typedef struct LedgerLine {
	const char *what; // opened, offered, sent, again, acked
	const char *id;   // of the event, the treatment or the session
	const char *kind; // what the history has to say of it: contact, accept, reject, event
	long visitor;
	const char *treatment, *offer;
} LedgerLine;

// Makes FOLDER/asked.NUMBER.csv and FOLDER/acked.NUMBER.csv. Errors: IO.
Err ledger_open(const char *folder, int number, Ledger *ret);
void ledger_close(Ledger *ledger);
Err ledger_write(Ledger *ledger, const LedgerLine *line);
// An acknowledgement: returns when it is on disk. Errors: IO.
Err ledger_acked(Ledger *ledger, const LedgerLine *line);
