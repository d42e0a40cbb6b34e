// SPDX-License-Identifier: GPL-3.0-or-later
// org.freedesktop.login1 as far as Vitrine knows it, on the bus DBUS_SYSTEM_BUS_ADDRESS names.
// Argument: a file. Says on stdout what is asked for ("take sleep block") and let go ("drop
// shutdown delay with", or "without" the file being there at that moment); "shutdown" on stdin
// sends PrepareForShutdown(true).
#include <cstdio>
#include <cstring>
#include <list>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

namespace {

constexpr const char* kPath = "/org/freedesktop/login1";
constexpr const char* kManager = "org.freedesktop.login1.Manager";

struct Desk {
    sd_bus* bus = nullptr;
    sd_event* loop = nullptr;
    std::string file;
};

struct Lock {
    const Desk* desk;
    std::string what;
};

int dropped(sd_event_source* source, int fd, uint32_t, void* data)
{
    const auto* lock = static_cast<Lock*>(data);
    const bool there = ::access(lock->desk->file.c_str(), F_OK) == 0;
    std::printf("drop %s %s\n", lock->what.c_str(), there ? "with" : "without");
    delete lock;
    ::close(fd);
    sd_event_source_disable_unref(source);
    return 0;
}

int inhibit(sd_bus_message* call, void* data, sd_bus_error*)
{
    const char* words[4] = {};
    int pipe[2] = {-1, -1};
    const int status =
        sd_bus_message_read(call, "ssss", &words[0], &words[1], &words[2], &words[3]);
    if (status < 0 || ::pipe2(pipe, O_CLOEXEC) != 0)
        return status < 0 ? status : -1;
    auto* lock = new Lock{static_cast<Desk*>(data), std::string(words[0]) + " " + words[3]};
    std::printf("take %s\n", lock->what.c_str());
    sd_event_source* source = nullptr;
    sd_event_add_io(lock->desk->loop, &source, pipe[0], EPOLLHUP, dropped, lock);
    const int sent = sd_bus_reply_method_return(call, "h", pipe[1]);
    ::close(pipe[1]);
    return sent;
}

int spoken(sd_event_source*, int fd, uint32_t, void* data)
{
    auto* desk = static_cast<Desk*>(data);
    char words[64] = {};
    const ssize_t got = ::read(fd, words, sizeof words - 1);
    if (got <= 0)
        return sd_event_exit(desk->loop, 0);
    if (std::strstr(words, "shutdown") != nullptr)
        sd_bus_emit_signal(desk->bus, kPath, kManager, "PrepareForShutdown", "b", 1);
    return 0;
}

constexpr sd_bus_vtable kTable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Inhibit", "ssss", "h", inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL("PrepareForShutdown", "b", 0),
    SD_BUS_VTABLE_END,
};

} // namespace

int main(int argc, char** argv)
{
    Desk desk;
    if (argc < 2 || sd_event_default(&desk.loop) < 0 || sd_bus_open_system(&desk.bus) < 0)
        return 1;
    desk.file = argv[1];
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    if (sd_bus_attach_event(desk.bus, desk.loop, 0) < 0 ||
        sd_bus_add_object_vtable(desk.bus, nullptr, kPath, kManager, kTable, &desk) < 0 ||
        sd_event_add_io(desk.loop, nullptr, STDIN_FILENO, EPOLLIN | EPOLLHUP, spoken, &desk) < 0 ||
        sd_bus_request_name(desk.bus, "org.freedesktop.login1", 0) < 0)
        return 1;
    std::puts("ready");
    return sd_event_loop(desk.loop) < 0 ? 1 : 0;
}
