// SPDX-License-Identifier: GPL-3.0-or-later
// PreferencesModel: small devices of the machine.
#include "ui/models/preferences_model.h"

namespace ui::models {

using app::library::MachineConfig;
using vmm::spec::SerialKind;

PreferencesModel::Serial PreferencesModel::serial() const
{
    switch (m_config.hardware.serial) {
    case SerialKind::None:
        return Serial::Nothing;
    case SerialKind::Pty:
        return Serial::Terminal;
    default:
        return Serial::Other;
    }
}

void PreferencesModel::setSerial(Serial serial)
{
    if (serial == this->serial() || serial == Serial::Other)
        return;
    edit([serial](MachineConfig& config) {
        config.hardware.serial = serial == Serial::Nothing ? SerialKind::None : SerialKind::Pty;
        config.hardware.serialPath.clear();
    });
}

bool PreferencesModel::entropy() const
{
    return m_config.hardware.entropy;
}

void PreferencesModel::setEntropy(bool entropy)
{
    if (entropy != this->entropy())
        edit([entropy](MachineConfig& config) { config.hardware.entropy = entropy; });
}

bool PreferencesModel::tellsCopies() const
{
    return m_config.hardware.generationId;
}

void PreferencesModel::setTellsCopies(bool tells)
{
    if (tells != tellsCopies())
        edit([tells](MachineConfig& config) { config.hardware.generationId = tells; });
}

} // namespace ui::models
