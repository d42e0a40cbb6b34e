// SPDX-License-Identifier: GPL-3.0-or-later
// x87 arithmetic by running the instruction on an image of the guest's state (SDM volume 1 chapter
// 8).
#include "vmm/soft/native.h"

#include "vmm/soft/native_code.h"

namespace vmm::soft {

namespace x87 {

void Image::summarise()
{
    status &= static_cast<uint16_t>(~(kSummary | kBusy));
    if (pending())
        status |= kSummary | kBusy;
}

void store(VectorState& vector, const Image& image)
{
    std::memcpy(vector.fx.data(), &image, offsetof(Image, mxcsr));
    std::memcpy(vector.fx.data() + offsetof(Image, st), &image.st, sizeof image.st);
}

void initialise(Image& image)
{
    image.control = 0x37f;
    image.status = 0;
    image.tags = 0;
    image.opcode = 0;
    image.instruction = 0;
    image.data = 0;
}

void enterMmx(VectorState& vector)
{
    Image image = load(vector);
    const Image before = image;
    const unsigned top = image.top();
    for (unsigned n = 0; n < 8 && top != 0; ++n) // MMn is physical register n
        image.st[n] = before.st[(n - top) & 7];
    image.status &= static_cast<uint16_t>(~kTop);
    image.tags = 0xff;
    store(vector, image);
}

} // namespace x87

namespace {

using x87::Image;

struct alignas(64) FxImage {
    std::array<uint8_t, 512> bytes{};
};

// Runs the thunk with no flag set; the image afterwards. Unmasked exceptions stay pending on the
// host until the next instruction that waits, and the thunk has none: FXSAVE and FNINIT do not.
Image runOn(const Op& op, const Image& before, void* memory, uint64_t& flags)
{
    Image start = before;
    start.status &= x87::kTop | 0x4700; // TOP, C3-C0
    start.mxcsr = 0x1f80;
    start.mxcsrMask = 0;
    FxImage state;
    std::memcpy(state.bytes.data(), &start, sizeof start);
    flags = static_cast<const Thunk*>(op.extra)->run(memory, state.bytes.data(), flags, 0, 0, 0);
    Image after;
    std::memcpy(&after, state.bytes.data(), sizeof after);
    return after;
}

void setPointers(Image& image, Core& c, const Op& op)
{
    image.instruction = op.rip;
    image.opcode = op.a;
    if (static_cast<const Thunk*>(op.extra)->memorySize != 0)
        image.data = c.offset(op);
}

// Did an unmasked exception keep the result from memory (SDM volume 1 section 8.5)? All but the
// inexact one do.
bool withheld(const Image& image, uint16_t raised)
{
    return (raised & ~image.control & (x87::kExceptions & ~x87::kPrecision)) != 0;
}

const Op* runX87(Core& c, const Op& op)
{
    const auto& thunk = *static_cast<const Thunk*>(op.extra);
    alignas(64) std::array<uint8_t, 64> memory{};
    uint64_t at = 0;
    if (!x87UsableWait(c))
        return c.fault(op);
    if (thunk.memorySize != 0 &&
        (!c.linear(op, thunk.memorySize, thunk.writes ? Access::Write : Access::Read, at) ||
         (thunk.reads && !loadOperand(c, op, at, memory.data(), thunk.memorySize))))
        return c.fault(op);
    c.settleMxcsr(); // the image has another one
    const Image before = x87::load(c.regs.vector);
    uint64_t flags = c.regs.flags.get() | flag::kOne | flag::kIf;
    Image after = runOn(op, before, memory.data(), flags);
    if (thunk.writes && !(withheld(before, after.status)
                              ? c.probe(at, thunk.memorySize, Access::Write, false,
                                        Core::alignmentOf(thunk.memorySize))
                              : storeOperand(c, op, at, memory.data(), thunk.memorySize)))
        return c.fault(op);
    after.control = before.control;
    after.status |= before.status & (x87::kExceptions | x87::kStackFault);
    after.summarise();
    after.data = before.data;
    setPointers(after, c, op);
    x87::store(c.regs.vector, after);
    if (thunk.flags)
        c.regs.flags.set(flags);
    return c.next(op);
}

} // namespace

bool x87Usable(Core& c)
{
    return (c.sys.cr0 & (cr::k0Em | cr::k0Ts)) == 0 || c.note(Vector::Nm);
}

bool x87UsableWait(Core& c)
{
    return x87Usable(c) && (!x87::load(c.regs.vector).pending() || c.note(Vector::Mf));
}

bool lowerX87(const Decoded& decoded, Op& op)
{
    const auto& instruction = decoded.instruction;
    if (instruction.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY ||
        instruction.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT || instruction.opcode < 0xd8 ||
        instruction.opcode > 0xdf)
        return false;
    const auto& raw = instruction.raw.modrm;
    NativeForm form{};
    form[0] = instruction.opcode;
    form[1] = static_cast<uint8_t>(raw.mod == 3 ? 0xc0 | raw.reg << 3 | raw.rm : raw.reg << 3 | 7);
    form.back() = 2;
    const Thunk* thunk = decoded.core->native()->find(form);
    if (thunk == nullptr || thunk->mnemonic != instruction.mnemonic)
        return false;
    op.extra = thunk;
    op.a =
        static_cast<uint16_t>((instruction.opcode & 7) << 8 | raw.mod << 6 | raw.reg << 3 | raw.rm);
    op.run = runX87;
    return true;
}

} // namespace vmm::soft
