// SPDX-License-Identifier: GPL-3.0-or-later
// libsecret's synchronous functions, with an end to the waiting. It is not libsecret's own:
// libsecret 0.20 never comes back from a call that is cancelled while the person is asked
// (g_task_return_error without an error), so each call has a thread that may be left behind.
#include "app/services/keyring.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

// GLib's headers have members called `signals`.
#undef signals
#include <libsecret/secret.h>

namespace app::services {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

constexpr auto kPatience = std::chrono::minutes(1);

const SecretSchema& schema()
{
    static const SecretSchema kSchema = {"org.vitrine.Vitrine.Guest",
                                         SECRET_SCHEMA_NONE,
                                         {{"machine", SECRET_SCHEMA_ATTRIBUTE_STRING},
                                          {"user", SECRET_SCHEMA_ATTRIBUTE_STRING},
                                          {nullptr, SECRET_SCHEMA_ATTRIBUTE_STRING}},
                                         0,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr};
    return kSchema;
}

Error problemOf(GError* problem)
{
    const std::string reason = problem->message;
    ::g_error_free(problem);
    return Error(ErrorCode::Unsupported, "the keyring cannot be used: " + reason);
}

/// While it lives, a session bus that goes away does not take the program with it, as GLib's
/// connection would have it.
class Bus {
public:
    Bus() : m_bus(::g_bus_get_sync(G_BUS_TYPE_SESSION, nullptr, nullptr))
    {
        if (m_bus != nullptr)
            ::g_dbus_connection_set_exit_on_close(m_bus, FALSE);
    }
    ~Bus()
    {
        if (m_bus != nullptr)
            ::g_object_unref(m_bus);
    }
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

private:
    GDBusConnection* m_bus; // the one libsecret will find
};

Result<void> storeNow(const GuestPassword& password)
{
    const Bus bus;
    GError* problem = nullptr;
    ::secret_password_store_sync(&schema(), SECRET_COLLECTION_DEFAULT, password.label.c_str(),
                                 password.password.c_str(), nullptr, &problem, "machine",
                                 password.machine.c_str(), "user", password.user.c_str(), nullptr);
    if (problem)
        return problemOf(problem);
    return {};
}

Result<bool> forgetNow(const std::string& machine)
{
    const Bus bus;
    GError* problem = nullptr;
    ::secret_password_clear_sync(&schema(), nullptr, &problem, "machine", machine.c_str(),
                                 nullptr); // unlocked ones only
    if (problem)
        return problemOf(problem);
    GList* left = ::secret_password_search_sync(&schema(), SECRET_SEARCH_ALL, nullptr, &problem,
                                                "machine", machine.c_str(), nullptr);
    const bool none = left == nullptr;
    ::g_list_free_full(left, ::g_object_unref);
    if (problem)
        return problemOf(problem);
    return none;
}

} // namespace

struct Keyring::Patience {
    std::mutex mutex;
    std::condition_variable changed;
    bool over = false;

    /// What call() returns, if it does in time. It runs on, with its copies, if it does not.
    template <class Call>
    static auto await(const std::shared_ptr<Patience>& patience, Call call) -> decltype(call())
    {
        using Outcome = decltype(call());
        const auto outcome = std::make_shared<std::optional<Outcome>>();
        std::thread([patience, outcome, call = std::move(call)] {
            auto made = call();
            const std::lock_guard lock(patience->mutex);
            *outcome = std::move(made);
            patience->changed.notify_all();
        }).detach();
        std::unique_lock lock(patience->mutex);
        patience->changed.wait_for(lock, kPatience, [&] { return *outcome || patience->over; });
        if (*outcome)
            return std::move(**outcome);
        return Error(ErrorCode::Unsupported, "the keyring cannot be used: it does not answer");
    }
};

Keyring::Keyring() : m_patience(std::make_shared<Patience>()) {}

Result<void> Keyring::store(const GuestPassword& password)
{
    return Patience::await(m_patience, [password] { return storeNow(password); });
}

Result<bool> Keyring::forget(const std::string& machine)
{
    return Patience::await(m_patience, [machine] { return forgetNow(machine); });
}

void Keyring::giveUp()
{
    const std::lock_guard lock(m_patience->mutex);
    m_patience->over = true;
    m_patience->changed.notify_all();
}

} // namespace app::services
