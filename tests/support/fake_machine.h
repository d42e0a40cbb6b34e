// SPDX-License-Identifier: GPL-3.0-or-later
// FakeMachine: keeps every promise of vmm::machine::Machine without a guest in it.
#pragma once

#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "vmm/base/check.h"
#include "vmm/base/event_loop.h"
#include "vmm/machine/machine.h"

namespace tests {

/// A screen whose size, colour and text the test sets. Thread-safe.
class FakeScanout final : public vmm::console::ScanoutSource {
public:
    std::vector<vmm::console::Rect> update(vmm::console::Frame& frame) override
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        frame.width = width;
        frame.height = height;
        frame.pixels.assign(static_cast<size_t>(width) * static_cast<size_t>(height), colour);
        return {{0, 0, width, height}};
    }
    void invalidate() override { ++invalidated; }
    std::optional<vmm::console::TextScreen> text() override
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        return m_text;
    }
    void setText(std::optional<std::string> line)
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_text.reset();
        if (!line)
            return;
        m_text.emplace();
        m_text->columns = static_cast<int>(line->size());
        m_text->rows = 1;
        for (const char c : *line)
            m_text->cells.push_back({static_cast<char32_t>(c), 0x07});
    }
    int width = 4;
    int height = 3;
    uint32_t colour = 0xff336699;
    std::atomic<int> invalidated{0};

private:
    std::mutex m_mutex;
    std::optional<vmm::console::TextScreen> m_text;
};

/// Remembers what was typed and moved, as words: "down 30", "up 30", "move 1 2", "button 0 down".
/// Thread-safe.
class FakeInput final : public vmm::input::KeyboardSink, public vmm::input::PointerSink {
public:
    void key(vmm::input::KeyEvent event) override
    {
        add((event.down ? "down " : "up ") + std::to_string(event.code));
    }
    uint8_t leds() const override { return 0; }
    void move(int dx, int dy) override
    {
        add("move " + std::to_string(dx) + " " + std::to_string(dy));
    }
    void button(vmm::input::PointerButton button, bool down) override
    {
        add("button " + std::to_string(static_cast<int>(button)) + (down ? " down" : " up"));
    }
    void wheel(int detents) override { add("wheel " + std::to_string(detents)); }
    std::vector<std::string> events() const
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        return m_events;
    }

private:
    void add(std::string event)
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_events.push_back(std::move(event));
    }
    mutable std::mutex m_mutex;
    std::vector<std::string> m_events;
};

/// Carries requests out on a control thread of its own, in order, as a real machine does.
class FakeMachine final : public vmm::machine::Machine {
public:
    using RunState = vmm::console::RunState;
    using Completion = vmm::machine::Completion;

    FakeMachine(vmm::spec::MachineSpec spec, vmm::console::MachineListener& listener)
        : m_spec(std::move(spec)), m_listener(listener)
    {
        auto loop = vmm::EventLoop::create("fake-control");
        CHECK(loop.has_value());
        m_control = *std::move(loop);
    }

    const vmm::spec::MachineSpec& spec() const override { return m_spec; }
    const vmm::machine::AccelChoice& accel() const override { return m_accel; }
    RunState runState() const override { return m_state; }
    void resume(Completion done) override { changeState(RunState::Running, std::move(done)); }
    void pause(Completion done) override { changeState(RunState::Paused, std::move(done)); }
    void reset(Completion done) override { note("reset", std::move(done)); }
    void powerButton(Completion done) override { note("power button", std::move(done)); }
    void powerOff(Completion done) override { changeState(RunState::Stopped, std::move(done)); }
    void save(const std::string& path, std::function<bool(int)> progress, Completion done) override
    {
        m_control->post([=] {
            for (const int percent : {0, 50, 100})
                if (progress && !progress(percent))
                    return done(vmm::Error(vmm::ErrorCode::Cancelled, "saving was given up"));
            std::ofstream file(path);
            file << "saved";
            done(file ? vmm::Result<void>{} : vmm::Error::fromErrno(path, ENOENT));
        });
    }
    void insertMedium(const std::string& path, Completion done) override
    {
        m_control->post([=, this] {
            if (!std::ifstream(path))
                return done(vmm::Error::fromErrno(path, ENOENT));
            setMedium(path);
            done({});
        });
    }
    void ejectMedium(Completion done) override
    {
        m_control->post([=, this] {
            setMedium({});
            done({});
        });
    }
    void change(vmm::machine::HardwareChange change, vmm::machine::HardwareCompletion done) override
    {
        m_control->post([=] {
            if (const auto* forward = std::get_if<vmm::machine::AddForward>(&change))
                return done(forward->id + " " + forward->rule);
            done(vmm::Error(vmm::ErrorCode::NotFound, "no such device"));
        });
    }
    std::string medium() const override
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        return m_medium;
    }
    vmm::input::KeyboardSink& keyboard() override { return input; }
    vmm::input::PointerSink& pointer() override { return input; }
    vmm::console::ScanoutSource& scanout() override { return screen; }
    void devices(std::function<void(std::vector<vmm::machine::DeviceInfo>)> done) override
    {
        m_control->post([=] {
            done({{"i8042", {{"status", "0x1c"}, {"command", "0x61"}}}, {"empty", {}}});
        });
    }
    std::vector<vmm::machine::Counter> counters() const override
    {
        return {{"exit.mmio", 7}, {"pio.i8042.reads", uint64_t{1} << 40}};
    }
    std::string serialPty() const override { return "/dev/pts/42"; }

    /// What happened, of the requests that leave no other trace.
    std::vector<std::string> notes() const
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        return m_notes;
    }
    /// Lets the machine say something, on its control thread.
    void say(const std::string& sentence)
    {
        m_control->post([=, this] { m_listener.machineMessage(sentence); });
    }
    void requestExit(int status)
    {
        m_control->post([=, this] { m_listener.exitRequested(status); });
    }

    FakeInput input;
    FakeScanout screen;

private:
    void changeState(RunState state, Completion done)
    {
        m_control->post([=, this] {
            m_state = state;
            m_listener.runStateChanged(state);
            done({});
        });
    }
    void note(const std::string& what, Completion done)
    {
        m_control->post([=, this] {
            {
                const std::lock_guard<std::mutex> lock(m_mutex);
                m_notes.push_back(what);
            }
            done({});
        });
    }
    void setMedium(const std::string& path)
    {
        {
            const std::lock_guard<std::mutex> lock(m_mutex);
            m_medium = path;
        }
        m_listener.mediaChanged(path);
    }

    const vmm::spec::MachineSpec m_spec;
    const vmm::machine::AccelChoice m_accel{vmm::spec::Accel::Kvm, "a test asked for KVM"};
    vmm::console::MachineListener& m_listener;
    std::atomic<RunState> m_state{RunState::Paused};
    mutable std::mutex m_mutex;
    std::string m_medium;
    std::vector<std::string> m_notes;
    std::unique_ptr<vmm::EventLoop> m_control; // last: its thread uses the rest
};

} // namespace tests
