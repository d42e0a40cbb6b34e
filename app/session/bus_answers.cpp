// SPDX-License-Identifier: GPL-3.0-or-later
// Answers by sd-bus(3).
#include "app/session/bus_answers.h"

#include "app/session/bus_names.h"

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::machine::DeviceInfo;

PendingCall::~PendingCall()
{
    if (!m_answered)
        fail(Error(ErrorCode::Cancelled, "the machine ended before it could answer"));
    ::sd_bus_message_unref(m_call);
}

void PendingCall::finish(const Result<void>& outcome)
{
    if (!outcome)
        return fail(outcome.error());
    m_answered = true;
    ::sd_bus_reply_method_return(m_call, nullptr);
}

void PendingCall::fail(const Error& error)
{
    m_answered = true;
    sd_bus_error reply = {};
    ::sd_bus_error_set(&reply, errorName(error.code()).c_str(),
                       validUtf8(error.sentence()).c_str());
    ::sd_bus_reply_method_error(m_call, &reply);
    ::sd_bus_error_free(&reply);
}

void PendingCall::answer(const std::function<int(sd_bus_message*)>& fill)
{
    sd_bus_message* reply = nullptr;
    int status = ::sd_bus_message_new_method_return(m_call, &reply);
    if (status >= 0)
        status = fill(reply);
    if (status < 0)
        fail(Error(ErrorCode::Io, "the answer does not fit a message"));
    else
        ::sd_bus_send(nullptr, reply, nullptr);
    m_answered = true;
    ::sd_bus_message_unref(reply);
}

std::function<void(Result<void>)> answerLater(ControlLoop& loop, Pending call)
{
    auto slot = std::make_shared<Pending>(std::move(call));
    return [&loop, slot](Result<void> outcome) {
        loop.post([call = std::move(*slot), outcome = std::move(outcome)] {
            if (call)
                call->finish(outcome);
        });
    };
}

int appendDevices(sd_bus_message* reply, const std::vector<DeviceInfo>& devices)
{
    int status = ::sd_bus_message_open_container(reply, 'a', "(sa(ss))");
    for (const DeviceInfo& device : devices) {
        if (status < 0)
            return status;
        ::sd_bus_message_open_container(reply, 'r', "sa(ss)");
        ::sd_bus_message_append(reply, "s", validUtf8(device.name).c_str());
        ::sd_bus_message_open_container(reply, 'a', "(ss)");
        for (const auto& [name, value] : device.registers)
            ::sd_bus_message_append(reply, "(ss)", validUtf8(name).c_str(),
                                    validUtf8(value).c_str());
        ::sd_bus_message_close_container(reply);
        status = ::sd_bus_message_close_container(reply);
    }
    return status < 0 ? status : ::sd_bus_message_close_container(reply);
}

int appendTexts(sd_bus_message* reply,
                const std::vector<std::pair<std::string, std::string>>& texts)
{
    int status = ::sd_bus_message_open_container(reply, 'a', "{ss}");
    for (const auto& [name, text] : texts)
        if (status >= 0)
            status = ::sd_bus_message_append(reply, "{ss}", validUtf8(name).c_str(),
                                             validUtf8(text).c_str());
    return status < 0 ? status : ::sd_bus_message_close_container(reply);
}

int appendCounters(sd_bus_message* reply, const std::vector<vmm::machine::Counter>& counters)
{
    int status = ::sd_bus_message_open_container(reply, 'a', "{st}");
    for (const auto& counter : counters)
        if (status >= 0)
            status = ::sd_bus_message_append(reply, "{st}", validUtf8(counter.name).c_str(),
                                             counter.value);
    return status < 0 ? status : ::sd_bus_message_close_container(reply);
}

} // namespace app::session
