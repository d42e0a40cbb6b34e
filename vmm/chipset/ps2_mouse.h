// SPDX-License-Identifier: GPL-3.0-or-later
// PS/2 mouse with the IntelliMouse wheel and five buttons (IBM PS/2 Technical Reference, Mouse;
// Microsoft IntelliMouse and IntelliMouse Explorer extensions).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "vmm/base/result.h"
#include "vmm/chipset/ps2_queue.h"
#include "vmm/input/input.h"

namespace vmm::chipset {

enum class MouseMode : uint8_t { Stream, Remote };

/// What the mouse remembers. Saved inside the state of the keyboard controller.
struct Ps2MouseState {
    Ps2QueueState queue;
    uint8_t command = 0; ///< command that waits for its parameter, 0 none
    MouseMode mode = MouseMode::Stream;
    bool wrap = false;
    bool reporting = false;
    bool scaling = false;   ///< 2:1
    uint8_t resolution = 2; ///< 4 counts per mm
    uint8_t sampleRate = 100;
    std::array<uint8_t, 3> rates{}; ///< the last sample rates set, newest last
    uint8_t id = 0;                 ///< 0 standard, 3 wheel, 4 five buttons
    int32_t dx = 0;                 ///< motion not yet reported, right positive
    int32_t dy = 0;                 ///< up positive
    int32_t dz = 0;                 ///< toward the user positive
    uint8_t buttons = 0;            ///< held: left, right, middle, side, extra from bit 0
    uint8_t pressed = 0;            ///< pressed since the last report, also when let go again
    uint8_t reported = 0;           ///< buttons of the last report

    template <class A>
    void visit(A& a)
    {
        a.field("queue", queue).field("command", command).field("mode", mode).field("wrap", wrap);
        a.field("reporting", reporting).field("scaling", scaling).field("resolution", resolution);
        a.field("sample-rate", sampleRate).field("rates", rates).field("id", id);
        a.field("dx", dx).field("dy", dy).field("dz", dz);
        a.field("buttons", buttons).field("pressed", pressed).field("reported", reported);
    }
};

/// The mouse at the end of its cable. Not thread-safe: guarded by the keyboard controller's lock,
/// which is also its owner. DEVIATION: the sample rate is remembered but does not slow reports
/// down.
class Ps2Mouse {
public:
    /// As input::PointerSink; motion the host does not fetch is summed up.
    void move(int dx, int dy);
    void button(input::PointerButton button, bool down);
    void wheel(int detents);
    /// The host sent a byte.
    void write(uint8_t value);
    /// The next byte for the host.
    std::optional<uint8_t> pop();
    void reset();

    Ps2MouseState save() const;
    Result<void> load(const Ps2MouseState& state);

private:
    void writeCommand(uint8_t value);
    void writeParameter(uint8_t command, uint8_t value);
    void detectId();
    void setDefaults();
    void clearMotion();
    bool somethingToReport() const;
    /// Queues reports while there is something to report and room for all of a report.
    void sendReports();
    /// Takes up to one report's worth of motion out of the sums; 3 or 4 bytes.
    struct Report {
        std::array<uint8_t, 4> bytes{};
        size_t size = 3;
    };
    Report takeReport();

    Ps2Queue m_queue;
    Ps2MouseState m_state; // its queue member is filled by save() only
};

} // namespace vmm::chipset
