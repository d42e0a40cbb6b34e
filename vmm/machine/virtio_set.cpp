// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/virtio_set.h"

#include "vmm/virtio/rng.h"

namespace vmm::machine {

namespace {

constexpr unsigned kIntA = 1;
constexpr pci::PciBdf kEntropy{0, 0x18, 0};

} // namespace

/// One device on PCI, and the thread it has for itself, if any.
struct VirtioSet::Function {
    pci::PciBdf bdf;
    std::unique_ptr<EventLoop> loop;
    std::unique_ptr<virtio::VirtioPci> pci;
};

VirtioSet::VirtioSet(const VirtioPlace& place) : m_place(place) {}
VirtioSet::~VirtioSet() = default;

Result<void> VirtioSet::build(const spec::MachineSpec& spec)
{
    if (spec.entropy)
        TRY(addEntropy());
    return {};
}

Result<VirtioSet::Function*> VirtioSet::add(pci::PciBdf bdf, std::unique_ptr<virtio::Device> device,
                                            std::unique_ptr<EventLoop> loop)
{
    auto function = std::make_unique<Function>();
    function->bdf = bdf;
    function->loop = std::move(loop);
    function->pci = TRY(virtio::VirtioPci::create(m_place.services, std::move(device)));
    function->pci->connectIntx(m_place.bus.intxLine(bdf, kIntA));
    TRY(m_place.bus.attach(bdf, *function->pci));
    m_functions.push_back(std::move(function));
    return m_functions.back().get();
}

Result<void> VirtioSet::addEntropy()
{
    TRY(add(kEntropy, std::make_unique<virtio::Rng>(m_place.loop, "rng")));
    return {};
}

void VirtioSet::pause()
{
    for (const auto& function : m_functions)
        function->pci->pause();
}

void VirtioSet::resume()
{
    for (const auto& function : m_functions)
        function->pci->resume();
}

void VirtioSet::reset()
{
    for (const auto& function : m_functions)
        function->pci->reset();
}

std::vector<state::Participant*> VirtioSet::participants() const
{
    std::vector<state::Participant*> all;
    for (const auto& function : m_functions) {
        all.push_back(function->pci.get());
        if (auto* state = dynamic_cast<state::Participant*>(&function->pci->device()))
            all.push_back(state);
    }
    return all;
}

} // namespace vmm::machine
