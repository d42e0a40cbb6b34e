// SPDX-License-Identifier: GPL-3.0-or-later
// The life of a bundle while its machine runs.
#include "app/session/bundle_guest.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "app/library/file_ops.h"
#include "app/library/staging.h"
#include "vmm/machine/disk_files.h"

namespace app::session {

namespace fs = std::filesystem;
using library::Bundle;
using library::BundleLock;
using library::MachineConfig;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::UniqueFd;
using vmm::machine::Machine;
using namespace vmm::spec;

namespace {

const DriveSpec* firstOf(const MachineSpec& spec, DriveKind kind)
{
    const auto found = std::find_if(spec.drives.begin(), spec.drives.end(),
                                    [kind](const DriveSpec& drive) { return drive.kind == kind; });
    return found == spec.drives.end() ? nullptr : &*found;
}

/// `path` as it is below `folder`, when it lies in some bundle ("NAME.vitrine") and is there.
void adopt(std::string& path, const fs::path& folder)
{
    fs::path inside;
    bool found = false;
    for (const fs::path& part : fs::path(path)) {
        if (found)
            inside /= part;
        found = found || part.extension() == Bundle::kSuffix;
    }
    std::error_code failed;
    const fs::path here = folder / inside;
    if (found && !inside.empty() && fs::exists(here, failed))
        path = here.string();
}

/// A boot sector: its signature, and something else in it.
bool startsLikeASystem(const std::string& disk)
{
    constexpr size_t kSignature = 510;
    std::array<unsigned char, 512> sector = {};
    const UniqueFd fd(::open(disk.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() ||
        ::pread(fd.get(), sector.data(), sector.size(), 0) != static_cast<ssize_t>(sector.size()))
        return false;
    const bool signature = sector[kSignature] == 0x55 && sector[kSignature + 1] == 0xaa;
    return signature && std::any_of(sector.begin(), sector.begin() + kSignature,
                                    [](unsigned char byte) { return byte != 0; });
}

Result<void> syncFile(const fs::path& file)
{
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() || ::fsync(fd.get()) != 0)
        return Error::fromErrno(file.string(), errno);
    return {};
}

} // namespace

void adoptPaths(MachineSpec& saved, const MachineSpec& configured, const fs::path& folder)
{
    MachineSpec named = configured;
    named.nameDevices();
    for (DriveSpec& drive : saved.drives) {
        const auto same = std::find_if(
            named.drives.begin(), named.drives.end(), [&drive](const DriveSpec& other) {
                return other.kind == DriveKind::Disk && other.id == drive.id;
            });
        if (drive.kind == DriveKind::Disk && same != named.drives.end())
            drive.path = same->path;
        else
            adopt(drive.path, folder);
    }
    for (ConsolePortSpec& port : saved.consolePorts)
        adopt(port.path, folder);
    for (std::string* path : {&saved.serialPath, &saved.debugconPath, &saved.vsock.path})
        adopt(*path, folder);
}

void adoptNetworks(MachineSpec& saved, const MachineSpec& configured)
{
    MachineSpec named = configured;
    named.nameDevices();
    for (NicSpec& nic : saved.nics)
        for (const NicSpec& other : named.nics)
            if (nic.id == other.id && nic.kind == other.kind) {
                nic.forwards = other.forwards;
                nic.tapInterface = other.tapInterface;
            }
}

BundleGuest::BundleGuest(Bundle bundle, BundleLock lock)
    : m_bundle(std::move(bundle)),
      m_lock(std::move(lock)),
      m_log(m_bundle.logPath()),
      m_installing(m_bundle.config().install.pending)
{
    const MachineSpec spec = m_bundle.spec();
    if (const DriveSpec* disk = firstOf(spec, DriveKind::Disk))
        m_installDisk = disk->path;
}

BundleGuest::~BundleGuest() = default;

Result<std::unique_ptr<BundleGuest>> BundleGuest::open(const fs::path& folder)
{
    BundleLock lock = TRY(BundleLock::acquire(folder));
    Bundle bundle = TRY(Bundle::open(folder)); // under the lock: nobody moves it any more
    return std::unique_ptr<BundleGuest>(new BundleGuest(std::move(bundle), std::move(lock)));
}

Result<std::unique_ptr<Machine>> BundleGuest::makeMachine(vmm::console::MachineListener& listener,
                                                          Accel accel, Start start)
{
    m_resumed = false;
    std::error_code failed;
    if (fs::exists(resumingPath(), failed))
        m_log.add("the machine was going on from its suspended state when its program ended; it "
                  "starts afresh");
    if (start == Start::GoOn && m_bundle.suspended())
        return resume(listener, accel);
    m_bundle = TRY(Bundle::open(m_bundle.path())); // it may have been edited meanwhile
    MachineSpec spec = m_bundle.spec();
    if (accel != Accel::Auto)
        spec.accel = accel;
    return Machine::create(spec, listener);
}

Result<std::unique_ptr<Machine>> BundleGuest::resume(vmm::console::MachineListener& listener,
                                                     Accel accel)
{
    const MachineSpec configured = m_bundle.spec();
    if (accel == Accel::Auto)
        accel = configured.accel;
    const std::string state = m_bundle.statePath().string();
    const auto adjust = [&](MachineSpec& saved) {
        adoptPaths(saved, configured, m_bundle.path());
        adoptNetworks(saved, configured);
    };
    const auto refused = [](const Error& error) {
        return Error(error.code(),
                     "The suspended machine cannot go on; its state was kept: " + error.sentence());
    };
    if (const auto same = vmm::machine::checkDiskFiles(state, adjust); !same)
        return refused(same.error());
    auto machine = Machine::restore(state, listener, accel, adjust);
    if (!machine)
        return refused(machine.error());
    m_resumed = true;
    return machine;
}

Result<void> BundleGuest::aboutToRun()
{
    m_setAside = ::rename(m_bundle.statePath().c_str(), resumingPath().c_str()) == 0;
    if (!m_setAside && errno != ENOENT)
        return Error::fromErrno(m_bundle.statePath().string(), errno);
    return library::syncPath(m_bundle.path());
}

void BundleGuest::runs()
{
    if (::unlink(resumingPath().c_str()) == 0)
        static_cast<void>(library::syncPath(m_bundle.path()).has_value());
}

void BundleGuest::didNotRun()
{
    if (m_setAside && ::rename(resumingPath().c_str(), m_bundle.statePath().c_str()) == 0)
        static_cast<void>(library::syncPath(m_bundle.path()).has_value());
}

bool BundleGuest::installed() const
{
    return installing() && !m_installDisk.empty() && startsLikeASystem(m_installDisk);
}

Result<void> BundleGuest::endInstall()
{
    const library::InstallConfig install = m_bundle.config().install;
    TRY(m_bundle.change([](MachineConfig& config) -> Result<void> {
        config.install = {};
        config.hardware.boot = BootOrder::Disk;
        for (DriveSpec& drive : config.hardware.drives) {
            if (drive.kind != DriveKind::Cdrom)
                continue;
            drive.path.clear();
            break;
        }
        return {};
    }));
    m_installing.store(false);
    // The password is in the script, and the script may be in the ramdisk.
    for (const fs::path file : {install.scriptDisc, install.kernel, install.initrd})
        if (!file.empty() && file.is_relative() && file == file.filename())
            ::unlink((m_bundle.path() / file).c_str());
    return {};
}

MachineConfig BundleGuest::config() const
{
    const auto fresh = Bundle::open(m_bundle.path());
    return fresh ? fresh->config() : m_bundle.config();
}

Result<void> BundleGuest::keep()
{
    Bundle fresh = TRY(Bundle::open(m_bundle.path()));
    return fresh.change([](MachineConfig& config) -> Result<void> {
        config.disposable = false;
        return {};
    });
}

/// Out of the list at once, then for good; who is interrupted leaves what the library's next
/// listing removes.
Result<void> BundleGuest::discard()
{
    return library::Staging::discard(m_bundle.path());
}

Result<void> BundleGuest::syncDisks(const MachineSpec& spec) const
{
    for (const DriveSpec& drive : spec.drives)
        if (drive.kind == DriveKind::Disk && !drive.path.empty())
            TRY(syncFile(drive.path));
    std::error_code failed; // disks that were attached later lie in the bundle
    for (const auto& entry : fs::directory_iterator(m_bundle.path(), failed))
        if (entry.is_regular_file(failed) && entry.path().extension() == ".raw")
            TRY(syncFile(entry.path()));
    return {};
}

} // namespace app::session
