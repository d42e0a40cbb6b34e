// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/bundle.h"

#include <algorithm>
#include <system_error>

#include <fmt/core.h>

#include "app/library/bundle_files.h"
#include "app/library/config_document.h"
#include "app/library/file_ops.h"

namespace app::library {

namespace fs = std::filesystem;
using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using namespace vmm::spec;

namespace {

constexpr int kPatience = 5000; // milliseconds another may take to change machine.toml

/// "NAME.vitrine/machine.toml", as errors call it.
std::string shownName(const fs::path& bundle)
{
    return (bundle.filename() / kConfigFile).string();
}

Result<std::string> readText(const fs::path& bundle)
{
    auto text = readFile(bundle / kConfigFile, TomlText::kMaxBytes);
    if (!text && text.error().code() == ErrorCode::NotFound)
        return Error(ErrorCode::NotFound, shownName(bundle) + " is missing");
    return text;
}

Result<ConfigDocument> readDocument(const fs::path& bundle)
{
    return ConfigDocument::parse(TRY(readText(bundle)), shownName(bundle));
}

/// Holds the right to write machine.toml. The bundle may have been moved since it was opened.
Result<FileLock> lockConfig(const fs::path& bundle)
{
    const fs::path file = bundle / kLockFile;
    FileLock lock = TRY(FileLock::wait(file, kConfigByte, kPatience));
    if (!lock.guards(file))
        return Error(ErrorCode::NotFound, bundle.string() + " has just been moved away");
    return lock;
}

/// A bundle somebody made by hand, or copied and took the id out of: it gets one.
Result<void> giveId(const fs::path& bundle)
{
    const FileLock lock = TRY(lockConfig(bundle));
    ConfigDocument document = TRY(readDocument(bundle));
    if (!document.config().id.empty())
        return {};
    MachineConfig config = document.config();
    config.id = randomId();
    TRY(document.change(config));
    return writeAtomically(bundle / kConfigFile, document.text());
}

void makeAbsolute(std::string& path, const fs::path& folder)
{
    if (!path.empty() && path.front() != '/')
        path = (folder / path).lexically_normal().string();
}

/// The medium with the installer's answers, in a drive of its own.
void addScriptDisc(MachineSpec& machine, const std::string& disc)
{
    DriveSpec drive;
    drive.path = disc;
    drive.id = "install-script";
    drive.readOnly = true;
    size_t onAhci = 0;
    for (const DriveSpec& other : machine.drives)
        onAhci += other.bus == DriveBus::Ahci ? 1 : 0;
    if (onAhci >= MachineSpec::kMaxAhciDrives)
        drive.bus = DriveBus::VirtioScsi;
    machine.drives.push_back(drive);
}

void applyInstall(MachineSpec& machine, const InstallConfig& install)
{
    if (!install.kernel.empty()) {
        machine.kernelPath = install.kernel;
        machine.initrdPath = install.initrd;
        machine.commandLine = install.commandLine;
    }
    machine.boot = BootOrder::Cdrom;
    if (!install.scriptDisc.empty())
        addScriptDisc(machine, install.scriptDisc);
}

/// A medium somebody cleared away, as people do once a system is installed, leaves its drive empty.
/// A machine without a disk has nothing but its medium, and says that it is gone.
void leaveOutMissingMedia(MachineSpec& machine)
{
    const auto isDisk = [](const DriveSpec& drive) { return drive.kind == DriveKind::Disk; };
    if (std::none_of(machine.drives.begin(), machine.drives.end(), isDisk))
        return;
    std::error_code failed;
    for (DriveSpec& drive : machine.drives)
        if (drive.kind == DriveKind::Cdrom &&
            fs::status(drive.path, failed).type() == fs::file_type::not_found)
            drive.path.clear();
}

} // namespace

Result<Bundle> Bundle::open(const fs::path& folder)
{
    std::error_code failed;
    fs::path path = fs::absolute(folder, failed).lexically_normal();
    if (!path.has_filename())
        path = path.parent_path(); // "NAME.vitrine/"
    ConfigDocument document = TRY(readDocument(path));
    if (document.config().id.empty()) {
        TRY(giveId(path));
        document = TRY(readDocument(path));
    }
    return Bundle(std::move(path), document.config());
}

Result<void> Bundle::change(const std::function<Result<void>(MachineConfig&)>& edit)
{
    const FileLock lock = TRY(lockConfig(m_path));
    const std::string before = TRY(readText(m_path));
    ConfigDocument document = TRY(ConfigDocument::parse(before, shownName(m_path)));
    MachineConfig config = document.config();
    TRY(edit(config));
    if (config.id != document.config().id && !document.config().id.empty())
        return Error(ErrorCode::Invalid, "a machine's id never changes");
    TRY(document.change(config));
    if (document.text() != before)
        TRY(writeAtomically(m_path / kConfigFile, document.text()));
    m_config = document.config();
    return {};
}

Result<std::string> Bundle::text() const
{
    return readText(m_path);
}

Result<void> Bundle::replaceText(std::string_view text)
{
    const FileLock lock = TRY(lockConfig(m_path));
    const ConfigDocument document =
        TRY(ConfigDocument::parse(std::string(text), shownName(m_path)));
    if (document.config().id != m_config.id)
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: a machine's id never changes; it is id = \"{}\"",
                                 shownName(m_path), m_config.id));
    TRY(writeAtomically(m_path / kConfigBackup, TRY(readText(m_path))));
    TRY(writeAtomically(m_path / kConfigFile, text));
    m_config = document.config();
    return {};
}

MachineSpec Bundle::spec() const
{
    MachineSpec machine = m_config.hardware;
    if (m_config.install.pending)
        applyInstall(machine, m_config.install);
    for (DriveSpec& drive : machine.drives)
        makeAbsolute(drive.path, m_path);
    if (!m_config.install.pending)
        leaveOutMissingMedia(machine);
    for (NicSpec& nic : machine.nics) {
        makeAbsolute(nic.capturePath, m_path);
        makeAbsolute(nic.socketPath, m_path);
    }
    for (ConsolePortSpec& port : machine.consolePorts)
        makeAbsolute(port.path, m_path);
    for (std::string* path : {&machine.kernelPath, &machine.initrdPath, &machine.serialPath,
                              &machine.debugconPath, &machine.vsock.path})
        makeAbsolute(*path, m_path);
    if (machine.firmwarePath != "uefi")
        makeAbsolute(machine.firmwarePath, m_path);
    return machine;
}

bool Bundle::suspended() const
{
    std::error_code failed;
    return fs::is_regular_file(statePath(), failed);
}

uint64_t Bundle::bytesOnDisk() const
{
    return bytesBelow(m_path);
}

Result<BundleLock> BundleLock::acquire(const fs::path& bundle)
{
    const fs::path file = bundle / kLockFile;
    auto lock = FileLock::take(file, kMachineByte);
    if (!lock && lock.error().code() == ErrorCode::Busy)
        return Error(ErrorCode::Busy,
                     bundle.stem().string() + " is running, or being copied or moved");
    if (!lock)
        return std::move(lock).error();
    if (!lock->guards(file))
        return Error(ErrorCode::NotFound, bundle.string() + " has just been moved away");
    return BundleLock(std::move(*lock).release());
}

bool BundleLock::held(const fs::path& bundle)
{
    return FileLock::held(bundle / kLockFile, kMachineByte);
}

} // namespace app::library
