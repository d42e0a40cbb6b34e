// SPDX-License-Identifier: GPL-3.0-or-later
// libsecret's synchronous functions, with an end to the waiting.
#include "app/services/keyring.h"

#include <chrono>
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

} // namespace

/// Cancels a call that takes too long, or whose keyring is given up.
class Keyring::Deadline {
public:
    explicit Deadline(Keyring& keyring)
        : m_keyring(keyring), m_cancellable(::g_cancellable_new()), m_thread([this] { wait(); })
    {}
    ~Deadline()
    {
        {
            const std::lock_guard lock(m_keyring.m_mutex);
            m_over = true;
        }
        m_keyring.m_changed.notify_all();
        m_thread.join();
        ::g_object_unref(m_cancellable);
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    GCancellable* cancellable() const { return m_cancellable; }

private:
    void wait()
    {
        std::unique_lock lock(m_keyring.m_mutex);
        m_keyring.m_changed.wait_for(lock, kPatience,
                                     [this] { return m_over || m_keyring.m_givenUp; });
        if (!m_over)
            ::g_cancellable_cancel(m_cancellable);
    }

    Keyring& m_keyring;
    GCancellable* m_cancellable;
    bool m_over = false;  // guarded by the keyring's mutex
    std::thread m_thread; // last: it uses the rest
};

Result<void> Keyring::store(const GuestPassword& password)
{
    const Deadline deadline(*this);
    GError* problem = nullptr;
    ::secret_password_store_sync(&schema(), SECRET_COLLECTION_DEFAULT, password.label.c_str(),
                                 password.password.c_str(), deadline.cancellable(), &problem,
                                 "machine", password.machine.c_str(), "user", password.user.c_str(),
                                 nullptr);
    if (problem)
        return problemOf(problem);
    return {};
}

Result<bool> Keyring::forget(const std::string& machine)
{
    const Deadline deadline(*this);
    GError* problem = nullptr;
    ::secret_password_clear_sync(&schema(), deadline.cancellable(), &problem, "machine",
                                 machine.c_str(), nullptr); // unlocked ones only
    if (problem)
        return problemOf(problem);
    GList* left =
        ::secret_password_search_sync(&schema(), SECRET_SEARCH_ALL, deadline.cancellable(),
                                      &problem, "machine", machine.c_str(), nullptr);
    const bool none = left == nullptr;
    ::g_list_free_full(left, ::g_object_unref);
    if (problem)
        return problemOf(problem);
    return none;
}

void Keyring::giveUp()
{
    {
        const std::lock_guard lock(m_mutex);
        m_givenUp = true;
    }
    m_changed.notify_all();
}

} // namespace app::services
