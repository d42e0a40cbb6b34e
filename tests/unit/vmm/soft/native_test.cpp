// SPDX-License-Identifier: GPL-3.0-or-later
// x87, SSE and AVX run natively: exceptions, availability, alignment and saved state, which the
// differential test cannot see or only sees as this host does them.
#include <QtTest>

#include <bit>
#include <xmmintrin.h>

#include "tests/support/soft_machine.h"
#include "vmm/soft/xsave.h"

using namespace vmm;
using namespace vmm::soft;
using tests::SoftMachine;
using Mode = SoftMachine::Mode;

namespace {

constexpr uint64_t kCode = 0x40'0000, kData = 0x50'0000; // linear; one page each
constexpr uint64_t kCodeAt = SoftMachine::kFree, kDataAt = SoftMachine::kFree + 0x1000;
constexpr uint32_t kReset = 0x1f80;
constexpr unsigned kUd = 6, kNm = 7, kGp = 13, kPf = 14, kMf = 16, kXm = 19;
constexpr unsigned kNone = 256;

class NativeMachine : public SoftMachine {
public:
    NativeMachine()
    {
        mapPage(kCode, kCodeAt, kUser | kWritable);
        mapPage(kData, kDataAt, kUser | kWritable);
        enter(Mode::Long);
        setMxcsr(kReset);
        execute({0xdb, 0xe3}); // FNINIT
    }
    /// Runs one instruction with RDI at `at`; the vector it raised, or kNone.
    unsigned execute(std::initializer_list<uint8_t> bytes, uint64_t at = kData)
    {
        put(kCodeAt, std::vector<uint8_t>(bytes));
        core.regs.rip = kCode;
        core.regs.general[kRdi] = at;
        core.runOne();
        const auto event = takenEvent();
        if (!event)
            return kNone;
        core.regs.general[kRsp] = event->rsp;
        enterCode(Mode::Long);
        return event->vector;
    }
    /// Runs a block, without a look around in between, up to the HLT behind it; kNone, or the
    /// vector it raised.
    unsigned executeBlock(std::vector<uint8_t> bytes)
    {
        bytes.insert(bytes.end(), {0x0f, 0x0b});
        put(kCodeAt, bytes);
        core.regs.rip = kCode;
        core.regs.general[kRdi] = kData;
        core.m_halted = false;
        core.run(); // up to the handler's HLT
        const auto event = takenEvent();
        return event ? event->vector : kNone;
    }
    uint32_t mxcsr() { return value<uint32_t>(VectorState::kMxcsr); }
    void setMxcsr(uint32_t to) { setValue(VectorState::kMxcsr, to); }
    uint16_t status() { return value<uint16_t>(2); }
    template <class T>
    T value(size_t offset)
    {
        T result;
        std::memcpy(&result, core.regs.vector.fx.data() + offset, sizeof result);
        return result;
    }
    template <class T>
    void setValue(size_t offset, T to)
    {
        std::memcpy(core.regs.vector.fx.data() + offset, &to, sizeof to);
    }
    template <class T>
    void setXmm(unsigned n, T to)
    {
        setValue(VectorState::kXmm + size_t{16} * n, to);
    }
    template <class T>
    T xmm(unsigned n)
    {
        return value<T>(VectorState::kXmm + size_t{16} * n);
    }
    template <class T>
    void setData(unsigned offset, T to)
    {
        putValue(kDataAt + offset, to);
    }
    uint64_t data(unsigned offset) { return read(kDataAt + offset); }
};

} // namespace

class NativeTest : public QObject {
    Q_OBJECT

private slots:
    void init() { m = std::make_unique<NativeMachine>(); }

    void addsAndKeepsFlags()
    {
        m->setXmm(1, 1.0F);
        m->setData(0, 2.5F);
        QCOMPARE(m->execute({0xf3, 0x0f, 0x58, 0x0f}), kNone); // ADDSS xmm1, [rdi]
        QCOMPARE(m->xmm<float>(1), 3.5F);
        QCOMPARE(m->mxcsr(), kReset);
        m->setXmm(1, 3.0F);
        QCOMPARE(m->execute({0xf3, 0x0f, 0x5e, 0x0f}), kNone); // DIVSS: 3 / 2.5 is inexact
        QCOMPARE(m->mxcsr(), kReset | 0x20);
    }

    void unmaskedExceptionLeavesRegisters()
    {
        m->setMxcsr(kReset & ~0x200U); // ZM
        m->setXmm(1, 1.0F);
        m->setXmm(2, 0.0F);
        QCOMPARE(m->execute({0xf3, 0x0f, 0x5e, 0xca}), kXm); // DIVSS xmm1, xmm2
        QCOMPARE(m->xmm<float>(1), 1.0F);
        QCOMPARE(m->mxcsr() & 0x3f, 4U);
        m->core.sys.cr4 &= ~cr::k4Osxmmexcpt;
        QCOMPARE(m->execute({0xf3, 0x0f, 0x5e, 0xca}), kUd);
    }

    void exactTinyResultRaisesUnmaskedUnderflow()
    {
        m->setXmm(1, std::bit_cast<float>(uint32_t{2})); // denormal
        m->setXmm(2, 1.0F);
        m->setMxcsr(kReset);
        QCOMPARE(m->execute({0xf3, 0x0f, 0x59, 0xca}), kNone); // MULSS
        QCOMPARE(m->mxcsr() & 0x3f, 2U);                       // only DE
        m->setMxcsr(kReset & ~0x800U);                         // UM
        QCOMPARE(m->execute({0xf3, 0x0f, 0x59, 0xca}), kXm);
        QCOMPARE(m->mxcsr() & 0x12, 0x12U);
    }

    void roundsAsTheGuestSays()
    {
        m->setXmm(1, 2.5);
        m->setMxcsr(kReset | 0x4000);                                // up
        QCOMPARE(m->execute({0xf2, 0x48, 0x0f, 0x2d, 0xc1}), kNone); // CVTSD2SI rax, xmm1
        QCOMPARE(m->core.regs.general[kRax], uint64_t{3});
        m->setMxcsr(kReset | 0x2000); // down
        QCOMPARE(m->execute({0xf2, 0x48, 0x0f, 0x2d, 0xc1}), kNone);
        QCOMPARE(m->core.regs.general[kRax], uint64_t{2});
    }

    void gathersFlagsAcrossABlock()
    {
        m->setXmm(1, 1.0F);
        m->setXmm(2, 3.0F);
        m->setXmm(3, 1.0F);
        m->setXmm(4, 0.0F);
        m->setData(32, kReset | 0x4000); // round up
        QCOMPARE(m->executeBlock({
                     0xf3, 0x0f, 0x5e, 0xca,       // DIVSS xmm1, xmm2: inexact
                     0x0f, 0xae, 0x1f,             // STMXCSR [rdi]
                     0xf3, 0x0f, 0x5e, 0xdc,       // DIVSS xmm3, xmm4: by zero
                     0x0f, 0xae, 0x5f, 0x04,       // STMXCSR [rdi + 4]
                     0xd9, 0xe8,                   // FLD1
                     0xdd, 0x5f, 0x08,             // FSTP [rdi + 8]
                     0x0f, 0x57, 0xc9,             // XORPS xmm1, xmm1
                     0xf2, 0x0f, 0x58, 0xc9,       // ADDSD xmm1, xmm1: exact
                     0x0f, 0xae, 0x57, 0x20,       // LDMXCSR [rdi + 32]
                     0xf3, 0x0f, 0x2d, 0xc2,       // CVTSS2SI eax, xmm2: exact
                     0xf3, 0x0f, 0x5e, 0x57, 0x24, // DIVSS xmm2, [rdi + 36]
                 }),
                 kUd);
        QCOMPARE(m->data(0), uint64_t{kReset | 0x24} << 32 | (kReset | 0x20));
        QCOMPARE(m->data(8), std::bit_cast<uint64_t>(1.0));
        QCOMPARE(m->core.regs.general[kRax], uint64_t{3});
        QCOMPARE(m->mxcsr(), kReset | 0x4004);    // 3 / 0, and nothing of before LDMXCSR
        QCOMPARE(_mm_getcsr() & 0xffc0U, kReset); // the host's own
    }

    void unmaskedExceptionKeepsFlagsOfItsBlock()
    {
        m->setXmm(1, 1.0F);
        m->setXmm(2, 3.0F);
        m->setXmm(4, 0.0F);
        m->setData(0, kReset & ~0x200U); // ZM
        QCOMPARE(m->execute({0x0f, 0xae, 0x1f}, kData + 64), kNone);
        QCOMPARE(m->executeBlock({
                     0x0f, 0xae, 0x17,       // LDMXCSR [rdi]
                     0xf3, 0x0f, 0x5e, 0xca, // DIVSS xmm1, xmm2: inexact
                     0xf3, 0x0f, 0x5e, 0xd4, // DIVSS xmm2, xmm4: by zero
                 }),
                 kXm);
        QCOMPARE(m->xmm<float>(2), 3.0F);
        QCOMPARE(m->mxcsr(), (kReset & ~0x200U) | 0x24);
    }

    void comparesIntoFlags()
    {
        m->setXmm(1, 1.0);
        m->setXmm(2, std::bit_cast<double>(~uint64_t{0}));     // NaN
        QCOMPARE(m->execute({0x66, 0x0f, 0x2e, 0xca}), kNone); // UCOMISD xmm1, xmm2
        QCOMPARE(m->core.regs.flags.get(), flag::kZf | flag::kPf | flag::kCf);
        QCOMPARE(m->execute({0x66, 0x0f, 0x38, 0x17, 0xc0}), kNone); // PTEST xmm0, xmm0
        QCOMPARE(m->core.regs.flags.get(), flag::kZf | flag::kCf);
    }

    void misalignedOperandRaisesGp()
    {
        QCOMPARE(m->execute({0x66, 0x0f, 0xfc, 0x07}, kData + 8), kGp);    // PADDB
        QCOMPARE(m->execute({0x0f, 0x28, 0x07}, kData + 8), kGp);          // MOVAPS
        QCOMPARE(m->execute({0x0f, 0x10, 0x07}, kData + 8), kNone);        // MOVUPS
        QCOMPARE(m->execute({0xc5, 0xf1, 0xfc, 0x07}, kData + 8), kNone);  // VPADDB
        QCOMPARE(m->execute({0xc5, 0xfc, 0x28, 0x07}, kData + 16), kGp);   // VMOVAPS ymm
        QCOMPARE(m->execute({0x0f, 0x11, 0x07}, kData + 0x1000 - 8), kPf); // MOVUPS store
    }

    void asksControlRegisters()
    {
        m->core.sys.cr0 |= cr::k0Ts;
        for (const unsigned vector :
             {m->execute({0x0f, 0x58, 0xc1}), m->execute({0xc5, 0xf0, 0x58, 0xc2}),
              m->execute({0xd9, 0xe8}), m->execute({0x0f, 0xfc, 0xc1}), m->execute({0x9b})})
            QCOMPARE(vector, kNm); // ADDPS, VADDPS, FLD1, PADDB mm, FWAIT
        m->core.sys.cr0 |= cr::k0Em;
        QCOMPARE(m->execute({0x0f, 0x58, 0xc1}), kUd);
        QCOMPARE(m->execute({0x0f, 0xfc, 0xc1}), kUd);
        QCOMPARE(m->execute({0xd9, 0xe8}), kNm);
        m->core.sys.cr0 &= ~(cr::k0Em | cr::k0Ts);
        m->core.sys.xcr0 = 3;
        QCOMPARE(m->execute({0xc5, 0xf0, 0x58, 0xc2}), kUd);
        m->core.sys.cr4 &= ~cr::k4Osfxsr;
        QCOMPARE(m->execute({0x0f, 0x58, 0xc1}), kUd);
        QCOMPARE(m->execute({0x0f, 0xfc, 0xc1}), kNone);
    }

    void upperHalvesFollowTheEncoding()
    {
        m->core.regs.vector.ymmHigh[1].fill(0xaa);
        QCOMPARE(m->execute({0x66, 0x0f, 0xfc, 0xc8}), kNone); // PADDB xmm1, xmm0
        QCOMPARE(m->core.regs.vector.ymmHigh[1][0], uint8_t{0xaa});
        QCOMPARE(m->execute({0xc5, 0xf1, 0xfc, 0xc8}), kNone); // VPADDB xmm1, xmm1, xmm0
        QCOMPARE(m->core.regs.vector.ymmHigh[1][0], uint8_t{0});
    }

    void x87SumsThreeLoads()
    {
        m->setData(0, 1.5);
        m->setData(8, 2.25F);
        m->setData<int16_t>(12, 4);
        QCOMPARE(m->execute({0xdd, 0x07}), kNone);       // FLD m64
        QCOMPARE(m->execute({0xd8, 0x47, 0x08}), kNone); // FADD m32
        QCOMPARE(m->execute({0xde, 0x47, 0x0c}), kNone); // FIADD m16
        QCOMPARE(m->execute({0xdd, 0x5f, 0x10}), kNone); // FSTP m64
        QCOMPARE(std::bit_cast<double>(m->data(16)), 7.75);
        QCOMPARE(m->status() & 0x3800, 0); // an empty stack again
    }

    void x87ExceptionWaits()
    {
        m->setData<uint16_t>(0, 0x37b);                // ZM clear
        QCOMPARE(m->execute({0xd9, 0x2f}), kNone);     // FLDCW
        QCOMPARE(m->execute({0xd9, 0xe8}), kNone);     // FLD1
        QCOMPARE(m->execute({0xd9, 0xee}), kNone);     // FLDZ
        QCOMPARE(m->execute({0xde, 0xf9}), kNone);     // FDIVP: 1 / 0
        QCOMPARE(m->status() & 0x8084, 0x8084);        // B, ES, ZE
        QCOMPARE(m->status() & 0x3800, 0x3000);        // not popped
        QCOMPARE(m->execute({0xdf, 0xe0}), kNone);     // FNSTSW does not wait
        QCOMPARE(m->execute({0x9b}), kMf);             // FWAIT
        QCOMPARE(m->execute({0xd9, 0xe8}), kMf);       // FLD1
        QCOMPARE(m->execute({0x0f, 0xfc, 0xc1}), kMf); // PADDB mm0, mm1
        QCOMPARE(m->execute({0xdb, 0xe2}), kNone);     // FNCLEX
        QCOMPARE(m->execute({0x9b}), kNone);
    }

    void environmentRoundTrips()
    {
        QCOMPARE(m->execute({0xd9, 0xe8}), kNone);       // FLD1
        QCOMPARE(m->execute({0xd9, 0xee}), kNone);       // FLDZ
        QCOMPARE(m->execute({0xdd, 0x37}), kNone);       // FNSAVE [rdi]
        QCOMPARE(m->data(8) & 0xffff, uint64_t{0x1fff}); // valid in 7, zero in 6
        QCOMPARE(m->value<uint8_t>(4), uint8_t{0});
        QCOMPARE(m->execute({0xdd, 0x27}), kNone); // FRSTOR [rdi]
        QCOMPARE(m->value<uint8_t>(4), uint8_t{0xc0});
        QCOMPARE(m->execute({0xd9, 0xc9}), kNone);       // FXCH
        QCOMPARE(m->execute({0xd9, 0x5f, 0x70}), kNone); // FSTP m32
        QCOMPARE(static_cast<uint32_t>(m->data(0x70)), std::bit_cast<uint32_t>(1.0F));
    }

    void mmxRenumbersTheStack()
    {
        QCOMPARE(m->execute({0xd9, 0xe8}), kNone);               // FLD1: physical register 7
        QCOMPARE(m->execute({0x48, 0x0f, 0x7e, 0xf8}), kNone);   // MOVQ rax, mm7
        QCOMPARE(m->core.regs.general[kRax], uint64_t{1} << 63); // its significand
        QCOMPARE(m->value<uint8_t>(4), uint8_t{0xff});
        QCOMPARE(m->execute({0x0f, 0x77}), kNone); // EMMS
        QCOMPARE(m->value<uint8_t>(4), uint8_t{0});
    }

    void mxcsrRefusesReservedBits()
    {
        m->setData<uint32_t>(0, 0x10000);
        QCOMPARE(m->execute({0x0f, 0xae, 0x17}), kGp); // LDMXCSR
        QCOMPARE(m->mxcsr(), kReset);
    }

    void xsaveRoundTrips()
    {
        m->core.regs.general[kRax] = 7;
        m->core.regs.general[kRdx] = 0;
        m->setXmm(3, uint64_t{0x1234});
        m->core.regs.vector.ymmHigh[4][0] = 0x77;
        QCOMPARE(m->execute({0x0f, 0xae, 0x27}, kData + 16), kGp); // XSAVE, not 64-byte aligned
        QCOMPARE(m->execute({0x0f, 0xae, 0x27}), kNone);
        QCOMPARE(m->data(512), uint64_t{6}); // x87 is in its initial state
        const VectorState saved = m->core.regs.vector;
        m->core.regs.vector = {};
        QCOMPARE(m->execute({0x0f, 0xae, 0x2f}), kNone); // XRSTOR
        QVERIFY(m->core.regs.vector.fx == saved.fx);
        QVERIFY(m->core.regs.vector.ymmHigh == saved.ymmHigh);
        m->setData<uint64_t>(512, 8);
        QCOMPARE(m->execute({0x0f, 0xae, 0x2f}), kGp);
    }

    void areaFromAnywhereIsChecked()
    {
        std::vector<uint8_t> area;
        VectorState state = m->core.regs.vector;
        state.ymmHigh[15][15] = 9;
        packXsave(state, 7, area);
        VectorState loaded;
        QVERIFY(unpackXsave(area, loaded).has_value());
        QVERIFY(loaded.fx == state.fx && loaded.ymmHigh == state.ymmHigh);
        QVERIFY(!unpackXsave(std::span(area).first(600), loaded).has_value());
        area[VectorState::kMxcsr + 2] = 1;
        QVERIFY(!unpackXsave(area, loaded).has_value());
    }

private:
    std::unique_ptr<NativeMachine> m;
};

QTEST_APPLESS_MAIN(NativeTest)
#include "native_test.moc"
