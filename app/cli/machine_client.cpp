// SPDX-License-Identifier: GPL-3.0-or-later
// Client of org.vitrine.Machine1 by sd-bus(3).
#include "app/cli/machine_client.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include <systemd/sd-bus.h>

#include "app/session/bus_names.h"
#include "app/session/name_lock.h"

namespace app::cli {

using session::busNameFor;
using session::kInterface;
using session::kObjectPath;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

/// Saving and typing take as long as they take; a machine that ends answers at once, by the bus.
constexpr uint64_t kNoTimeout = UINT64_MAX;
/// A machine that starts has its name's lock long before it is on the bus.
constexpr auto kStarts = std::chrono::seconds(2);
constexpr auto kLookAgain = std::chrono::milliseconds(20);
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";

Error notRunning(const std::string& machine)
{
    return {ErrorCode::NotFound, "no machine named " + machine + " is running"};
}

/// The sentence of a failed call.
Error explain(const std::string& machine, const sd_bus_error& error, int status)
{
    const std::string name = error.name != nullptr ? error.name : "";
    if (name == SD_BUS_ERROR_SERVICE_UNKNOWN || name == SD_BUS_ERROR_NAME_HAS_NO_OWNER)
        return notRunning(machine);
    if (name == SD_BUS_ERROR_NO_REPLY || name == SD_BUS_ERROR_DISCONNECTED)
        return {ErrorCode::Cancelled, "the machine " + machine + " ended"};
    if (error.message != nullptr && *error.message != '\0')
        return {ErrorCode::Invalid, error.message};
    return Error::fromErrno(machine, -status);
}

bool isStarting(const std::string& machine)
{
    const auto locked = session::NameLock::held();
    return std::find(locked.begin(), locked.end(), machine) != locked.end();
}

Error unreadable(int status)
{
    return Error::fromErrno("the answer of the machine", -status);
}

int readRegisters(sd_bus_message* reply, DeviceListing& device)
{
    int status = ::sd_bus_message_enter_container(reply, 'a', "(ss)");
    const char* name = nullptr;
    const char* value = nullptr;
    while (status >= 0 && (status = ::sd_bus_message_read(reply, "(ss)", &name, &value)) > 0)
        device.registers.emplace_back(name, value);
    return status < 0 ? status : ::sd_bus_message_exit_container(reply);
}

int readDevices(sd_bus_message* reply, std::vector<DeviceListing>& devices)
{
    int status = ::sd_bus_message_enter_container(reply, 'a', "(sa(ss))");
    while (status >= 0 && (status = ::sd_bus_message_enter_container(reply, 'r', "sa(ss)")) > 0) {
        const char* name = nullptr;
        status = ::sd_bus_message_read(reply, "s", &name);
        if (status < 0)
            return status;
        devices.push_back({name, {}});
        status = readRegisters(reply, devices.back());
        if (status >= 0)
            status = ::sd_bus_message_exit_container(reply);
    }
    return status;
}

/// Reads a variant of a{ss}.
int readTexts(sd_bus_message* reply, std::vector<std::pair<std::string, std::string>>& texts)
{
    int status = ::sd_bus_message_enter_container(reply, 'v', "a{ss}");
    if (status >= 0)
        status = ::sd_bus_message_enter_container(reply, 'a', "{ss}");
    const char* name = nullptr;
    const char* text = nullptr;
    while (status >= 0 && (status = ::sd_bus_message_read(reply, "{ss}", &name, &text)) > 0)
        texts.emplace_back(name, text);
    if (status >= 0)
        status = ::sd_bus_message_exit_container(reply);
    return status < 0 ? status : ::sd_bus_message_exit_container(reply);
}

/// Reads one variant of a{sv} into the field of that name.
int readProperty(sd_bus_message* reply, MachineStatus& status)
{
    const char* name = nullptr;
    int result = ::sd_bus_message_read(reply, "s", &name);
    if (result < 0)
        return result;
    const std::string_view property(name);
    if (property == "Cpus")
        return ::sd_bus_message_read(reply, "v", "u", &status.cpus);
    if (property == "Memory")
        return ::sd_bus_message_read(reply, "v", "t", &status.memoryBytes);
    if (property == "ConsolePtys")
        return readTexts(reply, status.consolePtys);
    std::string* field = property == "Name"        ? &status.name
                         : property == "State"     ? &status.state
                         : property == "Medium"    ? &status.medium
                         : property == "SerialPty" ? &status.serialPty
                                                   : nullptr;
    if (field == nullptr)
        return ::sd_bus_message_skip(reply, "v");
    const char* value = nullptr;
    result = ::sd_bus_message_read(reply, "v", "s", &value);
    if (result >= 0)
        *field = value;
    return result;
}

} // namespace

void SessionBus::Unref::operator()(sd_bus_message* message) const
{
    ::sd_bus_message_unref(message);
}

Result<SessionBus> SessionBus::open()
{
    sd_bus* bus = nullptr;
    if (::sd_bus_open_user(&bus) < 0)
        return Error(ErrorCode::Unsupported,
                     "there is no session bus, so machines cannot be controlled");
    return SessionBus(bus);
}

SessionBus::~SessionBus()
{
    ::sd_bus_flush_close_unref(m_bus);
}

Result<std::vector<std::string>> SessionBus::machines() const
{
    char** names = nullptr;
    const int status = ::sd_bus_list_names(m_bus, &names, nullptr);
    if (status < 0)
        return Error::fromErrno("the session bus", -status);
    std::vector<std::string> machines;
    for (char** name = names; name != nullptr && *name != nullptr; ++name) {
        if (auto machine = session::machineNameOf(*name))
            machines.push_back(std::move(*machine));
        ::free(*name); // NOLINT: sd_bus_list_names(3) hands over malloc'ed strings
    }
    ::free(names); // NOLINT
    std::sort(machines.begin(), machines.end());
    return machines;
}

Result<SessionBus::Message> SessionBus::request(const std::string& machine, const char* interface,
                                                const char* method) const
{
    if (machine.empty())
        return notRunning(machine);
    sd_bus_message* message = nullptr;
    const int status = ::sd_bus_message_new_method_call(
        m_bus, &message, busNameFor(machine).c_str(), kObjectPath, interface, method);
    if (status < 0)
        return notRunning(machine); // such a name cannot be on the bus
    ::sd_bus_message_set_auto_start(message, 0);
    return Message(message);
}

Result<SessionBus::Message> SessionBus::send(const std::string& machine,
                                             const Message& request) const
{
    const auto deadline = std::chrono::steady_clock::now() + kStarts;
    for (;;) {
        const bool starting = isStarting(machine); // before the call: it may be there by then
        sd_bus_error error = {};
        sd_bus_message* reply = nullptr;
        const int status = ::sd_bus_call(m_bus, request.get(), kNoTimeout, &error, &reply);
        Message answer(reply);
        if (status >= 0)
            return answer;
        Error problem = explain(machine, error, status);
        ::sd_bus_error_free(&error);
        if (problem.code() != ErrorCode::NotFound || !starting ||
            std::chrono::steady_clock::now() >= deadline)
            return problem;
        std::this_thread::sleep_for(kLookAgain);
    }
}

Result<void> SessionBus::call(const std::string& machine, const char* method) const
{
    TRY(send(machine, TRY(request(machine, kInterface, method))));
    return {};
}

Result<void> SessionBus::call(const std::string& machine, const char* method,
                              const std::string& argument) const
{
    TRY(send(machine, TRY(requestWith(machine, method, {argument}))));
    return {};
}

Result<SessionBus::Message> SessionBus::requestWith(const std::string& machine, const char* method,
                                                    const std::vector<std::string>& arguments) const
{
    Message message = TRY(request(machine, kInterface, method));
    for (const std::string& argument : arguments)
        if (::sd_bus_message_append(message.get(), "s", argument.c_str()) < 0)
            return Error(ErrorCode::Invalid,
                         "\"" + session::validUtf8(argument) +
                             "\" is not UTF-8 and cannot go over the session bus");
    return message;
}

Result<std::string> SessionBus::ask(const std::string& machine, const char* method,
                                    const std::vector<std::string>& arguments) const
{
    const Message reply = TRY(send(machine, TRY(requestWith(machine, method, arguments))));
    const char* answer = nullptr;
    const int status = ::sd_bus_message_read(reply.get(), "s", &answer);
    if (status < 0)
        return unreadable(status);
    return std::string(answer);
}

Result<void> SessionBus::mouse(const std::string& machine, int x, int y,
                               const std::string& button) const
{
    const Message message = TRY(request(machine, kInterface, "Mouse"));
    const int status = ::sd_bus_message_append(message.get(), "iis", x, y, button.c_str());
    if (status < 0)
        return Error::fromErrno("Mouse", -status);
    TRY(send(machine, message));
    return {};
}

Result<MachineStatus> SessionBus::status(const std::string& machine) const
{
    const Message message = TRY(request(machine, kProperties, "GetAll"));
    ::sd_bus_message_append(message.get(), "s", kInterface);
    const Message reply = TRY(send(machine, message));
    MachineStatus status;
    int result = ::sd_bus_message_enter_container(reply.get(), 'a', "{sv}");
    while (result >= 0 && (result = ::sd_bus_message_enter_container(reply.get(), 'e', "sv")) > 0) {
        result = readProperty(reply.get(), status);
        if (result >= 0)
            result = ::sd_bus_message_exit_container(reply.get());
    }
    if (result < 0)
        return unreadable(result);
    return status;
}

Result<std::string> SessionBus::screenText(const std::string& machine) const
{
    return ask(machine, "Text", {});
}

Result<std::vector<DeviceListing>> SessionBus::devices(const std::string& machine) const
{
    const Message reply = TRY(send(machine, TRY(request(machine, kInterface, "Devices"))));
    std::vector<DeviceListing> devices;
    const int status = readDevices(reply.get(), devices);
    if (status < 0)
        return unreadable(status);
    return devices;
}

Result<std::vector<std::pair<std::string, uint64_t>>>
SessionBus::counters(const std::string& machine) const
{
    const Message reply = TRY(send(machine, TRY(request(machine, kInterface, "Stats"))));
    std::vector<std::pair<std::string, uint64_t>> counters;
    int status = ::sd_bus_message_enter_container(reply.get(), 'a', "{st}");
    const char* name = nullptr;
    uint64_t value = 0;
    while (status >= 0 && (status = ::sd_bus_message_read(reply.get(), "{st}", &name, &value)) > 0)
        counters.emplace_back(name, value);
    if (status < 0)
        return unreadable(status);
    return counters;
}

} // namespace app::cli
