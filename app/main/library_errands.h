// SPDX-License-Identifier: GPL-3.0-or-later
// Errands: work away from the GUI thread whose results come back to it.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <QObject>
#include <QThreadPool>

namespace app::main {

/// A few threads. Owner: a QObject, which is also the context of what it runs, and which lives
/// longer than this; the destructor waits for what is under way. run() on the GUI thread.
class Errands {
public:
    explicit Errands(int threads) { m_pool.setMaxThreadCount(threads); }
    ~Errands() { m_pool.waitForDone(); }
    Errands(const Errands&) = delete;
    Errands& operator=(const Errands&) = delete;

    /// work() on a thread of its own, then done(what it returned) on the thread of `context`, which
    /// is dropped when that is gone.
    template <class Work, class Done>
    void run(QObject* context, Work work, Done done)
    {
        m_pool.start([context, work = std::move(work), done = std::move(done)] {
            auto outcome = std::make_shared<std::decay_t<decltype(work())>>(work());
            QMetaObject::invokeMethod(
                context, [outcome, done] { done(std::move(*outcome)); }, Qt::QueuedConnection);
        });
    }

private:
    QThreadPool m_pool;
};

} // namespace app::main
