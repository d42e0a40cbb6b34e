// SPDX-License-Identifier: GPL-3.0-or-later
// Alignment checks: EFLAGS.AC with all kinds of operands. CR0.AM is set on both sides. Not here:
// CMPS, which may look at either operand first.
#include "tests/unit/vmm/soft/differential_sequences.h"

namespace tests {

namespace {

constexpr uint64_t kPage = NativeRun::kPage, kWindow = NativeRun::kWindow;
constexpr uint64_t kAlign = 0x4'0000;
enum Gpr : uint8_t { Ax, Cx, Dx, Bx, Sp, Bp, Si, Di };

/// An instruction that works on [rdi], [rsi] or the stack.
struct Form {
    const char* name;
    bool code32;
    std::vector<uint8_t> bytes;
};

std::vector<Form> generalForms()
{
    return {
        {"mov eax,[rdi]", false, {0x8b, 0x07}},
        {"mov [edi],eax", true, {0x89, 0x07}},
        {"mov rax,[rdi]", false, {0x48, 0x8b, 0x07}},
        {"mov [rdi],rax", false, {0x48, 0x89, 0x07}},
        {"mov ax,[rdi]", false, {0x66, 0x8b, 0x07}},
        {"mov [rdi],ax", false, {0x66, 0x89, 0x07}},
        {"mov al,[rdi]", false, {0x8a, 0x07}},
        {"add [rdi],rax", false, {0x48, 0x01, 0x07}},
        {"lock add [rdi],eax", false, {0xf0, 0x01, 0x07}},
        {"lock inc byte [rdi]", false, {0xf0, 0xfe, 0x07}},
        {"xchg [rdi],eax", false, {0x87, 0x07}},
        {"cmpxchg [rdi],ecx", false, {0x0f, 0xb1, 0x0f}},
        {"cmpxchg8b", false, {0x0f, 0xc7, 0x0f}},
        {"lock cmpxchg8b", false, {0xf0, 0x0f, 0xc7, 0x0f}},
        {"cmpxchg16b", false, {0x48, 0x0f, 0xc7, 0x0f}},
        {"bt m,r", false, {0x0f, 0xa3, 0x0f}},
        {"bts m,r", false, {0x0f, 0xab, 0x0f}},
        {"movbe", false, {0x0f, 0x38, 0xf0, 0x07}},
        {"crc32", false, {0xf2, 0x0f, 0x38, 0xf1, 0x07}},
        {"movnti", false, {0x0f, 0xc3, 0x07}},
        {"movzx eax,word [rdi]", false, {0x0f, 0xb7, 0x07}},
        {"not dword [rdi]", false, {0xf7, 0x17}},
        {"rol dword [rdi],1", false, {0xd1, 0x07}},
        {"lea", false, {0x8d, 0x07}},
        {"prefetcht0", false, {0x0f, 0x18, 0x0f}},
        {"movs", false, {0x48, 0xa5}},
        {"movsw", false, {0x66, 0xa5}},
        {"stosd", false, {0xab}},
        {"lodsq", false, {0x48, 0xad}},
        {"scasw", false, {0x66, 0xaf}},
        {"xlat", false, {0x48, 0x89, 0xfb, 0xd7}},
        {"lgs 16:32", false, {0x0f, 0xb5, 0x07}},
        {"lgs 16:16", false, {0x66, 0x0f, 0xb5, 0x07}},
        {"bound", true, {0x62, 0x07}},
    };
}

std::vector<Form> stackForms()
{
    return {
        {"push rax", false, {0x50}},
        {"push ax", false, {0x66, 0x50}},
        {"push eax", true, {0x50}},
        {"pop rax", false, {0x58}},
        {"pop eax", true, {0x58}},
        {"push [rdi]", false, {0xff, 0x37}},
        {"pop [rdi]", false, {0x8f, 0x07}},
        {"pushfq", false, {0x9c}},
        {"call", false, {0xe8, 0x00, 0x00, 0x00, 0x00}},
        {"enter", false, {0xc8, 0x10, 0x00, 0x00}},
        {"enter nested", false, {0xc8, 0x10, 0x00, 0x03}},
        {"leave", false, {0x48, 0x89, 0xe5, 0xc9}},
        {"pusha", true, {0x60}},
        {"popa", true, {0x61}},
    };
}

std::vector<Form> mediaForms()
{
    return {
        {"movups", false, {0x0f, 0x10, 0x07}},
        {"movups store", false, {0x0f, 0x11, 0x07}},
        {"movdqu store", false, {0xf3, 0x0f, 0x7f, 0x07}},
        {"lddqu", false, {0xf2, 0x0f, 0xf0, 0x07}},
        {"movaps", false, {0x0f, 0x28, 0x07}},
        {"paddd xmm", false, {0x66, 0x0f, 0xfe, 0x07}},
        {"paddd mmx", false, {0x0f, 0xfe, 0x07}},
        {"movq", false, {0xf3, 0x0f, 0x7e, 0x07}},
        {"movd", false, {0x66, 0x0f, 0x6e, 0x07}},
        {"movsd store", false, {0xf2, 0x0f, 0x11, 0x07}},
        {"movss", false, {0xf3, 0x0f, 0x10, 0x07}},
        {"movhps", false, {0x0f, 0x16, 0x07}},
        {"pinsrw", false, {0x66, 0x0f, 0xc4, 0x07, 0x01}},
        {"pextrw", false, {0x66, 0x0f, 0x3a, 0x15, 0x07, 0x01}},
        {"pmovsxbw", false, {0x66, 0x0f, 0x38, 0x20, 0x07}},
        {"pmovsxbq", false, {0x66, 0x0f, 0x38, 0x22, 0x07}},
        {"pcmpistri", false, {0x66, 0x0f, 0x3a, 0x63, 0x07, 0x00}},
        {"cvtsi2sd m64", false, {0xf2, 0x48, 0x0f, 0x2a, 0x07}},
        {"addsd", false, {0xf2, 0x0f, 0x58, 0x07}},
        {"maskmovdqu", false, {0x66, 0x0f, 0xf7, 0xc1}},
        {"ldmxcsr", false, {0x0f, 0xae, 0x57, 0x00}},
        {"stmxcsr", false, {0x0f, 0xae, 0x1f}},
        {"vmovups ymm", false, {0xc5, 0xfc, 0x10, 0x07}},
        {"vmovups ymm store", false, {0xc5, 0xfc, 0x11, 0x07}},
        {"vmovups xmm", false, {0xc5, 0xf8, 0x10, 0x07}},
        {"vmovaps ymm", false, {0xc5, 0xfc, 0x28, 0x07}},
        {"vpaddd ymm", false, {0xc5, 0xf5, 0xfe, 0x17}},
        {"vpaddd xmm", false, {0xc5, 0xf1, 0xfe, 0x17}},
        {"vbroadcastss", false, {0xc4, 0xe2, 0x7d, 0x18, 0x07}},
        {"vbroadcastf128", false, {0xc4, 0xe2, 0x7d, 0x1a, 0x07}},
        {"vextractf128", false, {0xc4, 0xe3, 0x7d, 0x19, 0x07, 0x01}},
        {"vmaskmovps", false, {0xc4, 0xe2, 0x75, 0x2c, 0x17}},
        {"vmaskmovpd store", false, {0xc4, 0xe2, 0x75, 0x2f, 0x17}},
        {"maskmovq", false, {0x0f, 0xf7, 0xc1}},
        {"vgatherdps", false, {0xc4, 0xe2, 0x75, 0x92, 0x14, 0x0f}},
        {"vcvtph2ps", false, {0xc4, 0xe2, 0x7d, 0x13, 0x07}},
    };
}

std::vector<Form> x87Forms()
{
    return {
        {"fld m32", false, {0xd9, 0x07}},   {"fld m64", false, {0xdd, 0x07}},
        {"fld m80", false, {0xdb, 0x2f}},   {"fstp m80", false, {0xdb, 0x3f}},
        {"fst m32", false, {0xd9, 0x17}},   {"fist m16", false, {0xdf, 0x17}},
        {"fistp m64", false, {0xdf, 0x3f}}, {"fbld", false, {0xdf, 0x27}},
        {"fldcw", false, {0xd9, 0x2f}},     {"fnstcw", false, {0xd9, 0x3f}},
        {"fnstsw", false, {0xdd, 0x3f}},
    };
}

/// Which of their bytes a page fault names differs: they stay in the window.
std::vector<Form> imageForms()
{
    return {
        {"fnstenv", false, {0xd9, 0x37}},       {"fnstenv 16", false, {0x66, 0xd9, 0x37}},
        {"fldenv", false, {0xd9, 0x27}},        {"fldenv 16", false, {0x66, 0xd9, 0x27}},
        {"fnsave", false, {0xdd, 0x37}},        {"frstor", false, {0xdd, 0x27}},
        {"fxrstor", false, {0x0f, 0xae, 0x0f}},
    };
}

void add(std::vector<Case>& all, const std::vector<Form>& forms, bool anywhere = true)
{
    for (const Form& form : forms)
        all.push_back({std::string("AC ") + form.name, form.code32,
                       [bytes = form.bytes, anywhere](Sequence& s, Random& random) {
                           s.registers.rflags |= kAlign;
                           s.registers.general[Di] = kWindow + 0x400 + random.below(64);
                           s.registers.general[Si] = kWindow + 0x500 + random.below(64);
                           s.registers.general[Sp] = kWindow + 0x700 + random.below(32);
                           s.registers.general[Bp] = kWindow + 0x800 + random.below(32);
                           s.registers.general[Cx] = random.below(64);
                           s.code = bytes;
                           // And over the end, beyond it and where nothing may be written: which
                           // fault comes first?
                           const uint64_t end = NativeRun::kWindowEnd;
                           if (!anywhere)
                               return;
                           if (random.chance(30))
                               s.registers.general[Di] = end - 1 - random.below(32);
                           else if (random.chance(10))
                               s.registers.general[Di] = end + random.below(32);
                           else if (random.chance(10))
                               s.registers.general[Di] = NativeRun::kReadOnly + random.below(32);
                           else if (random.chance(10))
                               s.registers.general[Di] = kWindow + kPage - 1 - random.below(32);
                       }});
}

} // namespace

void addAlignmentCases(std::vector<Case>& all)
{
    add(all, generalForms());
    add(all, stackForms());
    add(all, mediaForms());
    add(all, x87Forms());
    add(all, imageForms(), false);
}

} // namespace tests
