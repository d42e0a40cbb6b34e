// SPDX-License-Identifier: GPL-3.0-or-later
// ChoiceList: a list of choices and the one that is chosen, for combo boxes.
#pragma once

#include <QAbstractListModel>
#include <QtQml/qqmlregistration.h>

#include "ui/models/draft_host.h"

namespace ui::models {

/// Roles: text. GUI thread; owned by the model that shows it.
class ChoiceList : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("Lists of choices belong to models")
    Q_PROPERTY(int current READ current WRITE setCurrent NOTIFY currentChanged)
    Q_PROPERTY(QString currentText READ currentText NOTIFY currentChanged)
public:
    enum Role { TextRole = Qt::UserRole + 1 };

    using QAbstractListModel::QAbstractListModel;

    /// Offers `choices`, the one with `code` chosen.
    void show(QList<Choice> choices, const QString& code);

    int current() const { return m_current; }
    void setCurrent(int row);
    QString code() const { return m_choices.value(m_current).code; }
    QString currentText() const { return m_choices.value(m_current).text; }

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    void currentChanged();

private:
    QList<Choice> m_choices;
    int m_current = -1;
};

} // namespace ui::models
