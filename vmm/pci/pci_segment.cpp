// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/pci/pci_segment.h"

#include <fmt/core.h>

#include "vmm/pci/pci_bridge.h"

namespace vmm::pci {

Result<void> PciSegment::attach(uint8_t devfn, PciFunction& function)
{
    MutexLock lock(m_mutex);
    if (!m_places.emplace(devfn, Place{&function}).second)
        return Error(ErrorCode::Busy,
                     fmt::format("PCI slot {:02x}.{} is taken", devfn >> 3, devfn & 7));
    return {};
}

void PciSegment::detach(uint8_t devfn)
{
    MutexLock lock(m_mutex);
    const auto it = m_places.find(devfn);
    if (it == m_places.end())
        return;
    it->second.leaving = true;
    lock.wait(m_left, [&] { return it->second.users == 0; });
    m_places.erase(it);
}

PciFunction* PciSegment::enter(uint8_t devfn)
{
    MutexLock lock(m_mutex);
    const auto it = m_places.find(devfn);
    if (it == m_places.end() || it->second.leaving)
        return nullptr;
    ++it->second.users;
    return it->second.function;
}

void PciSegment::leave(uint8_t devfn)
{
    MutexLock lock(m_mutex);
    Place& place = m_places.at(devfn);
    if (--place.users == 0 && place.leaving)
        m_left.notify_all();
}

std::vector<uint8_t> PciSegment::occupied() const
{
    MutexLock lock(m_mutex);
    std::vector<uint8_t> devfns;
    devfns.reserve(m_places.size());
    for (const auto& [devfn, place] : m_places)
        devfns.push_back(devfn);
    return devfns;
}

void PciSegment::forEach(const std::function<void(PciFunction&)>& visit)
{
    for (const uint8_t devfn : occupied()) {
        if (PciFunction* const function = enter(devfn)) {
            visit(*function);
            leave(devfn);
        }
    }
}

bool PciSegment::reach(uint8_t number, PciBdf bdf, const std::function<void(PciFunction&)>& use)
{
    if (bdf.bus == number) {
        PciFunction* const function = enter(bdf.devfn());
        if (function == nullptr)
            return false;
        use(*function);
        leave(bdf.devfn());
        return true;
    }
    for (const uint8_t devfn : occupied()) {
        PciFunction* const function = enter(devfn);
        if (function == nullptr)
            continue;
        PciBridge* const bridge = function->bridge();
        const bool claimed = bridge != nullptr && bridge->claims(bdf.bus);
        const bool reached = claimed && bridge->reach(bdf, use);
        leave(devfn);
        if (claimed)
            return reached;
    }
    return false;
}

} // namespace vmm::pci
