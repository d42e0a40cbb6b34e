// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/vmm/soft/differential_sequences.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace tests {

namespace {

constexpr uint64_t kPage = NativeRun::kPage, kWindow = NativeRun::kWindow;
enum Gpr : uint8_t { Ax, Cx, Dx, Bx, Sp, Bp, Si, Di };

uint64_t selector(Random& random)
{
    constexpr std::array<uint16_t, 14> kOnes = {0,    1,    2,    3,    0x2b,   0x23, 0x33,
                                                0x28, 0x10, 0x18, 0x2a, 0xfff8, 0x13, 0x1b};
    return random.pick(kOnes);
}

/// As selector(), but not of code of another width, which would leave for good.
uint64_t selectorBut(Random& random, uint64_t other)
{
    const uint64_t value = selector(random);
    return (value & ~uint64_t{3}) == (other & ~uint64_t{3}) ? 0 : value;
}

uint64_t notCanonical(Random& random)
{
    return (random.next() & 0x0000'ffff'ffff'fff8) | 0x8000'8000'0000'0000;
}

/// Instructions whose outcome follows from a selector in AX; CX gets what was asked for.
void addSelectorCases(std::vector<Case>& all)
{
    struct Segment {
        const char* name;
        uint8_t field;
    };
    for (const bool code32 : {false, true}) {
        for (const Segment segment : {Segment{"es", 0}, Segment{"ds", 3}, Segment{"gs", 5}}) {
            const auto load = [segment, code32](Sequence& s, Random& random) {
                const auto field = static_cast<uint64_t>(segment.field) << 3;
                s.registers.general[Ax] = (random.next() & 0xffff'0000) | selector(random);
                s.add({0x8e, 0xc0 | field});       // MOV sreg, AX
                s.add({0x8c, 0xc2 | field});       // MOV EDX, sreg
                s.add({0x66, 0x8c, 0xc3 | field}); // MOV BX, sreg
                s.add({0x8c, 0x07 | field});       // MOV [rDI], sreg
                const bool flat = code32 && segment.field != 5;
                s.add({0xb9}).number(flat ? 0x2b : 0, 4).add({0x8e, 0xc1 | field});
            };
            all.push_back({std::string("mov ") + segment.name, code32, load});
        }
        all.push_back({"mov ss", code32, [](Sequence& s, Random& random) {
                           s.registers.general[Ax] = selector(random);
                           s.add({0x8e, 0xd0, 0x8c, 0xd2, 0xb9}).number(0x2b, 4);
                           s.add({0x8e, 0xd1});
                       }});
        all.push_back({"pop gs", code32, [](Sequence& s, Random& random) {
                           s.put<uint64_t>(s.registers.general[Sp],
                                           random.next() << 16 | selector(random));
                           if (random.chance(30))
                               s.add({0x66});
                           s.add({0x0f, 0xa9, 0x8c, 0xea, 0x0f, 0xa8}); // POP; MOV EDX; PUSH GS
                           s.add({0x31, 0xc9, 0x8e, 0xe9});             // GS = 0
                       }});
        constexpr std::array<std::pair<const char*, uint8_t>, 2> kLimits = {
            std::pair{"lar", uint8_t{2}}, {"lsl", uint8_t{3}}};
        for (const auto& [name, opcode] : kLimits)
            all.push_back({name, code32, [opcode = opcode, code32](Sequence& s, Random& random) {
                               s.registers.general[Ax] = random.next() << 16 | selector(random);
                               s.put<uint16_t>(s.registers.general[Di],
                                               static_cast<uint16_t>(selector(random)));
                               const uint64_t size = random.below(code32 ? 2 : 3);
                               if (size == 1)
                                   s.add({0x66});
                               if (size == 2)
                                   s.add({0x48});
                               s.add({0x0f, opcode, random.chance(50) ? 0xd0U : 0x17U});
                           }});
        for (const uint8_t field : {uint8_t{4}, uint8_t{5}})
            all.push_back(
                {field == 4 ? "verr" : "verw", code32, [field](Sequence& s, Random& random) {
                     s.registers.general[Ax] = selector(random);
                     s.add({0x0f, 0x00, 0xc0U | static_cast<unsigned>(field) << 3});
                 }});
    }
    all.push_back({"arpl", true, [](Sequence& s, Random& random) {
                       s.registers.general[Ax] = random.next() & 0xffff;
                       s.put<uint16_t>(s.registers.general[Di],
                                       static_cast<uint16_t>(random.next()));
                       s.add({0x63, random.chance(50) ? 0xc1U : 0x07U});
                   }});
    for (const uint8_t opcode : {uint8_t{0xc4}, uint8_t{0xc5}})
        all.push_back({opcode == 0xc4 ? "les" : "lds", true, [opcode](Sequence& s, Random& random) {
                           const uint64_t at = s.registers.general[Di];
                           const bool narrow = random.chance(30);
                           s.put<uint32_t>(at, static_cast<uint32_t>(random.next()));
                           s.put<uint16_t>(at + (narrow ? 2 : 4),
                                           static_cast<uint16_t>(selector(random)));
                           if (narrow)
                               s.add({0x66});
                           s.add({opcode, 0x17, 0x8c, opcode == 0xc4 ? 0xc1U : 0xd9U});
                           s.add({0xb8}).number(0x2b, 4).add({0x8e, 0xc0, 0x8e, 0xd8});
                       }});
    for (const uint8_t opcode : {uint8_t{0x07}, uint8_t{0x1f}, uint8_t{0x17}})
        all.push_back(
            {fmt::format("pop sreg {:#x}", opcode), true, [opcode](Sequence& s, Random& random) {
                 s.put<uint32_t>(s.registers.general[Sp],
                                 static_cast<uint32_t>(random.next() << 16 | selector(random)));
                 if (random.chance(30))
                     s.add({0x66});
                 s.add({opcode, opcode - 1U}); // and PUSH
                 s.add({0xb8}).number(0x2b, 4).add({0x8e, 0xc0, 0x8e, 0xd8});
             }});
}

/// A frame of `size`-byte words at rSP.
void frame(Sequence& s, unsigned size, std::initializer_list<uint64_t> words)
{
    uint64_t at = s.registers.general[Sp];
    for (const uint64_t word : words) {
        if (size == 8)
            s.put<uint64_t>(at, word);
        else
            s.put<uint32_t>(at, static_cast<uint32_t>(word));
        at += size;
    }
}

/// 32-bit code in the middle of 64-bit code: INC EAX; PUSHA; POPA; PUSHF; POP EDX; then back.
void visit32(Sequence& s)
{
    s.add({0x40, 0x60, 0x61, 0x9c, 0x5a, 0xea}).number(s.here() + 4 + 2, 4).number(0x33, 2);
}

void addFarCases(std::vector<Case>& all)
{
    all.push_back({"retfq", false, [](Sequence& s, Random& random) {
                       const uint64_t code = random.chance(60) ? 0x33 : selectorBut(random, 0x23);
                       s.add({0x48, 0xcb, 0x90});
                       frame(s, 8, {random.chance(10) ? notCanonical(random) : s.here(), code});
                   }});
    all.push_back({"retf to 32-bit code", false, [](Sequence& s, Random& random) {
                       const bool far = random.chance(20);
                       s.add({0xca, 0x10, 0x00}); // RETF 16
                       frame(s, 4, {s.here(), far ? selectorBut(random, 0x33) : 0x23});
                       visit32(s);
                   }});
    all.push_back({"jmp far to 32-bit code", false, [](Sequence& s, Random& random) {
                       s.add({0xff, 0x2f}); // JMP far [rdi]
                       s.put<uint32_t>(s.registers.general[Di], static_cast<uint32_t>(s.here()));
                       s.put<uint16_t>(s.registers.general[Di] + 4,
                                       static_cast<uint16_t>(
                                           random.chance(80) ? 0x23 : selectorBut(random, 0x33)));
                       visit32(s);
                   }});
    // Without REX.W: a 64-bit offset is Intel's (APM volume 3, CALL (Far); SDM volume 2, CALL).
    all.push_back({"call far from 64-bit code", false, [](Sequence& s, Random& random) {
                       s.add({0xff, 0x1f, 0x90}); // CALL far [rdi]
                       const uint64_t at = s.registers.general[Di];
                       const uint64_t code = random.chance(70) ? 0x33 : selectorBut(random, 0x23);
                       s.put<uint32_t>(at, static_cast<uint32_t>(s.here()));
                       s.put<uint16_t>(at + 4, static_cast<uint16_t>(code));
                   }});
    all.push_back({"call far to 64-bit code and back", true, [](Sequence& s, Random&) {
                       // CALL 0x33:over; JMP end; over: MOV RAX, -1; RETF; end:
                       s.add({0x9a}).number(s.here() + 4 + 2 + 2, 4).number(0x33, 2);
                       s.add({0xeb, 0x08, 0x48, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xcb});
                   }});
    all.push_back({"jmp far in 32-bit code", true, [](Sequence& s, Random& random) {
                       const bool narrow = random.chance(10);
                       if (narrow)
                           s.add({0x66});
                       s.add({0xea}).number(s.here() + 6 + 1, narrow ? 2 : 4);
                       s.number(random.chance(70) ? 0x23 : selectorBut(random, 0x33), 2);
                       s.add({0x90, 0x90});
                   }});
    all.push_back({"iretq", false, [](Sequence& s, Random& random) {
                       // One fault at a time: which of several comes first is the CPU's business.
                       const uint64_t wrong = random.below(10);
                       const uint64_t code = wrong == 0 ? selectorBut(random, 0x23) : 0x33;
                       const uint64_t stack = wrong == 1 ? selector(random) : 0x2b;
                       s.add({0x48, 0xcf, 0x9c, 0x58}); // IRETQ; PUSHF; POP RAX
                       const uint64_t flags = random.next() & 0x27'7eff & ~uint64_t{0x4'0000};
                       const uint64_t to = wrong == 2 ? notCanonical(random) : s.here() - 2;
                       frame(s, 8, {to, code, flags, s.registers.general[Sp] + 0x100, stack});
                   }});
    all.push_back({"iretd to 32-bit code", false, [](Sequence& s, Random& random) {
                       s.add({0xcf});
                       const uint64_t flags = random.next() & 0x20'3eff;
                       frame(s, 4, {s.here(), 0x23, flags, s.registers.general[Sp] + 0x80, 0x2b});
                       visit32(s);
                   }});
    all.push_back(
        {"iretd in 32-bit code", true, [](Sequence& s, Random& random) {
             s.add({0xcf, 0x9c, 0x58});
             const uint64_t flags = random.next() & 0x20'3eff;
             frame(s, 4,
                   {s.here() - 2, random.chance(70) ? 0x23 : selectorBut(random, 0x33), flags});
         }});
}

/// TF set by POPF: the trap's place and what it sees.
void addTrapCases(std::vector<Case>& all)
{
    struct Step {
        const char* name;
        bool code32;
        std::vector<uint8_t> bytes;
    };
    const std::vector<Step> steps = {
        {"nop", false, {0x90, 0x90}},
        {"add", true, {0x01, 0xc8, 0x90}},
        {"mov ss", false, {0x8e, 0xd0, 0x90, 0x90}},
        {"mov ss 32", true, {0x8e, 0xd0, 0x90, 0x90}},
        {"pop ss", true, {0x17, 0x90, 0x90}},
        {"mov gs", false, {0x31, 0xc0, 0x8e, 0xe8, 0x90}},
        {"rep movsb", false, {0xf3, 0xa4, 0x90}},
        {"rep stosd", true, {0xf3, 0xab, 0x90}},
        {"repne scasb", false, {0xf2, 0xae, 0x90}},
        {"jmp", false, {0xeb, 0x01, 0x90, 0x90}},
        {"call", false, {0xe8, 0x01, 0x00, 0x00, 0x00, 0x90, 0x90}},
        {"jcc", false, {0x74, 0x01, 0x90, 0x90}},
        {"loop", true, {0xe2, 0x01, 0x90, 0x90}},
        {"pushf", false, {0x9c, 0x90}},
        {"popf", false, {0x9d, 0x90}},
        {"ud2", false, {0x0f, 0x0b}},
        {"hlt", false, {0xf4}},
        {"mov fault", false, {0x48, 0x8b, 0x04, 0x25, 0x10, 0x00, 0x00, 0x00}},
        {"div", true, {0x31, 0xc9, 0xf7, 0xf1}},
        {"fld1", false, {0xd9, 0xe8, 0x90}},
        {"paddd", false, {0x66, 0x0f, 0xfe, 0xc1, 0x90}},
        {"lock xadd", false, {0xf0, 0x0f, 0xc1, 0x07, 0x90}},
    };
    for (const Step& step : steps)
        all.push_back({std::string("TF ") + step.name, step.code32,
                       [bytes = step.bytes](Sequence& s, Random& random) {
                           s.registers.general[Ax] = 0x2b;
                           s.registers.general[Cx] = random.below(4);
                           s.add({0x9c, 0x80, random.chance(50) ? 0x64U : 0x4cU, 0x24, 0x01, 0x01,
                                  0x9d}); // PUSHF; OR or AND byte [rsp + 1], 1; POPF
                           if (s.code[2] == 0x64)
                               s.code[4] = 0x01; // AND keeps TF clear: nothing happens
                           s.put<uint64_t>(s.registers.general[Sp], 0x2b);
                           s.code.insert(s.code.end(), bytes.begin(), bytes.end());
                           s.add({0x90, 0x90});
                       }});
}

void addImageCases(std::vector<Case>& all)
{
    // Not compared: where the last x87 instruction was.
    const auto blankFx = [](Sequence& s) {
        s.add({0x31, 0xc0, 0x66, 0x89, 0x47, 0x06}); // FOP
        s.add({0x89, 0x47, 0x1c});                   // MXCSR_MASK: CPUs differ
        s.add({0x48, 0x89, 0x47, 0x08, 0x48, 0x89, 0x47, 0x10});
    };
    all.push_back({"fxsave", false, [blankFx](Sequence& s, Random& random) {
                       s.registers.general[Di] = kWindow + 0x400 + (random.chance(10) ? 8 : 0);
                       s.add({0x48, 0x0f, 0xae, 0x07});
                       blankFx(s);
                   }});
    all.push_back({"fnstenv", false, [](Sequence& s, Random&) {
                       s.add({0xd9, 0x37, 0x31, 0xc0});
                       s.add({0x48, 0x89, 0x47, 0x0c, 0x48, 0x89, 0x47, 0x14});
                   }});
    all.push_back({"fnsave", false, [](Sequence& s, Random&) {
                       s.add({0xdd, 0x37, 0x31, 0xc0});
                       s.add({0x48, 0x89, 0x47, 0x0c, 0x48, 0x89, 0x47, 0x14});
                   }});
    all.push_back({"fxrstor", false, [](Sequence& s, Random& random) {
                       s.registers.general[Di] = kWindow + 0x400 + (random.chance(10) ? 8 : 0);
                       if (random.chance(80))
                           s.put<uint32_t>(
                               s.registers.general[Di] + 24,
                               static_cast<uint32_t>(random.below(0x10000) |
                                                     (random.chance(10) ? 0x10000 : 0)));
                       s.add({0x0f, 0xae, 0x0f});
                   }});
    for (const bool compacted : {false, true})
        all.push_back({compacted ? "xrstor compacted" : "xrstor", false,
                       [compacted](Sequence& s, Random& random) {
                           const uint64_t at = kWindow + 0x400 + (random.chance(5) ? 16 : 0);
                           s.registers.general[Di] = at;
                           s.registers.general[Ax] = random.below(8);
                           s.registers.general[Dx] = 0;
                           s.put<uint32_t>(at + 24, static_cast<uint32_t>(random.below(0x10000)));
                           for (uint64_t n = 0; n < 64; n += 8)
                               s.put<uint64_t>(at + 512 + n, 0);
                           const uint64_t parts = random.below(8);
                           s.put<uint64_t>(at + 512,
                                           random.chance(90) ? parts : parts | 1ULL << 62);
                           if (compacted)
                               s.put<uint64_t>(at + 520, 1ULL << 63 | (random.chance(80)
                                                                           ? parts | random.below(8)
                                                                           : random.below(8)));
                           if (random.chance(10))
                               s.put<uint64_t>(at + 528 + random.below(6) * 8, 1);
                           s.add({0x0f, 0xae, 0x2f});
                       }});
    all.push_back({"xsave", false, [blankFx](Sequence& s, Random& random) {
                       s.registers.general[Di] = kWindow + 0x400 + (random.chance(5) ? 16 : 0);
                       s.registers.general[Ax] = random.below(8);
                       s.registers.general[Dx] = 0;
                       s.add({0x0f, 0xae, 0x27});
                       blankFx(s);
                   }});
}

void addOtherCases(std::vector<Case>& all)
{
    for (const bool gs : {false, true})
        all.push_back({gs ? "wrgsbase" : "wrfsbase", false, [gs](Sequence& s, Random& random) {
                           const uint64_t to = gs ? 1 : 0;
                           s.ignored = 8;
                           s.registers.general[Ax] = random.chance(60)
                                                         ? kWindow + random.below(kPage)
                                                     : random.chance(50) ? notCanonical(random)
                                                                         : random.next() >> 17;
                           s.registers.general[Cx] = random.below(64);
                           s.add({0xf3, 0x49, 0x0f, 0xae, 0xc0U | to << 3}); // RDxSBASE R8
                           s.add({0xf3});
                           if (random.chance(70))
                               s.add({0x48});
                           s.add({0x0f, 0xae, 0xd0U | to << 3});             // WRxSBASE rAX
                           s.add({0xf3, 0x48, 0x0f, 0xae, 0xc2U | to << 3}); // RDxSBASE RDX
                           if (s.registers.general[Ax] < kWindow + kPage &&
                               s.registers.general[Ax] >= kWindow)
                               s.add({0x64U + to, 0x8b, 0x19}); // MOV EBX, fs:[rcx]
                           s.add({0xf3, 0x49, 0x0f, 0xae, 0xd0U | to << 3});
                           s.add({0x4d, 0x31, 0xc0}); // back; XOR R8, R8
                       }});
    const std::vector<std::pair<const char*, std::vector<uint8_t>>> accesses = {
        {"mov [rdi]", {0x48, 0x89, 0x07}},
        {"mov [rbp]", {0x48, 0x8b, 0x45, 0x00}},
        {"mov [rsp]", {0x48, 0x8b, 0x04, 0x24}},
        {"mov ds:[rsp]", {0x3e, 0x48, 0x8b, 0x04, 0x24}},
        {"add [rbp+rax]", {0x01, 0x4c, 0x05, 0x00}},
        {"lock inc [rbp]", {0xf0, 0xff, 0x45, 0x00}},
        {"push", {0x50}},
        {"pop", {0x58}},
        {"call", {0xe8, 0x00, 0x00, 0x00, 0x00}},
        {"ret", {0xc3}},
        {"leave", {0xc9}},
        {"enter", {0xc8, 0x00, 0x00, 0x00}},
        {"pushf", {0x9c}},
        {"popf", {0x9d}},
        {"jmp rax", {0xff, 0xe0}},
        {"call rax", {0xff, 0xd0}},
        {"jmp [rbp]", {0xff, 0x65, 0x00}},
        {"movs", {0x48, 0xa5}},
        {"stos", {0x48, 0xab}},
        {"movups [rbp]", {0x0f, 0x10, 0x45, 0x00}},
        {"movups store [rdi]", {0x0f, 0x11, 0x07}},
        {"fld [rbp]", {0xdd, 0x45, 0x00}},
        {"fstp m80 [rdi]", {0xdb, 0x3f}},
        {"fnstenv [rbp]", {0xd9, 0x75, 0x00}},
        {"cmpxchg16b [rbp]", {0x48, 0x0f, 0xc7, 0x4d, 0x00}},
        {"pop [rbp]", {0x8f, 0x45, 0x00}},
        {"push [rbp]", {0xff, 0x75, 0x00}},
        {"bts [rbp],rcx", {0x48, 0x0f, 0xab, 0x4d, 0x00}},
        {"xlat", {0xd7}},
        {"clflush [rbp]", {0x0f, 0xae, 0x7d, 0x00}},
        {"prefetch [rbp]", {0x0f, 0x18, 0x4d, 0x00}},
        {"ldmxcsr [rbp]", {0x0f, 0xae, 0x55, 0x00}},
        {"lar [rbp]", {0x0f, 0x02, 0x4d, 0x00}},
        {"mov gs,[rbp]", {0x8e, 0x6d, 0x00}},
        {"verr [rbp]", {0x0f, 0x00, 0x65, 0x00}},
    };
    for (const auto& [name, bytes] : accesses)
        all.push_back({std::string("not canonical: ") + name, false,
                       [bytes = bytes](Sequence& s, Random& random) {
                           constexpr std::array<uint8_t, 4> kPointers = {Sp, Bp, Si, Di};
                           // Operands over the edge in one access; of several the first is the
                           // CPU's choice.
                           const uint64_t edge = 0x0000'7fff'ffff'f000 + 8 * random.below(256);
                           for (const uint8_t pointer : kPointers)
                               if (random.chance(70))
                                   s.registers.general[pointer] =
                                       random.chance(80) ? notCanonical(random) & ~15ULL : edge;
                           s.registers.general[Ax] = random.chance(50) ? notCanonical(random) : 0;
                           // One fault at a time: target and stack in either order.
                           if (bytes == std::vector<uint8_t>{0xff, 0xd0})
                               s.registers.general[Sp] = kWindow + kPage;
                           s.registers.general[Bx] = notCanonical(random);
                           s.registers.general[Cx] = 0;
                           s.code = bytes;
                           if (s.registers.general[Sp] < NativeRun::kWindowEnd)
                               s.put<uint64_t>(s.registers.general[Sp], 0x202); // for POPF
                       }});
}

} // namespace

std::vector<Case> differentialSequences()
{
    std::vector<Case> all;
    addSelectorCases(all);
    addFarCases(all);
    addAlignmentCases(all);
    addTrapCases(all);
    addImageCases(all);
    addOtherCases(all);
    return all;
}

} // namespace tests
