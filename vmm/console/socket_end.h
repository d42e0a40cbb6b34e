// SPDX-License-Identifier: GPL-3.0-or-later
// A listening Unix socket as the host's end of a port: one client at a time.
#pragma once

#include <memory>

#include "vmm/console/byte_end.h"
#include "vmm/console/unix_socket.h"

namespace vmm::console {

/// Connected while a client is. A second one is turned away. A client that closes only its sending
/// side still gets what the guest says.
class SocketEnd final : public ByteEnd {
public:
    /// As UnixListener::create().
    static Result<std::unique_ptr<SocketEnd>> create(EventLoop& loop, const std::string& path);

    bool connected() const override { return m_client.valid(); }
    size_t write(std::span<const std::byte> bytes) override;
    size_t read(std::span<std::byte> to) override;
    std::string path() const override { return m_listener->path(); }

private:
    explicit SocketEnd(EventLoop& loop) : m_loop(loop) {}
    void accepted(UniqueFd client);
    void ready();
    void drop();

    EventLoop& m_loop;
    UniqueFd m_client;
    FdWatch m_watch; ///< of the client
    bool m_inputEnded = false;
    std::unique_ptr<UnixListener> m_listener;
};

} // namespace vmm::console
