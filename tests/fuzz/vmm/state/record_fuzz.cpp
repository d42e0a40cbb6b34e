// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes saved records: the CBOR reader, and structs of several shapes loaded from what it accepts.
#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/base/check.h"
#include "vmm/chipset/hpet.h"
#include "vmm/chipset/i8042.h"
#include "vmm/chipset/ich9_smbus.h"
#include "vmm/chipset/q35_host.h"
#include "vmm/chipset/rtc.h"
#include "vmm/chipset/uart16550.h"
#include "vmm/cpu/cpu_state.h"
#include "vmm/spec/machine_spec.h"
#include "vmm/state/state.h"

using namespace vmm;

namespace {

/// The record as an S whatever its name and version say; what loads is saved and loads again.
template <class S>
void loadAs(state::Record record)
{
    record.name = S::kTag.name;
    if (record.version > S::kTag.version || record.version < S::kTag.oldest)
        record.version = S::kTag.version;
    const auto loaded = state::load<S>(record);
    if (!loaded) {
        CHECK(!loaded.error().sentence().empty());
        return;
    }
    const auto bytes = state::encode(state::save(*loaded));
    const auto decoded = state::decode(bytes);
    CHECK(decoded.has_value() && state::load<S>(*decoded).has_value());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const auto record = state::decode(std::as_bytes(std::span(data, size)));
    if (!record) {
        CHECK(!record.error().sentence().empty());
        return 0;
    }
    // What the reader accepts has one form, which it accepts again.
    const auto bytes = state::encode(*record);
    const auto again = state::decode(bytes);
    CHECK(again.has_value() && state::encode(*again) == bytes);
    loadAs<spec::MachineSpec>(*record);
    loadAs<cpu::CpuState>(*record);
    loadAs<chipset::HpetState>(*record);
    loadAs<chipset::I8042State>(*record);
    loadAs<chipset::Ich9SmbusState>(*record);
    loadAs<chipset::Q35HostState>(*record);
    loadAs<chipset::RtcState>(*record);
    loadAs<chipset::UartState>(*record);
    return 0;
}
