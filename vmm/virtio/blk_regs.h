// SPDX-License-Identifier: GPL-3.0-or-later
// What a block device and its driver hand each other. Virtio 1.2 section 5.2.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vmm::virtio {

// Feature bits (section 5.2.3).
inline constexpr uint64_t VIRTIO_BLK_F_SEG_MAX = uint64_t{1} << 2;
inline constexpr uint64_t VIRTIO_BLK_F_RO = uint64_t{1} << 5;
inline constexpr uint64_t VIRTIO_BLK_F_BLK_SIZE = uint64_t{1} << 6;
inline constexpr uint64_t VIRTIO_BLK_F_FLUSH = uint64_t{1} << 9;
inline constexpr uint64_t VIRTIO_BLK_F_TOPOLOGY = uint64_t{1} << 10;
inline constexpr uint64_t VIRTIO_BLK_F_CONFIG_WCE = uint64_t{1} << 11;
inline constexpr uint64_t VIRTIO_BLK_F_MQ = uint64_t{1} << 12;
inline constexpr uint64_t VIRTIO_BLK_F_DISCARD = uint64_t{1} << 13;
inline constexpr uint64_t VIRTIO_BLK_F_WRITE_ZEROES = uint64_t{1} << 14;

/// struct virtio_blk_config (section 5.2.4) up to what we offer; sizes in sectors of 512 bytes.
struct BlkConfig {
    uint64_t capacity = 0;
    uint32_t sizeMax = 0;
    uint32_t segMax = 0;
    uint16_t cylinders = 0;
    uint8_t heads = 0;
    uint8_t sectors = 0;
    uint32_t blkSize = 0; ///< bytes
    uint8_t physicalBlockExp = 0;
    uint8_t alignmentOffset = 0;
    uint16_t minIoSize = 0;
    uint32_t optIoSize = 0;
    uint8_t writeback = 0;
    uint8_t unused0 = 0;
    uint16_t numQueues = 0;
    uint32_t maxDiscardSectors = 0;
    uint32_t maxDiscardSeg = 0;
    uint32_t discardSectorAlignment = 0;
    uint32_t maxWriteZeroesSectors = 0;
    uint32_t maxWriteZeroesSeg = 0;
    uint8_t writeZeroesMayUnmap = 0;
    uint8_t unused1[3] = {};
    uint32_t maxSecureEraseSectors = 0;
};
inline constexpr uint32_t kBlkConfigSize = 60; ///< without secure erase, which is not offered
static_assert(offsetof(BlkConfig, writeback) == 32 && offsetof(BlkConfig, numQueues) == 34);
static_assert(offsetof(BlkConfig, maxSecureEraseSectors) == kBlkConfigSize);

// Types of requests (section 5.2.6).
inline constexpr uint32_t VIRTIO_BLK_T_IN = 0;
inline constexpr uint32_t VIRTIO_BLK_T_OUT = 1;
inline constexpr uint32_t VIRTIO_BLK_T_FLUSH = 4;
inline constexpr uint32_t VIRTIO_BLK_T_GET_ID = 8;
inline constexpr uint32_t VIRTIO_BLK_T_DISCARD = 11;
inline constexpr uint32_t VIRTIO_BLK_T_WRITE_ZEROES = 13;

/// What each request begins with.
struct BlkHeader {
    uint32_t type = 0;
    uint32_t reserved = 0;
    uint64_t sector = 0;
};
static_assert(sizeof(BlkHeader) == 16);

/// A range of DISCARD or WRITE_ZEROES.
struct BlkRange {
    uint64_t sector = 0;
    uint32_t sectors = 0;
    uint32_t flags = 0;
};
static_assert(sizeof(BlkRange) == 16);
inline constexpr uint32_t VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP = 1;

/// What each request ends with, in one byte.
enum class BlkStatus : uint8_t { Ok = 0, IoError = 1, Unsupported = 2 };

inline constexpr size_t VIRTIO_BLK_ID_BYTES = 20;

} // namespace vmm::virtio
