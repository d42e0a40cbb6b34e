// SPDX-License-Identifier: GPL-3.0-or-later
// The host's end of a port of bytes: a terminal, a socket, a file, or a part of this program.
//
//   device --write()--> end --> whoever is there      what the end does not take stays with the
//   guest device <--read()--- end <-- whoever is there      what the guest does not take stays
//   outside
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace vmm::console {

/// One end, with flow control both ways; nothing waits. Thread: everything on the loop it was made
/// with; destroyed there, or anywhere when nobody listens any more.
class ByteEnd {
public:
    virtual ~ByteEnd() = default;

    /// Calls `changed` when connected() may have changed, and when read() or write() that came
    /// short may do more now. Never from inside a call of the listener. Empty: nobody listens.
    void listen(std::function<void()> changed) { m_changed = std::move(changed); }
    /// Somebody is there. A read() or write() may find out that nobody is.
    virtual bool connected() const = 0;
    /// Takes some of `bytes` from the front, and says how many.
    virtual size_t write(std::span<const std::byte> bytes) = 0;
    /// Fills `to` from the front with what has come, and says how much; 0: nothing now.
    virtual size_t read(std::span<std::byte> to) = 0;
    /// The last bytes before the end goes away, taken as far as they go without waiting.
    virtual void finish(std::span<const std::byte> bytes) { write(bytes); }
    /// What people open to get there: a terminal's or a socket's path; empty for the rest.
    virtual std::string path() const { return {}; }
    /// Bytes taken that never arrived, because the file failed or the program ended. Any thread.
    virtual uint64_t dropped() const { return 0; }

protected:
    void tell()
    {
        if (m_changed)
            m_changed();
    }

private:
    std::function<void()> m_changed;
};

} // namespace vmm::console
