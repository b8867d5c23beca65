// CRC32C (Castagnoli, reflected 0x82F63B78), as iSCSI and ext4 use it.
#pragma once
#include <stddef.h>
#include <stdint.h>

// The CRC of the bytes that `crc` stands for with `bytes` appended; begin with 0.
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);
