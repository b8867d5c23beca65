#include "rows/outcome_file.h"

#include "base/clock.h"

#include <sodium.h>

const char *const report_fields[REPORT_FIELDS] = {
        [REPORT_EVENT_ID] = "event_id",
        [REPORT_TREATMENT] = "treatment_code",
        [REPORT_OFFER] = "offer_code",
        [REPORT_CUSTOM] = "custom_code",
        [REPORT_CHANNEL] = "channel",
        [REPORT_LEVEL] = "audience_level",
        [REPORT_AUDIENCE] = "audience_id",
        [REPORT_OUTCOME] = "outcome",
        [REPORT_TIME] = "time",
};

Err outcome_file_check(const RowFile *file)
{
	TRY(row_file_need(file, REPORT_OUTCOME));
	TRY(row_file_need(file, REPORT_TIME));
	if (!file->json && !file->columns[REPORT_TREATMENT] && !file->columns[REPORT_OFFER] &&
	        !file->columns[REPORT_CUSTOM])
		return err(ERR_FIELD_MISSING,
		        "the file has no column treatment_code, offer_code or custom_code; --mapping "
		        "treatment_code=TITLE says which one it is");
	return OK;
}

static Err id_make(Row *row, Arena *arena)
{
	char *id = arena_alloc(arena, REPORT_ID_SIZE);
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	if (!id)
		return err(ERR_NO_MEMORY, "no memory for a row");
	crypto_hash_sha256_init(&state);
	for (size_t f = 0; f < REPORT_FIELDS; f++) {
		uint64_t len = row->values[f].len;

		crypto_hash_sha256_update(&state, (const uint8_t *)&len, sizeof len);
		crypto_hash_sha256_update(&state, (const uint8_t *)row->values[f].ptr, len);
	}
	crypto_hash_sha256_final(&state, hash);
	memcpy(id, "import:", 8);
	hex_encode(hash, 16, id + 7);
	row->values[REPORT_EVENT_ID] = str(id);
	return OK;
}

static void row_check(Row *row)
{
	int64_t us;

	if (!row->reason && !row->values[REPORT_OUTCOME].len)
		row->reason = "outcome is missing";
	if (!row->reason && !time_parse(row->values[REPORT_TIME], &us))
		row->reason = "time is not a time such as 2026-01-31T08:00:00Z";
}

Err outcome_file_next(RowFile *file, Arena *arena, Row *ret, bool *ret_end)
{
	TRY(row_file_next(file, arena, ret, ret_end));
	if (*ret_end)
		return OK;
	row_check(ret);
	return ret->values[REPORT_EVENT_ID].len ? OK : id_make(ret, arena);
}
