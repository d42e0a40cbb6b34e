// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the debugger's side of the GDB protocol: raw bytes, and lines that become packets. A stop
// comes in between whenever the machine runs.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/support/fake_debuggee.h"
#include "vmm/base/check.h"
#include "vmm/gdb/server.h"

using namespace vmm;

/// The first byte says whether the rest is the stream itself or packets' texts, one a line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size == 0)
        return 0;
    tests::FakeDebuggee machine;
    gdb::Server server(machine);
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const bool raw = data[0] % 2 == 0;
    while (!rest.empty() && !server.over()) {
        const std::string_view part = rest.substr(0, raw ? 64 : rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), part.size() + (raw ? 0 : 1)));
        const std::string answer = server.receive(raw ? std::string(part) : gdb::packetOf(part));
        CHECK(answer.size() <= 64 * 5 * gdb::kMaxPayload);
        if (server.running())
            CHECK(!server.stopped(1, {cpu::DebugHit::Kind::Watchpoint, 0x1234}).empty());
    }
    server.detach();
    return 0;
}
