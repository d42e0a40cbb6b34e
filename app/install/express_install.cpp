// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/install/express_install.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "app/install/answers.h"
#include "app/install/cpio.h"
#include "app/install/hide_password.h"
#include "app/install/mend_scripts.h"
#include "app/install/private_file.h"
#include "app/install/script_disc.h"
#include "app/library/file_ops.h"
#include "app/os/iso_reader.h"

namespace app::install {

namespace {

constexpr uint64_t kMostKernel = uint64_t{64} << 20;
constexpr uint64_t kMostInitrd = uint64_t{512} << 20;
constexpr size_t kMostDriverBytes = size_t{64} << 20; // virtio's for Windows: 5 MiB
constexpr uint64_t kStepsOfCopy = 1000;
constexpr const char* kKernel = "express-kernel";
constexpr const char* kInitrd = "express-initrd";
constexpr const char* kDisc = "express.iso";

/// Kernel and first ramdisk on a medium.
struct BootFiles {
    std::string_view kernel;
    std::string_view initrd;
};

/// Where they are when the database does not know, or knows an older release's place.
constexpr std::array kUsualPlaces{
    BootFiles{"images/pxeboot/vmlinuz", "images/pxeboot/initrd.img"},
    BootFiles{"install.amd/vmlinuz", "install.amd/initrd.gz"},
    BootFiles{"casper/vmlinuz", "casper/initrd"},
    BootFiles{"boot/x86_64/loader/linux", "boot/x86_64/loader/initrd"},
};

/// Copies files of a medium into `folder`, as far as the job is not given up.
class Copier {
public:
    Copier(const std::filesystem::path& medium, library::Job& job) : m_medium(medium), m_job(job) {}

    /// `inside` to the end of `to`.
    vmm::Result<void> copy(std::string_view inside, uint64_t limit, PrivateFile& to)
    {
        return os::readIsoFile(m_medium, inside, limit,
                               [&](std::span<const char> part) -> vmm::Result<void> {
                                   TRY(to.write(part));
                                   // How much there will be is not known: each part brings the end
                                   // a little closer.
                                   m_done += (kStepsOfCopy - m_done) / 64;
                                   return m_job.step(m_done, kStepsOfCopy);
                               });
    }

private:
    const std::filesystem::path& m_medium;
    library::Job& m_job;
    uint64_t m_done = 0;
};

/// The ramdisk comes behind the scripts: some compressed formats know no end, so nothing may follow
/// them, while the kernel looks for more behind an archive that is not compressed.
vmm::Result<void> copyBootFiles(Copier& copier, const BootFiles& files,
                                const std::vector<os::ScriptFile>& scripts,
                                const std::filesystem::path& kernel,
                                const std::filesystem::path& initrd)
{
    PrivateFile kernelFile = TRY(PrivateFile::create(kernel));
    TRY(copier.copy(files.kernel, kMostKernel, kernelFile));
    PrivateFile initrdFile = TRY(PrivateFile::create(initrd));
    TRY(initrdFile.write(cpioArchive(scripts)));
    TRY(copier.copy(files.initrd, kMostInitrd, initrdFile));
    TRY(kernelFile.finish());
    return initrdFile.finish();
}

vmm::Result<void> makeBootFiles(const std::filesystem::path& medium, const os::MediumFacts& facts,
                                const std::vector<os::ScriptFile>& scripts,
                                const std::filesystem::path& folder, library::Job& job)
{
    Copier copier(medium, job);
    std::vector<BootFiles> places(kUsualPlaces.begin(), kUsualPlaces.end());
    if (!facts.kernelPath.empty() && !facts.initrdPath.empty())
        places.insert(places.begin(), {facts.kernelPath, facts.initrdPath});
    for (const BootFiles& place : places) {
        const auto copied =
            copyBootFiles(copier, place, scripts, folder / kKernel, folder / kInitrd);
        if (copied || copied.error().code() != vmm::ErrorCode::NotFound)
            return copied;
    }
    return vmm::Error(vmm::ErrorCode::NotFound,
                      medium.string() + ": there is no installer's kernel in it");
}

/// A label as the kernel's command line takes it.
std::string escapedLabel(const std::string& label)
{
    std::string escaped;
    for (const char letter : label)
        escaped += letter == ' ' ? std::string("\\x20") : std::string(1, letter);
    return escaped;
}

std::string commandLineFor(const os::GeneratedScripts& scripts, os::ScriptKind kind,
                           const os::MediumFacts& facts)
{
    std::string line = scripts.commandLine;
    line.erase(0, line.find_first_not_of(' '));
    // Started without the medium's boot loader, which would have said where the rest is.
    if (kind == os::ScriptKind::Kickstart)
        line += " inst.stage2=hd:LABEL=" + escapedLabel(facts.name);
    return line;
}

/// Puts `drivers` beside the script.
vmm::Result<void> addDrivers(const std::vector<DriverFile>& drivers,
                             std::vector<os::ScriptFile>& files, library::Job& job)
{
    size_t room = kMostDriverBytes;
    for (const DriverFile& driver : drivers) {
        TRY(job.step(0, kStepsOfCopy));
        const bool taken = std::any_of(files.begin(), files.end(), [&](const os::ScriptFile& file) {
            return file.name == driver.name;
        });
        if (taken)
            return vmm::Error(vmm::ErrorCode::Invalid,
                              driver.path.string() + ": there is a " + driver.name + " already");
        std::string content = TRY(library::readFile(driver.path, room));
        room -= content.size();
        files.push_back({driver.name, std::move(content)});
    }
    return {};
}

} // namespace

ExpressSupport expressSupport(const os::OsDatabase& database, const std::string& osId)
{
    const auto os = database.find(osId);
    if (!os || !os->canExpress)
        return {};
    const auto scripts = os::InstallScripts::choose(database, os->id, {});
    return scripts ? ExpressSupport{true, scripts->needsProductKey()} : ExpressSupport{};
}

vmm::Result<library::InstallConfig>
prepareExpress(const os::OsDatabase& database, const std::filesystem::path& medium,
               const os::MediumFacts& facts, const ExpressAnswers& answers,
               const std::vector<DriverFile>& drivers, const std::filesystem::path& folder,
               library::Job& job)
{
    const auto os = database.find(facts.osId);
    if (!os || !facts.canExpress)
        return vmm::Error(vmm::ErrorCode::Unsupported,
                          medium.string() + ": it cannot be installed without questions");
    const os::InstallScripts scripts = TRY(os::InstallScripts::choose(database, os->id, medium));
    const bool windows = scripts.kind() == os::ScriptKind::Unattend;
    const ScriptFacts script{scripts.kind(), scripts.needsProductKey(), scripts.productKeyFormat(),
                             windows ? std::string()
                                     : std::string(os->virtioBlock ? "/dev/vda" : "/dev/sda")};
    const os::ScriptAnswers checked = TRY(scriptAnswers(answers, script));
    os::GeneratedScripts generated = TRY(scripts.generate(checked));
    const std::string hash = TRY(hashedPassword(answers.password));
    for (os::ScriptFile& file : generated.files) {
        mendScript(file.content, script.kind, os->distro, answers);
        hidePassword(file.content, script.kind, checked, hash);
    }
    if (!windows && !drivers.empty())
        return vmm::Error(vmm::ErrorCode::Unsupported, os->name + " takes no drivers from a disc");
    TRY(addDrivers(drivers, generated.files, job));
    TRY(job.step(0, kStepsOfCopy));
    library::InstallConfig install;
    install.pending = true;
    if (scripts.method() == os::ScriptMethod::Disc) {
        install.scriptDisc = kDisc;
        TRY(writeScriptDisc(folder / kDisc, "EXPRESS", generated.files));
    } else {
        install.kernel = kKernel;
        install.initrd = kInitrd;
        install.commandLine = commandLineFor(generated, script.kind, facts);
        TRY(makeBootFiles(medium, facts, generated.files, folder, job));
    }
    static_cast<void>(job.step(kStepsOfCopy, kStepsOfCopy)); // too late to give up: all is there
    return install;
}

} // namespace app::install
