// SPDX-License-Identifier: GPL-3.0-or-later
// The memory balloon's features, configuration and statistics. Virtio 1.2 section 5.5.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vmm::virtio {

// Features (section 5.5.3).
inline constexpr uint64_t VIRTIO_BALLOON_F_STATS_VQ = uint64_t{1} << 1;
inline constexpr uint64_t VIRTIO_BALLOON_F_DEFLATE_ON_OOM = uint64_t{1} << 2;
inline constexpr uint64_t VIRTIO_BALLOON_F_PAGE_POISON = uint64_t{1} << 4;
inline constexpr uint64_t VIRTIO_BALLOON_F_PAGE_REPORTING = uint64_t{1} << 5;

/// struct virtio_balloon_config (section 5.5.4). Pages are of 4096 bytes.
struct BalloonConfig {
    uint32_t numPages = 0; ///< how many the device wants
    uint32_t actual = 0;   ///< how many it has, says the driver
    uint32_t freePageHintCommand = 0;
    uint32_t poisonValue = 0;
};
static_assert(sizeof(BalloonConfig) == 16);

inline constexpr uint64_t kBalloonPageSize = 4096;

/// struct virtio_balloon_stat: a tag of 16 bits, a value of 64, packed (section 5.5.6.3).
inline constexpr size_t kBalloonStatSize = 10;
inline constexpr size_t kBalloonStatValue = 2;

} // namespace vmm::virtio
