// SPDX-License-Identifier: GPL-3.0-or-later
// What is said about a computer that cannot run machines or show windows.
#include <QTemporaryFile>
#include <QTest>

#include "app/host/host_checks.h"

using namespace app::host;

class HostChecksTest : public QObject {
    Q_OBJECT

private slots:
    void aMissingDeviceSaysWhatToDo()
    {
        const auto result = checkKvm("/nowhere/kvm");
        QVERIFY(!result.has_value());
        QVERIFY(result.error().code() == vmm::ErrorCode::Unsupported);
        QVERIFY(result.error().sentence().starts_with("/nowhere/kvm is missing: turn on"));
    }
    void anotherFileIsNotKvm()
    {
        QTemporaryFile file;
        QVERIFY(file.open());
        QVERIFY(!checkKvm(qPrintable(file.fileName())).has_value());
        QVERIFY(!checkKvm("/dev/null").has_value());
    }
    void aDisplayIsNamedByTheEnvironment()
    {
        for (const char* variable :
             {"WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY", "QT_QPA_PLATFORM"})
            qunsetenv(variable);
        QVERIFY(!checkDisplay().has_value());
        qputenv("DISPLAY", "");
        QVERIFY(!checkDisplay().has_value());
        qputenv("DISPLAY", ":1");
        QVERIFY(checkDisplay().has_value());
    }
};

QTEST_GUILESS_MAIN(HostChecksTest)
#include "host_checks_test.moc"
