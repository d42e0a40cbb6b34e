// SPDX-License-Identifier: GPL-3.0-or-later
// What goes on by itself in the pretended library: jobs, screens, load; and its texts.
#include <chrono>
#include <cmath>

#include "ui/models/demo_library.h"
#include "ui/models/demo_library_screens.h"

namespace ui::models {

namespace {

constexpr int kJobStep = 12; // per mille a tick
constexpr int kLoadEvery = 2;

DemoScreen movingScreen(const MachineSummary& machine)
{
    if (machine.installing)
        return DemoScreen::Installer;
    return machine.memoryBytes > (4ULL << 30) ? DemoScreen::Terminal : DemoScreen::Meadow;
}

} // namespace

QString DemoLibrary::addJob(const QString& title, const QString& machine, int perMille)
{
    JobSummary job;
    job.id = QStringLiteral("job-%1").arg(++m_lastId);
    job.title = title;
    job.machine = machine;
    job.perMille = perMille;
    m_jobs.append(job);
    emit jobsChanged();
    return job.id;
}

void DemoLibrary::cancelJob(const QString& job)
{
    m_jobs.removeIf([&](const JobSummary& other) { return other.id == job; });
    emit jobsChanged();
}

void DemoLibrary::tick()
{
    ++m_frame;
    if (!m_jobs.isEmpty())
        moveJobs();
    movePictures();
    if (!m_watched.isEmpty() && m_frame % kLoadEvery == 0)
        tellLoad();
}

void DemoLibrary::moveJobs()
{
    for (JobSummary& job : m_jobs)
        job.perMille += kJobStep;
    m_jobs.removeIf([](const JobSummary& job) { return job.perMille >= 1000; });
    emit jobsChanged();
}

void DemoLibrary::movePictures()
{
    for (MachineSummary& machine : m_machines) {
        if (machine.state != MachineState::Running || !m_visible.contains(machine.id))
            continue;
        machine.thumbnail = demoScreen(movingScreen(machine), m_frame);
        emit thumbnailChanged(machine.id);
    }
}

void DemoLibrary::setWatchedMachine(const QString& id)
{
    m_watched = id;
    m_load = {};
}

void DemoLibrary::tellLoad()
{
    const double wave = 0.5 + 0.4 * std::sin(m_frame / 4.0);
    m_load.at = std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::steady_clock::now().time_since_epoch())
                    .count();
    m_load.cpuNanoseconds += static_cast<quint64>(2.4e9 * wave);
    m_load.memoryBytes = static_cast<quint64>((1.2 + 0.3 * wave) * (1ULL << 30));
    m_load.diskBytesRead += static_cast<quint64>(9e6 * wave);
    m_load.diskBytesWritten += static_cast<quint64>(4e6 * (1 - wave));
    m_load.netBytesReceived += static_cast<quint64>(7e5 * wave);
    m_load.netBytesSent += static_cast<quint64>(9e4 * (1 - wave));
    emit loadChanged(m_watched, m_load);
}

void DemoLibrary::editHardware(const QString& id,
                               const std::function<void(vmm::spec::MachineSpec&)>& edit)
{
    const auto now = config(id);
    if (!now)
        return;
    app::library::MachineConfig changed = *now;
    edit(changed.hardware);
    setConfig(id, changed);
}

void DemoLibrary::insertMedium(const QString& id, const QUrl& file)
{
    editHardware(id, [&](vmm::spec::MachineSpec& hardware) {
        for (auto& drive : hardware.drives) {
            if (drive.kind == vmm::spec::DriveKind::Cdrom)
                drive.path = file.toLocalFile().toStdString();
        }
    });
}

void DemoLibrary::ejectMedium(const QString& id)
{
    insertMedium(id, {});
}

void DemoLibrary::addForward(const QString& id, const QString& rule)
{
    editHardware(id, [&](vmm::spec::MachineSpec& hardware) {
        if (!hardware.nics.empty())
            hardware.nics.front().forwards.push_back(rule.toStdString());
    });
}

void DemoLibrary::removeForward(const QString& id, const QString& rule)
{
    editHardware(id, [&](vmm::spec::MachineSpec& hardware) {
        if (!hardware.nics.empty())
            std::erase(hardware.nics.front().forwards, rule.toStdString());
    });
}

void DemoLibrary::askPorts(const QString& id)
{
    emit portsTold(id,
                   {QStringLiteral("10.0.2.15:22 ssh"), QStringLiteral("10.0.2.15:80 http"),
                    QStringLiteral("10.0.2.15:8000")},
                   {});
}

QString DemoLibrary::logText(const QString& id) const
{
    const auto now = machine(id);
    if (!now)
        return {};
    return QStringLiteral("14:02:11 started with 4 CPUs and 4 GiB of memory\n"
                          "14:02:11 disk0: disk0.raw, 20 GiB, raw\n"
                          "14:02:11 nic0: NAT, 127.0.0.1:2222 to port 22\n"
                          "14:02:12 firmware: SeaBIOS\n"
                          "14:02:31 the guest's driver took over virtio-net\n");
}

} // namespace ui::models
