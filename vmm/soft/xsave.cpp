// SPDX-License-Identifier: GPL-3.0-or-later
// Saving and restoring x87, SSE and AVX state (SDM volume 1 sections 10.5, 13.4 to 13.11).
#include "vmm/soft/xsave.h"

#include <algorithm>

#include "vmm/soft/native.h"
#include "vmm/soft/xsave_components.h"

namespace vmm::soft {

namespace {

using x87::Image;

constexpr unsigned kLegacySize = 512;
constexpr unsigned kHeader = 512;
constexpr unsigned kAvxOffset = 576; // both formats: the first component after the header
constexpr unsigned kAvxSize = 256;
constexpr unsigned kAreaSize = kAvxOffset + kAvxSize;
constexpr unsigned kStateSize = 4096; // of a saved machine's area
constexpr uint32_t kMxcsrReset = 0x1f80;
constexpr uint64_t kX87 = 1, kSse = 2, kAvx = 4;
constexpr uint64_t kCompacted = uint64_t{1} << 63;

using Area = std::array<uint8_t, kAreaSize>;

uint64_t word(const uint8_t* from)
{
    uint64_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
}

uint32_t mxcsrAt(const uint8_t* fx)
{
    return static_cast<uint32_t>(word(fx + VectorState::kMxcsr));
}

void setMxcsr(VectorState& vector, uint32_t value)
{
    std::memcpy(vector.fx.data() + VectorState::kMxcsr, &value, sizeof value);
}

// XMM0-7 outside 64-bit mode.
unsigned xmmBytes(bool long64)
{
    return long64 ? 256 : 128;
}

// The x87 part as memory has it; without `wide` pointers are 32 bits and a selector, which is 0.
Image outgoing(const VectorState& vector, bool wide)
{
    Image image = x87::load(vector);
    image.reserved = 0;
    image.mxcsrMask = kMxcsrMask;
    if (!wide) {
        image.instruction &= 0xffff'ffff;
        image.data &= 0xffff'ffff;
    }
    return image;
}

// Hostile: only bits that exist are taken.
void incoming(VectorState& vector, const uint8_t* fx, bool wide)
{
    Image image;
    std::memcpy(&image, fx, sizeof image);
    image.control = (image.control & 0x1f3f) | 0x40;
    image.reserved = 0;
    image.opcode &= 0x7ff;
    if (!wide) {
        image.instruction &= 0xffff'ffff;
        image.data &= 0xffff'ffff;
    }
    for (auto& st : image.st)
        std::fill(st.begin() + 10, st.end(), uint8_t{0});
    image.summarise();
    x87::store(vector, image);
}

void resetX87(VectorState& vector)
{
    Image image{};
    x87::initialise(image);
    x87::store(vector, image);
}

// Which components are not in their initial state (section 13.6).
uint64_t inUse(const VectorState& vector)
{
    VectorState fresh;
    resetX87(fresh);
    const auto zero = [](const uint8_t* from, size_t size) {
        return std::all_of(from, from + size, [](uint8_t byte) { return byte == 0; });
    };
    uint64_t used = 0;
    constexpr size_t kBefore = offsetof(Image, mxcsr);
    constexpr size_t kStack = offsetof(Image, st);
    if (std::memcmp(vector.fx.data(), fresh.fx.data(), kBefore) != 0 ||
        !zero(vector.fx.data() + kStack, VectorState::kXmm - kStack))
        used |= kX87;
    if (!zero(vector.fx.data() + VectorState::kXmm, 256))
        used |= kSse;
    if (!zero(vector.ymmHigh.data()->data(), kAvxSize))
        used |= kAvx;
    return used;
}

// --- FXSAVE, FXRSTOR; aux: REX.W ---

bool fxUsable(Core& c)
{
    return (c.sys.cr0 & (cr::k0Em | cr::k0Ts)) == 0 || c.note(Vector::Nm);
}

bool locate(Core& c, const Op& op, unsigned size, unsigned alignment, Access access, uint64_t& at)
{
    return c.linear(op, size, access, at) && ((at & (alignment - 1)) == 0 || c.note(Vector::Gp, 0));
}

// #AC or #GP for addresses that are no multiples of 16, as AMD's processors choose (the SDM leaves
// it open).
bool locateFx(Core& c, const Op& op, Access access, uint64_t& at)
{
    return c.linear(op, kLegacySize, access, at) && c.aligned(at, 4) &&
           ((at & 15) == 0 || c.note(Vector::Gp, 0));
}

const Op* fxSave(Core& c, const Op& op)
{
    c.settleMxcsr();
    uint64_t at = 0;
    if (!fxUsable(c) || !locateFx(c, op, Access::Write, at))
        return c.fault(op);
    const unsigned size = VectorState::kXmm + xmmBytes(c.inLong64());
    std::array<uint8_t, VectorState::kXmm + 256> bytes;
    const Image image = outgoing(c.regs.vector, op.aux != 0);
    std::memcpy(bytes.data(), c.regs.vector.fx.data(), bytes.size());
    std::memcpy(bytes.data(), &image, sizeof image);
    if (!c.probe(at, kLegacySize, Access::Write, false) ||
        !c.storeBytes(at, bytes.data(), size, op.segment))
        return c.fault(op);
    return c.next(op);
}

const Op* fxRestore(Core& c, const Op& op)
{
    c.settleMxcsr();
    uint64_t at = 0;
    std::array<uint8_t, kLegacySize> bytes;
    if (!fxUsable(c) || !locateFx(c, op, Access::Read, at) ||
        !c.loadBytes(at, bytes.data(), kLegacySize, op.segment))
        return c.fault(op);
    const uint32_t mxcsr = mxcsrAt(bytes.data());
    if ((mxcsr & ~kMxcsrMask) != 0)
        return c.raise(op, Vector::Gp, 0);
    incoming(c.regs.vector, bytes.data(), op.aux != 0);
    setMxcsr(c.regs.vector, mxcsr);
    std::memcpy(c.regs.vector.xmm(0), bytes.data() + VectorState::kXmm, xmmBytes(c.inLong64()));
    return c.next(op);
}

// --- XSAVE family; aux: REX.W ---

/// XSAVES is not offered, but a guest that began under KVM may use it.
enum class Form : uint8_t { Plain, Optimised, Compacted, Supervisor };

constexpr bool compacts(Form form)
{
    return form == Form::Compacted || form == Form::Supervisor;
}

constexpr unsigned kPiece = 512; // of a component, at a time
constexpr uint64_t kFirstExtra = uint64_t{1} << components::kFirst;

bool xsaveUsable(Core& c)
{
    if ((c.sys.cr4 & cr::k4Osxsave) == 0)
        return c.note(Vector::Ud);
    return (c.sys.cr0 & cr::k0Ts) == 0 || c.note(Vector::Nm);
}

uint64_t requested(Core& c)
{
    const uint64_t mask = uint64_t{c.get<uint32_t>(8 * kRdx)} << 32 | c.get<uint32_t>(8 * kRax);
    return mask & c.sys.xcr0;
}

template <Form F>
bool permitted(Core& c)
{
    return xsaveUsable(c) && (F != Form::Supervisor || c.cpl() == 0 || c.note(Vector::Gp, 0));
}

// A size that may be more than two pages.
bool probeArea(Core& c, uint64_t at, unsigned size)
{
    for (unsigned done = 0; done < size; done += 4096)
        if (!c.probe(at + done, std::min(size - done, 4096U), Access::Write, false))
            return false;
    return true;
}

// One piece of an area, already probed.
bool put(Core& c, const Op& op, uint64_t at, const void* from, unsigned size)
{
    return c.storeBytes(at, from, size, op.segment);
}

bool putLegacy(Core& c, const Op& op, uint64_t at, uint64_t parts, bool control)
{
    const Image image = outgoing(c.regs.vector, op.aux != 0);
    const auto* bytes = reinterpret_cast<const uint8_t*>(&image);
    constexpr unsigned kStack = offsetof(Image, st);
    return ((parts & kX87) == 0 ||
            (put(c, op, at, bytes, VectorState::kMxcsr) &&
             put(c, op, at + kStack, bytes + kStack, VectorState::kXmm - kStack))) &&
           (!control || put(c, op, at + VectorState::kMxcsr, bytes + VectorState::kMxcsr, 8)) &&
           ((parts & kSse) == 0 ||
            put(c, op, at + VectorState::kXmm, c.regs.vector.xmm(0), xmmBytes(c.inLong64())));
}

bool putAvx(Core& c, const Op& op, uint64_t at, uint64_t parts)
{
    return (parts & kAvx) == 0 ||
           put(c, op, at + kAvxOffset, c.regs.vector.ymmHigh.data(), xmmBytes(c.inLong64()));
}

// Components that are only kept; those not in use are zero.
bool putExtra(Core& c, const Op& op, uint64_t at, uint64_t asked, uint64_t parts, bool compacted)
{
    static constexpr std::array<uint8_t, kPiece> kZero{};
    const ExtraState& extra = c.regs.extra;
    for (unsigned number = components::kFirst; parts >> number != 0; ++number) {
        if ((parts >> number & 1) == 0)
            continue;
        const components::Component& part = components::at(number);
        const bool used = (extra.present >> number & 1) != 0;
        const uint64_t to = at + components::offsetOf(number, asked, compacted);
        for (unsigned done = 0; done < part.size; done += kPiece) {
            const uint8_t* from = used ? extra.area.data() + part.offset + done : kZero.data();
            if (!put(c, op, to + done, from, std::min(part.size - done, kPiece)))
                return false;
        }
    }
    return true;
}

template <Form F>
const Op* xSave(Core& c, const Op& op)
{
    c.settleMxcsr();
    const uint64_t asked = requested(c);
    const unsigned size = components::areaSize(asked, compacts(F));
    uint64_t at = 0;
    std::array<uint64_t, 2> header{};
    if (!permitted<F>(c) || !locate(c, op, size, 64, Access::Write, at) ||
        !probeArea(c, at, size) || !c.loadBytes(at + kHeader, &header, sizeof header, op.segment))
        return c.fault(op);
    uint64_t used = componentsInUse(c.regs);
    const bool control = mxcsrAt(c.regs.vector.fx.data()) != kMxcsrReset;
    if constexpr (compacts(F)) {
        used |= control ? kSse : 0;
        header = {used & asked, asked | kCompacted};
    } else {
        header[0] = (header[0] & ~asked) | (used & asked);
    }
    const uint64_t parts = F == Form::Plain ? asked : asked & used;
    const bool putControl = compacts(F) ? (parts & kSse) != 0 : (asked & (kSse | kAvx)) != 0;
    const unsigned words = compacts(F) ? 16 : 8;
    if (!putLegacy(c, op, at, parts, putControl) || !putAvx(c, op, at, parts) ||
        !putExtra(c, op, at, asked, parts, compacts(F)) ||
        !put(c, op, at + kHeader, header.data(), words))
        return c.fault(op);
    return c.next(op);
}

struct Header {
    uint64_t present = 0;
    uint64_t layout = 0;
    bool compacted() const { return (layout & kCompacted) != 0; }
};

// Section 13.8: what XRSTOR refuses.
bool headerValid(const Area& area, uint64_t xcr0, Header& header)
{
    header.present = word(area.data() + kHeader);
    header.layout = word(area.data() + kHeader + 8);
    const auto* rest = area.data() + kHeader + 16;
    const unsigned reserved = header.compacted() ? 48 : 8;
    if (!std::all_of(rest, rest + reserved, [](uint8_t byte) { return byte == 0; }))
        return false;
    if (!header.compacted())
        return header.layout == 0 && (header.present & ~xcr0) == 0;
    const uint64_t layout = header.layout & ~kCompacted;
    return (layout & ~xcr0) == 0 && (header.present & ~layout) == 0;
}

void restore(Core& c, const Area& area, uint64_t asked, uint64_t present, bool wide)
{
    VectorState& vector = c.regs.vector;
    const unsigned size = xmmBytes(c.inLong64());
    if ((asked & kX87) != 0) {
        if ((present & kX87) != 0)
            incoming(vector, area.data(), wide);
        else
            resetX87(vector);
    }
    const auto take = [&](uint64_t part, uint8_t* to, unsigned from) {
        if ((asked & part) == 0)
            return;
        if ((present & part) != 0)
            std::memcpy(to, area.data() + from, size);
        else
            std::memset(to, 0, size);
    };
    take(kSse, vector.xmm(0), VectorState::kXmm);
    take(kAvx, vector.ymmHigh.data()->data(), kAvxOffset);
}

// Reads those that are asked for and present; the others become zero.
bool takeExtra(Core& c, const Op& op, uint64_t at, uint64_t asked, const Header& header,
               ExtraState& extra)
{
    const uint64_t layout = header.compacted() ? header.layout & ~kCompacted : header.present;
    const uint64_t parts = asked & header.present & ~(kFirstExtra - 1);
    extra.present = (extra.present & ~asked) | parts;
    if (parts != 0)
        extra.area.resize(std::max<size_t>(extra.area.size(), components::areaSize(parts, false)));
    for (unsigned number = components::kFirst; parts >> number != 0; ++number) {
        if ((parts >> number & 1) == 0)
            continue;
        const components::Component& part = components::at(number);
        const uint64_t from = at + components::offsetOf(number, layout, header.compacted());
        for (unsigned done = 0; done < part.size; done += kPiece)
            if (!c.loadBytes(from + done, extra.area.data() + part.offset + done,
                             std::min(part.size - done, kPiece), op.segment))
                return false;
    }
    return true;
}

template <Form F>
const Op* xRestore(Core& c, const Op& op)
{
    c.settleMxcsr();
    uint64_t at = 0;
    Area area{};
    Header header;
    const uint64_t asked = requested(c);
    if (!permitted<F>(c) || !locate(c, op, kAvxOffset, 64, Access::Read, at) ||
        !c.loadBytes(at, area.data(), kAvxOffset, op.segment))
        return c.fault(op);
    if (!headerValid(area, c.sys.xcr0, header) || (F == Form::Supervisor && !header.compacted()))
        return c.raise(op, Vector::Gp, 0);
    if ((asked & header.present & kAvx) != 0 &&
        (!c.linear(op, kAreaSize, Access::Read, at) ||
         !c.loadBytes(at + kAvxOffset, area.data() + kAvxOffset, xmmBytes(c.inLong64()),
                      op.segment)))
        return c.fault(op);
    const bool takesExtra = (asked >> components::kFirst) != 0;
    ExtraState extra = takesExtra ? c.regs.extra : ExtraState{};
    if (takesExtra && !takeExtra(c, op, at, asked, header, extra))
        return c.fault(op);
    // MXCSR belongs to SSE in the compacted format, to SSE and AVX, present or not, in the other.
    const bool takes =
        header.compacted() ? (asked & header.present & kSse) != 0 : (asked & (kSse | kAvx)) != 0;
    const bool resets = header.compacted() && (asked & ~header.present & kSse) != 0;
    const uint32_t mxcsr = mxcsrAt(area.data());
    if (takes && (mxcsr & ~kMxcsrMask) != 0)
        return c.raise(op, Vector::Gp, 0);
    if (takes || resets)
        setMxcsr(c.regs.vector, resets ? kMxcsrReset : mxcsr);
    restore(c, area, asked, header.present, op.aux != 0);
    if (takesExtra)
        c.regs.extra = std::move(extra);
    return c.next(op);
}

// --- MXCSR ---

template <Unit U>
const Op* loadMxcsr(Core& c, const Op& op)
{
    c.settleMxcsr();
    uint32_t value = 0;
    if (!usable<U>(c) || !c.load(op, value))
        return c.fault(op);
    if ((value & ~kMxcsrMask) != 0)
        return c.raise(op, Vector::Gp, 0);
    setMxcsr(c.regs.vector, value);
    return c.next(op);
}

template <Unit U>
const Op* storeMxcsr(Core& c, const Op& op)
{
    c.settleMxcsr();
    if (!usable<U>(c) || !c.store(op, mxcsrAt(c.regs.vector.fx.data())))
        return c.fault(op);
    return c.next(op);
}

// --- VZEROUPPER, VZEROALL ---

template <bool kAll>
const Op* zeroVectors(Core& c, const Op& op)
{
    if (!usable<Unit::Avx>(c))
        return c.fault(op);
    const unsigned size = xmmBytes(c.inLong64());
    std::memset(c.regs.vector.ymmHigh.data(), 0, size);
    if constexpr (kAll)
        std::memset(c.regs.vector.xmm(0), 0, size);
    return c.next(op);
}

Handler findState(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64:
        return fxSave;
    case ZYDIS_MNEMONIC_FXRSTOR:
    case ZYDIS_MNEMONIC_FXRSTOR64:
        return fxRestore;
    case ZYDIS_MNEMONIC_XSAVE:
    case ZYDIS_MNEMONIC_XSAVE64:
        return xSave<Form::Plain>;
    case ZYDIS_MNEMONIC_XSAVEOPT:
    case ZYDIS_MNEMONIC_XSAVEOPT64:
        return xSave<Form::Optimised>;
    case ZYDIS_MNEMONIC_XSAVEC:
    case ZYDIS_MNEMONIC_XSAVEC64:
        return xSave<Form::Compacted>;
    case ZYDIS_MNEMONIC_XSAVES:
    case ZYDIS_MNEMONIC_XSAVES64:
        return xSave<Form::Supervisor>;
    case ZYDIS_MNEMONIC_XRSTOR:
    case ZYDIS_MNEMONIC_XRSTOR64:
        return xRestore<Form::Plain>;
    case ZYDIS_MNEMONIC_XRSTORS:
    case ZYDIS_MNEMONIC_XRSTORS64:
        return xRestore<Form::Supervisor>;
    case ZYDIS_MNEMONIC_LDMXCSR:
        return loadMxcsr<Unit::Sse>;
    case ZYDIS_MNEMONIC_STMXCSR:
        return storeMxcsr<Unit::Sse>;
    case ZYDIS_MNEMONIC_VLDMXCSR:
        return loadMxcsr<Unit::Avx>;
    case ZYDIS_MNEMONIC_VSTMXCSR:
        return storeMxcsr<Unit::Avx>;
    case ZYDIS_MNEMONIC_VZEROUPPER:
        return zeroVectors<false>;
    case ZYDIS_MNEMONIC_VZEROALL:
        return zeroVectors<true>;
    default:
        return nullptr;
    }
}

} // namespace

bool lowerXsave(const Decoded& decoded, Op& op)
{
    const Handler found = findState(decoded.instruction.mnemonic);
    if (found == nullptr)
        return false;
    op.run = found;
    op.aux = decoded.instruction.raw.rex.W;
    return true;
}

uint64_t componentsInUse(const Registers& regs)
{
    return inUse(regs.vector) | regs.extra.present;
}

void packXsave(const VectorState& vector, uint64_t xcr0, std::vector<uint8_t>& area)
{
    area.assign(std::max<size_t>(area.size(), kStateSize), 0);
    const Image image = outgoing(vector, true);
    std::memcpy(area.data(), &image, sizeof image);
    std::memcpy(area.data() + VectorState::kXmm, vector.fx.data() + VectorState::kXmm, 256);
    const uint64_t present = kX87 | kSse | (xcr0 & kAvx);
    std::memcpy(area.data() + kHeader, &present, sizeof present);
    if ((present & kAvx) != 0)
        std::memcpy(area.data() + kAvxOffset, vector.ymmHigh.data(), kAvxSize);
}

Result<void> unpackXsave(std::span<const uint8_t> area, VectorState& vector)
{
    if (area.size() < kAvxOffset)
        return Error(ErrorCode::Invalid, "XSAVE area: too short");
    const uint64_t present = word(area.data() + kHeader);
    if (word(area.data() + kHeader + 8) != 0)
        return Error(ErrorCode::Invalid, "XSAVE area: not in the standard format");
    if ((mxcsrAt(area.data()) & ~kMxcsrMask) != 0)
        return Error(ErrorCode::Invalid, "XSAVE area: MXCSR with bits that do not exist");
    if ((present & kAvx) != 0 && area.size() < kAreaSize)
        return Error(ErrorCode::Invalid, "XSAVE area: too short for AVX");
    VectorState fresh;
    resetX87(fresh);
    if ((present & kX87) != 0)
        incoming(fresh, area.data(), true);
    setMxcsr(fresh, mxcsrAt(area.data()));
    if ((present & kSse) != 0)
        std::memcpy(fresh.xmm(0), area.data() + VectorState::kXmm, 256);
    if ((present & kAvx) != 0)
        std::memcpy(fresh.ymmHigh.data(), area.data() + kAvxOffset, kAvxSize);
    vector = fresh;
    return {};
}

} // namespace vmm::soft
