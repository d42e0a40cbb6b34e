// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/irqchip/irqchip.h"

#include <utility>

#include "vmm/base/mutex.h"

namespace vmm::irqchip {

namespace {

constexpr unsigned kMaxCpus = 255; // APIC ID 255 is broadcast
constexpr uint32_t kIsaLines = 16;
constexpr uint32_t kCascade = 2;

} // namespace

/// A message, sent by call or by descriptor.
class Irqchip::Vector final : public bus::MsiVector {
public:
    static Result<std::unique_ptr<bus::MsiVector>> create(ApicBus& bus, EventLoop* loop)
    {
        std::unique_ptr<Vector> vector(new Vector(bus, TRY(EventFd::create())));
        if (loop != nullptr) {
            TRY(loop->watch(vector->m_event.fd(), [raw = vector.get()] { raw->signalled(); }));
            vector->m_loop = loop;
        }
        return std::unique_ptr<bus::MsiVector>(std::move(vector));
    }
    ~Vector() override
    {
        if (m_loop != nullptr)
            m_loop->remove(m_event.fd());
    }
    void setMessage(const bus::MsiMessage& message) override
    {
        MutexLock lock(m_mutex);
        m_message = message;
    }
    void trigger() override
    {
        InterruptMessage message;
        {
            MutexLock lock(m_mutex);
            if (!InterruptMessage::fromMsi(m_message, message))
                return;
        }
        m_bus.deliver(message);
    }
    const EventFd& eventFd() const override { return m_event; }

private:
    Vector(ApicBus& bus, EventFd event) : m_bus(bus), m_event(std::move(event)) {}
    void signalled()
    {
        if (m_event.drain())
            trigger();
    }

    ApicBus& m_bus;
    EventLoop* m_loop = nullptr;
    EventFd m_event;
    Mutex m_mutex;
    bus::MsiMessage m_message GUARDED_BY(m_mutex);
};

Result<std::unique_ptr<Irqchip>> Irqchip::create(const IrqchipConfig& config)
{
    if (config.cpus == 0 || config.cpus > kMaxCpus)
        return Error(ErrorCode::Unsupported, "irqchip: 1 to 255 CPUs are possible");
    if (config.physicalAddressBits < 32 || config.physicalAddressBits > 52)
        return Error(ErrorCode::Unsupported,
                     "irqchip: 32 to 52 physical address bits are possible");
    std::unique_ptr<Irqchip> chip(new Irqchip(config.loop));
    Irqchip* raw = chip.get();
    chip->m_pics =
        TRY(Pics::create(config.pio, [raw] { raw->m_apics.front()->extIntRequested(); }));
    chip->m_ioapic = TRY(Ioapic::create(config.mmio, chip->m_bus));
    for (unsigned i = 0; i < config.cpus; ++i) {
        chip->m_apics.push_back(std::make_unique<LocalApicChip>(
            LocalApicChip::Environment{i, config.physicalAddressBits, chip->m_bus, *chip->m_ioapic,
                                       i == 0 ? chip->m_pics.get() : nullptr, config.clock,
                                       config.tsc, [raw] { raw->apicLoaded(); }}));
        chip->m_bus.add(*chip->m_apics.back());
    }
    chip->m_pit = TRY(Pit::create(config.pio, config.clock, [raw] {
        raw->setGsi(bus::Gsi(0), true);
        raw->setGsi(bus::Gsi(0), false);
    }));
    return chip;
}

void Irqchip::setGsi(bus::Gsi gsi, bool level)
{
    const uint32_t number = gsi.value();
    if (number == kCascade || number >= Ioapic::kPins)
        return;
    if (number < kIsaLines)
        m_pics->setLine(number, level);
    m_ioapic->setPin(number == 0 ? 2 : number, level);
}

Result<std::unique_ptr<bus::MsiVector>> Irqchip::createMsiVector()
{
    return Vector::create(m_bus, m_loop);
}

cpu::IrqchipState Irqchip::save() const
{
    cpu::IrqchipState state;
    state.pics = m_pics->save();
    state.ioapic = m_ioapic->save();
    m_pit->save(state);
    return state;
}

Result<void> Irqchip::load(const cpu::IrqchipState& state)
{
    TRY(Pics::check(state.pics));
    TRY(Ioapic::check(state.ioapic));
    TRY(Pit::check(state));
    m_apicsToLoad.store(m_apics.size());
    m_pics->load(state.pics);
    m_ioapic->load(state.ioapic);
    m_pit->load(state);
    return {};
}

/// What the IOAPIC still has to send waits until no later load can overwrite it.
void Irqchip::apicLoaded()
{
    size_t left = m_apicsToLoad.load();
    while (left != 0 && !m_apicsToLoad.compare_exchange_weak(left, left - 1)) {
    }
    if (left == 1)
        m_ioapic->serviceAll();
}

void Irqchip::reset()
{
    m_pics->reset();
    m_ioapic->reset();
    m_pit->reset();
}

} // namespace vmm::irqchip
