// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: everything a driver can do to the socket device, hostile saved states, and host
// programs that connect, talk, refuse to read and leave.
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fuzz/vmm/virtio/device_guest.h"
#include "vmm/console/unix_socket.h"
#include "vmm/virtio/vsock.h"

namespace {

using namespace vmm;
using namespace vmm::virtio;

constexpr uint32_t kHostPort = 7;
constexpr uint64_t kCid = 3;

/// A folder for the sockets of this process, removed with it.
class Folder {
public:
    Folder()
    {
        std::signal(SIGPIPE, SIG_IGN); // as the program does
        std::string name = std::filesystem::temp_directory_path() / "vsock-fuzz-XXXXXX";
        CHECK(::mkdtemp(name.data()) != nullptr);
        m_path = name;
    }
    ~Folder()
    {
        std::error_code error;
        std::filesystem::remove_all(m_path, error);
    }
    std::string socket() const { return m_path + "/s"; }

private:
    std::string m_path;
};

const Folder& folder()
{
    static const Folder made;
    return made;
}

/// The programs of the host.
class Host {
public:
    Host() : m_listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = folder().socket() + "_" + std::to_string(kHostPort);
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ::unlink(path.c_str());
        CHECK(::bind(m_listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        CHECK(::listen(m_listener.get(), 8) == 0);
    }
    void act(fuzz::Action action)
    {
        constexpr std::array<const char*, 4> kLines{"CONNECT 9\n", "CONNECT 9\nand more", "CONN",
                                                    "GET /\n"};
        const size_t which = m_programs.empty() ? 0 : action[2] % m_programs.size();
        switch (action[1] % 6) {
        case 0:
            if (auto fd = console::connectUnix(folder().socket())) {
                m_programs.push_back(*std::move(fd));
                say(m_programs.back(), kLines[action[2] % kLines.size()]);
            }
            break;
        case 1: {
            const int fd =
                ::accept4(m_listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0)
                m_programs.emplace_back(fd);
            break;
        }
        case 2:
            if (!m_programs.empty())
                say(m_programs[which], std::string(action[3] * 64U, 'h'));
            break;
        case 3:
            if (!m_programs.empty()) {
                std::array<char, 65536> bytes{};
                static_cast<void>(::recv(m_programs[which].get(), bytes.data(), bytes.size(), 0));
            }
            break;
        case 4:
            if (!m_programs.empty())
                ::shutdown(m_programs[which].get(), action[3] % 3);
            break;
        default:
            if (!m_programs.empty())
                m_programs.erase(m_programs.begin() + static_cast<std::ptrdiff_t>(which));
            break;
        }
        if (m_programs.size() > 64)
            m_programs.clear();
    }

private:
    static void say(const UniqueFd& fd, const std::string& text)
    {
        static_cast<void>(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL));
    }
    UniqueFd m_listener;
    std::vector<UniqueFd> m_programs;
};

/// A packet that makes sense for the most part, and a buffer for the answer.
void sendPacket(fuzz::DeviceGuest<Vsock>& guest, fuzz::Action action)
{
    VsockHeader header;
    header.sourceCid = action[1] == 0xff ? action[2] : kCid;
    header.destinationCid = action[1] == 0xfe ? action[2] : VMADDR_CID_HOST;
    header.sourcePort = action[3] % 4 == 3 ? 9 : action[3] % 4U;
    header.destinationPort = action[4] % 4 == 3 ? (1U << 30) + action[5] % 4U : kHostPort;
    header.length = action[6] % 8 == 7 ? loadLe<uint32_t>(&action[7]) : action[7] * 14U;
    header.type = action[1] == 0xfd ? action[2] : VIRTIO_VSOCK_TYPE_STREAM;
    header.operation = action[11] % 9;
    header.flags = action[12] % 5U;
    header.bufferSize = action[13] % 4 == 0 ? loadLe<uint32_t>(&action[12]) : 1U << 16;
    header.forwarded = action[14] % 4 == 0 ? loadLe<uint32_t>(&action[12]) : action[15] * 16U;
    guest.offer(kVsockInput, action[2] + 32U, 4096, true);
    guest.place(action[2] % 32U, std::as_bytes(std::span(&header, 1)));
    guest.offer(kVsockOutput, action[2] % 32U,
                44 + (header.length <= 4000 ? header.length : action[8]), false);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    Host host;
    fuzz::DeviceGuest<Vsock> guest(
        std::move(*Vsock::create(fuzz::loop(), "vsock", kCid, folder().socket())));
    return fuzz::runActions(data, size, [&](fuzz::Action action) {
        if (guest.act(action))
            return;
        if (action[0] % 16 < 12)
            sendPacket(guest, action);
        else
            host.act(action);
    });
}
