// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/host_check_model.h"

#include <algorithm>
#include <utility>

#include <QClipboard>
#include <QCoreApplication>
#include <QGuiApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTimer>

namespace ui::models {

namespace {

constexpr int kMostChecks = 64;
constexpr int kPatience = 20000; // milliseconds

HostCheckRow::Verdict verdictFrom(const QString& word)
{
    if (word == QLatin1String("good"))
        return HostCheckRow::Verdict::Good;
    return word == QLatin1String("limited") ? HostCheckRow::Verdict::Limited
                                            : HostCheckRow::Verdict::Bad;
}

} // namespace

QList<HostCheckRow> hostChecksFrom(const QByteArray& json)
{
    QList<HostCheckRow> rows;
    const QJsonArray checks =
        QJsonDocument::fromJson(json).object().value(QLatin1String("checks")).toArray();
    for (const QJsonValue& value : checks) {
        const QJsonObject check = value.toObject();
        const QString title = check.value(QLatin1String("title")).toString();
        if (title.isEmpty() || rows.size() == kMostChecks)
            continue;
        rows.append({title, check.value(QLatin1String("finding")).toString(),
                     check.value(QLatin1String("advice")).toString(),
                     verdictFrom(check.value(QLatin1String("verdict")).toString())});
    }
    return rows;
}

HostCheckModel::HostCheckModel(QObject* parent)
    : QAbstractListModel(parent), m_program(QCoreApplication::applicationFilePath())
{}

HostCheckModel::~HostCheckModel()
{
    if (m_process) {
        m_process->disconnect(this);
        m_process->kill();
        m_process->waitForFinished(100); // it is dead already; this only takes its status
    }
}

void HostCheckModel::check()
{
    if (m_process)
        return;
    m_process = new QProcess(this);
    m_process->setProcessChannelMode(QProcess::SeparateChannels);
    connect(m_process, &QProcess::finished, this, &HostCheckModel::finish);
    connect(m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            finish();
    });
    QTimer::singleShot(kPatience, m_process, &QProcess::kill);
    m_process->start(m_program, {QStringLiteral("check-host"), QStringLiteral("--json")});
    emit changed();
}

void HostCheckModel::finish()
{
    QProcess* const process = std::exchange(m_process, nullptr);
    const QList<HostCheckRow> rows = hostChecksFrom(process->readAllStandardOutput());
    process->deleteLater();
    take(rows, rows.isEmpty() ? tr("This computer could not be checked") : QString());
}

void HostCheckModel::take(const QList<HostCheckRow>& rows, const QString& problem)
{
    beginResetModel();
    m_rows = rows;
    m_problem = problem;
    endResetModel();
    emit changed();
}

HostCheckModel::Verdict HostCheckModel::worst() const
{
    auto worst = HostCheckRow::Verdict::Good;
    for (const HostCheckRow& row : m_rows)
        worst = std::max(worst, row.verdict);
    return static_cast<Verdict>(worst);
}

QString HostCheckModel::summary() const
{
    if (m_rows.isEmpty())
        return {};
    switch (worst()) {
    case Verdict::Good:
        return tr("This computer is ready for machines");
    case Verdict::Limited:
        return tr("Machines run here, and some things could be better");
    case Verdict::Bad:
        return tr("Some things need your attention");
    }
    return {};
}

void HostCheckModel::copyReport() const
{
    QStringList lines;
    for (const HostCheckRow& row : m_rows) {
        lines << QStringLiteral("%1: %2").arg(row.title, row.finding);
        if (!row.advice.isEmpty())
            lines << QStringLiteral("  ") + row.advice;
    }
    QGuiApplication::clipboard()->setText(lines.join(QLatin1Char('\n')));
}

int HostCheckModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant HostCheckModel::data(const QModelIndex& index, int role) const
{
    if (index.row() < 0 || index.row() >= m_rows.size())
        return {};
    const HostCheckRow& row = m_rows.at(index.row());
    switch (role) {
    case TitleRole:
        return row.title;
    case FindingRole:
        return row.finding;
    case AdviceRole:
        return row.advice;
    case VerdictRole:
        return QVariant::fromValue(static_cast<Verdict>(row.verdict));
    default:
        return {};
    }
}

QHash<int, QByteArray> HostCheckModel::roleNames() const
{
    return {{TitleRole, "title"},
            {FindingRole, "finding"},
            {AdviceRole, "advice"},
            {VerdictRole, "verdict"}};
}

} // namespace ui::models
