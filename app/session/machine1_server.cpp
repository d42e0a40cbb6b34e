// SPDX-License-Identifier: GPL-3.0-or-later
// org.vitrine.Machine1 by sd-bus(3).
#include "app/session/machine1_server.h"

#include <cerrno>

#include <systemd/sd-bus.h>

#include "app/session/bus_answers.h"
#include "app/session/bus_names.h"
#include "app/session/hardware_words.h"
#include "app/session/process_load.h"

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::console::RunState;
using vmm::machine::DeviceInfo;

/// Handlers of the vtable: C functions, so nothing may leave them but a status.
struct Machine1Server::Methods {
    using Handler = int (*)(Machine1Server&, sd_bus_message*, Pending);

    /// A handler in sd-bus's shape: finds the server, refuses calls while there is no session.
    template <Handler handler>
    static int method(sd_bus_message* call, void* userdata, sd_bus_error*)
    {
        auto& server = *static_cast<Machine1Server*>(userdata);
        auto pending = std::make_shared<PendingCall>(call);
        if (server.m_detached)
            return 1; // the pending call answers as it goes
        const int status = handler(server, call, pending);
        if (status < 0)
            pending->fail(Error(ErrorCode::Invalid, "the arguments could not be read"));
        return 1;
    }

    using Request = void (vmm::machine::Machine::*)(vmm::machine::Completion);
    /// A request of the machine without arguments.
    template <Request request>
    static int plain(Machine1Server& server, sd_bus_message*, Pending call)
    {
        (server.m_session->machine().*request)(answerLater(server.m_loop, std::move(call)));
        return 0;
    }

    using SessionRequest = void (MachineSession::*)(vmm::machine::Completion);
    template <SessionRequest request>
    static int ofSession(Machine1Server& server, sd_bus_message*, Pending call)
    {
        (server.m_session->*request)(answerLater(server.m_loop, std::move(call)));
        return 0;
    }

    using HostRequest = void (MachineHost::*)(MachineHost::Completion);
    template <HostRequest request>
    static int ofHost(Machine1Server& server, sd_bus_message*, Pending call)
    {
        (server.m_host.*request)(answerLater(server.m_loop, std::move(call)));
        return 0;
    }

    using TextRequest = void (*)(MachineSession&, const std::string&, vmm::machine::Completion);
    /// A request with one string.
    template <TextRequest request>
    static int text(Machine1Server& server, sd_bus_message* message, Pending call)
    {
        const char* argument = nullptr;
        const int status = ::sd_bus_message_read(message, "s", &argument);
        if (status >= 0)
            request(*server.m_session, argument, answerLater(server.m_loop, std::move(call)));
        return status;
    }
    /// A request with one path: absolute only, the caller's working directory is not ours.
    template <TextRequest request>
    static int path(Machine1Server& server, sd_bus_message* message, Pending call)
    {
        const char* argument = nullptr;
        const int status = ::sd_bus_message_read(message, "s", &argument);
        if (status < 0)
            return status;
        if (argument[0] != '/')
            call->fail(Error(ErrorCode::Invalid,
                             "\"" + std::string(argument) + "\" is not an absolute path"));
        else
            request(*server.m_session, argument, answerLater(server.m_loop, std::move(call)));
        return 0;
    }

    static void key(MachineSession& session, const std::string& chord,
                    vmm::machine::Completion done)
    {
        session.pressKeys(chord, std::move(done));
    }
    static void type(MachineSession& session, const std::string& words,
                     vmm::machine::Completion done)
    {
        session.typeText(words, std::move(done));
    }
    static void screenshot(MachineSession& session, const std::string& file,
                           vmm::machine::Completion done)
    {
        done(session.screenshot(file));
    }
    static void insert(MachineSession& session, const std::string& file,
                       vmm::machine::Completion done)
    {
        session.machine().insertMedium(file, std::move(done));
    }
    static void save(MachineSession& session, const std::string& file,
                     vmm::machine::Completion done)
    {
        session.save(file, std::move(done));
    }

    static int mouse(Machine1Server& server, sd_bus_message* message, Pending call)
    {
        int32_t x = 0;
        int32_t y = 0;
        const char* button = nullptr;
        const int status = ::sd_bus_message_read(message, "iis", &x, &y, &button);
        if (status >= 0)
            server.m_session->useMouse(x, y, button, answerLater(server.m_loop, std::move(call)));
        return status;
    }

    static int screenText(Machine1Server& server, sd_bus_message*, Pending call)
    {
        const auto words = server.m_session->screenText();
        if (!words)
            call->fail(words.error());
        else
            call->answer([&](sd_bus_message* reply) {
                return ::sd_bus_message_append(reply, "s", validUtf8(*words).c_str());
            });
        return 0;
    }

    static int devices(Machine1Server& server, sd_bus_message*, Pending call)
    {
        auto slot = std::make_shared<Pending>(std::move(call));
        server.m_session->machine().devices(
            [&loop = server.m_loop, slot](std::vector<DeviceInfo> list) {
                loop.post([call = std::move(*slot), list = std::move(list)] {
                    if (call)
                        call->answer([&](auto* reply) { return appendDevices(reply, list); });
                });
            });
        return 0;
    }

    /// One of hardwareWords(): takes strings, answers one.
    template <size_t index>
    static int change(Machine1Server& server, sd_bus_message* message, Pending call)
    {
        const HardwareWord& word = hardwareWords()[index];
        std::vector<std::string> arguments;
        for (size_t i = 0; i < word.count; ++i) {
            const char* argument = nullptr;
            if (const int status = ::sd_bus_message_read(message, "s", &argument); status < 0)
                return status;
            arguments.emplace_back(argument);
        }
        auto change = changeFrom(word, arguments);
        if (!change) {
            call->fail(change.error());
            return 0;
        }
        auto slot = std::make_shared<Pending>(std::move(call));
        server.m_session->machine().change(
            *std::move(change), [&loop = server.m_loop, slot](Result<std::string> answer) {
                loop.post([call = std::move(*slot), answer = std::move(answer)] {
                    if (call && answer)
                        call->answer([&](sd_bus_message* reply) {
                            return ::sd_bus_message_append(reply, "s", validUtf8(*answer).c_str());
                        });
                    else if (call)
                        call->fail(answer.error());
                });
            });
        return 0;
    }

    static int stats(Machine1Server& server, sd_bus_message*, Pending call)
    {
        const auto counters = server.m_session->machine().counters();
        call->answer([&](sd_bus_message* reply) { return appendCounters(reply, counters); });
        return 0;
    }

    static int thumbnail(Machine1Server& server, sd_bus_message* message, Pending call)
    {
        uint32_t width = 0;
        const int status = ::sd_bus_message_read(message, "u", &width);
        if (status < 0)
            return status;
        auto slot = std::make_shared<Pending>(std::move(call));
        server.m_session->thumbnail(
            width, [&loop = server.m_loop, slot](MachineSession::Picture picture) {
                loop.post([call = std::move(*slot), picture = std::move(picture)] {
                    if (call && picture)
                        call->answer([&](sd_bus_message* reply) {
                            return ::sd_bus_message_append_array(reply, 'y', picture->data(),
                                                                 picture->size());
                        });
                    else if (call)
                        call->fail(picture.error());
                });
            });
        return 0;
    }

    static int load(Machine1Server& server, sd_bus_message*, Pending call)
    {
        const ProcessLoad load = processLoad(server.m_session->machine().counters());
        call->answer([&](sd_bus_message* reply) {
            return ::sd_bus_message_append(reply, "tttttt", load.cpuNanoseconds, load.memoryBytes,
                                           load.diskBytesRead, load.diskBytesWritten,
                                           load.netBytesReceived, load.netBytesSent);
        });
        return 0;
    }

    static int property(sd_bus*, const char*, const char*, const char* name, sd_bus_message* reply,
                        void* userdata, sd_bus_error*)
    {
        auto& server = *static_cast<Machine1Server*>(userdata);
        const std::string_view wanted(name);
        if (wanted == "Id")
            return ::sd_bus_message_append(reply, "s", server.m_host.id().c_str());
        if (wanted == "Installing")
            return ::sd_bus_message_append(reply, "b", int{server.m_host.installing()});
        if (wanted == "Headless")
            return ::sd_bus_message_append(reply, "b", int{server.m_host.headless()});
        if (server.m_detached)
            return -ESHUTDOWN;
        auto& machine = server.m_session->machine();
        if (wanted == "Cpus")
            return ::sd_bus_message_append(reply, "u", machine.spec().cpus);
        if (wanted == "Memory")
            return ::sd_bus_message_append(reply, "t", machine.spec().memoryBytes);
        if (wanted == "ConsolePtys")
            return appendTexts(reply, machine.consolePtys());
        std::string value;
        if (wanted == "Name")
            value = server.m_session->name();
        else if (wanted == "State")
            value = vmm::console::runStateName(machine.runState());
        else if (wanted == "Medium")
            value = machine.medium();
        else if (wanted == "SerialPty")
            value = machine.serialPty();
        return ::sd_bus_message_append(reply, "s", validUtf8(value).c_str());
    }

    static int nameOwned(sd_bus_message* reply, void* userdata, sd_bus_error*)
    {
        auto& server = *static_cast<Machine1Server*>(userdata);
        const sd_bus_error* error = ::sd_bus_message_get_error(reply);
        uint32_t outcome = 0;
        constexpr uint32_t kPrimaryOwner = 1; // DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER
        if (error != nullptr)
            server.connected(
                Error(ErrorCode::Io, std::string("the session bus refused: ") + error->message));
        else if (::sd_bus_message_read(reply, "u", &outcome) < 0 || outcome != kPrimaryOwner)
            server.connected(Error(ErrorCode::Busy, "a machine named " + server.m_session->name() +
                                                        " is already running"));
        else
            server.connected({});
        return 0;
    }

    static int lost(sd_bus_message*, void* userdata, sd_bus_error*)
    {
        static_cast<Machine1Server*>(userdata)->connected(
            Error(ErrorCode::Io, "the connection to the session bus was lost"));
        return 0;
    }

    static const sd_bus_vtable kTable[];
};

using M = vmm::machine::Machine;
using S = MachineSession;
using H = MachineHost;

const sd_bus_vtable Machine1Server::Methods::kTable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Name", "s", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("State", "s", property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Medium", "s", property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Cpus", "u", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Memory", "t", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("SerialPty", "s", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("ConsolePtys", "a{ss}", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Id", "s", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Installing", "b", property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Headless", "b", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_METHOD("Pause", "", "", method<plain<&M::pause>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Resume", "", "", method<ofSession<&S::resume>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Reset", "", "", method<plain<&M::reset>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("PowerDown", "", "", method<ofSession<&S::powerButton>>,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Quit", "", "", method<ofSession<&S::powerOff>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Present", "", "", method<ofHost<&H::present>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Suspend", "", "", method<ofHost<&H::suspend>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Thumbnail", SD_BUS_ARGS("u", width), SD_BUS_RESULT("ay", png),
                            method<thumbnail>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS(
        "Load", SD_BUS_NO_ARGS,
        SD_BUS_RESULT("t", cpu, "t", memory, "t", read, "t", written, "t", received, "t", sent),
        method<load>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Screenshot", SD_BUS_ARGS("s", path), SD_BUS_NO_RESULT,
                            method<Methods::path<screenshot>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Key", SD_BUS_ARGS("s", chord), SD_BUS_NO_RESULT, method<text<key>>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Type", SD_BUS_ARGS("s", text), SD_BUS_NO_RESULT,
                            method<Methods::text<type>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Mouse", SD_BUS_ARGS("i", x, "i", y, "s", button), SD_BUS_NO_RESULT,
                            method<mouse>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Text", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", text), method<screenText>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Devices", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sa(ss))", devices),
                            method<devices>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Stats", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{st}", counters),
                            method<stats>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("AttachDisk", SD_BUS_ARGS("s", disk), SD_BUS_RESULT("s", id),
                            method<change<0>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("AttachNic", SD_BUS_ARGS("s", card), SD_BUS_RESULT("s", id),
                            method<change<1>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Detach", SD_BUS_ARGS("s", id), SD_BUS_RESULT("s", nothing),
                            method<change<2>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ResizeDisk", SD_BUS_ARGS("s", id, "s", size),
                            SD_BUS_RESULT("s", bytes), method<change<3>>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("LimitDisk", SD_BUS_ARGS("s", id, "s", limits),
                            SD_BUS_RESULT("s", nothing), method<change<4>>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("SetLink", SD_BUS_ARGS("s", id, "s", level),
                            SD_BUS_RESULT("s", nothing), method<change<5>>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("AddForward", SD_BUS_ARGS("s", id, "s", rule), SD_BUS_RESULT("s", rule),
                            method<change<6>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("RemoveForward", SD_BUS_ARGS("s", id, "s", rule),
                            SD_BUS_RESULT("s", nothing), method<change<7>>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Forwards", SD_BUS_ARGS("s", id), SD_BUS_RESULT("s", rules),
                            method<change<8>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Capture", SD_BUS_ARGS("s", id, "s", path), SD_BUS_RESULT("s", nothing),
                            method<change<9>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("SetMemory", SD_BUS_ARGS("s", size), SD_BUS_RESULT("s", nothing),
                            method<change<10>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ListeningPorts", SD_BUS_ARGS("s", id), SD_BUS_RESULT("s", ports),
                            method<change<11>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("InsertMedium", SD_BUS_ARGS("s", path), SD_BUS_NO_RESULT,
                            method<Methods::path<insert>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("EjectMedium", "", "", method<plain<&M::ejectMedium>>,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Save", SD_BUS_ARGS("s", path), SD_BUS_NO_RESULT,
                            method<Methods::path<save>>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_ARGS("StateChanged", SD_BUS_ARGS("s", state), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Message", SD_BUS_ARGS("s", sentence), 0),
    SD_BUS_SIGNAL_WITH_ARGS("MediumChanged", SD_BUS_ARGS("s", path), 0),
    SD_BUS_SIGNAL_WITH_ARGS("SaveProgress", SD_BUS_ARGS("i", percent), 0),
    SD_BUS_VTABLE_END};

Machine1Server::Machine1Server(ControlLoop& loop, MachineSession& session, MachineHost& host,
                               Ready ready)
    : m_loop(loop), m_session(&session), m_host(host), m_ready(std::move(ready))
{}

std::unique_ptr<Machine1Server> Machine1Server::create(ControlLoop& loop, MachineSession& session,
                                                       MachineHost& host, Ready ready)
{
    std::unique_ptr<Machine1Server> server(
        new Machine1Server(loop, session, host, std::move(ready)));
    const auto outcome = server->connect();
    session.addObserver(*server);
    if (!outcome)
        loop.post([self = server->m_self, error = outcome.error()] {
            if (*self != nullptr)
                (*self)->connected(error);
        });
    return server;
}

/// Starts connecting. Authentication, Hello and the name go over the loop, in this order.
Result<void> Machine1Server::connect()
{
    int status = ::sd_bus_open_user(&m_bus);
    if (status < 0)
        return Error(ErrorCode::NotFound, "there is no session bus");
    status = ::sd_bus_attach_event(m_bus, m_loop.event(), 0);
    if (status >= 0)
        status = ::sd_bus_add_object_vtable(m_bus, nullptr, kObjectPath, kInterface,
                                            Methods::kTable, this);
    if (status >= 0)
        status = ::sd_bus_match_signal_async(m_bus, nullptr, "org.freedesktop.DBus.Local", nullptr,
                                             "org.freedesktop.DBus.Local", "Disconnected",
                                             Methods::lost, nullptr, this);
    constexpr uint64_t kDoNotQueue = 0;
    const std::string id = m_host.id();
    if (status >= 0)
        status = ::sd_bus_request_name_async(
            m_bus, nullptr, busNameFor(id.empty() ? m_session->name() : id).c_str(), kDoNotQueue,
            Methods::nameOwned, this);
    if (status < 0)
        return Error::fromErrno("the session bus", -status);
    return {};
}

Machine1Server::~Machine1Server()
{
    detach();
    *m_self = nullptr;
    if (m_bus != nullptr)
        ::sd_bus_detach_event(m_bus);
    ::sd_bus_flush_close_unref(m_bus);
}

void Machine1Server::detach()
{
    if (!m_detached)
        m_session->removeObserver(*this);
    m_detached = true;
}

void Machine1Server::attach(MachineSession& session)
{
    m_session = &session;
    m_detached = false;
    session.addObserver(*this);
}

void Machine1Server::installingChanged()
{
    publish([](sd_bus* bus) {
        ::sd_bus_emit_properties_changed(bus, kObjectPath, kInterface, "Installing", nullptr);
    });
}

/// Nobody waits for an answer: a desktop without notifications is fine.
void Machine1Server::notify(const std::string& summary, const std::string& body)
{
    publish([summary = validUtf8(summary), body = validUtf8(body)](sd_bus* bus) {
        sd_bus_message* call = nullptr;
        int status = ::sd_bus_message_new_method_call(bus, &call, "org.freedesktop.Notifications",
                                                      "/org/freedesktop/Notifications",
                                                      "org.freedesktop.Notifications", "Notify");
        constexpr uint32_t kNew = 0;
        constexpr int32_t kUsualTime = -1;
        if (status >= 0)
            status = ::sd_bus_message_append(
                call, "susssasa{sv}i", "Vitrine", kNew, "org.vitrine.Vitrine", summary.c_str(),
                body.c_str(), 0, 1, "desktop-entry", "s", "org.vitrine.Vitrine", kUsualTime);
        if (status >= 0)
            status = ::sd_bus_message_set_expect_reply(call, 0);
        if (status >= 0)
            ::sd_bus_send(bus, call, nullptr);
        ::sd_bus_message_unref(call);
    });
}

void Machine1Server::connected(Result<void> outcome)
{
    if (const auto ready = std::exchange(m_ready, {}))
        ready(std::move(outcome));
}

void Machine1Server::publish(std::function<void(sd_bus*)> signal)
{
    m_loop.post([self = m_self, signal = std::move(signal)] {
        if (*self != nullptr && (*self)->m_bus != nullptr)
            signal((*self)->m_bus);
    });
}

void Machine1Server::stateChanged(RunState state)
{
    publish([state](sd_bus* bus) {
        const std::string name(vmm::console::runStateName(state));
        ::sd_bus_emit_signal(bus, kObjectPath, kInterface, "StateChanged", "s", name.c_str());
        ::sd_bus_emit_properties_changed(bus, kObjectPath, kInterface, "State", nullptr);
    });
}

void Machine1Server::message(const std::string& sentence)
{
    publish([text = validUtf8(sentence)](sd_bus* bus) {
        ::sd_bus_emit_signal(bus, kObjectPath, kInterface, "Message", "s", text.c_str());
    });
}

void Machine1Server::mediumChanged(const std::string& path)
{
    publish([text = validUtf8(path)](sd_bus* bus) {
        ::sd_bus_emit_signal(bus, kObjectPath, kInterface, "MediumChanged", "s", text.c_str());
        ::sd_bus_emit_properties_changed(bus, kObjectPath, kInterface, "Medium", nullptr);
    });
}

void Machine1Server::saveProgress(int percent)
{
    publish([percent](sd_bus* bus) {
        ::sd_bus_emit_signal(bus, kObjectPath, kInterface, "SaveProgress", "i", percent);
    });
}

void Machine1Server::ended(int) {}

} // namespace app::session
