// SPDX-License-Identifier: GPL-3.0-or-later
// logind's inhibitor and its signal, by sd-bus(3).
#include "app/session/shutdown_watch.h"

#include <utility>

#include <fcntl.h>
#include <systemd/sd-bus.h>

namespace app::session {

using vmm::UniqueFd;

namespace {

constexpr const char* kService = "org.freedesktop.login1";
constexpr const char* kPath = "/org/freedesktop/login1";
constexpr const char* kManager = "org.freedesktop.login1.Manager";

} // namespace

std::unique_ptr<ShutdownWatch> ShutdownWatch::create(ControlLoop& loop, std::function<void()> soon)
{
    std::unique_ptr<ShutdownWatch> watch(new ShutdownWatch(std::move(soon)));
    static_cast<void>(watch->start(loop)); // without logind nobody waits for us: so be it
    return watch;
}

/// Connects and asks without waiting.
int ShutdownWatch::start(ControlLoop& loop)
{
    const auto signalled = [](sd_bus_message* signal, void* self, sd_bus_error*) {
        static_cast<ShutdownWatch*>(self)->prepareForShutdown(signal);
        return 0;
    };
    const auto answered = [](sd_bus_message* reply, void* self, sd_bus_error*) {
        static_cast<ShutdownWatch*>(self)->m_inhibitor = lockOf(reply);
        return 0;
    };
    int status = ::sd_bus_open_system(&m_bus);
    if (status >= 0)
        status = ::sd_bus_attach_event(m_bus, loop.event(), 0);
    if (status >= 0)
        status = ::sd_bus_match_signal_async(m_bus, nullptr, kService, kPath, kManager,
                                             "PrepareForShutdown", signalled, nullptr, this);
    if (status >= 0)
        status = ::sd_bus_call_method_async(m_bus, nullptr, kService, kPath, kManager, "Inhibit",
                                            answered, this, "ssss", "shutdown", "Vitrine",
                                            "A virtual machine is being saved", "delay");
    return status;
}

ShutdownWatch::~ShutdownWatch()
{
    if (m_bus != nullptr)
        ::sd_bus_detach_event(m_bus);
    ::sd_bus_flush_close_unref(m_bus);
}

UniqueFd ShutdownWatch::lockOf(sd_bus_message* reply)
{
    int fd = -1; // the message's own
    if (::sd_bus_message_get_error(reply) != nullptr || ::sd_bus_message_read(reply, "h", &fd) < 0)
        return UniqueFd();
    return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

void ShutdownWatch::stayAwake(bool wanted)
{
    m_wantsAwake = wanted;
    if (!wanted)
        return m_awake.reset();
    if (m_bus == nullptr || m_asksAwake || m_awake.valid())
        return;
    const auto answered = [](sd_bus_message* reply, void* self, sd_bus_error*) {
        auto& watch = *static_cast<ShutdownWatch*>(self);
        watch.m_asksAwake = false;
        if (watch.m_wantsAwake)
            watch.m_awake = lockOf(reply);
        return 0;
    };
    m_asksAwake = ::sd_bus_call_method_async(m_bus, nullptr, kService, kPath, kManager, "Inhibit",
                                             answered, this, "ssss", "sleep", "Vitrine",
                                             "A guest is being installed", "block") >= 0;
}

void ShutdownWatch::prepareForShutdown(sd_bus_message* signal)
{
    int begins = 0;
    if (::sd_bus_message_read(signal, "b", &begins) < 0 || begins == 0)
        return;
    if (const auto soon = std::exchange(m_soon, {}))
        soon();
}

} // namespace app::session
