// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/spec/forward.h"

#include <arpa/inet.h>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace vmm::spec {

namespace {

Error invalid(std::string_view text, std::string_view problem)
{
    return {ErrorCode::Invalid, fmt::format("forward \"{}\": {}", text.substr(0, 100), problem)};
}

std::optional<uint16_t> parsePort(std::string_view text)
{
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return port;
}

struct Endpoint {
    std::string address; ///< may be empty
    uint16_t port = 0;
};

/// "22", ":22", "10.0.2.15:22", "[::1]:22".
std::optional<Endpoint> parseEndpoint(std::string_view text)
{
    const size_t colon = text.rfind(':');
    const auto port = parsePort(colon == std::string_view::npos ? text : text.substr(colon + 1));
    if (!port)
        return std::nullopt;
    std::string_view address = colon == std::string_view::npos ? "" : text.substr(0, colon);
    const bool bracketed = address.size() >= 2 && address.front() == '[' && address.back() == ']';
    if (bracketed)
        address = address.substr(1, address.size() - 2);
    if ((address.find(':') != std::string_view::npos) != bracketed)
        return std::nullopt;
    return Endpoint{std::string(address), *port};
}

bool isAddress(const std::string& text, bool v6)
{
    in6_addr address{};
    return ::inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), &address) == 1;
}

std::string bracketed(const std::string& address)
{
    return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

} // namespace

Result<Forward> Forward::parse(std::string_view text)
{
    Forward forward;
    std::string_view rest = text;
    if (rest.starts_with("udp:"))
        forward.protocol = Protocol::Udp;
    if (rest.starts_with("udp:") || rest.starts_with("tcp:"))
        rest.remove_prefix(4);
    const size_t dash = rest.find('-');
    const size_t split = dash == std::string_view::npos ? rest.rfind(':') : dash;
    if (split == std::string_view::npos)
        return invalid(text, "say host port and guest port, as in 2222:22");
    const auto host = parseEndpoint(rest.substr(0, split));
    const auto guest = parseEndpoint(rest.substr(split + 1));
    if (!host || !guest)
        return invalid(text, "should read like tcp:127.0.0.1:2222-:22 or 2222:22");
    if (!host->address.empty())
        forward.hostAddress = host->address;
    forward.hostPort = host->port;
    forward.guestAddress = guest->address;
    forward.guestPort = guest->port;
    if (auto checked = checkForward(forward); !checked)
        return invalid(text, checked.error().sentence());
    return forward;
}

std::string Forward::text() const
{
    return fmt::format("{}:{}:{}-{}:{}", protocol == Protocol::Udp ? "udp" : "tcp",
                       bracketed(hostAddress), hostPort, bracketed(guestAddress), guestPort);
}

std::string Forward::hostText() const
{
    return fmt::format("port {} on {}", hostPort, hostAddress);
}

Result<void> checkForward(const Forward& forward)
{
    if (!isAddress(forward.hostAddress, forward.v6()))
        return Error(ErrorCode::Invalid, "the host's address must be written as numbers");
    if (!forward.guestAddress.empty() && !isAddress(forward.guestAddress, forward.v6()))
        return Error(ErrorCode::Invalid,
                     "the guest's address must be of the same kind as the host's, as numbers");
    if (forward.guestPort == 0)
        return Error(ErrorCode::Invalid, "the guest's port cannot be 0");
    return {};
}

} // namespace vmm::spec
