// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/gdb/registers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

namespace vmm::gdb {

namespace {

using cpu::CpuState;

/// Where a register's bytes are.
enum class Kind { General, Rip, Flags, Selector, Stack, X87, Xmm, Mxcsr, Base, KernelGs, Control };

struct Row {
    std::string name;
    Kind kind;
    size_t index; ///< which of its kind
    size_t bytes;
    std::string_view type;
    std::string_view group; ///< x87 control registers show with "info float"
};

struct Feature {
    std::string_view name;
    size_t first;
};

struct Table {
    std::vector<Row> rows;
    std::vector<Feature> features;
};

void addCore(Table& table)
{
    using R = CpuState;
    constexpr std::array<std::pair<std::string_view, size_t>, 8> kGeneral = {{{"rax", R::Rax},
                                                                              {"rbx", R::Rbx},
                                                                              {"rcx", R::Rcx},
                                                                              {"rdx", R::Rdx},
                                                                              {"rsi", R::Rsi},
                                                                              {"rdi", R::Rdi},
                                                                              {"rbp", R::Rbp},
                                                                              {"rsp", R::Rsp}}};
    constexpr std::array<std::pair<std::string_view, size_t>, 6> kSelectors = {
        {{"cs", R::Cs}, {"ss", R::Ss}, {"ds", R::Ds}, {"es", R::Es}, {"fs", R::Fs}, {"gs", R::Gs}}};
    constexpr std::array<std::string_view, 8> kX87 = {"fctrl", "fstat", "ftag",  "fiseg",
                                                      "fioff", "foseg", "fooff", "fop"};
    auto& rows = table.rows;
    for (const auto& [name, index] : kGeneral) {
        const bool pointer = index == R::Rbp || index == R::Rsp;
        rows.push_back(
            {std::string(name), Kind::General, index, 8, pointer ? "data_ptr" : "int64", {}});
    }
    for (size_t i = R::R8; i <= R::R15; ++i)
        rows.push_back({fmt::format("r{}", i), Kind::General, i, 8, "int64", {}});
    rows.push_back({"rip", Kind::Rip, 0, 8, "code_ptr", {}});
    rows.push_back({"eflags", Kind::Flags, 0, 4, "int32", {}});
    for (const auto& [name, index] : kSelectors)
        rows.push_back({std::string(name), Kind::Selector, index, 4, "int32", {}});
    for (size_t i = 0; i < 8; ++i)
        rows.push_back({fmt::format("st{}", i), Kind::Stack, i, 10, "i387_ext", {}});
    for (size_t i = 0; i < kX87.size(); ++i)
        rows.push_back({std::string(kX87[i]), Kind::X87, i, 4, "int", "float"});
}

void addRest(Table& table)
{
    constexpr std::array<std::string_view, 5> kControl = {"cr0", "cr2", "cr3", "cr4", "cr8"};
    auto& rows = table.rows;
    table.features.push_back({"org.gnu.gdb.i386.sse", rows.size()});
    for (size_t i = 0; i < 16; ++i)
        rows.push_back({fmt::format("xmm{}", i), Kind::Xmm, i, 16, "vec128", {}});
    rows.push_back({"mxcsr", Kind::Mxcsr, 0, 4, "int", "vector"});
    table.features.push_back({"org.gnu.gdb.i386.segments", rows.size()});
    rows.push_back({"fs_base", Kind::Base, CpuState::Fs, 8, "int", {}});
    rows.push_back({"gs_base", Kind::Base, CpuState::Gs, 8, "int", {}});
    table.features.push_back({"org.vitrine.system", rows.size()});
    rows.push_back({"k_gs_base", Kind::KernelGs, 0, 8, "int64", {}});
    for (size_t i = 0; i < kControl.size(); ++i)
        rows.push_back({std::string(kControl[i]), Kind::Control, i, 8, "int64", {}});
    rows.push_back({"efer", Kind::Control, kControl.size(), 8, "int64", {}});
}

const Table& table()
{
    static const Table made = [] {
        Table fresh;
        fresh.features.push_back({"org.gnu.gdb.i386.core", 0});
        addCore(fresh);
        addRest(fresh);
        return fresh;
    }();
    return made;
}

/// The x87 and SSE half of the XSAVE area (SDM volume 1 table 10-2 and section 13.4).
constexpr size_t kStackAt = 32, kXmmAt = 160, kMxcsrAt = 24, kFeaturesAt = 512, kLegacyEnd = 576;
constexpr uint64_t kX87Feature = 1, kSseFeature = 2;
constexpr uint16_t kFreshControl = 0x37f;

bool hasFeature(const CpuState& state, uint64_t feature)
{
    return state.xsave.size() >= kLegacyEnd && (state.xsave[kFeaturesAt] & feature) != 0;
}

template <class T>
T fieldOf(const CpuState& state, size_t at)
{
    T value{};
    if (state.xsave.size() >= kLegacyEnd)
        std::memcpy(&value, state.xsave.data() + at, sizeof value);
    return value;
}

template <class T>
void setField(CpuState& state, size_t at, T value)
{
    std::memcpy(state.xsave.data() + at, &value, sizeof value);
}

/// Before a register of it is written: what is in its initial state gets that written out.
bool materialise(CpuState& state, uint64_t feature)
{
    if (state.xsave.size() < kLegacyEnd)
        return false;
    if (hasFeature(state, feature))
        return true;
    if (feature == kX87Feature) {
        std::fill_n(state.xsave.begin(), kMxcsrAt, uint8_t{0});
        std::fill_n(state.xsave.begin() + kStackAt, kXmmAt - kStackAt, uint8_t{0});
        setField(state, 0, kFreshControl);
    } else {
        std::fill_n(state.xsave.begin() + kXmmAt, 256, uint8_t{0});
    }
    state.xsave[kFeaturesAt] = static_cast<uint8_t>(state.xsave[kFeaturesAt] | feature);
    return true;
}

/// The full tag word has two bits a register, 3 for empty; saved is one bit, 0 for empty.
uint32_t fullTags(uint8_t saved)
{
    uint32_t full = 0;
    for (unsigned i = 0; i < 8; ++i)
        full |= (saved >> i & 1) != 0 ? 0 : 3U << (2 * i);
    return full;
}

uint8_t savedTags(uint64_t full)
{
    unsigned saved = 0;
    for (unsigned i = 0; i < 8; ++i)
        saved |= (full >> (2 * i) & 3) == 3 ? 0 : 1U << i;
    return static_cast<uint8_t>(saved);
}

uint32_t readX87(const CpuState& state, size_t index)
{
    if (!hasFeature(state, kX87Feature))
        return index == 0 ? kFreshControl : index == 2 ? 0xffff : 0;
    switch (index) {
    case 0:
        return fieldOf<uint16_t>(state, 0);
    case 1:
        return fieldOf<uint16_t>(state, 2);
    case 2:
        return fullTags(fieldOf<uint8_t>(state, 4));
    case 4:
        return fieldOf<uint32_t>(state, 8);
    case 6:
        return fieldOf<uint32_t>(state, 16);
    case 7:
        return fieldOf<uint16_t>(state, 6);
    default:
        return 0; // the pointers' segments are not in the 64-bit form
    }
}

bool writeX87(CpuState& state, size_t index, uint64_t value)
{
    if (!materialise(state, kX87Feature))
        return false;
    switch (index) {
    case 0:
        setField(state, 0, static_cast<uint16_t>(value));
        return true;
    case 1:
        setField(state, 2, static_cast<uint16_t>(value));
        return true;
    case 2:
        setField(state, 4, savedTags(value));
        return true;
    case 4:
        setField(state, 8, value);
        return true;
    case 6:
        setField(state, 16, value);
        return true;
    case 7:
        setField(state, 6, static_cast<uint16_t>(value & 0x7ff));
        return true;
    default:
        return true;
    }
}

constexpr uint32_t kKernelGsBase = 0xc000'0102;

template <class State>
auto kernelGs(State& state) -> decltype(state.msrs.data())
{
    for (auto& msr : state.msrs)
        if (msr.index == kKernelGsBase)
            return &msr;
    return nullptr;
}

template <class State>
auto& control(State& state, size_t index)
{
    switch (index) {
    case 0:
        return state.cr0;
    case 1:
        return state.cr2;
    case 2:
        return state.cr3;
    case 3:
        return state.cr4;
    case 4:
        return state.cr8;
    default:
        return state.efer;
    }
}

uint64_t readNumber(const CpuState& state, const Row& row)
{
    switch (row.kind) {
    case Kind::General:
        return state.general[row.index];
    case Kind::Rip:
        return state.rip;
    case Kind::Flags:
        return state.rflags;
    case Kind::Selector:
        return state.segments[row.index].selector;
    case Kind::X87:
        return readX87(state, row.index);
    case Kind::Mxcsr:
        return fieldOf<uint32_t>(state, kMxcsrAt);
    case Kind::Base:
        return state.segments[row.index].base;
    case Kind::KernelGs:
        return kernelGs(state) == nullptr ? 0 : kernelGs(state)->value;
    case Kind::Control:
        return control(state, row.index);
    case Kind::Stack:
    case Kind::Xmm:
        break;
    }
    return 0;
}

/// In real mode the base follows the selector, as a load would have it.
void writeSelector(CpuState& state, size_t index, uint16_t selector)
{
    constexpr uint64_t kVirtual8086 = 1 << 17;
    state.segments[index].selector = selector;
    if ((state.cr0 & 1) == 0 || (state.rflags & kVirtual8086) != 0)
        state.segments[index].base = uint64_t{selector} << 4;
}

bool writeNumber(CpuState& state, const Row& row, uint64_t value)
{
    if (readNumber(state, row) == value)
        return true; // GDB writes all registers to change one
    switch (row.kind) {
    case Kind::General:
        state.general[row.index] = value;
        return true;
    case Kind::Rip:
        state.rip = value;
        return true;
    case Kind::Flags:
        state.rflags = value | 2;
        return true;
    case Kind::Selector:
        writeSelector(state, row.index, static_cast<uint16_t>(value));
        return true;
    case Kind::X87:
        return writeX87(state, row.index, value);
    case Kind::Mxcsr:
        if (!materialise(state, kSseFeature))
            return false;
        setField(state, kMxcsrAt, static_cast<uint32_t>(value & 0xffff));
        return true;
    case Kind::Base:
        state.segments[row.index].base = value;
        return true;
    case Kind::KernelGs:
        if (kernelGs(state) == nullptr)
            return false;
        kernelGs(state)->value = value;
        return true;
    case Kind::Control:
        control(state, row.index) = value;
        return true;
    case Kind::Stack:
    case Kind::Xmm:
        break;
    }
    return false;
}

bool isVector(const Row& row)
{
    return row.kind == Kind::Stack || row.kind == Kind::Xmm;
}

size_t vectorAt(const Row& row)
{
    return (row.kind == Kind::Stack ? kStackAt : kXmmAt) + 16 * row.index;
}

uint64_t featureOf(const Row& row)
{
    return row.kind == Kind::Stack ? kX87Feature : kSseFeature;
}

/// The 128-bit registers' type (the manual's own example of a union).
constexpr std::string_view kVectorType =
    R"(<vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/>)"
    R"(<vector id="v16i8" type="int8" count="16"/><vector id="v4i32" type="int32" count="4"/>)"
    R"(<vector id="v2i64" type="int64" count="2"/><union id="vec128">)"
    R"(<field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>)"
    R"(<field name="v16_int8" type="v16i8"/><field name="v4_int32" type="v4i32"/>)"
    R"(<field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>)";

std::string makeXml()
{
    std::string xml = "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
                      "<target><architecture>i386:x86-64</architecture>";
    const Table& all = table();
    for (size_t f = 0; f < all.features.size(); ++f) {
        const size_t end =
            f + 1 < all.features.size() ? all.features[f + 1].first : all.rows.size();
        xml += fmt::format("<feature name=\"{}\">", all.features[f].name);
        if (all.rows[all.features[f].first].kind == Kind::Xmm)
            xml += kVectorType;
        for (size_t i = all.features[f].first; i < end; ++i) {
            const Row& row = all.rows[i];
            xml += fmt::format("<reg name=\"{}\" bitsize=\"{}\" type=\"{}\" regnum=\"{}\"",
                               row.name, row.bytes * 8, row.type, i);
            xml += row.group.empty() ? "/>" : fmt::format(" group=\"{}\"/>", row.group);
        }
        xml += "</feature>";
    }
    return xml + "</target>";
}

} // namespace

size_t registerCount()
{
    return table().rows.size();
}

size_t registerSize(size_t number)
{
    return table().rows[number].bytes;
}

std::vector<std::byte> readRegister(const CpuState& state, size_t number)
{
    const Row& row = table().rows[number];
    std::vector<std::byte> bytes(row.bytes);
    if (!isVector(row)) {
        const uint64_t value = readNumber(state, row);
        std::memcpy(bytes.data(), &value, row.bytes);
    } else if (hasFeature(state, featureOf(row))) {
        std::memcpy(bytes.data(), state.xsave.data() + vectorAt(row), row.bytes);
    }
    return bytes;
}

bool writeRegister(CpuState& state, size_t number, std::span<const std::byte> value)
{
    const Row& row = table().rows[number];
    if (value.size() != row.bytes)
        return false;
    if (!isVector(row)) {
        uint64_t wide = 0;
        std::memcpy(&wide, value.data(), row.bytes);
        return writeNumber(state, row, wide);
    }
    if (!materialise(state, featureOf(row)))
        return false;
    std::memcpy(state.xsave.data() + vectorAt(row), value.data(), row.bytes);
    return true;
}

const std::string& targetXml()
{
    static const std::string made = makeXml();
    return made;
}

} // namespace vmm::gdb
