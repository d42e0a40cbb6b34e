// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/base/fd_watch.h"

#include <cerrno>
#include <sys/epoll.h>

namespace vmm {

struct FdWatch::Inner {
    EventLoop& loop;
    int fd;
    std::function<void()> ready;
    UniqueFd epoll;
    unsigned armed = 0;
};

Result<FdWatch> FdWatch::create(EventLoop& loop, int fd, std::function<void()> ready)
{
    auto inner = std::make_unique<Inner>(Inner{loop, fd, std::move(ready), {}, 0});
    inner->epoll = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLONESHOT;
    if (!inner->epoll.valid() || ::epoll_ctl(inner->epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return Error::fromErrno("epoll", errno);
    Inner* self = inner.get();
    TRY(loop.watch(self->epoll.get(), [self] {
        epoll_event happened{};
        if (::epoll_wait(self->epoll.get(), &happened, 1, 0) <= 0)
            return;
        self->armed = 0;
        const auto call = self->ready; // may destroy the watch
        call();
    }));
    FdWatch watch;
    watch.m_inner = std::move(inner);
    return watch;
}

FdWatch::FdWatch() = default;
FdWatch::FdWatch(FdWatch&& other) noexcept = default;

FdWatch& FdWatch::operator=(FdWatch&& other) noexcept
{
    if (m_inner != nullptr)
        m_inner->loop.remove(m_inner->epoll.get());
    m_inner = std::move(other.m_inner);
    return *this;
}

FdWatch::~FdWatch()
{
    if (m_inner != nullptr)
        m_inner->loop.remove(m_inner->epoll.get());
}

void FdWatch::arm(unsigned events)
{
    if (m_inner == nullptr)
        return;
    m_inner->armed = events;
    epoll_event event{};
    event.events = EPOLLONESHOT | ((events & kReadable) != 0 ? EPOLLIN | EPOLLRDHUP : 0U) |
                   ((events & kWritable) != 0 ? EPOLLOUT : 0U);
    ::epoll_ctl(m_inner->epoll.get(), EPOLL_CTL_MOD, m_inner->fd, &event);
}

void FdWatch::add(unsigned events)
{
    if (m_inner != nullptr)
        arm(m_inner->armed | events);
}

} // namespace vmm
