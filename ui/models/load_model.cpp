// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/load_model.h"

#include <algorithm>
#include <cmath>

#include <QLocale>

#include "ui/models/quantity.h"

namespace ui::models {

namespace {

/// The next of 1, 2, 5, 10 ... times `least`, so that the scale jumps seldom.
qreal niceTop(qreal most, qreal least)
{
    qreal top = least;
    while (top < most && std::isfinite(top)) {
        for (const qreal step : {1.0, 2.0, 5.0}) {
            if (top * step >= most)
                return top * step;
        }
        top *= 10;
    }
    return top;
}

/// Counters start anew with the machine: what went down counts as nothing.
qreal risen(quint64 now, quint64 before)
{
    return now < before ? 0 : static_cast<qreal>(now - before);
}

} // namespace

void LoadSeries::add(qreal value, qreal other)
{
    for (auto& [series, number] :
         {std::pair<QList<qreal>*, qreal>{&m_values, value}, {&m_others, other}}) {
        series->append(number);
        if (series->size() > kKept)
            series->removeFirst();
    }
    emit changed();
}

void LoadSeries::clear()
{
    m_values.clear();
    m_others.clear();
    emit changed();
}

void LoadSeries::setMost(qreal most)
{
    m_most = std::max<qreal>(most, 1);
    emit changed();
}

qreal LoadSeries::top() const
{
    qreal most = 0;
    for (const QList<qreal>* series : {&m_values, &m_others}) {
        for (const qreal value : *series)
            most = std::max(most, value);
    }
    switch (m_kind) {
    case Kind::Cpu:
        return 1;
    case Kind::Memory:
        return std::max(m_most, most);
    case Kind::Disk:
    case Kind::Network:
        return niceTop(most, static_cast<qreal>(100 * kKiB));
    }
    return 1;
}

QString LoadSeries::text() const
{
    if (m_values.isEmpty())
        return {};
    const qreal value = m_values.last();
    switch (m_kind) {
    case Kind::Cpu:
        return tr("%1 %").arg(QLocale().toString(std::lround(value * 100)));
    case Kind::Memory:
        return tr("%1 of %2")
            .arg(sizeText(static_cast<quint64>(std::max<qreal>(value, 0))),
                 sizeText(static_cast<quint64>(m_most)));
    case Kind::Disk:
        return tr("Reads %1").arg(rateText(value));
    case Kind::Network:
        return tr("Receives %1").arg(rateText(value));
    }
    return {};
}

QString LoadSeries::otherText() const
{
    if (m_others.isEmpty())
        return {};
    if (m_kind == Kind::Disk)
        return tr("Writes %1").arg(rateText(m_others.last()));
    return m_kind == Kind::Network ? tr("Sends %1").arg(rateText(m_others.last())) : QString();
}

LoadModel::LoadModel(QObject* parent) : QObject(parent) {}

LoadModel::~LoadModel()
{
    watch(false);
}

void LoadModel::setController(LibraryController* controller)
{
    if (controller == m_controller)
        return;
    watch(false);
    if (m_controller)
        disconnect(m_controller, nullptr, this, nullptr);
    m_controller = controller;
    if (controller)
        connect(controller, &LibraryController::loadChanged, this, &LoadModel::take);
    retarget();
}

void LoadModel::setMachine(const QString& machine)
{
    if (machine == m_machine)
        return;
    watch(false);
    m_machine = machine;
    retarget();
}

void LoadModel::setActive(bool active)
{
    if (active == m_active)
        return;
    if (!active)
        watch(false);
    m_active = active;
    m_last.reset(); // what happened meanwhile is no rate of now
    if (active)
        watch(true);
    emit activeChanged();
}

void LoadModel::retarget()
{
    m_last.reset();
    for (LoadSeries* series : {&m_cpu, &m_memory, &m_disk, &m_network})
        series->clear();
    if (const auto facts = m_controller ? m_controller->machine(m_machine) : std::nullopt) {
        m_cpus = std::max(facts->cpus, 1);
        m_memory.setMost(static_cast<qreal>(facts->memoryBytes));
    }
    if (m_active)
        watch(true);
    emit targetChanged();
}

void LoadModel::watch(bool wanted)
{
    if (m_controller && !m_machine.isEmpty() && (wanted || m_active))
        m_controller->setWatchedMachine(wanted ? m_machine : QString());
}

void LoadModel::take(const QString& id, const MachineLoad& load)
{
    if (!m_active || id != m_machine)
        return;
    const auto before = std::exchange(m_last, load);
    if (!before || load.at <= before->at)
        return;
    constexpr qreal kMillisecond = 1e-3;
    constexpr qreal kNanosecond = 1e-9;
    const qreal seconds = static_cast<qreal>(load.at - before->at) * kMillisecond;
    const qreal busy = risen(load.cpuNanoseconds, before->cpuNanoseconds) * kNanosecond;
    m_cpu.add(std::clamp(busy / seconds / m_cpus, 0.0, 1.0), 0);
    m_memory.add(static_cast<qreal>(load.memoryBytes), 0);
    m_disk.add(risen(load.diskBytesRead, before->diskBytesRead) / seconds,
               risen(load.diskBytesWritten, before->diskBytesWritten) / seconds);
    m_network.add(risen(load.netBytesReceived, before->netBytesReceived) / seconds,
                  risen(load.netBytesSent, before->netBytesSent) / seconds);
}

} // namespace ui::models
