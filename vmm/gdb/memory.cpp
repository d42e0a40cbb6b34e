// SPDX-License-Identifier: GPL-3.0-or-later
// The session's memory accesses: m, M and X.
#include <algorithm>
#include <array>

#include "vmm/base/bits.h"
#include "vmm/gdb/page_walk.h"
#include "vmm/gdb/server.h"

namespace vmm::gdb {

namespace {

constexpr uint64_t kPage = 4096;
constexpr const char* kWrong = "E16";
constexpr const char* kNotThere = "E0e";

/// Bytes from `address` to the end of its page, at most `size`.
size_t inPage(uint64_t address, uint64_t size)
{
    return static_cast<size_t>(std::min(size, kPage - address % kPage));
}

} // namespace

std::optional<uint64_t> Server::physical(const cpu::CpuState& state, uint64_t address)
{
    if (m_physicalMode)
        return address;
    return translate(state, address, [this](uint64_t at, unsigned size) {
        std::array<std::byte, 8> bytes{};
        const auto read = m_target.readPhysical(at, std::span(bytes).first(size));
        return read ? std::optional(loadLe<uint64_t>(bytes.data())) : std::nullopt;
    });
}

std::string Server::memory(char command, std::string_view rest)
{
    const auto address = takeNumber(rest);
    if (!address || !takePrefix(rest, ","))
        return kWrong;
    const auto size = takeNumber(rest);
    if (!size)
        return kWrong;
    if (command == 'm')
        return readMemory(*address, std::min<uint64_t>(*size, kMaxPayload / 2));
    if (!takePrefix(rest, ":"))
        return kWrong;
    std::vector<std::byte> bytes;
    if (command == 'X') {
        const auto raw = std::as_bytes(std::span(rest.data(), rest.size()));
        bytes.assign(raw.begin(), raw.end());
    } else if (auto decoded = fromHex(rest)) {
        bytes = std::move(*decoded);
    } else {
        return kWrong;
    }
    return bytes.size() == *size ? writeMemory(*address, bytes) : kWrong;
}

/// As much as there is in one piece.
std::string Server::readMemory(uint64_t address, uint64_t size)
{
    const auto state = m_target.readState(m_cpu);
    if (!state)
        return kWrong;
    std::vector<std::byte> bytes(size);
    size_t done = 0;
    while (done < size) {
        const size_t part = inPage(address + done, size - done);
        const auto at = physical(*state, address + done);
        if (!at || !m_target.readPhysical(*at, std::span(bytes).subspan(done, part)))
            break;
        done += part;
    }
    return done == 0 && size != 0 ? kNotThere : toHex(std::span(bytes).first(done));
}

std::string Server::writeMemory(uint64_t address, const std::vector<std::byte>& bytes)
{
    const auto state = m_target.readState(m_cpu);
    if (!state)
        return kWrong;
    for (size_t done = 0; done < bytes.size();) {
        const size_t part = inPage(address + done, bytes.size() - done);
        const auto at = physical(*state, address + done);
        if (!at || !m_target.writePhysical(*at, std::span(bytes).subspan(done, part)))
            return kNotThere;
        done += part;
    }
    return "OK";
}

} // namespace vmm::gdb
