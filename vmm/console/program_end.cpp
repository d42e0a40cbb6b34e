// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/console/program_end.h"

namespace vmm::console {

/// The device's half. Tells the other half at once: both are quick.
class ProgramEnd final : public ByteEnd {
public:
    explicit ProgramEnd(std::shared_ptr<ProgramPort> port) : m_port(std::move(port)) {}

    Result<void> watch(EventLoop& loop)
    {
        m_watch = TRY(FdWatch::create(loop, m_port->m_news.fd(), [this] {
            m_port->m_news.drain();
            m_watch.arm(FdWatch::kReadable);
            tell();
        }));
        m_watch.arm(FdWatch::kReadable);
        return {};
    }
    bool connected() const override { return m_port->m_connected; }
    size_t write(std::span<const std::byte> bytes) override
    {
        if (!connected())
            return 0;
        size_t taken = 0;
        {
            MutexLock lock(m_port->m_mutex);
            taken = m_port->m_fromGuest.push(bytes);
        }
        if (taken != 0 && m_port->m_changed)
            m_port->m_changed();
        return taken;
    }
    size_t read(std::span<std::byte> to) override
    {
        size_t taken = 0;
        {
            MutexLock lock(m_port->m_mutex);
            taken = m_port->m_toGuest.take(to);
        }
        if (taken != 0 && m_port->m_changed)
            m_port->m_changed();
        return taken;
    }

private:
    std::shared_ptr<ProgramPort> m_port;
    FdWatch m_watch;
};

Result<std::shared_ptr<ProgramPort>> ProgramPort::create()
{
    return std::shared_ptr<ProgramPort>(new ProgramPort(TRY(EventFd::create())));
}

Result<std::unique_ptr<ByteEnd>> ProgramPort::makeEnd(EventLoop& loop,
                                                      std::shared_ptr<ProgramPort> port)
{
    auto end = std::make_unique<ProgramEnd>(std::move(port));
    TRY(end->watch(loop));
    return std::unique_ptr<ByteEnd>(std::move(end));
}

void ProgramPort::setConnected(bool connected)
{
    m_connected = connected;
    m_news.signal();
}

size_t ProgramPort::write(std::span<const std::byte> bytes)
{
    size_t taken = 0;
    {
        MutexLock lock(m_mutex);
        taken = m_toGuest.push(bytes);
    }
    m_news.signal();
    return taken;
}

size_t ProgramPort::read(std::span<std::byte> to)
{
    size_t taken = 0;
    {
        MutexLock lock(m_mutex);
        taken = m_fromGuest.take(to);
    }
    m_news.signal(); // there is room again
    return taken;
}

} // namespace vmm::console
