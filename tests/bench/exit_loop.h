// SPDX-License-Identifier: GPL-3.0-or-later
// What exit_bench measures: something that runs the micro-guest `exits` one batch at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "vmm/base/result.h"

namespace bench {

/// RAM of each machine in bytes.
inline constexpr uint64_t kGuestRam = 16 << 20;

/// One batch of tests/guest/micro/exits.h as the guest timed it.
struct Batch {
    uint32_t kind = 0;   ///< 0 port read, 1 memory read, 2 doorbell write
    uint32_t cycles = 0; ///< TSC cycles of the guest, all accesses together
};

/// A virtual machine that stands between two batches. Not shared between threads.
class ExitLoop {
public:
    virtual ~ExitLoop() = default;
    virtual vmm::Result<Batch> runBatch() = 0;
};

/// The least a program on /dev/kvm can do: ioctl(KVM_RUN), a switch, a value.
vmm::Result<std::unique_ptr<ExitLoop>> createBareLoop(const std::string& guest);
/// vmm/kvm with vmm/bus.
vmm::Result<std::unique_ptr<ExitLoop>> createVitrineLoop(const std::string& guest);

} // namespace bench
