// SPDX-License-Identifier: GPL-3.0-or-later
// How an AHCI port carries out commands: fetching, moving data, reporting the end. AHCI 1.3.1
// sections 4.2, 5.3 to 5.6, 6.2.
#include <algorithm>
#include <array>

#include "vmm/base/bits.h"
#include "vmm/pci_devices/ahci_port.h"

namespace vmm::pci_devices {

using namespace ahci;

namespace {

constexpr size_t kMinFisDwords = 5; // a register FIS

AtaCommand parseFis(std::span<const std::byte> table)
{
    const auto at = [table](size_t i) { return static_cast<uint8_t>(table[i]); };
    AtaCommand command;
    command.command = at(2);
    command.feature = static_cast<uint16_t>(at(3) | at(11) << 8);
    command.lba = static_cast<uint64_t>(at(4)) | static_cast<uint64_t>(at(5)) << 8 |
                  static_cast<uint64_t>(at(6)) << 16 | static_cast<uint64_t>(at(8)) << 24 |
                  static_cast<uint64_t>(at(9)) << 32 | static_cast<uint64_t>(at(10)) << 40;
    command.device = at(7);
    command.count = static_cast<uint16_t>(at(12) | at(13) << 8);
    for (size_t i = 0; i < command.packet.size(); ++i)
        command.packet[i] = at(kTablePacket + i);
    return command;
}

void putResult(std::span<uint8_t> fis, const AtaResult& result)
{
    fis[2] = result.status;
    fis[3] = result.error;
    for (unsigned i = 0; i < 3; ++i) {
        fis[4 + i] = static_cast<uint8_t>(result.lba >> (8 * i));
        fis[8 + i] = static_cast<uint8_t>(result.lba >> (24 + 8 * i));
    }
    fis[7] = result.device;
    fis[12] = static_cast<uint8_t>(result.count);
    fis[13] = static_cast<uint8_t>(result.count >> 8);
}

} // namespace

void AhciPort::pump()
{
    // Bounded: every turn starts a command that was taken, and taking one clears its bit of PxCI or
    // occupies its tag.
    for (;;) {
        acceptCommands();
        if (m_current || m_queue.empty())
            return;
        Command command = std::move(m_queue.front());
        m_queue.pop_front();
        start(std::move(command));
    }
}

void AhciPort::acceptCommands()
{
    while (m_accepting && m_ci != 0 && running() && m_host.dma() != nullptr) {
        const bool plainWaits =
            m_current ? !m_current->command.queued : !m_queue.empty() && !m_queue.front().queued;
        if (plainWaits || fetch(nextSlot()) == FetchResult::Wait)
            return;
    }
}

/// The controller goes round the slots (section 5.3.2, P:SelectCmd).
unsigned AhciPort::nextSlot() const
{
    for (unsigned i = 1; i <= kSlotCount; ++i) {
        const unsigned slot = (m_currentSlot + i) % kSlotCount;
        if ((m_ci & bit(slot)) != 0)
            return slot;
    }
    return m_currentSlot;
}

AhciPort::FetchResult AhciPort::fetch(unsigned slot)
{
    auto command = readCommand(slot, *m_host.dma());
    if (!command)
        return (m_ci & bit(slot)) == 0 ? FetchResult::Taken : FetchResult::Wait;
    return take(std::move(*command));
}

/// Reads header and table; empty when there was nothing to take: an error, or a control FIS.
std::optional<AhciPort::Command> AhciPort::readCommand(unsigned slot, memory::GuestMemory& memory)
{
    Command command;
    command.slot = static_cast<uint8_t>(slot);
    command.header = memory::GuestPhys(m_clb + uint64_t{slot} * kHeaderSize);
    std::array<std::byte, 16> header;
    std::array<std::byte, kTablePacket + 16> table;
    if (!memory.copyOut(command.header, header)) {
        busError();
        return std::nullopt;
    }
    const uint32_t flags = loadLe<uint32_t>(header.data());
    const memory::GuestPhys address(loadLe<uint64_t>(header.data() + 8) & ~uint64_t{0x7f});
    if (!memory.copyOut(address, table)) {
        busError();
        return std::nullopt;
    }
    const auto type = static_cast<uint8_t>(table[0]);
    if (type != kFisRegisterH2d || (flags & kHeaderCflMask) < kMinFisDwords) {
        interfaceError();
        return std::nullopt;
    }
    if ((static_cast<uint8_t>(table[1]) & kFisCommandBit) == 0) {
        // A control FIS must find the drive idle; the slot stays until it is.
        if (idle())
            control(slot, static_cast<uint8_t>(table[15]));
        return std::nullopt;
    }
    command.ata = parseFis(table);
    command.queued = device()->isQueued(command.ata.command);
    command.tag = static_cast<uint8_t>(Field<7, 3>::get(command.ata.count));
    command.prdt = {address.offsetBy(kTablePrdt), flags >> kHeaderPrdtlShift};
    return command;
}

AhciPort::FetchResult AhciPort::take(Command command)
{
    if (!command.queued) {
        if (!idle())
            return FetchResult::Wait; // queued and other commands do not mix: it waits for them
        m_currentSlot = command.slot;
        m_queue.push_back(std::move(command));
        return FetchResult::Taken;
    }
    m_currentSlot = command.slot;
    const uint32_t tagBit = bit(command.tag);
    if ((m_outstanding & tagBit) != 0) {
        // A tag may be used once at a time (ACS-2 section 4.16.1): the drive gives up everything.
        AtaResult result = ataFailure(command.ata, kAtaAborted).result;
        finishQueued(command, result);
        return FetchResult::Wait;
    }
    m_outstanding |= tagBit;
    // The drive accepts with a register FIS without BSY and interrupt, which frees the slot.
    AtaResult accepted = ataSuccess(command.ata).result;
    m_tfd = accepted.status;
    m_ci &= ~bit(command.slot);
    m_queue.push_back(std::move(command));
    postRegisterFis(accepted, 0);
    return FetchResult::Taken;
}

/// Control register writes: only software reset matters (SATA 3.0 section 11.4).
void AhciPort::control(unsigned slot, uint8_t value)
{
    m_currentSlot = static_cast<uint8_t>(slot);
    m_ci &= ~bit(slot);
    const bool reset = (value & kControlSrst) != 0;
    if (!reset && m_softReset)
        deviceReset(AtaReset::Software);
    m_softReset = reset;
}

void AhciPort::start(Command command)
{
    if (!command.queued)
        m_tfd = (m_tfd & 0xff00) | kAtaBusy | kAtaReady;
    const AtaCommand ata = command.ata;
    m_current = Active{};
    m_current->command = std::move(command);
    m_current->sequence = ++m_sequence;
    runStep(m_device->begin(ata));
}

void AhciPort::runStep(AtaStep step)
{
    // Bounded: a drive asks for data once a command.
    while (step.kind == AtaStep::Kind::NeedData) {
        if (!needData(step))
            return;
    }
    switch (step.kind) {
    case AtaStep::Kind::SendData:
        sendData(std::move(step));
        break;
    case AtaStep::Kind::Media:
        startMedia(step);
        break;
    case AtaStep::Kind::Done:
    case AtaStep::Kind::NeedData:
        finish(step.protocol, step.result);
        break;
    }
}

/// Fetches what the drive wants and asks it for the next step; false when the command is over.
bool AhciPort::needData(AtaStep& step)
{
    memory::GuestMemory* memory = m_host.dma();
    const uint64_t length = std::min<uint64_t>(step.length, AtaStep::kMaxDataOut);
    if (memory == nullptr) {
        busError();
        return false;
    }
    const auto buffers = m_current->command.prdt.map(*memory, length);
    if (!buffers) {
        busError();
        return false;
    }
    if (buffers->bytes < length && !step.mayTruncate) {
        overflow();
        return false;
    }
    std::vector<std::byte> data(buffers->bytes);
    m_current->transferred = gather(*buffers, data);
    m_current->prdInterrupt = buffers->interrupt;
    step = m_device->dataArrived(data);
    return true;
}

void AhciPort::sendData(AtaStep step)
{
    memory::GuestMemory* memory = m_host.dma();
    if (memory == nullptr)
        return busError();
    const auto buffers = m_current->command.prdt.map(*memory, step.data.size());
    if (!buffers)
        return busError();
    m_current->transferred = scatter(*buffers, step.data);
    m_current->prdInterrupt = buffers->interrupt;
    if (buffers->bytes < step.data.size() && !step.mayTruncate)
        m_is |= kIsOfs;
    finish(step.protocol, step.result);
}

void AhciPort::startMedia(const AtaStep& step)
{
    block::BlockBackend* backend = m_device->backend();
    if (backend == nullptr)
        return runStep(m_device->mediaDone({block::IoStatus::Failed, {}}, {}));
    block::IoRequest request;
    request.kind = step.io;
    request.durability = step.durability;
    request.offset = step.offset;
    request.extents = step.extents;
    if (!mapMedia(step, request))
        return;
    if (const auto result = backend->readNow(request)) {
        const auto buffer = m_current->hostBuffer;
        return runStep(m_device->mediaDone(*result, buffer ? std::span<const std::byte>(*buffer)
                                                           : std::span<const std::byte>()));
    }
    request.done = [&host = m_host, port = m_index, sequence = m_current->sequence,
                    keep = m_current->hostBuffer](const block::IoResult& result) {
        host.portIoDone(port, sequence, result);
    };
    m_current->inFlight = true;
    backend->submit(std::move(request));
}

/// Finds the buffers of a media step; false when the command ended because of them.
bool AhciPort::mapMedia(const AtaStep& step, block::IoRequest& request)
{
    if (step.length == 0)
        return true;
    if (step.target == MediaTarget::Host) {
        m_current->hostBuffer = std::make_shared<std::vector<std::byte>>(step.length);
        request.segments.emplace_back(std::span(*m_current->hostBuffer));
        return true;
    }
    memory::GuestMemory* memory = m_host.dma();
    auto buffers = memory != nullptr ? m_current->command.prdt.map(*memory, step.length)
                                     : Result<PrdBuffers>(Error(ErrorCode::OutOfBounds, {}));
    if (!buffers) {
        busError();
        return false;
    }
    if (buffers->bytes < step.length && !step.mayTruncate) {
        overflow();
        return false;
    }
    request.segments.reserve(buffers->slices.size());
    for (const memory::GuestSlice& slice : buffers->slices)
        request.segments.emplace_back(slice);
    m_current->transferred = buffers->bytes;
    m_current->prdInterrupt = buffers->interrupt;
    return true;
}

void AhciPort::ioDone(uint64_t sequence, const block::IoResult& result)
{
    if (!m_current || m_current->sequence != sequence)
        return;
    if (m_current->stale) {
        m_current.reset();
        if (m_resetPending)
            deviceReset(AtaReset::Hardware);
        else if ((m_tfd & kAtaBusy) != 0)
            m_tfd = kAtaGood; // the drive is done with what nobody waits for any more
    } else {
        m_current->inFlight = false;
        const auto buffer = m_current->hostBuffer;
        runStep(m_device->mediaDone(result, buffer ? std::span<const std::byte>(*buffer)
                                                   : std::span<const std::byte>()));
    }
    pump();
}

void AhciPort::finish(AtaProtocol protocol, const AtaResult& result)
{
    const Active active = std::move(*m_current);
    m_current.reset();
    if (active.prdInterrupt)
        m_is |= kIsDps;
    if (active.command.queued)
        finishQueued(active.command, result);
    else
        finishPlain(active, protocol, result);
}

/// Queued commands end with a set device bits FIS (AHCI section 5.5.6; SATA 3.0 section 10.3.6).
void AhciPort::finishQueued(const Command& command, const AtaResult& result)
{
    const bool failed = (result.status & kAtaError) != 0;
    m_tfd = static_cast<uint32_t>(result.error) << 8 | result.status;
    std::array<uint8_t, 8> fis{kFisDeviceBits, kFisInterruptBit,
                               static_cast<uint8_t>(result.status & 0x77), result.error};
    if (!failed) {
        const uint32_t tagBit = bit(command.tag);
        storeLe(fis.data() + 4, tagBit);
        m_sact &= ~tagBit;
        m_outstanding &= ~tagBit;
    }
    postFis(kRxDeviceBits, fis);
    m_is |= kIsSdbs;
    if (failed) {
        // The drive gives up all queued commands; the log says which one failed (ACS-2 section
        // 4.16.3).
        m_device->queuedCommandFailed(command.tag, result);
        halt(kIsTfes);
    }
}

void AhciPort::finishPlain(const Active& active, AtaProtocol protocol, const AtaResult& result)
{
    const bool failed = (result.status & kAtaError) != 0;
    if (memory::GuestMemory* memory = m_host.dma()) {
        const auto bytes = static_cast<uint32_t>(active.transferred);
        if (!memory->write<uint32_t>(active.command.header.offsetBy(4), bytes))
            m_is |= kIsHbfs;
    }
    m_tfd = static_cast<uint32_t>(result.error) << 8 | result.status;
    if (protocol == AtaProtocol::PioIn && !failed) {
        std::array<uint8_t, 20> fis{kFisPioSetup, kFisInterruptBit | 0x20};
        putResult(fis, result);
        fis[2] = kAtaGood | kAtaDrq;
        fis[15] = result.status;
        storeLe(fis.data() + 16, static_cast<uint16_t>(active.transferred));
        postFis(kRxPioSetup, fis);
        m_is |= kIsPss;
    } else {
        postRegisterFis(result, kFisInterruptBit);
        m_is |= kIsDhrs;
    }
    if (failed)
        halt(kIsTfes);
    else
        m_ci &= ~bit(active.command.slot);
}

/// The PRD table is shorter than an ATA command's data: nothing is moved (section 6.1.5).
void AhciPort::overflow()
{
    m_is |= kIsOfs;
    const AtaStep failure = ataFailure(m_current->command.ata, kAtaAborted);
    finish(failure.protocol, failure.result);
}

/// A command list, table, PRD or buffer lies outside RAM (section 6.1.1): the port stops.
void AhciPort::busError()
{
    m_tfd = uint32_t{kAtaAborted} << 8 | kAtaGood | kAtaError;
    halt(kIsHbfs);
}

void AhciPort::interfaceError()
{
    halt(kIsIfs);
}

/// Fatal errors: nothing more is taken until software clears ST (section 6.2.2).
void AhciPort::halt(uint32_t cause)
{
    m_is |= cause;
    m_halted = true;
    m_queue.clear();
    m_outstanding = 0;
    if (!m_current)
        return;
    if (!m_current->inFlight) {
        m_current.reset();
        return;
    }
    m_current->stale = true;
    if (block::BlockBackend* backend = m_device->backend())
        backend->cancel();
}

void AhciPort::postFis(uint32_t offset, std::span<const uint8_t> fis)
{
    memory::GuestMemory* memory = m_host.dma();
    if ((m_cmd & kCmdFre) == 0 || memory == nullptr)
        return;
    if (!memory->copyIn(memory::GuestPhys(m_fb + offset), std::as_bytes(fis))) {
        m_is |= kIsHbfs;
        m_halted = true;
    }
}

void AhciPort::postRegisterFis(const AtaResult& result, uint8_t flags)
{
    std::array<uint8_t, 20> fis{kFisRegisterD2h, flags};
    putResult(fis, result);
    postFis(kRxRegister, fis);
}

} // namespace vmm::pci_devices
