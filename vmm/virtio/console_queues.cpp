// SPDX-License-Identifier: GPL-3.0-or-later
// The console device: what goes through its queues. Virtio 1.2 section 5.3.6.
#include <algorithm>

#include "vmm/virtio/console.h"

namespace vmm::virtio {

namespace {

constexpr uint64_t kRoundBytes = uint64_t{256} << 10; // of one port before others have their turn

} // namespace

/// Takes the next request of `queue` into m_chain.
bool Console::popped(Queue& queue)
{
    const auto popped = queue.pop(m_chain);
    if (!popped)
        fail(popped.error());
    return popped && *popped;
}

void Console::fail(const Error& reason)
{
    m_broken = true;
    m_host->needsReset(reason);
}

/// The driver is to notify of more; when some came already they have their turn later.
Console::Round Console::askForMore(Queue& queue) const
{
    return !m_broken && queue.enableNotification() ? Round::More : Round::Done;
}

void Console::publish(unsigned index)
{
    if (m_queues[index]->publish())
        m_host->interruptQueue(index);
}

// --- what the guest sends ---

/// Takes requests until the end is full: the rest waits in the queue.
Console::Round Console::output(unsigned port)
{
    const unsigned index = consoleOutputQueue(port);
    Queue* const queue = this->queue(index);
    if (queue == nullptr)
        return Round::Done;
    uint64_t budget = kRoundBytes;
    bool blocked = false;
    unsigned served = 0;
    while (served < kQueueSize && budget > 0 && !blocked && popped(*queue)) {
        blocked = !outputRequest(port, budget);
        if (blocked) {
            queue->unpop(1);
            continue;
        }
        m_ports[port].state.taken = 0;
        queue->push(m_chain.head(), 0);
        ++served;
    }
    publish(index);
    if (blocked)
        return budget == 0 ? Round::More : Round::Done; // endChanged() comes
    return askForMore(*queue);
}

/// False: some of m_chain is left, because the end is full or the budget used up.
bool Console::outputRequest(unsigned portIndex, uint64_t& budget)
{
    Port& port = m_ports[portIndex];
    uint64_t& taken = port.state.taken;
    ChainCursor cursor(m_chain.readable());
    if (!cursor.skip(taken)) // the driver changed it meanwhile
        return true;
    while (cursor.left() > 0) {
        if (port.end == nullptr || (port.state.console && !port.end->connected())) {
            m_dropped.fetch_add(cursor.left(), std::memory_order_relaxed);
            budget -= std::min(budget, cursor.left());
            return true;
        }
        if (budget == 0)
            return false;
        const auto piece = std::span(m_buffer).first(
            static_cast<size_t>(std::min({uint64_t{m_buffer.size()}, cursor.left(), budget})));
        cursor.copyOut(piece);
        const size_t put = port.end->write(piece);
        taken += put;
        budget -= put;
        if (put < piece.size() && (port.end->connected() || !port.state.console))
            return false;
    }
    return true;
}

// --- what the guest gets ---

Console::Round Console::input(unsigned portIndex)
{
    const unsigned index = consoleInputQueue(portIndex);
    Queue* const queue = this->queue(index);
    Port& port = m_ports[portIndex];
    if (queue == nullptr || port.end == nullptr || (multiport() && !port.state.guestOpen))
        return Round::Done;
    unsigned served = 0;
    bool empty = false; // nothing has come
    for (; served < kQueueSize && !empty; ++served) {
        if (!popped(*queue))
            break;
        const auto piece = std::span(m_buffer).first(
            static_cast<size_t>(std::min<uint64_t>(m_buffer.size(), m_chain.writableSize())));
        const size_t got = piece.empty() ? 0 : port.end->read(piece);
        empty = got == 0 && !piece.empty();
        if (empty) {
            queue->unpop(1);
            continue;
        }
        ChainCursor cursor(m_chain.writable());
        cursor.copyIn(piece.first(got));
        queue->push(m_chain.head(), static_cast<uint32_t>(got));
    }
    publish(index);
    if (empty)
        return Round::Done; // endChanged() comes
    return askForMore(*queue);
}

// --- control messages ---

Console::Round Console::takeControl()
{
    Queue* const queue = this->queue(kConsoleControlOutput);
    if (queue == nullptr || !multiport())
        return Round::Done;
    for (unsigned served = 0; served < kQueueSize && popped(*queue); ++served) {
        ConsoleControl message;
        ChainCursor cursor(m_chain.readable());
        const bool whole = cursor.read(message);
        queue->push(m_chain.head(), 0);
        if (whole)
            handleControl(message);
    }
    publish(kConsoleControlOutput);
    if (sendOwed() == Round::More)
        m_wake.signal();
    return askForMore(*queue);
}

void Console::handleControl(const ConsoleControl& message)
{
    if (message.event == VIRTIO_CONSOLE_DEVICE_READY) {
        m_driverReady = message.value != 0;
        for (Port& port : m_ports)
            if (m_driverReady && port.end != nullptr && !port.state.announced)
                port.state.owed |= kAdd;
        return;
    }
    if (message.port >= kMaxPorts || !m_ports[message.port].state.announced)
        return;
    ConsoleState::Port& port = m_ports[message.port].state;
    if (message.event == VIRTIO_CONSOLE_PORT_READY) {
        port.ready = message.value != 0;
        port.hostOpen = false;
        port.owed &= kRemove | kAdd;
        if (!port.ready)
            return;
        port.owed |= static_cast<uint8_t>((port.console ? kConsole : 0) |
                                          (port.columns != 0 && port.rows != 0 ? kSize : 0) |
                                          (port.name.empty() ? 0 : kName));
        noteConnection(message.port);
    } else if (message.event == VIRTIO_CONSOLE_PORT_OPEN) {
        port.guestOpen = message.value != 0;
        if (port.guestOpen && input(message.port) == Round::More) {
            m_more |= 1U << message.port;
            m_wake.signal();
        }
    }
}

Console::Round Console::sendOwed()
{
    constexpr std::array kOrder{kRemove, kAdd, kConsole, kSize, kName, kOpen};
    Queue* const queue = this->queue(kConsoleControlInput);
    if (queue == nullptr || !multiport())
        return Round::Done;
    bool room = true;
    for (unsigned i = 0; i < kMaxPorts && room; ++i)
        for (const Owed what : kOrder)
            room = room && ((m_ports[i].state.owed & what) == 0 || sendMessage(i, what));
    publish(kConsoleControlInput);
    return room ? Round::Done : askForMore(*queue);
}

/// False: the driver has no buffer, or broke the rules.
bool Console::sendMessage(unsigned index, Owed what)
{
    ConsoleState::Port& port = m_ports[index].state;
    if (!popped(*m_queues[kConsoleControlInput]))
        return false;
    ConsoleControl message{index, VIRTIO_CONSOLE_DEVICE_REMOVE, 1};
    const ConsoleResize size{port.columns, port.rows};
    std::span<const std::byte> rest;
    switch (what) {
    case kAdd:
        message.event = VIRTIO_CONSOLE_DEVICE_ADD;
        port.announced = true;
        break;
    case kConsole:
        message.event = VIRTIO_CONSOLE_CONSOLE_PORT;
        break;
    case kSize:
        message.event = VIRTIO_CONSOLE_RESIZE;
        rest = std::as_bytes(std::span(&size, 1));
        break;
    case kName:
        message.event = VIRTIO_CONSOLE_PORT_NAME;
        rest = std::as_bytes(std::span(port.name));
        break;
    case kOpen:
        message.event = VIRTIO_CONSOLE_PORT_OPEN;
        port.hostOpen = m_ports[index].end != nullptr && m_ports[index].end->connected();
        message.value = port.hostOpen ? 1 : 0;
        break;
    default:
        break;
    }
    port.owed &= static_cast<uint8_t>(~what);
    ChainCursor cursor(m_chain.writable());
    const bool fits = cursor.write(message) && cursor.copyIn(rest);
    if (!fits)
        fail(Error(ErrorCode::Invalid, "a buffer too small for a control message"));
    m_queues[kConsoleControlInput]->push(m_chain.head(),
                                         static_cast<uint32_t>(sizeof message + rest.size()));
    return fits;
}

} // namespace vmm::virtio
