// SPDX-License-Identifier: GPL-3.0-or-later
// The description inside an appliance (DSP0243, OVF 1.1 and 2.1).
#pragma once

#include <string>
#include <string_view>

#include "app/import/appliance.h"
#include "vmm/base/result.h"

namespace app::import {

constexpr size_t kMaxOvfBytes = size_t{2} << 20; // real ones have some 10 KiB

/// Reads the XML. No document type, entities, names that leave the archive, or pieces; one machine.
/// Sentences do not name the file. Pure; any thread.
vmm::Result<Appliance> parseOvf(std::string_view xml);

/// Whether `name` is that of a file directly inside an archive or folder.
bool isPlainName(std::string_view name);

/// How many bytes one of these units has: "byte * 2^20" (DSP0004 annex C), "MegaBytes", "GB"; 0
/// when it is none.
uint64_t bytesPerUnit(std::string_view units);

} // namespace app::import
