// SPDX-License-Identifier: GPL-3.0-or-later
// A driver of the console device, for tests: its queues and its control messages.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/device/vmm/virtio/virtio_rig.h"
#include "vmm/console/program_end.h"
#include "vmm/virtio/console.h"

namespace tests {

/// A control message as the driver finds it, with what follows it.
struct ControlMessage {
    vmm::virtio::ConsoleControl head;
    std::string rest;
};

/// A console whose ports are parts of this program: port 0 a console, port 1 "org.test.one".
struct ConsoleRig {
    static constexpr uint16_t kSize = 16; ///< entries of each queue
    static constexpr uint32_t kBuffer = 4096;
    static constexpr unsigned kQueues = 2 + 2 * vmm::virtio::Console::kMaxPorts;

    ConsoleRig() : virtio([this](vmm::EventLoop& loop) { return make(loop); })
    {
        for (unsigned i = 0; i < kQueues; ++i)
            queues.emplace_back(*virtio.board.memory, VirtioRig::kRings + 0x1000 * i, kSize);
    }

    vmm::virtio::ConsolePort port(vmm::EventLoop& loop, std::string name, bool console,
                                  std::shared_ptr<vmm::console::ProgramPort>& mine)
    {
        mine = std::move(*vmm::console::ProgramPort::create());
        return {std::move(name), console,
                std::move(*vmm::console::ProgramPort::makeEnd(loop, mine))};
    }
    std::unique_ptr<vmm::virtio::Console> make(vmm::EventLoop& loop)
    {
        std::vector<vmm::virtio::ConsolePort> ports;
        ports.push_back(port(loop, "", true, terminal));
        ports.push_back(port(loop, "org.test.one", false, one));
        return std::move(*vmm::virtio::Console::create(loop, "console", std::move(ports)));
    }
    vmm::virtio::Console& device()
    {
        return static_cast<vmm::virtio::Console&>(virtio.function->device());
    }

    /// Shakes hands and gives the device all queues, and buffers for messages.
    void start(uint64_t features = vmm::virtio::VIRTIO_CONSOLE_F_MULTIPORT)
    {
        CHECK(virtio.driver->negotiate(vmm::virtio::VIRTIO_F_VERSION_1 | features));
        for (unsigned i = 0; i < kQueues; ++i)
            virtio.driver->setQueue(static_cast<uint16_t>(i), queues[i].layout());
        virtio.driver->go();
        if ((features & vmm::virtio::VIRTIO_CONSOLE_F_MULTIPORT) != 0)
            for (uint16_t i = 0; i < kSize; ++i)
                offerInput(vmm::virtio::kConsoleControlInput, i);
    }
    /// Up to where Linux's driver stands with both ports open.
    void open()
    {
        using namespace vmm::virtio;
        start();
        send(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
        for (const uint32_t id : {0U, 1U}) {
            CHECK(waitFor(VIRTIO_CONSOLE_DEVICE_ADD, id).has_value());
            send(id, VIRTIO_CONSOLE_PORT_READY, 1);
            send(id, VIRTIO_CONSOLE_PORT_OPEN, 1);
        }
        CHECK(waitFor(VIRTIO_CONSOLE_PORT_NAME, 1).has_value());
    }

    uint64_t bufferOf(unsigned queue, uint16_t index) const
    {
        return VirtioRig::kData + (uint64_t{queue} * kSize + index) * kBuffer;
    }
    void offerInput(unsigned queue, uint16_t index, uint32_t length = kBuffer)
    {
        queues[queue].offer({{bufferOf(queue, index), length, true}}, index);
        virtio.driver->notify(static_cast<uint16_t>(queue));
    }
    /// Offers `text` in buffer `index` of an output queue.
    void offerOutput(unsigned queue, uint16_t index, std::string_view text)
    {
        CHECK(virtio.board.memory->copyIn(vmm::memory::GuestPhys(bufferOf(queue, index)),
                                          std::as_bytes(std::span(text))));
        queues[queue].offer({{bufferOf(queue, index), static_cast<uint32_t>(text.size()), false}},
                            index);
        virtio.driver->notify(static_cast<uint16_t>(queue));
    }
    /// Sends, and waits until the device has it.
    void output(unsigned queue, std::string_view text)
    {
        offerOutput(queue, 0, text);
        CHECK(VirtioRig::eventually([&] { return queues[queue].collect().has_value(); }));
    }
    void send(uint32_t id, uint16_t event, uint16_t value)
    {
        const vmm::virtio::ConsoleControl message{id, event, value};
        output(vmm::virtio::kConsoleControlOutput,
               {reinterpret_cast<const char*>(&message), sizeof message});
    }
    std::string bytes(uint64_t address, size_t size) const
    {
        std::string text(size, 0);
        CHECK(virtio.board.memory->copyOut(vmm::memory::GuestPhys(address),
                                           std::as_writable_bytes(std::span(text))));
        return text;
    }
    /// What came into an input queue since last time; its buffers are offered again.
    std::string collectInput(unsigned queue)
    {
        std::string text;
        while (const auto used = queues[queue].collect()) {
            const auto index = static_cast<uint16_t>(used->id);
            text += bytes(bufferOf(queue, index), used->length);
            offerInput(queue, index);
        }
        return text;
    }
    /// The next message of this kind for this port; those before it are forgotten.
    std::optional<ControlMessage> waitFor(uint16_t event, uint32_t id)
    {
        std::optional<ControlMessage> found;
        VirtioRig::eventually([&] {
            collectMessages();
            while (!messages.empty() && !found) {
                if (messages.front().head.event == event && messages.front().head.port == id)
                    found = messages.front();
                messages.pop_front();
            }
            return found.has_value();
        });
        return found;
    }
    void collectMessages()
    {
        constexpr unsigned kQueue = vmm::virtio::kConsoleControlInput;
        while (const auto used = queues[kQueue].collect()) {
            ControlMessage message;
            const auto index = static_cast<uint16_t>(used->id);
            const std::string text = bytes(bufferOf(kQueue, index), used->length);
            CHECK(text.size() >= sizeof message.head);
            std::memcpy(&message.head, text.data(), sizeof message.head);
            message.rest = text.substr(sizeof message.head);
            messages.push_back(message);
            offerInput(kQueue, index);
        }
    }
    /// `size` bytes of what the guest sent to `port`.
    static std::string readPort(vmm::console::ProgramPort& port, size_t size)
    {
        std::string text;
        VirtioRig::eventually([&] {
            char piece[512];
            const size_t got = port.read(std::as_writable_bytes(std::span(piece))
                                             .first(std::min(sizeof piece, size - text.size())));
            text.append(piece, got);
            return text.size() == size;
        });
        return text;
    }

    std::shared_ptr<vmm::console::ProgramPort> terminal;
    std::shared_ptr<vmm::console::ProgramPort> one;
    std::deque<ControlMessage> messages;
    VirtioRig virtio;
    std::vector<VirtqueueDriver> queues;
};

} // namespace tests
