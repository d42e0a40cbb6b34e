// SPDX-License-Identifier: GPL-3.0-or-later
// Making the devices and placing them.
#include "vmm/machine/virtio_set.h"

#include <algorithm>

#include "vmm/console/file_end.h"
#include "vmm/console/pty_end.h"
#include "vmm/console/socket_end.h"
#include "vmm/virtio/console.h"
#include "vmm/virtio/rng.h"
#include "vmm/virtio/vsock.h"

namespace vmm::machine {

namespace {

constexpr unsigned kIntA = 1;
constexpr pci::PciBdf kBalloon{0, 0x17, 0};
constexpr pci::PciBdf kEntropy{0, 0x18, 0};
constexpr pci::PciBdf kVsock{0, 0x19, 0};
constexpr pci::PciBdf kConsole{0, 0x1a, 0};

Result<std::unique_ptr<console::ByteEnd>> makeByteEnd(EventLoop& loop,
                                                      const spec::ConsolePortSpec& port)
{
    switch (port.end) {
    case spec::PortEnd::Socket:
        return std::unique_ptr<console::ByteEnd>(TRY(console::SocketEnd::create(loop, port.path)));
    case spec::PortEnd::File:
        return std::unique_ptr<console::ByteEnd>(TRY(console::FileEnd::create(loop, port.path)));
    case spec::PortEnd::Stdio:
        return std::unique_ptr<console::ByteEnd>(TRY(console::FileEnd::createStdio(loop)));
    case spec::PortEnd::Pty:
        break;
    }
    return std::unique_ptr<console::ByteEnd>(TRY(console::PtyEnd::create(loop)));
}

} // namespace

std::vector<state::Participant*> VirtioFunction::participants() const
{
    std::vector<state::Participant*> all = {pci.get()};
    if (auto* device = dynamic_cast<state::Participant*>(&pci->device()))
        all.push_back(device);
    if (nat != nullptr)
        all.push_back(nat);
    return all;
}

VirtioSet::VirtioSet(const VirtioPlace& place) : m_place(place) {}

VirtioSet::~VirtioSet()
{
    if (m_keeper)
        m_keeper->stop(); // it reads the host's memory
    m_hostMemory.reset(); // its alarm calls the keeper
    m_keeper.reset();
    for (const auto& slot : m_slots)
        slot->remove();
}

Result<void> VirtioSet::build(const spec::MachineSpec& spec)
{
    m_spec = spec;
    TRY(addSlots(spec.rootPorts));
    TRY(addDrives());
    for (const spec::NicSpec& nic : spec.nics)
        TRY(addNic(nic));
    if (spec.balloon != spec::BalloonKind::None)
        TRY(addBalloon(spec.balloon));
    if (spec.entropy)
        TRY(addOn(kEntropy, std::make_unique<virtio::Rng>(m_place.loop, "rng")));
    if (!spec.consolePorts.empty())
        TRY(addConsole(spec.consolePorts));
    if (spec.vsock.cid != 0)
        TRY(addVsock(spec.vsock));
    m_built = true;
    return {};
}

Result<void> VirtioSet::addSlots(uint32_t count)
{
    for (unsigned index = 0; index < count; ++index) {
        auto port = TRY(pci::RootPort::create(m_place.services, index, count, *this));
        port->connectIntx(
            m_place.bus.intxLine(pci::RootPort::bdf(index), pci::RootPort::interruptPin(index)));
        TRY(m_place.bus.attach(pci::RootPort::bdf(index), *port));
        m_slots.push_back(std::move(port));
    }
    return {};
}

Result<void> VirtioSet::place(std::unique_ptr<Function> function,
                              std::unique_ptr<virtio::Device> device, pci::PciBdf bdf,
                              uint32_t slot)
{
    function->pci = TRY(virtio::VirtioPci::create(m_place.services, std::move(device)));
    if (slot != 0) {
        function->slot = m_slots[slot - 1].get();
        TRY(function->slot->plug({function->pci.get()}, m_built
                                                            ? pci::RootPort::PlugTime::Running
                                                            : pci::RootPort::PlugTime::PowerOn));
    } else {
        function->pci->connectIntx(m_place.bus.intxLine(bdf, kIntA));
        TRY(m_place.bus.attach(bdf, *function->pci));
    }
    m_functions.push_back(std::move(function));
    return {};
}

Result<void> VirtioSet::addOn(pci::PciBdf bdf, std::unique_ptr<virtio::Device> device)
{
    return place(std::make_unique<Function>(), std::move(device), bdf);
}

Result<void> VirtioSet::addBalloon(spec::BalloonKind kind)
{
    auto balloon =
        std::make_unique<virtio::Balloon>(m_place.loop, "balloon", m_place.services.memory);
    m_balloon = balloon.get();
    TRY(addOn(kBalloon, std::move(balloon)));
    if (kind != spec::BalloonKind::Auto)
        return {};
    m_hostMemory = TRY(ProcMemory::create(m_place.loop, [this] {
        if (m_keeper)
            m_keeper->alarm();
    }));
    m_keeper = std::make_unique<MemoryKeeper>(m_place.clock, *m_hostMemory, *m_balloon,
                                              m_spec.memoryBytes);
    m_keeper->start();
    return {};
}

Result<void> VirtioSet::addVsock(const spec::VsockSpec& vsock)
{
    return addOn(kVsock, TRY(virtio::Vsock::create(m_place.loop, "vsock", vsock.cid, vsock.path)));
}

Result<void> VirtioSet::addConsole(const std::vector<spec::ConsolePortSpec>& ports)
{
    std::vector<virtio::ConsolePort> made;
    for (const spec::ConsolePortSpec& port : ports) {
        auto end = TRY(makeByteEnd(m_place.loop, port));
        if (port.end == spec::PortEnd::Pty)
            m_ptys.emplace_back(port.name.empty() ? "console" : port.name, end->path());
        made.push_back({port.name, port.name.empty(), std::move(end)});
    }
    return addOn(kConsole, TRY(virtio::Console::create(m_place.loop, "console", std::move(made))));
}

void VirtioSet::pause()
{
    m_running = false;
    for (const auto& function : m_functions)
        function->pci->pause();
}

void VirtioSet::resume()
{
    m_running = true;
    for (const auto& function : m_functions)
        function->pci->resume();
}

void VirtioSet::reset()
{
    for (const auto& slot : m_slots)
        slot->reset();
    for (const auto& function : m_functions)
        function->pci->reset();
}

std::vector<state::Participant*> VirtioSet::participants() const
{
    std::vector<state::Participant*> all;
    for (const auto& slot : m_slots)
        all.push_back(slot.get());
    for (const auto& function : m_functions) {
        const auto more = function->participants();
        all.insert(all.end(), more.begin(), more.end());
    }
    return all;
}

void VirtioSet::describe(spec::MachineSpec& spec) const
{
    spec.drives = m_spec.drives;
    for (spec::DriveSpec& drive : spec.drives)
        for (const ScsiDrive& unit : m_units)
            if (unit.cdrom && unit.id == drive.id)
                drive.path = m_scsi->mediumPath(unit.target);
    spec.balloon = m_spec.balloon;
    spec.nics = m_spec.nics;
    for (spec::NicSpec& nic : spec.nics) {
        nic.capturePath.clear(); // going on would begin the file anew
        const auto function = std::find_if(m_functions.begin(), m_functions.end(),
                                           [&nic](const auto& f) { return f->id == nic.id; });
        if (function == m_functions.end() || (*function)->nat == nullptr)
            continue;
        nic.forwards.clear();
        for (const net::Forward& forward : (*function)->nat->forwards())
            nic.forwards.push_back(forward.text());
    }
}

std::vector<Counter> VirtioSet::counters() const
{
    if (m_balloon == nullptr)
        return {};
    const virtio::BalloonCounters counts = m_balloon->counters();
    std::vector<Counter> all = {
        {"balloon.target", m_balloon->target()}, {"balloon.actual", m_balloon->actual()},
        {"balloon.inflated", counts.inflated},   {"balloon.deflated", counts.deflated},
        {"balloon.reported", counts.reported},   {"balloon.given-back", counts.givenBack},
        {"balloon.refused", counts.refused}};
    const auto guest = m_balloon->statistics();
    if (const auto available = guest[virtio::BalloonStatistic::Available])
        all.push_back({"balloon.guest-available", *available});
    if (const auto free = guest[virtio::BalloonStatistic::Free])
        all.push_back({"balloon.guest-free", *free});
    return all;
}

} // namespace vmm::machine
