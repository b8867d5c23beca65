// A disk that misbehaves on demand, behind the journal's table of disk calls.
#pragma once
#include "journal/journal_io.h"

#include <stdatomic.h>
#include <stdbool.h>

typedef enum FaultCall { CALL_NONE, CALL_PWRITE, CALL_FDATASYNC, CALL_FALLOCATE, CALL_OPEN } FaultCall;

typedef struct Faults {
	JournalIo io;
	_Atomic int fail_call;     // FaultCall that fails …
	_Atomic int fail_errno;    // … with this …
	_Atomic long fail_times;   // … so often more; -1: for ever
	_Atomic long short_writes; // so many writes more take one byte only
	_Atomic long interrupts;   // so many reads and writes more are interrupted first
	_Atomic long calls[CALL_OPEN + 1];
	// Simulated power failure: writes reach the disk with fdatasync only, and the process ends before the
	// n-th call.
	bool drop_unsynced;
	_Atomic long calls_left; // < 0: no end
} Faults;

void faults_init(Faults *faults);
