// SPDX-License-Identifier: GPL-3.0-or-later
// Amount: how much of something a machine gets, as a person sets it.
#pragma once

#include <optional>
#include <vector>

#include <QObject>
#include <QString>
#include <QtQml/qqmlregistration.h>

namespace ui::models {

/// What bounds an amount; 0: not known. Bytes, or a number of CPUs.
struct AmountLimits {
    quint64 least = 1;       ///< less cannot be
    quint64 most = 1;        ///< more cannot be
    quint64 needed = 0;      ///< the guest wants at least that
    quint64 recommended = 0; ///< for this guest
    quint64 host = 0;        ///< what this computer has, or has free
};

/// Memory, CPUs or a disk's size: typed ("4 GiB"), stepped or slid. A typed text that is no amount
/// stays as it was typed, with a problem; the value stays as it was. GUI thread; owned by the model
/// that shows it.
class Amount : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("Amounts belong to models")
    /// As shown in the field: "4 GiB", or what was typed last when it is no amount.
    Q_PROPERTY(QString text READ text NOTIFY changed)
    /// Where a slider stands, 0 to 1, in even steps of what people choose.
    Q_PROPERTY(double position READ position NOTIFY changed)
    /// Where the recommendation lies on the slider, or -1.
    Q_PROPERTY(double recommendedPosition READ recommendedPosition NOTIFY changed)
    /// Why it cannot be so; empty: it can.
    Q_PROPERTY(QString problem READ problem NOTIFY changed)
    /// What speaks against it, though it can be so.
    Q_PROPERTY(QString warning READ warning NOTIFY changed)
    /// What this computer has and what is recommended, in one quiet line.
    Q_PROPERTY(QString hint READ hint NOTIFY changed)
    /// "Memory": what a screen reader says.
    Q_PROPERTY(QString title READ title CONSTANT)
public:
    enum class Kind { Memory, Cpus, Disk };
    Q_ENUM(Kind)

    explicit Amount(Kind kind, QObject* parent = nullptr);

    quint64 value() const { return m_value; }
    /// Shows `value` within `limits`; not what a person did, so edited() does not follow.
    void show(quint64 value, const AmountLimits& limits);

    QString text() const;
    double position() const;
    double recommendedPosition() const;
    QString problem() const;
    QString warning() const;
    QString hint() const;
    QString title() const;

    Q_INVOKABLE void type(const QString& text);
    /// To the next value people choose; `direction` +1 or -1.
    Q_INVOKABLE void step(int direction);
    Q_INVOKABLE void setPosition(double position);

signals:
    void changed();
    /// The person chose another value.
    void edited();

private:
    void choose(quint64 value);
    double positionOf(quint64 value) const;
    QString textOf(quint64 value) const;
    std::optional<quint64> valueFrom(const QString& text) const;

    const Kind m_kind;
    quint64 m_value = 0;
    AmountLimits m_limits;
    std::optional<QString> m_typed; ///< what is in the field while it is no amount
    std::vector<quint64> m_stops;   ///< of the slider, rising, at least one
};

} // namespace ui::models
