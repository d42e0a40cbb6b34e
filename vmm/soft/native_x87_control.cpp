// SPDX-License-Identifier: GPL-3.0-or-later
// x87 control instructions: words, environments, whole states (SDM volume 1 section 8.1).
#include "vmm/soft/native.h"

namespace vmm::soft {

namespace {

using x87::Image;

constexpr uint16_t kControlBits = 0x1f3f;
constexpr uint16_t kControlOne = 0x40;

void setControl(Image& image, uint16_t value)
{
    image.control = (value & kControlBits) | kControlOne;
    image.summarise();
}

// Tag of one register: 0 valid, 1 zero, 2 special, 3 empty.
unsigned tagOf(const Image& image, unsigned physical)
{
    if ((image.tags >> physical & 1) == 0)
        return 3;
    const auto& st = image.st[(physical - image.top()) & 7];
    uint64_t significand = 0;
    uint16_t exponent = 0;
    std::memcpy(&significand, st.data(), sizeof significand);
    std::memcpy(&exponent, st.data() + 8, sizeof exponent);
    exponent &= 0x7fff;
    if (exponent == 0 && significand == 0)
        return 1;
    return exponent == 0 || exponent == 0x7fff || significand >> 63 == 0 ? 2 : 0;
}

uint16_t fullTags(const Image& image)
{
    unsigned tags = 0;
    for (unsigned n = 0; n < 8; ++n)
        tags |= tagOf(image, n) << (2 * n);
    return static_cast<uint16_t>(tags);
}

uint8_t shortTags(uint16_t full)
{
    unsigned tags = 0;
    for (unsigned n = 0; n < 8; ++n)
        tags |= (full >> (2 * n) & 3U) != 3 ? 1U << n : 0;
    return static_cast<uint8_t>(tags);
}

// The seven words of an environment, 2 or 4 bytes apart (SDM volume 1 figures 8-9 to 8-12).
using Environment7 = std::array<uint32_t, 7>;

Environment7 environmentOf(const Image& image, bool protectedFormat, bool wide)
{
    const auto instruction = static_cast<uint32_t>(image.instruction);
    const auto data = static_cast<uint32_t>(image.data);
    const uint32_t opcode = image.opcode & 0x7ffU;
    Environment7 words{image.control, image.status, fullTags(image), instruction, 0, data, 0};
    if (protectedFormat) {
        words[4] = wide ? opcode << 16 : 0; // the selectors are always 0, as on CPUs without them
    } else if (wide) {
        words[3] = instruction & 0xffff;
        words[4] = (instruction >> 16) << 12 | opcode;
        words[5] = data & 0xffff;
        words[6] = (data >> 16) << 12;
    } else {
        words[4] = (instruction >> 16 & 15) << 12 | opcode;
        words[6] = (data >> 16 & 15) << 12;
    }
    if (wide) {
        for (const unsigned n : {0U, 1U, 2U, 6U})
            words[n] |= n == 6 && !protectedFormat ? 0 : 0xffff'0000;
    }
    return words;
}

void takeEnvironment(Image& image, const Environment7& words, bool protectedFormat, bool wide)
{
    image.status = static_cast<uint16_t>(words[1]);
    image.tags = shortTags(static_cast<uint16_t>(words[2]));
    image.instruction = words[3];
    image.data = words[5];
    image.opcode = static_cast<uint16_t>(words[4] & 0x7ff);
    if (protectedFormat) {
        image.opcode = static_cast<uint16_t>(words[4] >> 16 & 0x7ff);
    } else {
        const uint32_t high = wide ? 0xffff : 15;
        image.instruction = (words[3] & 0xffff) | (words[4] >> 12 & high) << 16;
        image.data = (words[5] & 0xffff) | (words[6] >> 12 & high) << 16;
    }
    setControl(image, static_cast<uint16_t>(words[0]));
}

constexpr unsigned kStackBytes = 80;

struct StateBuffer {
    std::array<uint8_t, 28 + kStackBytes> bytes{};
};

void packEnvironment(StateBuffer& buffer, const Environment7& words, unsigned step)
{
    for (unsigned n = 0; n < 7; ++n)
        std::memcpy(buffer.bytes.data() + n * step, &words[n], step);
}

Environment7 unpackEnvironment(const StateBuffer& buffer, unsigned step)
{
    Environment7 words{};
    for (unsigned n = 0; n < 7; ++n)
        std::memcpy(&words[n], buffer.bytes.data() + n * step, step);
    return words;
}

// --- words ---

const Op* loadControl(Core& c, const Op& op)
{
    uint16_t value = 0;
    if (!x87UsableWait(c) || !c.load(op, value))
        return c.fault(op);
    Image image = x87::load(c.regs.vector);
    setControl(image, value);
    x87::store(c.regs.vector, image);
    return c.next(op);
}

template <bool kStatus>
const Op* storeWord(Core& c, const Op& op)
{
    const Image image = x87::load(c.regs.vector);
    if (!x87Usable(c) || !c.store<uint16_t>(op, kStatus ? image.status : image.control))
        return c.fault(op);
    return c.next(op);
}

const Op* statusToAx(Core& c, const Op& op)
{
    if (!x87Usable(c))
        return c.fault(op);
    c.set<uint16_t>(8 * kRax, x87::load(c.regs.vector).status);
    return c.next(op);
}

const Op* initialise(Core& c, const Op& op)
{
    if (!x87Usable(c))
        return c.fault(op);
    Image image = x87::load(c.regs.vector);
    // Registers stay, but the image holds them from the top of the stack, which moves.
    const Image before = image;
    for (unsigned n = 0; n < 8; ++n)
        image.st[n] = before.st[(n - before.top()) & 7];
    x87::initialise(image);
    x87::store(c.regs.vector, image);
    return c.next(op);
}

const Op* clearExceptions(Core& c, const Op& op)
{
    if (!x87Usable(c))
        return c.fault(op);
    Image image = x87::load(c.regs.vector);
    image.status &= 0x7f00;
    x87::store(c.regs.vector, image);
    return c.next(op);
}

const Op* wait(Core& c, const Op& op)
{
    constexpr uint64_t kBoth = cr::k0Mp | cr::k0Ts;
    if ((c.sys.cr0 & kBoth) == kBoth)
        return c.raise(op, Vector::Nm);
    return x87::load(c.regs.vector).pending() ? c.raise(op, Vector::Mf) : c.next(op);
}

// FNENI, FNDISI, FNSETPM: nothing since the 387.
const Op* nothing(Core& c, const Op& op)
{
    return x87Usable(c) ? c.next(op) : c.fault(op);
}

const Op* emptyMmx(Core& c, const Op& op)
{
    if (!mmxUsable(c))
        return c.fault(op);
    x87::enterMmx(c.regs.vector);
    c.regs.vector.fx[offsetof(Image, tags)] = 0;
    return c.next(op);
}

// --- environments and states: aux is the size of a word, aux2 tells that registers follow ---

unsigned stateSize(const Op& op)
{
    return op.aux * 7U + (op.aux2 != 0 ? kStackBytes : 0);
}

const Op* storeState(Core& c, const Op& op)
{
    uint64_t at = 0;
    if (!x87Usable(c) || !c.linear(op, stateSize(op), Access::Write, at))
        return c.fault(op);
    Image image = x87::load(c.regs.vector);
    StateBuffer buffer;
    packEnvironment(buffer, environmentOf(image, !c.realOrV86(), op.aux == 4), op.aux);
    for (unsigned n = 0; n < 8; ++n)
        std::memcpy(buffer.bytes.data() + op.aux * 7 + n * 10, image.st[n].data(), 10);
    if (!c.storeBytes(at, buffer.bytes.data(), stateSize(op), op.segment, op.aux))
        return c.fault(op);
    if (op.aux2 != 0)
        return initialise(c, op);
    setControl(image, image.control | x87::kExceptions);
    x87::store(c.regs.vector, image);
    return c.next(op);
}

const Op* loadState(Core& c, const Op& op)
{
    uint64_t at = 0;
    StateBuffer buffer;
    if (!x87UsableWait(c) || !c.linear(op, stateSize(op), Access::Read, at) ||
        !c.loadBytes(at, buffer.bytes.data(), stateSize(op), op.segment, op.aux))
        return c.fault(op);
    const Image before = x87::load(c.regs.vector);
    Image image = before;
    takeEnvironment(image, unpackEnvironment(buffer, op.aux), !c.realOrV86(), op.aux == 4);
    for (unsigned n = 0; n < 8; ++n) {
        if (op.aux2 != 0) {
            image.st[n] = {};
            std::memcpy(image.st[n].data(), buffer.bytes.data() + op.aux * 7 + n * 10, 10);
        } else { // the physical registers stay where they are
            image.st[n] = before.st[(n + image.top() - before.top()) & 7];
        }
    }
    x87::store(c.regs.vector, image);
    return c.next(op);
}

bool lowerState(const Decoded& decoded, Op& op, Handler handler, bool registers)
{
    const unsigned words = decoded.size(0) - (registers ? kStackBytes : 0);
    if (!decoded.isMemory(0) || (words != 14 && words != 28))
        return false;
    op.aux = static_cast<uint8_t>(words / 7);
    op.aux2 = registers ? 1 : 0;
    op.run = handler;
    return true;
}

Handler simpleHandler(const Decoded& decoded)
{
    switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_FLDCW:
        return loadControl;
    case ZYDIS_MNEMONIC_FNSTCW:
        return storeWord<false>;
    case ZYDIS_MNEMONIC_FNSTSW:
        return decoded.isMemory(0) ? storeWord<true> : statusToAx;
    case ZYDIS_MNEMONIC_FNINIT:
        return initialise;
    case ZYDIS_MNEMONIC_FNCLEX:
        return clearExceptions;
    case ZYDIS_MNEMONIC_FWAIT:
        return wait;
    case ZYDIS_MNEMONIC_FENI8087_NOP:
    case ZYDIS_MNEMONIC_FDISI8087_NOP:
    case ZYDIS_MNEMONIC_FSETPM287_NOP:
        return nothing;
    case ZYDIS_MNEMONIC_EMMS:
        return emptyMmx;
    default:
        return nullptr;
    }
}

} // namespace

bool lowerX87Control(const Decoded& decoded, Op& op)
{
    switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_FNSTENV:
        return lowerState(decoded, op, storeState, false);
    case ZYDIS_MNEMONIC_FNSAVE:
        return lowerState(decoded, op, storeState, true);
    case ZYDIS_MNEMONIC_FLDENV:
        return lowerState(decoded, op, loadState, false);
    case ZYDIS_MNEMONIC_FRSTOR:
        return lowerState(decoded, op, loadState, true);
    default:
        break;
    }
    const Handler found = simpleHandler(decoded);
    if (found != nullptr)
        op.run = found;
    return found != nullptr;
}

} // namespace vmm::soft
