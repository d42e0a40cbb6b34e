// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/serial_backend.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vmm/base/on_loop.h"
#include "vmm/console/file_end.h"
#include "vmm/console/pty_end.h"

namespace vmm::machine {

namespace {

constexpr size_t kPiece = 16384;
constexpr long kRetryNs = 10'000'000; // a guest that does not fetch is asked again, nothing is lost

Result<std::unique_ptr<console::ByteEnd>> makeEnd(EventLoop& loop, spec::SerialKind kind,
                                                  const std::string& path)
{
    std::unique_ptr<console::ByteEnd> end;
    if (kind == spec::SerialKind::Stdio)
        end = TRY(console::FileEnd::createStdio(loop));
    else if (kind == spec::SerialKind::Pty)
        end = TRY(console::PtyEnd::create(loop));
    else
        end = TRY(console::FileEnd::create(loop, path));
    return end;
}

} // namespace

Result<std::unique_ptr<SerialBackend>> SerialBackend::create(spec::SerialKind kind,
                                                             const std::string& path)
{
    UniqueFd retry(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!retry.valid())
        return Error::fromErrno("timerfd_create", errno);
    std::unique_ptr<SerialBackend> backend(
        new SerialBackend(TRY(EventFd::create()), std::move(retry)));
    backend->m_loop = TRY(EventLoop::create("serial"));
    backend->m_end = TRY(makeEnd(*backend->m_loop, kind, path));
    TRY(backend->watch());
    return backend;
}

Result<void> SerialBackend::watch()
{
    m_wakeWatch = TRY(FdWatch::create(*m_loop, m_wake.fd(), [this] {
        m_wake.drain();
        m_wakeWatch.arm(FdWatch::kReadable);
        output();
    }));
    m_retryWatch = TRY(FdWatch::create(*m_loop, m_retry.get(), [this] {
        uint64_t expirations = 0;
        [[maybe_unused]] const ssize_t got =
            ::read(m_retry.get(), &expirations, sizeof expirations);
        m_retryWatch.arm(FdWatch::kReadable);
        input();
    }));
    onLoop(*m_loop, [this] {
        m_wakeWatch.arm(FdWatch::kReadable);
        m_retryWatch.arm(FdWatch::kReadable);
        m_end->listen([this] { pump(); });
    });
    return {};
}

SerialBackend::~SerialBackend()
{
    if (m_loop == nullptr || m_end == nullptr)
        return;
    onLoop(*m_loop, [this] {
        {
            MutexLock lock(m_mutex);
            m_piece.assign(m_pending.front().begin(), m_pending.front().end());
        }
        m_end->finish(m_piece);
        m_end.reset(); // which writes what fits
    });
}

void SerialBackend::connect(console::ByteReceiver& receiver)
{
    onLoop(*m_loop, [&] {
        m_receiver = &receiver;
        input();
    });
}

void SerialBackend::disconnect()
{
    onLoop(*m_loop, [this] { m_receiver = nullptr; });
}

void SerialBackend::writeBytes(std::span<const std::byte> bytes)
{
    size_t taken = 0;
    bool first = false;
    {
        MutexLock lock(m_mutex);
        first = m_pending.empty();
        taken = m_pending.push(bytes);
    }
    m_dropped.fetch_add(bytes.size() - taken, std::memory_order_relaxed);
    if (first)
        m_wake.signal(); // else the loop is at it, or waits for the end
}

void SerialBackend::pump()
{
    output();
    input();
}

/// As much as the end takes, with the mutex free while it does.
void SerialBackend::output()
{
    for (;;) {
        {
            MutexLock lock(m_mutex);
            const auto front = m_pending.front().first(std::min(kPiece, m_pending.size()));
            m_piece.assign(front.begin(), front.end());
        }
        const size_t taken = m_end->write(m_piece);
        if (taken == 0)
            return;
        MutexLock lock(m_mutex);
        m_pending.pop(taken);
    }
}

void SerialBackend::input()
{
    std::array<std::byte, 256> bytes{};
    while (m_receiver != nullptr) {
        if (m_typed.empty())
            m_typed.push(std::span(bytes).first(m_end->read(bytes)));
        if (m_typed.empty())
            return; // the end tells when something comes
        const auto ready =
            m_typed.front().first(std::min(m_typed.size(), m_receiver->receiveSpace()));
        if (ready.empty()) {
            const itimerspec soon{{0, 0}, {0, kRetryNs}};
            ::timerfd_settime(m_retry.get(), 0, &soon, nullptr);
            return;
        }
        m_receiver->receiveBytes(ready);
        m_typed.pop(ready.size());
    }
}

} // namespace vmm::machine
