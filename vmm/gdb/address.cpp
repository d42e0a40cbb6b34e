// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/gdb/address.h"

#include <charconv>
#include <fmt/core.h>

namespace vmm::gdb {

namespace {

constexpr size_t kLongestPath = 107; // of sockaddr_un

Error wrong(std::string_view text, std::string_view why)
{
    return {ErrorCode::Invalid, fmt::format("--gdb {}: {}", text, why)};
}

} // namespace

Result<Address> parseAddress(std::string_view text)
{
    constexpr std::string_view kUnix = "unix:";
    constexpr std::string_view kTcp = "tcp:";
    Address address;
    if (text.starts_with(kUnix)) {
        address.path = text.substr(kUnix.size());
        if (address.path.empty() || address.path.size() > kLongestPath)
            return wrong(text, "a socket's path has 1 to 107 characters");
        return address;
    }
    const size_t colon = text.rfind(':');
    if (!text.starts_with(kTcp) || colon < kTcp.size())
        return wrong(text, "choose tcp::PORT, tcp:127.0.0.1:PORT or unix:PATH");
    const std::string_view host = text.substr(kTcp.size(), colon - kTcp.size());
    if (!host.empty() && host != "127.0.0.1" && host != "localhost")
        return wrong(text, "only this computer may debug the machine; use 127.0.0.1");
    const char* end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (status != std::errc{} || rest != end || address.port == 0)
        return wrong(text, "a port is a number from 1 to 65535");
    return address;
}

} // namespace vmm::gdb
