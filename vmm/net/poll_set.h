// SPDX-License-Identifier: GPL-3.0-or-later
// The sockets libslirp asks about, as an epoll set that changes only where its wishes do. The set's
// own descriptor is readable when one of them is ready, so that one watch on a loop serves them
// all.
#pragma once

#include <cstdint>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace vmm::net {

/// One thread. Events are those of epoll(7).
class PollSet {
public:
    static Result<PollSet> create();

    int fd() const { return m_epoll.get(); }

    /// A round of wishes: begin(), want() for each socket, end(): what was not wanted this time is
    /// not waited for.
    void begin();
    void want(int fd, uint32_t events);
    void end();

    /// Asks the kernel which are ready.
    void collect();
    /// What collect() found for `fd`, of what is wanted and errors.
    uint32_t ready(int fd) const;

    /// `fd` exists, whether or not anything is wanted of it; before it is closed, forget().
    void add(int fd);
    void forget(int fd);
    bool knows(int fd) const { return find(fd) != nullptr && find(fd)->known; }
    /// How many sockets are known.
    size_t size() const { return m_known.size(); }

private:
    struct Entry {
        bool known = false;
        uint32_t waitedFor = 0; ///< as the kernel has it; 0: not in the set
        uint32_t wanted = 0;
        uint32_t ready = 0;
    };

    explicit PollSet(UniqueFd epoll) : m_epoll(std::move(epoll)) {}
    const Entry* find(int fd) const;
    Entry* find(int fd);

    UniqueFd m_epoll;
    std::vector<Entry> m_entries; ///< by descriptor
    std::vector<int> m_known;
    std::vector<int> m_ready;
};

} // namespace vmm::net
