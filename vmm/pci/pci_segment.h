// SPDX-License-Identifier: GPL-3.0-or-later
// The functions of one PCI bus, and how a configuration access finds its way through the bridges.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/pci/pci_device.h"

namespace vmm::pci {

/// One bus. Functions come and go while vCPUs run: an access holds its function in place, and
/// detach() waits for it. The lock is never held while a function is called.
class PciSegment {
public:
    PciSegment() = default;
    PciSegment(const PciSegment&) = delete;
    PciSegment& operator=(const PciSegment&) = delete;

    /// Places `function`; Busy when somebody is there. Not owned; stays until detach() or the last
    /// access to the segment.
    Result<void> attach(uint8_t devfn, PciFunction& function);
    /// Takes the function away; when it returns nobody uses it through this segment. Not to be
    /// called from an access to that function.
    void detach(uint8_t devfn);

    /// Calls `visit` with every function that is there, one after the other.
    void forEach(const std::function<void(PciFunction&)>& visit);
    /// Calls `use` with the function at `bdf`, here (this segment's number is `number`) or behind a
    /// bridge; the first bridge that claims the bus takes the access (PCI-to-PCI Bridge 1.2
    /// section 3.1.2.1). False when nobody is there.
    bool reach(uint8_t number, PciBdf bdf, const std::function<void(PciFunction&)>& use);

private:
    struct Place {
        PciFunction* function = nullptr;
        unsigned users = 0;
        bool leaving = false;
    };
    PciFunction* enter(uint8_t devfn);
    void leave(uint8_t devfn);
    std::vector<uint8_t> occupied() const;

    mutable Mutex m_mutex;
    std::condition_variable m_left;
    std::map<uint8_t, Place> m_places GUARDED_BY(m_mutex);
};

} // namespace vmm::pci
