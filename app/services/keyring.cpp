// SPDX-License-Identifier: GPL-3.0-or-later
// libsecret's synchronous functions, with an end to the waiting.
#include "app/services/keyring.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
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

/// Cancels a call that takes too long.
class Deadline {
public:
    Deadline() : m_cancellable(::g_cancellable_new()), m_thread([this] { wait(); }) {}
    ~Deadline()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_over = true;
        }
        m_changed.notify_all();
        m_thread.join();
        ::g_object_unref(m_cancellable);
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    GCancellable* cancellable() const { return m_cancellable; }

private:
    void wait()
    {
        std::unique_lock lock(m_mutex);
        if (!m_changed.wait_for(lock, kPatience, [this] { return m_over; }))
            ::g_cancellable_cancel(m_cancellable);
    }

    GCancellable* m_cancellable;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_over = false;
    std::thread m_thread; // last: it uses the rest
};

Result<void> outcomeOf(GError* problem)
{
    if (!problem)
        return {};
    const std::string reason = problem->message;
    ::g_error_free(problem);
    return Error(ErrorCode::Unsupported, "the keyring cannot be used: " + reason);
}

} // namespace

Result<void> storePassword(const GuestPassword& password)
{
    const Deadline deadline;
    GError* problem = nullptr;
    ::secret_password_store_sync(&schema(), SECRET_COLLECTION_DEFAULT, password.label.c_str(),
                                 password.password.c_str(), deadline.cancellable(), &problem,
                                 "machine", password.machine.c_str(), "user", password.user.c_str(),
                                 nullptr);
    return outcomeOf(problem);
}

Result<void> forgetPasswords(const std::string& machine)
{
    const Deadline deadline;
    GError* problem = nullptr;
    ::secret_password_clear_sync(&schema(), deadline.cancellable(), &problem, "machine",
                                 machine.c_str(), nullptr);
    return outcomeOf(problem);
}

} // namespace app::services
