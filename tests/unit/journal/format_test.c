// The bytes of a record, and that nothing but those bytes is taken for one.
#include "journal/crc32c_way.h"
#include "journal/record.h"
#include "support.h"

#include <stdlib.h>

static JournalRecord example(void)
{
	return (JournalRecord){
	        .runtime_id = STR("runtime-1"),
	        .incarnation = 0x0102030405060708,
	        .sequence = 42,
	        .event_id = STR("e-17"),
	        .payload = STR("the payload"),
	};
}

// RFC 3720, B.4, and the usual check value.
static void crc_matches_published_values(void **state)
{
	(void)state;
	uint8_t zeros[32] = {0}, ones[32], rising[32];
	memset(ones, 0xff, sizeof ones);
	for (uint8_t i = 0; i < sizeof rising; i++)
		rising[i] = i;
	assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
	assert_int_equal(crc32c(0, zeros, sizeof zeros), 0x8A9136AA);
	assert_int_equal(crc32c(0, ones, sizeof ones), 0x62A8AB43);
	assert_int_equal(crc32c(0, rising, sizeof rising), 0x46DD794E);
}

static void crc_is_the_same_with_and_without_hardware(void **state)
{
	(void)state;
	Crc32cWay table = crc32c_way(false);
	uint8_t bytes[257];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 31 + 7);
	for (size_t from = 0; from < 8; from++)
		for (size_t len = 0; from + len <= sizeof bytes; len++) {
			uint32_t whole = crc32c(0, bytes + from, len);
			assert_int_equal(whole, table(0, bytes + from, len));
			uint32_t head = crc32c(0, bytes + from, len / 3);
			assert_int_equal(whole, crc32c(head, bytes + from + len / 3, len - len / 3));
		}
}

static void a_record_has_the_documented_bytes(void **state)
{
	(void)state;
	uint8_t bytes[RECORD_MAX];
	JournalRecord record = example();
	record_encode(&record, bytes);
	static const uint8_t expected[] = {56, 0, 0, 0, 9, 4, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 42, 0, 0, 0, 0, 0,
	        0, 0, 'r', 'u', 'n', 't', 'i', 'm', 'e', '-', '1', 'e', '-', '1', '7', 't', 'h', 'e', ' ',
	        'p', 'a', 'y', 'l', 'o', 'a', 'd'};
	assert_memory_equal(bytes, "PJR1", 4);
	assert_memory_equal(bytes + 8, expected, sizeof expected);
	uint32_t crc = (uint32_t)bytes[4] | (uint32_t)bytes[5] << 8 | (uint32_t)bytes[6] << 16 |
	               (uint32_t)bytes[7] << 24;
	assert_int_equal(crc, crc32c_way(false)(0, bytes + 8, sizeof expected));
}

static void what_is_encoded_is_parsed(void **state)
{
	(void)state;
	uint8_t bytes[2 * RECORD_MAX];
	JournalRecord record = example(), back;
	size_t size = record_size(record.runtime_id, record.event_id, record.payload);
	record_encode(&record, bytes);
	record.sequence++;
	size_t loss_size = record_encode_loss(
	        &(JournalRecord){.runtime_id = STR("r"), .incarnation = 1, .sequence = 43, .lost_until = 99},
	        bytes + size);
	Str frames = str_n((char *)bytes, size + loss_size);
	assert_int_equal(journal_record_parse(&frames, &back), OK);
	assert_true(str_eq(back.runtime_id, record.runtime_id) && str_eq(back.event_id, record.event_id));
	assert_true(str_eq(back.payload, record.payload));
	assert_true(back.sequence == 42 && back.lost_until == 0 && back.frame.len == size);
	assert_int_equal(journal_record_parse(&frames, &back), OK);
	assert_true(back.sequence == 43 && back.lost_until == 99 && back.payload.len == 0);
	assert_int_equal(frames.len, 0);
	assert_int_equal(journal_record_parse(&frames, &back), ERR_JOURNAL_CORRUPT);
}

static void every_flipped_bit_is_noticed(void **state)
{
	(void)state;
	uint8_t bytes[RECORD_MAX];
	JournalRecord record = example(), back;
	size_t size = record_size(record.runtime_id, record.event_id, record.payload);
	record_encode(&record, bytes);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		Str frames = str_n((char *)bytes, size);
		assert_int_equal(journal_record_parse(&frames, &back), ERR_JOURNAL_CORRUPT);
		assert_int_equal(frames.len, size);
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

static void every_cut_is_noticed(void **state)
{
	(void)state;
	uint8_t bytes[RECORD_MAX];
	JournalRecord record = example(), back;
	size_t size = record_size(record.runtime_id, record.event_id, record.payload);
	record_encode(&record, bytes);
	for (size_t len = 0; len < size; len++) {
		uint8_t *exact = malloc(len + 1); // so that the sanitizer sees every byte too far
		memcpy(exact, bytes, len);
		Str frames = str_n((char *)exact, len);
		assert_int_equal(journal_record_parse(&frames, &back), ERR_JOURNAL_CORRUPT);
		free(exact);
	}
}

static void nonsense_with_a_right_checksum_is_refused(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint8_t value;
	} cases[] = {{12, 0}, {12, 65}, {12, 60}, {13, 129}, {13, 60}, {14, 1}, {14, 2}, {15, 1}, {23, 0x80},
	        {31, 0x80}};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		uint8_t bytes[RECORD_MAX];
		JournalRecord record = example(), back;
		size_t size = record_size(record.runtime_id, record.event_id, record.payload);
		record_encode(&record, bytes);
		bytes[cases[i].at] = cases[i].value;
		uint32_t crc = crc32c(0, bytes + 8, size - 8);
		memcpy(bytes + 4, &crc, sizeof crc);
		Str frames = str_n((char *)bytes, size);
		assert_int_equal(journal_record_parse(&frames, &back), ERR_JOURNAL_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(crc_matches_published_values),
	        cmocka_unit_test(crc_is_the_same_with_and_without_hardware),
	        cmocka_unit_test(a_record_has_the_documented_bytes),
	        cmocka_unit_test(what_is_encoded_is_parsed),
	        cmocka_unit_test(every_flipped_bit_is_noticed),
	        cmocka_unit_test(every_cut_is_noticed),
	        cmocka_unit_test(nonsense_with_a_right_checksum_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
