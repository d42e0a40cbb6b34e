// SPDX-License-Identifier: GPL-3.0-or-later
// What can be changed while the machine runs.
#include "vmm/machine/virtio_set.h"

#include <algorithm>
#include <fmt/core.h>

namespace vmm::machine {

namespace {

/// How long a guest may take to let go of a device: Linux waits 5 s for a second press of the
/// button, and then flushes what it has to write.
constexpr uint64_t kPatienceNs = uint64_t{60} * 1'000'000'000;

/// What a person may leave a guest: with less, a kernel is busy with nothing but its memory.
constexpr uint64_t kLeastMemory = uint64_t{64} << 20;

} // namespace

Result<VirtioFunction*> VirtioSet::find(const std::string& id)
{
    for (const auto& function : m_functions)
        if (!id.empty() && function->id == id)
            return function.get();
    return Error(ErrorCode::NotFound, fmt::format("the machine has no device {}", id));
}

/// From 1, as descriptions count.
Result<uint32_t> VirtioSet::freeSlot() const
{
    for (uint32_t i = 0; i < m_slots.size(); ++i)
        if (!m_slots[i]->occupied())
            return i + 1;
    return Error(ErrorCode::Exhausted, m_slots.empty() ? "the machine has no slots for more devices"
                                                       : "all slots of the machine are taken");
}

void VirtioSet::change(const HardwareChange& change, HardwareCompletion done)
{
    if (const auto* wanted = std::get_if<Detach>(&change))
        return detach(wanted->id, std::move(done));
    if (const auto* wanted = std::get_if<ListPorts>(&change))
        return listPorts(wanted->id, std::move(done));
    done(std::visit(
        [this](const auto& wanted) -> Result<std::string> {
            using Wanted = std::decay_t<decltype(wanted)>;
            if constexpr (std::is_same_v<Wanted, Detach> || std::is_same_v<Wanted, ListPorts>)
                return std::string();
            else
                return apply(wanted);
        },
        change));
}

Result<std::string> VirtioSet::apply(const SetMemory& change)
{
    if (m_balloon == nullptr)
        return Error(ErrorCode::Unsupported, "the machine has no balloon");
    if (change.bytes < kLeastMemory)
        return Error(ErrorCode::Invalid,
                     fmt::format("a guest keeps at least {} MiB of memory", kLeastMemory >> 20));
    if (m_keeper)
        m_keeper->stop();
    m_spec.balloon = spec::BalloonKind::Manual;
    m_balloon->setTarget(m_spec.memoryBytes - std::min(change.bytes, m_spec.memoryBytes));
    return std::string();
}

void VirtioSet::detach(const std::string& id, HardwareCompletion done)
{
    if (const ScsiDrive* unit = findUnit(id))
        return detachUnit(*unit, done);
    const auto asked = [&]() -> Result<Function*> {
        Function* function = TRY(find(id));
        if (function->slot == nullptr)
            return Error(ErrorCode::Unsupported,
                         fmt::format("{} is built in and cannot be detached", id));
        if (function->detached)
            return Error(ErrorCode::Busy, fmt::format("{} is being detached", id));
        return function;
    }();
    if (!asked)
        return done(asked.error());
    Function* function = *asked;
    function->detached = std::move(done);
    function->patience = m_place.clock.createTimer(
        [this, id] { m_place.host.runOnControl([this, id] { giveUp(id); }); });
    function->patience->arm(m_place.clock.nowNs() + kPatienceNs);
    if (const auto pressed = function->slot->requestUnplug(); !pressed) {
        function->patience.reset();
        std::exchange(function->detached, nullptr)(pressed.error());
    }
}

void VirtioSet::giveUp(const std::string& id)
{
    const auto function = find(id);
    if (function && (*function)->detached)
        std::exchange((*function)->detached, nullptr)(
            Error(ErrorCode::Busy, fmt::format("the guest does not let go of {}", id)));
}

/// On a vCPU's thread: the port may not be called from here.
void VirtioSet::slotReleased(pci::RootPort& port)
{
    m_place.host.runOnControl([this, &port] { remove(port); });
}

void VirtioSet::cardNeedsReset(pci::RootPort& port)
{
    m_place.host.runOnControl([this, &port] {
        for (const auto& function : m_functions)
            if (function->slot == &port)
                function->pci->reset();
        port.cardReset();
        if (m_running)
            resume();
    });
}

/// Nothing of it may be in use on a vCPU when it is destroyed.
void VirtioSet::remove(pci::RootPort& port)
{
    const auto at = std::find_if(m_functions.begin(), m_functions.end(),
                                 [&port](const auto& f) { return f->slot == &port; });
    if (at == m_functions.end())
        return;
    const std::unique_ptr<Function> function = std::move(*at);
    m_functions.erase(at);
    port.remove();
    static_cast<void>(m_place.host.whileStanding([&]() -> Result<void> {
        function->pci->reset();
        return {};
    }));
    std::erase_if(m_spec.nics, [&](const auto& nic) { return nic.id == function->id; });
    std::erase_if(m_spec.drives, [&](const auto& drive) { return drive.id == function->id; });
    if (function->detached)
        function->detached(std::string());
}

} // namespace vmm::machine
