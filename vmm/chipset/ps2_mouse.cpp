// SPDX-License-Identifier: GPL-3.0-or-later
// PS/2 mouse with the IntelliMouse wheel and five buttons (IBM PS/2 Technical Reference, Mouse;
// Microsoft IntelliMouse and IntelliMouse Explorer extensions).
#include "vmm/chipset/ps2_mouse.h"

#include <algorithm>
#include <span>
#include <utility>

namespace vmm::chipset {

namespace {

constexpr uint8_t kAck = 0xfa;
constexpr uint8_t kResend = 0xfe;
constexpr uint8_t kSelfTestPassed = 0xaa;

enum Command : uint8_t {
    ScalingOneToOne = 0xe6,
    ScalingTwoToOne = 0xe7,
    SetResolution = 0xe8,
    StatusRequest = 0xe9,
    SetStream = 0xea,
    ReadData = 0xeb,
    ResetWrap = 0xec,
    SetWrap = 0xee,
    SetRemote = 0xf0,
    ReadId = 0xf2,
    SetSampleRate = 0xf3,
    EnableReporting = 0xf4,
    DisableReporting = 0xf5,
    SetDefault = 0xf6,
    Resend = 0xfe,
    Reset = 0xff,
};

constexpr uint8_t kMainButtons = 0x07;
constexpr uint8_t kAllButtons = 0x1f;
constexpr int32_t kMaxSum = 1 << 20; // more counts than any screen has pixels

int32_t saturatingAdd(int32_t sum, int64_t more)
{
    return static_cast<int32_t>(std::clamp<int64_t>(sum + more, -kMaxSum, kMaxSum));
}

/// Takes what fits [least, most] out of `sum`.
int32_t take(int32_t& sum, int32_t least, int32_t most)
{
    const int32_t part = std::clamp(sum, least, most);
    sum -= part;
    return part;
}

/// 2:1 scaling (IBM: "Set Scaling 2:1").
int32_t scaled(int32_t counts)
{
    static constexpr std::array<int32_t, 6> kSmall{0, 1, 1, 3, 6, 9};
    const int32_t size = counts < 0 ? -counts : counts;
    const int32_t result =
        size < 6 ? kSmall[static_cast<size_t>(size)] : std::min(2 * size, int32_t{255});
    return counts < 0 ? -result : result;
}

} // namespace

void Ps2Mouse::move(int dx, int dy)
{
    m_state.dx = saturatingAdd(m_state.dx, dx);
    m_state.dy = saturatingAdd(m_state.dy, -int64_t{dy});
    sendReports();
}

void Ps2Mouse::button(input::PointerButton button, bool down)
{
    const auto bit = static_cast<unsigned>(button);
    if (bit > static_cast<unsigned>(input::PointerButton::Extra))
        return;
    const auto mask = static_cast<uint8_t>(1U << bit);
    m_state.buttons = static_cast<uint8_t>((m_state.buttons & ~mask) | (down ? mask : 0));
    m_state.pressed = static_cast<uint8_t>(m_state.pressed | (down ? mask : 0));
    sendReports();
}

void Ps2Mouse::wheel(int detents)
{
    if (m_state.id == 0)
        return; // a mouse without a wheel, as far as the guest knows
    m_state.dz = saturatingAdd(m_state.dz, -int64_t{detents});
    sendReports();
}

bool Ps2Mouse::somethingToReport() const
{
    const uint8_t known = m_state.id == 4 ? kAllButtons : kMainButtons;
    const bool moved = m_state.dx != 0 || m_state.dy != 0 || m_state.dz != 0;
    return moved || (((m_state.buttons | m_state.pressed) ^ m_state.reported) & known) != 0;
}

void Ps2Mouse::sendReports()
{
    if (m_state.wrap || m_state.mode == MouseMode::Remote)
        return; // in remote mode the sums wait for the next read
    if (!m_state.reporting)
        return clearMotion();
    const size_t size = m_state.id == 0 ? 3 : 4;
    while (somethingToReport() && m_queue.dataSpace() >= size) {
        const Report report = takeReport();
        m_queue.push(std::span(report.bytes).first(report.size));
    }
}

Ps2Mouse::Report Ps2Mouse::takeReport()
{
    // A click that came and went while the queue was full is shown once, its end by the next
    // report.
    const auto buttons =
        static_cast<uint8_t>(m_state.buttons | std::exchange(m_state.pressed, uint8_t{0}));
    m_state.reported = buttons;
    int32_t dx = take(m_state.dx, -255, 255);
    int32_t dy = take(m_state.dy, -255, 255);
    if (m_state.scaling && m_state.mode == MouseMode::Stream) {
        dx = scaled(dx);
        dy = scaled(dy);
    }
    Report report;
    report.bytes[0] = static_cast<uint8_t>(0x08 | (buttons & kMainButtons) | (dx < 0 ? 0x10 : 0) |
                                           (dy < 0 ? 0x20 : 0));
    report.bytes[1] = static_cast<uint8_t>(dx);
    report.bytes[2] = static_cast<uint8_t>(dy);
    if (m_state.id == 0)
        return report;
    const auto dz = static_cast<uint8_t>(take(m_state.dz, -8, 7));
    report.bytes[3] =
        m_state.id == 4 ? static_cast<uint8_t>((dz & 0x0f) | (buttons & 0x18) << 1) : dz;
    report.size = 4;
    return report;
}

std::optional<uint8_t> Ps2Mouse::pop()
{
    const auto byte = m_queue.pop();
    sendReports();
    return byte;
}

void Ps2Mouse::write(uint8_t value)
{
    m_queue.beginReply();
    if (m_state.wrap && value != Reset && value != ResetWrap)
        return m_queue.reply(value);
    const uint8_t waiting = std::exchange(m_state.command, uint8_t{0});
    if (waiting != 0)
        writeParameter(waiting, value);
    else
        writeCommand(value);
}

void Ps2Mouse::writeParameter(uint8_t command, uint8_t value)
{
    if (command == SetResolution) {
        if (value > 3)
            return m_queue.reply(kResend);
        m_state.resolution = value;
    } else {
        if (value == 0)
            return m_queue.reply(kResend);
        m_state.sampleRate = value;
        m_state.rates = {m_state.rates[1], m_state.rates[2], value};
        detectId();
    }
    m_queue.reply(kAck);
}

/// The knocks by which a driver says that it knows wheels and five buttons (Microsoft).
void Ps2Mouse::detectId()
{
    if (m_state.rates == std::array<uint8_t, 3>{200, 100, 80} && m_state.id == 0)
        m_state.id = 3;
    else if (m_state.rates == std::array<uint8_t, 3>{200, 200, 80})
        m_state.id = 4;
}

void Ps2Mouse::writeCommand(uint8_t value)
{
    switch (value) {
    case SetResolution:
    case SetSampleRate:
        m_state.command = value;
        break;
    case ScalingOneToOne:
    case ScalingTwoToOne:
        m_state.scaling = value == ScalingTwoToOne;
        break;
    case SetStream:
    case SetRemote:
        m_state.mode = value == SetStream ? MouseMode::Stream : MouseMode::Remote;
        clearMotion();
        break;
    case SetWrap:
    case ResetWrap:
        m_state.wrap = value == SetWrap;
        clearMotion();
        break;
    case EnableReporting:
    case DisableReporting:
        m_state.reporting = value == EnableReporting;
        clearMotion();
        break;
    case SetDefault:
        setDefaults();
        break;
    case ReadId:
        m_queue.reply(kAck);
        return m_queue.reply(m_state.id);
    case Resend:
        return m_queue.reply(m_queue.last());
    case StatusRequest:
        m_queue.reply(kAck);
        m_queue.reply(static_cast<uint8_t>(
            (m_state.mode == MouseMode::Remote ? 0x40 : 0) | (m_state.reporting ? 0x20 : 0) |
            (m_state.scaling ? 0x10 : 0) | ((m_state.buttons & 1) != 0 ? 4 : 0) |
            ((m_state.buttons & 4) != 0 ? 2 : 0) | ((m_state.buttons & 2) != 0 ? 1 : 0)));
        m_queue.reply(m_state.resolution);
        return m_queue.reply(m_state.sampleRate);
    case ReadData: {
        m_queue.reply(kAck);
        const Report report = takeReport();
        for (size_t i = 0; i < report.size; ++i)
            m_queue.reply(report.bytes[i]);
        return;
    }
    case Reset:
        reset();
        m_queue.reply(kAck);
        m_queue.reply(kSelfTestPassed);
        return m_queue.reply(0); // the id of a standard mouse
    default:
        return m_queue.reply(kResend);
    }
    m_queue.reply(kAck);
}

void Ps2Mouse::clearMotion()
{
    m_state.dx = m_state.dy = m_state.dz = 0;
    m_state.pressed = 0;
    m_state.reported = m_state.buttons;
    m_queue.clearData();
}

void Ps2Mouse::setDefaults()
{
    m_state.sampleRate = 100;
    m_state.resolution = 2;
    m_state.scaling = false;
    m_state.mode = MouseMode::Stream;
    m_state.reporting = false;
    clearMotion();
}

void Ps2Mouse::reset()
{
    setDefaults();
    m_state.command = 0;
    m_state.wrap = false;
    m_state.rates = {};
    m_state.id = 0;
    m_queue.beginReply();
}

Ps2MouseState Ps2Mouse::save() const
{
    Ps2MouseState state = m_state;
    state.queue = m_queue.save();
    return state;
}

Result<void> Ps2Mouse::load(const Ps2MouseState& state)
{
    const bool waits = state.command == SetResolution || state.command == SetSampleRate;
    const auto outside = [](int32_t sum) { return sum < -kMaxSum || sum > kMaxSum; };
    if ((state.command != 0 && !waits) || state.mode > MouseMode::Remote || state.resolution > 3 ||
        (state.id != 0 && state.id != 3 && state.id != 4) || outside(state.dx) ||
        outside(state.dy) || outside(state.dz) || (state.id == 0 && state.dz != 0) ||
        ((state.buttons | state.pressed | state.reported) & ~kAllButtons) != 0)
        return Error(ErrorCode::Invalid, "mouse: a register is out of range");
    TRY(m_queue.load(state.queue));
    m_state = state;
    m_state.queue = {};
    return {};
}

} // namespace vmm::chipset
