// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/poll_set.h"

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>

namespace vmm::net {

Result<PollSet> PollSet::create()
{
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.valid())
        return Error::fromErrno("epoll_create1", errno);
    return PollSet(std::move(epoll));
}

const PollSet::Entry* PollSet::find(int fd) const
{
    return fd >= 0 && static_cast<size_t>(fd) < m_entries.size()
               ? &m_entries[static_cast<size_t>(fd)]
               : nullptr;
}

PollSet::Entry* PollSet::find(int fd)
{
    return const_cast<Entry*>(std::as_const(*this).find(fd));
}

void PollSet::begin()
{
    for (const int fd : m_known)
        find(fd)->wanted = 0;
}

void PollSet::want(int fd, uint32_t events)
{
    add(fd);
    if (Entry* entry = find(fd))
        entry->wanted = events;
}

void PollSet::end()
{
    for (const int fd : m_known) {
        Entry& entry = *find(fd);
        if (entry.wanted == entry.waitedFor)
            continue;
        // Taken out where nothing is wanted: epoll reports hang-ups whether wanted or not.
        const int operation = entry.wanted == 0      ? EPOLL_CTL_DEL
                              : entry.waitedFor == 0 ? EPOLL_CTL_ADD
                                                     : EPOLL_CTL_MOD;
        epoll_event event{};
        event.events = entry.wanted;
        event.data.fd = fd;
        const bool done = ::epoll_ctl(m_epoll.get(), operation, fd, &event) == 0;
        entry.waitedFor = done ? entry.wanted : 0;
    }
}

void PollSet::collect()
{
    for (const int fd : m_ready) {
        if (Entry* entry = find(fd))
            entry->ready = 0;
    }
    m_ready.clear();
    epoll_event events[64];
    // One look: those that do not fit come next time, the kernel gives each its turn.
    const int count = ::epoll_wait(m_epoll.get(), events, 64, 0);
    for (int i = 0; i < count; ++i) {
        if (Entry* entry = find(events[i].data.fd)) {
            entry->ready = events[i].events;
            m_ready.push_back(events[i].data.fd);
        }
    }
}

uint32_t PollSet::ready(int fd) const
{
    const Entry* entry = find(fd);
    return entry == nullptr ? 0 : entry->ready;
}

void PollSet::add(int fd)
{
    if (fd < 0)
        return;
    if (static_cast<size_t>(fd) >= m_entries.size())
        m_entries.resize(static_cast<size_t>(fd) + 1);
    Entry& entry = *find(fd);
    if (entry.known)
        return;
    entry = Entry{};
    entry.known = true;
    m_known.push_back(fd);
}

void PollSet::forget(int fd)
{
    Entry* entry = find(fd);
    if (entry == nullptr || !entry->known)
        return;
    if (entry->waitedFor != 0)
        ::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
    *entry = Entry{};
    m_known.erase(std::find(m_known.begin(), m_known.end(), fd));
}

} // namespace vmm::net
