// SPDX-License-Identifier: GPL-3.0-or-later
// A port's end on a loop, used as a device uses it, and both sides of descriptors for tests.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>

#include "vmm/base/check.h"
#include "vmm/base/on_loop.h"
#include "vmm/console/byte_end.h"

namespace tests {

/// The bytes of `text`.
inline std::span<const std::byte> bytesOf(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

/// Waits until `ready()`, for ten seconds at most.
inline bool eventually(const std::function<bool()>& ready)
{
    for (int i = 0; i < 10'000; ++i) {
        if (ready())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

/// `size` bytes from `fd`, or fewer when nothing comes for five seconds.
inline std::string readSome(int fd, size_t size)
{
    std::string text;
    pollfd wait{fd, POLLIN, 0};
    while (text.size() < size && ::poll(&wait, 1, 5000) > 0) {
        char piece[4096];
        const ssize_t got = ::read(fd, piece, std::min(sizeof piece, size - text.size()));
        if (got <= 0)
            break;
        text.append(piece, static_cast<size_t>(got));
    }
    return text;
}

/// Bytes that do not repeat soon.
inline std::string pattern(size_t size)
{
    std::string text(size, 0);
    uint32_t state = 1;
    for (char& c : text) {
        state = state * 1'664'525 + 1'013'904'223;
        c = static_cast<char>(state >> 24);
    }
    return text;
}

/// A port that sends what it was told to and keeps what came.
struct EndRig {
    /// What `function` says on the loop.
    template <class F>
    auto on(F function)
    {
        decltype(function()) value{};
        vmm::onLoop(*loop, [&] { value = function(); });
        return value;
    }

    EndRig() : loop(std::move(*vmm::EventLoop::create("end-test"))) {}
    ~EndRig() { drop(); }

    void use(std::unique_ptr<vmm::console::ByteEnd> fresh)
    {
        vmm::onLoop(*loop, [&] {
            end = std::move(fresh);
            end->listen([this] { pump(); });
            pump();
        });
    }
    void drop()
    {
        vmm::onLoop(*loop, [&] { end.reset(); });
    }
    void send(std::string_view text)
    {
        vmm::onLoop(*loop, [&] {
            toSend += text;
            pump();
        });
    }
    /// How many more bytes the port takes.
    void allow(size_t bytes)
    {
        vmm::onLoop(*loop, [&] {
            room = bytes;
            pump();
        });
    }
    bool connected()
    {
        return on([&] { return end->connected(); });
    }
    std::string received()
    {
        return on([&] { return came; });
    }
    size_t unsent()
    {
        return on([&] { return toSend.size(); });
    }

    std::unique_ptr<vmm::EventLoop> loop;
    std::unique_ptr<vmm::console::ByteEnd> end; ///< on the loop
    std::atomic<unsigned> calls{0};

private:
    void pump()
    {
        ++calls;
        while (!toSend.empty()) {
            const size_t taken = end->write(bytesOf(toSend));
            toSend.erase(0, taken);
            if (taken == 0)
                break;
        }
        char piece[512];
        while (room > 0) {
            const size_t got = end->read(
                std::as_writable_bytes(std::span(piece)).first(std::min(room, sizeof piece)));
            if (got == 0)
                break;
            came.append(piece, got);
            room -= got;
        }
    }
    std::string toSend;
    std::string came;
    size_t room = SIZE_MAX;
};

} // namespace tests
