// A recorded decision's inputs carried to another snapshot of the channel, by names, so that both can be
// asked the same. It follows what runtime servers do with a session when another snapshot serves: values go
// on by attribute name and type, facts by offer code, and segments are computed anew. What finds no place in
// the other snapshot is told, never guessed.
#pragma once
#include "decide/receipt.h"

typedef enum CarryKind {
	CARRY_LEVEL, // the audience level, or one with these keys: then nothing can be asked
	CARRY_POINT,
	CARRY_ATTRIBUTE,  // of that name and type
	CARRY_OFFER,      // that something had happened with
	CARRY_CONSTRAINT, // of that name, scope, period and counting
	CARRY_KINDS
} CarryKind;
const char *carry_kind_name(CarryKind kind); // "audience level", …

// What the other snapshot has no place for; the name is the first snapshot's.
typedef struct CarryLoss {
	CarryKind kind;
	const char *name;
} CarryLoss;

typedef struct Carried {
	bool possible; // false: the audience level is not there, and nothing else is set but losses
	Visitor visitor;
	DecideRequest request;   // a point that is not there is asked for as an unknown one
	const CarryLoss *losses; // each once
	size_t loss_count;
} Carried;

// `receipt` was read with `from`, which may also be `to`: then segments are computed anew and that is all.
// Everything lives in `arena`, the receipt and the plans. Errors: NO_MEMORY, LIMIT.
Err receipt_carry(const Plan *from, const Receipt *receipt, const Plan *to, Arena *arena, Carried *ret);
