// SPDX-License-Identifier: GPL-3.0-or-later
// LoadModel: what a running machine took lately, for graphs.
#pragma once

#include <optional>

#include <QList>
#include <QObject>
#include <QPointer>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_controller.h"

namespace ui::models {

/// One thing that is measured: the last minute of it. GUI thread; owned by LoadModel.
class LoadSeries : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("Series belong to a LoadModel")
    /// The newest last; at most kKept. A second series of the same unit lies in `others`.
    Q_PROPERTY(QList<qreal> values READ values NOTIFY changed)
    Q_PROPERTY(QList<qreal> others READ others NOTIFY changed)
    /// What the upper edge of the graph stands for.
    Q_PROPERTY(qreal top READ top NOTIFY changed)
    /// "37 %", "1.2 GiB of 4 GiB", "Reads 3 MiB/s"; empty before the first.
    Q_PROPERTY(QString text READ text NOTIFY changed)
    /// Of the second series: "Writes 0 B/s", or empty.
    Q_PROPERTY(QString otherText READ otherText NOTIFY changed)
public:
    static constexpr int kKept = 60;
    enum class Kind { Cpu, Memory, Disk, Network };

    explicit LoadSeries(Kind kind, QObject* parent = nullptr) : QObject(parent), m_kind(kind) {}

    QList<qreal> values() const { return m_values; }
    QList<qreal> others() const { return m_others; }
    qreal top() const;
    QString text() const;
    QString otherText() const;

    /// Cpu: share of all its CPUs, 0 to 1. Memory: bytes. Disk and network: bytes a second.
    void add(qreal value, qreal other);
    void clear();
    /// The memory the machine has, the end of its scale.
    void setMost(qreal most);

signals:
    void changed();

private:
    const Kind m_kind;
    qreal m_most = 1;
    QList<qreal> m_values;
    QList<qreal> m_others;
};

/// Makes rates of the counters that come once a second while `active`; asks for none otherwise.
/// GUI thread.
class LoadModel : public QObject {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(ui::models::LibraryController* controller READ controller WRITE setController NOTIFY
                   targetChanged)
    Q_PROPERTY(QString machine READ machine WRITE setMachine NOTIFY targetChanged)
    /// Somebody looks.
    Q_PROPERTY(bool active READ active WRITE setActive NOTIFY activeChanged)
    Q_PROPERTY(ui::models::LoadSeries* cpu READ cpu CONSTANT)
    Q_PROPERTY(ui::models::LoadSeries* memory READ memory CONSTANT)
    Q_PROPERTY(ui::models::LoadSeries* disk READ disk CONSTANT)
    Q_PROPERTY(ui::models::LoadSeries* network READ network CONSTANT)
public:
    explicit LoadModel(QObject* parent = nullptr);
    ~LoadModel() override;

    LibraryController* controller() const { return m_controller; }
    void setController(LibraryController* controller);
    QString machine() const { return m_machine; }
    void setMachine(const QString& machine);
    bool active() const { return m_active; }
    void setActive(bool active);
    LoadSeries* cpu() { return &m_cpu; }
    LoadSeries* memory() { return &m_memory; }
    LoadSeries* disk() { return &m_disk; }
    LoadSeries* network() { return &m_network; }

signals:
    void targetChanged();
    void activeChanged();

private:
    void retarget();
    void watch(bool wanted);
    void take(const QString& id, const MachineLoad& load);

    QPointer<LibraryController> m_controller;
    QString m_machine;
    bool m_active = false;
    int m_cpus = 1;
    std::optional<MachineLoad> m_last;
    LoadSeries m_cpu{LoadSeries::Kind::Cpu};
    LoadSeries m_memory{LoadSeries::Kind::Memory};
    LoadSeries m_disk{LoadSeries::Kind::Disk};
    LoadSeries m_network{LoadSeries::Kind::Network};
};

} // namespace ui::models
