// SPDX-License-Identifier: GPL-3.0-or-later
// What happens when the host's storage is full, and who is told.
#pragma once

#include <cstdint>
#include <string>

namespace vmm::block {

/// A write found no space: shall the guest see an error, or shall the request wait?
enum class WhenFull : uint8_t { Report, Pause };

/// Told by devices with WhenFull::Pause, on their loop. Must not block; outlives the device.
class StorageEvents {
public:
    virtual ~StorageEvents() = default;
    /// A request of `device` waits for space: the machine should be paused, and go on when there is
    /// some; the device then does the request again. Once until then, however many requests wait.
    virtual void storageFull(const std::string& device, const std::string& sentence) = 0;
};

} // namespace vmm::block
