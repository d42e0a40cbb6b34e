// SPDX-License-Identifier: GPL-3.0-or-later
// A byte sink that keeps what it got.
#pragma once

#include <span>
#include <string>

#include "vmm/console/byte_stream.h"

namespace tests {

struct ByteRecorder final : vmm::console::ByteSink {
    void writeBytes(std::span<const std::byte> bytes) override
    {
        for (const std::byte byte : bytes)
            text.push_back(static_cast<char>(byte));
    }
    std::string text;
};

} // namespace tests
