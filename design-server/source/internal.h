// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "link/link.h"
#include "source/source.h"

#include "parley/design/v1/source_code.pb-c.h"

typedef Parley__Design__V1__SourceCode SourceCode;

typedef struct SourceCodes {
	Services *services;
	const Environments *environments;
} SourceCodes;

// A row, as it is answered.
typedef struct SourceRow {
	Str code, environment, channel, offer_code, campaign, cell, issuer;
	int64_t issued_us, expires_us; // 0: none
} SourceRow;

// Into `arena`; `base` is what stands before /s/ and may be empty. NULL if memory is out.
SourceCode *source_message(const SourceRow *row, Str base, Arena *arena);

void handle_list_source_codes(void *codes, RpcCall *call, const ProtobufCMessage *request);
