// SPDX-License-Identifier: GPL-3.0-or-later
// PreferencesModel: what the machine starts from.
#include "ui/models/preferences_model.h"

namespace ui::models {

namespace {

using app::library::MachineConfig;
using vmm::spec::BootOrder;

const char kUefiName[] = "uefi"; // MachineSpec::firmwarePath

QString text(const std::string& bytes)
{
    return QString::fromStdString(bytes);
}

} // namespace

PreferencesModel::Boot PreferencesModel::boot() const
{
    return static_cast<Boot>(m_config.hardware.boot);
}

void PreferencesModel::setBoot(Boot boot)
{
    if (boot != this->boot())
        edit(
            [boot](MachineConfig& config) { config.hardware.boot = static_cast<BootOrder>(boot); });
}

PreferencesModel::Firmware PreferencesModel::firmware() const
{
    const std::string& path = m_config.hardware.firmwarePath;
    if (path.empty())
        return Firmware::Bios;
    return path == kUefiName ? Firmware::Uefi : Firmware::Own;
}

void PreferencesModel::setFirmware(Firmware firmware)
{
    if (firmware == this->firmware() || firmware == Firmware::Own)
        return;
    edit([firmware](MachineConfig& config) {
        config.hardware.firmwarePath = firmware == Firmware::Uefi ? kUefiName : "";
    });
}

QString PreferencesModel::firmwareFile() const
{
    return firmware() == Firmware::Own ? text(m_config.hardware.firmwarePath) : QString();
}

void PreferencesModel::useFirmwareFile(const QUrl& file)
{
    if (file.isLocalFile())
        edit([&file](MachineConfig& config) {
            config.hardware.firmwarePath = file.toLocalFile().toStdString();
        });
}

QString PreferencesModel::kernel() const
{
    return text(m_config.hardware.kernelPath);
}

void PreferencesModel::setKernel(const QString& file)
{
    if (file == kernel())
        return;
    edit([&file](MachineConfig& config) {
        config.hardware.kernelPath = file.toStdString();
        if (file.isEmpty()) { // they are for a kernel only
            config.hardware.initrdPath.clear();
            config.hardware.commandLine.clear();
        }
    });
}

void PreferencesModel::useKernelFile(const QUrl& file)
{
    if (file.isLocalFile())
        setKernel(file.toLocalFile());
}

QString PreferencesModel::initrd() const
{
    return text(m_config.hardware.initrdPath);
}

void PreferencesModel::setInitrd(const QString& file)
{
    if (file != initrd())
        edit([&file](MachineConfig& config) { config.hardware.initrdPath = file.toStdString(); });
}

void PreferencesModel::useInitrdFile(const QUrl& file)
{
    if (file.isLocalFile())
        setInitrd(file.toLocalFile());
}

QString PreferencesModel::commandLine() const
{
    return text(m_config.hardware.commandLine);
}

void PreferencesModel::setCommandLine(const QString& line)
{
    if (line != commandLine())
        edit([&line](MachineConfig& config) { config.hardware.commandLine = line.toStdString(); });
}

} // namespace ui::models
