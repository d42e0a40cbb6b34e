// SPDX-License-Identifier: GPL-3.0-or-later
// The house's controls by Qt Quick Test: tests/ui/components/tst_*.qml.
#include <QQuickStyle>
#include <QtQuickTest>

void qml_register_types_org_vitrine_models();

namespace {

class Setup : public QObject {
    Q_OBJECT
public slots:
    /// Before any window.
    void applicationAvailable()
    {
        QQuickStyle::setStyle(QStringLiteral("Basic"));
        qml_register_types_org_vitrine_models();
    }
};

} // namespace

QUICK_TEST_MAIN_WITH_SETUP(components, Setup)
#include "components_main.moc"
