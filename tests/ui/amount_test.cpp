// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes as people read and write them; amounts that are typed, stepped and slid.
#include <QLocale>
#include <QSignalSpy>
#include <QTest>

#include "ui/models/amount.h"
#include "ui/models/quantity.h"

using namespace ui::models;

class AmountTest : public QObject {
    Q_OBJECT
private slots:
    void init() { QLocale::setDefault(QLocale(QLocale::English)); }
    void sizesAreRead_data();
    void sizesAreRead();
    void sizesAreWritten();
    void theNotationIsThePersons();
    void ratesNeverGoBelowNothing();
    void typingSetsTheValue();
    void nonsenseStaysWithAProblem();
    void boundsAreSaid();
    void stepsAreWhatPeopleChoose();
    void sliderAndValueAgree();
    void moreThanTheHostHasIsAWarningOnly();
    void showingIsNoEdit();
};

void AmountTest::sizesAreRead_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("bytes"); // -1: no size
    const auto row = [](const char* text, qint64 bytes) { QTest::newRow(text) << text << bytes; };
    const auto gib = static_cast<qint64>(kGiB);
    row("4", 4 * gib);
    row("4 GiB", 4 * gib);
    row("4g", 4 * gib);
    row(" 4 GB ", 4 * gib);
    row("1.5 GiB", gib + gib / 2);
    row("1,5 gib", gib + gib / 2);
    row("512 MiB", gib / 2);
    row("1t", 1024 * gib);
    row("17 b", 17);
    row("0", 0);
    row("", -1);
    row("-1", -1);
    row("4 GiBs", -1);
    row("four", -1);
    row("1.5.5", -1);
    row("4 G i B", -1);
    row("999999999999 TiB", -1);
    row("1e3", -1);
}

void AmountTest::sizesAreRead()
{
    QFETCH(QString, text);
    QFETCH(qint64, bytes);
    const auto size = sizeFrom(text, kGiB);
    QCOMPARE(size ? static_cast<qint64>(*size) : -1, bytes);
}

void AmountTest::sizesAreWritten()
{
    QCOMPARE(sizeText(0), QStringLiteral("0 B"));
    QCOMPARE(sizeText(1023), QStringLiteral("1023 B"));
    QCOMPARE(sizeText(kGiB / 2), QStringLiteral("512 MiB"));
    QCOMPARE(sizeText(4 * kGiB), QStringLiteral("4 GiB"));
    QCOMPARE(sizeText(kGiB + kGiB / 2), QStringLiteral("1.5 GiB"));
    QCOMPARE(sizeText(2048 * kGiB), QStringLiteral("2 TiB"));
    for (const quint64 bytes : {kMiB, 3 * kGiB / 2, 20 * kGiB}) // what is written can be read
        QCOMPARE(sizeFrom(sizeText(bytes), kGiB), std::optional(bytes));
}

void AmountTest::theNotationIsThePersons()
{
    QLocale::setDefault(QLocale(QLocale::German));
    QCOMPARE(sizeText(kGiB + kGiB / 2), QStringLiteral("1,5 GiB"));
    QCOMPARE(sizeFrom(sizeText(kGiB + kGiB / 2), kGiB), std::optional(kGiB + kGiB / 2));
}

void AmountTest::ratesNeverGoBelowNothing()
{
    QCOMPARE(rateText(-5), QStringLiteral("0 B/s"));
    QCOMPARE(rateText(qQNaN()), QStringLiteral("0 B/s"));
    QCOMPARE(rateText(3.0 * kMiB), QStringLiteral("3 MiB/s"));
}

void AmountTest::typingSetsTheValue()
{
    Amount memory(Amount::Kind::Memory);
    memory.show(2 * kGiB, {16 * kMiB, 1024 * kGiB, 0, 0, 16 * kGiB});
    const QSignalSpy edited(&memory, &Amount::edited);
    memory.type(QStringLiteral("3 GB"));
    QCOMPARE(memory.value(), 3 * kGiB);
    QCOMPARE(memory.text(), QStringLiteral("3 GiB"));
    memory.type(QStringLiteral("1.0001 GiB")); // machines have whole MiB
    QCOMPARE(memory.value(), kGiB);
    QCOMPARE(edited.count(), 2);
}

void AmountTest::nonsenseStaysWithAProblem()
{
    Amount memory(Amount::Kind::Memory);
    memory.show(2 * kGiB, {16 * kMiB, 1024 * kGiB, 0, 0, 16 * kGiB});
    const QSignalSpy edited(&memory, &Amount::edited);
    memory.type(QStringLiteral("much"));
    QCOMPARE(memory.text(), QStringLiteral("much"));
    QVERIFY(!memory.problem().isEmpty());
    QCOMPARE(memory.value(), 2 * kGiB);
    QCOMPARE(edited.count(), 0);
    memory.type(QStringLiteral("2 GiB"));
    QVERIFY(memory.problem().isEmpty());
}

void AmountTest::boundsAreSaid()
{
    Amount cpus(Amount::Kind::Cpus);
    cpus.show(2, {1, 64, 0, 0, 8});
    cpus.type(QStringLiteral("65"));
    QCOMPARE(cpus.problem(), QStringLiteral("At most 64"));
    cpus.type(QStringLiteral("0"));
    QCOMPARE(cpus.problem(), QStringLiteral("At least 1"));
    cpus.type(QStringLiteral("two"));
    QVERIFY(!cpus.problem().isEmpty());
    cpus.type(QStringLiteral("5"));
    QVERIFY(cpus.problem().isEmpty());
    QCOMPARE(cpus.value(), quint64{5});
}

void AmountTest::stepsAreWhatPeopleChoose()
{
    Amount memory(Amount::Kind::Memory);
    memory.show(2 * kGiB, {16 * kMiB, 1024 * kGiB, 0, 0, 16 * kGiB});
    memory.step(1);
    QCOMPARE(memory.value(), 3 * kGiB);
    memory.step(1);
    QCOMPARE(memory.value(), 4 * kGiB);
    memory.type(QStringLiteral("5 GiB"));
    memory.step(-1);
    QCOMPARE(memory.value(), 4 * kGiB);
    for (int i = 0; i < 100; ++i)
        memory.step(1);
    QCOMPARE(memory.value(), 16 * kGiB);
    for (int i = 0; i < 100; ++i)
        memory.step(-1);
    QVERIFY(memory.value() <= 256 * kMiB);
}

void AmountTest::sliderAndValueAgree()
{
    Amount memory(Amount::Kind::Memory);
    memory.show(2 * kGiB, {16 * kMiB, 1024 * kGiB, 0, 4 * kGiB, 16 * kGiB});
    memory.setPosition(memory.recommendedPosition());
    QCOMPARE(memory.value(), 4 * kGiB);
    memory.setPosition(1);
    QCOMPARE(memory.value(), 16 * kGiB);
    QCOMPARE(memory.position(), 1.0);
    memory.setPosition(qQNaN());
    QCOMPARE(memory.value(), 16 * kGiB);
    double last = 2;
    for (const double position : {0.0, 0.25, 0.5, 0.75, 1.0}) {
        memory.setPosition(position);
        QVERIFY(qAbs(memory.position() - position) < 0.1);
        QVERIFY(memory.position() != last);
        last = memory.position();
    }
}

void AmountTest::moreThanTheHostHasIsAWarningOnly()
{
    Amount memory(Amount::Kind::Memory);
    memory.show(2 * kGiB, {16 * kMiB, 1024 * kGiB, 3 * kGiB, 4 * kGiB, 16 * kGiB});
    QVERIFY(memory.warning().contains(QStringLiteral("3 GiB")));
    memory.type(QStringLiteral("32 GiB"));
    QVERIFY(memory.problem().isEmpty());
    QVERIFY(!memory.warning().isEmpty());
    QCOMPARE(memory.position(), 1.0);
    memory.type(QStringLiteral("4 GiB"));
    QVERIFY(memory.warning().isEmpty());
    QVERIFY(memory.hint().contains(QStringLiteral("16 GiB")));
}

void AmountTest::showingIsNoEdit()
{
    Amount disk(Amount::Kind::Disk);
    const QSignalSpy edited(&disk, &Amount::edited);
    disk.show(20 * kGiB, {64 * kMiB, 1024 * kGiB, 0, 0, 0});
    QCOMPARE(edited.count(), 0);
}

QTEST_GUILESS_MAIN(AmountTest)
#include "amount_test.moc"
