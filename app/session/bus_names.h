// SPDX-License-Identifier: GPL-3.0-or-later
// Names of a running machine on the session bus (D-Bus Specification 0.41, "Valid Names").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vmm/base/result.h"

namespace app::session {

constexpr const char* kBusPrefix = "org.vitrine.Vitrine.Machine.";
constexpr const char* kObjectPath = "/org/vitrine/Machine1";
constexpr const char* kInterface = "org.vitrine.Machine1";
constexpr const char* kErrorPrefix = "org.vitrine.Error.";

/// The bus name of the machine `name`: letters and digits as they are, any other byte and a leading
/// digit as `_` and two hexadecimal digits. Different names give different bus names.
std::string busNameFor(std::string_view name);

/// The machine's name out of a bus name; nothing when it is not one busNameFor() made.
std::optional<std::string> machineNameOf(std::string_view busName);

/// "org.vitrine.Error.NotFound" and so on.
std::string errorName(vmm::ErrorCode code);

/// `text` fit for a D-Bus string: bytes that are not UTF-8 become U+FFFD, a NUL ends it.
std::string validUtf8(std::string_view text);

} // namespace app::session
