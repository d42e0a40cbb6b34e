// SPDX-License-Identifier: GPL-3.0-or-later
// What a PS/2 device has to say: answers to commands first, then whole sequences of data, both
// bounded (IBM PS/2 Technical Reference, Keyboards: 16-byte buffer).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "vmm/base/result.h"

namespace vmm::chipset {

/// The queue as it is saved: bytes in order and how many, no indices that could point elsewhere.
struct Ps2QueueState {
    static constexpr uint8_t kReplies = 8;
    static constexpr uint8_t kData = 16;
    std::array<uint8_t, kReplies> replies{};
    uint8_t replyCount = 0;
    std::array<uint8_t, kData> data{};
    uint8_t dataCount = 0;
    uint8_t last = 0; ///< the byte sent last, for the resend command

    template <class A>
    void visit(A& a)
    {
        a.field("replies", replies).field("reply-count", replyCount);
        a.field("data", data).field("data-count", dataCount).field("last", last);
    }
};

/// Not thread-safe: guarded by the keyboard controller's lock.
class Ps2Queue {
public:
    bool empty() const { return m_state.replyCount == 0 && m_state.dataCount == 0; }
    bool dataEmpty() const { return m_state.dataCount == 0; }
    size_t dataSpace() const { return Ps2QueueState::kData - m_state.dataCount; }
    uint8_t last() const { return m_state.last; }

    /// The answer to a new command replaces what the host never fetched of the old one.
    void beginReply() { m_state.replyCount = 0; }
    /// Appends to the answer; the longest a device gives is 4 bytes.
    void reply(uint8_t byte)
    {
        if (m_state.replyCount < m_state.replies.size())
            m_state.replies[m_state.replyCount++] = byte;
    }
    /// Appends all of `sequence`, or nothing when there is no room for all of it.
    bool push(std::span<const uint8_t> sequence)
    {
        if (sequence.size() > dataSpace())
            return false;
        for (const uint8_t byte : sequence)
            m_state.data[m_state.dataCount++] = byte;
        return true;
    }
    void clearData() { m_state.dataCount = 0; }

    /// The next byte, answers first; nothing when there is none.
    std::optional<uint8_t> pop()
    {
        return m_state.replyCount != 0 ? take(m_state.replies, m_state.replyCount) : popData();
    }
    /// The next byte of data, past any answers: the code that belongs to a prefix just sent.
    std::optional<uint8_t> popData() { return take(m_state.data, m_state.dataCount); }

    const Ps2QueueState& save() const { return m_state; }
    /// Counts beyond the arrays are refused (CVE-2013-4541 is what happens otherwise).
    Result<void> load(const Ps2QueueState& state)
    {
        if (state.replyCount > Ps2QueueState::kReplies || state.dataCount > Ps2QueueState::kData)
            return Error(ErrorCode::Invalid, "more bytes queued than the queue holds");
        m_state = state;
        return {};
    }

private:
    template <size_t N>
    std::optional<uint8_t> take(std::array<uint8_t, N>& bytes, uint8_t& count)
    {
        if (count == 0)
            return std::nullopt;
        m_state.last = bytes[0];
        --count;
        std::copy_n(bytes.begin() + 1, count, bytes.begin());
        return m_state.last;
    }
    Ps2QueueState m_state;
};

} // namespace vmm::chipset
