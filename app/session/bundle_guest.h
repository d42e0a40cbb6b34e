// SPDX-License-Identifier: GPL-3.0-or-later
// BundleGuest: what becomes of a bundle while its machine runs.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/library/bundle.h"
#include "app/session/log_file.h"
#include "vmm/base/result.h"
#include "vmm/console/machine_listener.h"
#include "vmm/machine/machine.h"
#include "vmm/spec/machine_spec.h"

namespace app::session {

/// Holds the lock of a bundle, makes its machine, and keeps what is saved there true:
///
///   suspended.state ─aboutToRun()─► resuming.state ─runs()─► gone
///                   ◄─didNotRun()──
///
/// A state the guest has gone on from no longer fits its disks, so it must never be resumed again:
/// it loses its name before the first instruction, and one found under the other name is dropped.
/// One thread at a time, but for what says otherwise.
class BundleGuest {
public:
    /// Takes the lock; Busy when another process has it. The bundle is `folder`.
    static vmm::Result<std::unique_ptr<BundleGuest>> open(const std::filesystem::path& folder);
    ~BundleGuest();
    BundleGuest(const BundleGuest&) = delete;
    BundleGuest& operator=(const BundleGuest&) = delete;

    const std::string& id() const { return m_bundle.config().id; }
    const std::string& name() const { return m_bundle.config().name(); }
    const library::Bundle& bundle() const { return m_bundle; }
    LogFile& log() { return m_log; }

    enum class Start : uint8_t {
        GoOn, ///< from the suspended state, when there is one
        Fresh ///< whatever was suspended is given up once the machine runs
    };
    /// The machine, paused. `accel` other than Auto goes before the bundle's own. A state that
    /// cannot be used stays where it is; the error then says so.
    vmm::Result<std::unique_ptr<vmm::machine::Machine>>
    makeMachine(vmm::console::MachineListener& listener, vmm::spec::Accel accel, Start start);
    /// The machine was made from a suspended state.
    bool resumed() const { return m_resumed; }

    /// Before the machine runs for the first time; after it does; when it could not.
    vmm::Result<void> aboutToRun();
    void runs();
    void didNotRun();

    /// While installing(): the guest has something on its first disk that firmware can start. Any
    /// thread, reads a sector.
    bool installed() const;
    /// Any thread.
    bool installing() const { return m_installing.load(); }
    /// The installation is over: its start and script are forgotten, its medium taken out, and the
    /// machine starts from its disk from now on.
    vmm::Result<void> endInstall();

    /// The configuration as it stands now; the last one known when it cannot be read.
    library::MachineConfig config() const;
    /// A disposable machine stays. Any thread.
    vmm::Result<void> keep();
    /// The bundle goes, with all in it; when the machine is no more.
    vmm::Result<void> discard();
    /// Writes what the host's page cache holds of the disks to stable storage. Takes its time; any
    /// thread while the machine stands.
    vmm::Result<void> syncDisks(const vmm::spec::MachineSpec& spec) const;

    std::filesystem::path resumingPath() const { return m_bundle.path() / "resuming.state"; }

private:
    BundleGuest(library::Bundle bundle, library::BundleLock lock);
    vmm::Result<std::unique_ptr<vmm::machine::Machine>>
    resume(vmm::console::MachineListener& listener, vmm::spec::Accel accel);

    library::Bundle m_bundle;
    library::BundleLock m_lock;
    LogFile m_log;
    bool m_resumed = false;
    bool m_setAside = false; // the state has its other name
    std::atomic<bool> m_installing;
    std::string m_installDisk; ///< constant: where installed() looks
};

/// Makes the paths of a saved machine those of the bundle at `folder` now: the disks the
/// configuration names by their ids, and files that lie in a bundle elsewhere when that is where
/// this one was, or was copied from, before.
void adoptPaths(vmm::spec::MachineSpec& saved, const vmm::spec::MachineSpec& configured,
                const std::filesystem::path& folder);
/// Forwards and taps are this computer's, and the guest does not see them: those of the
/// configuration, which may have changed since, hold for a saved machine as well.
void adoptNetworks(vmm::spec::MachineSpec& saved, const vmm::spec::MachineSpec& configured);

} // namespace app::session
