// SPDX-License-Identifier: GPL-3.0-or-later
// What the guest listens on, as the port panel shows it: asked for while somebody looks, and what a
// machine says is not believed blindly.
#include <QSignalSpy>
#include <QTest>

#include "tests/support/loopback.h"
#include "ui/models/demo_library.h"
#include "ui/models/guest_ports.h"

using namespace ui::models;

namespace {

/// A library that counts its questions and answers none by itself.
class AskedLibrary final : public DemoLibrary {
public:
    using DemoLibrary::DemoLibrary;
    void askPorts(const QString& id) override { asked << id; }
    void addForward(const QString&, const QString& rule) override { rules << rule; }

    QStringList asked;
    QStringList rules;
};

} // namespace

class GuestPortsTest : public QObject {
    Q_OBJECT
private slots:
    void init();
    void portsAreReadFromLines_data();
    void portsAreReadFromLines();
    void nobodyLooksNobodyIsAsked();
    void asksAgainAfterEachAnswer();
    void showsWhatIsTold();
    void saysWhyThereIsNothing();
    void hostileAnswersAreBounded();
    void rowsStayWhileNothingChanges();
    void picksAPortOfThisComputer();
    void forwardsByOnePress();
    void portsInUseHereAreLeftOut();

private:
    void tell(const QStringList& ports, const QString& problem = {});
    QVariant at(int row, int role) const { return m_ports->index(row).data(role); }

    const QString m_machine = QStringLiteral("m");
    std::unique_ptr<AskedLibrary> m_library;
    std::unique_ptr<ForwardList> m_forwards;
    std::unique_ptr<GuestPorts> m_ports;
};

void GuestPortsTest::init()
{
    m_ports.reset();
    m_library = std::make_unique<AskedLibrary>(DemoLibrary::Shelf::Everyday);
    m_library->setLively(false);
    m_forwards = std::make_unique<ForwardList>();
    m_ports = std::make_unique<GuestPorts>();
    m_ports->setController(m_library.get());
    m_ports->setMachine(m_machine);
    m_ports->setForwards(m_forwards.get());
}

void GuestPortsTest::tell(const QStringList& ports, const QString& problem)
{
    emit m_library->portsTold(m_machine, ports, problem);
}

void GuestPortsTest::portsAreReadFromLines_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<bool>("good");
    QTest::newRow("named") << QStringLiteral("10.0.2.15:22 ssh") << true;
    QTest::newRow("nameless") << QStringLiteral("10.0.2.15:8000") << true;
    for (const char* line : {"", "22", "22 ssh", "10.0.2.15:0", "10.0.2.15:65536",
                             "10.0.2.15:22 <b>ssh</b>", "10.0.2.15:22 ssh more", "10.0.2.15:22 ",
                             "host:22 ssh", "[::1]:22 ssh", "10.0.2.15:22\nssh"})
        QTest::newRow(line) << QString::fromLatin1(line) << false;
}

void GuestPortsTest::portsAreReadFromLines()
{
    QFETCH(QString, line);
    QFETCH(bool, good);
    QCOMPARE(GuestPort::from(line).has_value(), good);
}

void GuestPortsTest::nobodyLooksNobodyIsAsked()
{
    QVERIFY(m_library->asked.isEmpty());
    tell({QStringLiteral("10.0.2.15:22 ssh")});
    QCOMPARE(m_ports->count(), 0);
    m_ports->setActive(true);
    QCOMPARE(m_library->asked, QStringList(m_machine));
    tell({QStringLiteral("10.0.2.15:22 ssh")});
    QCOMPARE(m_ports->count(), 1);
    m_ports->setActive(false);
    QCOMPARE(m_ports->count(), 0); // it would be old news when somebody looks again
    QCOMPARE(m_library->asked.size(), 1);
}

void GuestPortsTest::asksAgainAfterEachAnswer()
{
    constexpr int kPatience = 60'000; // milliseconds; it comes after five seconds
    m_ports->setActive(true);
    tell({}, QStringLiteral("the guest does not answer"));
    QTRY_COMPARE_WITH_TIMEOUT(m_library->asked.size(), 2, kPatience);
    emit m_library->portsTold(QStringLiteral("other"), {QStringLiteral("10.0.2.15:22 ssh")}, {});
    QCOMPARE(m_ports->count(), 0);
}

void GuestPortsTest::showsWhatIsTold()
{
    m_ports->setActive(true);
    tell({QStringLiteral("10.0.2.15:22 ssh"), QStringLiteral("10.0.2.15:8000")});
    QCOMPARE(m_ports->count(), 2);
    QVERIFY(m_ports->emptyText().isEmpty());
    QCOMPARE(at(0, GuestPorts::LabelRole).toString(), QStringLiteral("22 (ssh)"));
    QCOMPARE(at(1, GuestPorts::LabelRole).toString(), QStringLiteral("8000"));
    QCOMPARE(at(1, GuestPorts::PortRole).toInt(), 8000);
    QVERIFY(at(0, GuestPorts::HereRole).toString().isEmpty());
    QVERIFY(at(0, GuestPorts::SentenceRole).toString().contains(QLatin1String("22 (ssh)")));
    m_forwards->show(
        {QStringLiteral("tcp:127.0.0.1:2200-:22"), QStringLiteral("udp:[::]:1-:8000")});
    QCOMPARE(at(0, GuestPorts::HereRole).toString(), QStringLiteral("127.0.0.1:2200"));
    QVERIFY(at(1, GuestPorts::HereRole).toString().isEmpty());
    m_forwards->show({QStringLiteral("tcp:[::1]:80-:22")});
    QCOMPARE(at(0, GuestPorts::HereRole).toString(), QStringLiteral("[::1]:80"));
}

void GuestPortsTest::saysWhyThereIsNothing()
{
    m_ports->setActive(true);
    const QString asking = m_ports->emptyText();
    QVERIFY(!asking.isEmpty());
    tell({});
    const QString none = m_ports->emptyText();
    QVERIFY(!none.isEmpty() && none != asking);
    tell({}, QStringLiteral("the guest does not answer"));
    QCOMPARE(m_ports->emptyText(), QStringLiteral("The guest does not answer"));
}

void GuestPortsTest::hostileAnswersAreBounded()
{
    m_ports->setActive(true);
    QStringList many;
    for (int i = 0; i < 100'000; ++i)
        many << QStringLiteral("10.0.2.15:%1").arg(1 + i % 65535);
    tell(many);
    QVERIFY(m_ports->count() <= 64);
    tell({QStringLiteral("nonsense"), QStringLiteral("10.0.2.15:22 ssh")});
    QCOMPARE(m_ports->count(), 1);
    QVERIFY(m_ports->forward(-1).isEmpty());
    QVERIFY(m_ports->forward(1).isEmpty());
    QVERIFY(m_library->rules.isEmpty());
}

void GuestPortsTest::rowsStayWhileNothingChanges()
{
    m_ports->setActive(true);
    tell({QStringLiteral("10.0.2.15:22 ssh")});
    const QSignalSpy reset(m_ports.get(), &QAbstractItemModel::modelReset);
    tell({QStringLiteral("10.0.2.15:22 ssh")});
    m_forwards->show({QStringLiteral("tcp:127.0.0.1:2200-:22")});
    QCOMPARE(reset.count(), 0);
    tell({});
    QCOMPARE(reset.count(), 1);
}

void GuestPortsTest::picksAPortOfThisComputer()
{
    const auto any = [](int) { return true; };
    QCOMPARE(hostPortFor(22, any), 2222);
    QCOMPARE(hostPortFor(80, any), 8080);
    QCOMPARE(hostPortFor(443, any), 8443);
    QCOMPARE(hostPortFor(5432, any), 5432);
    QCOMPARE(hostPortFor(22, [](int port) { return port > 2230; }), 2231);
    QVERIFY(!hostPortFor(22, [](int) { return false; }));
    int most = 0;
    QVERIFY(!hostPortFor(65530, [&most](int port) {
        most = port;
        return false;
    }));
    QCOMPARE(most, 65535);
}

void GuestPortsTest::forwardsByOnePress()
{
    m_ports->setActive(true);
    tell({QStringLiteral("10.0.2.77:22 ssh")});
    m_forwards->show({QStringLiteral("tcp:127.0.0.1:2222-:23")}); // the usual one is taken
    QCOMPARE(m_ports->forward(0), QString());
    QCOMPARE(m_library->rules.size(), 1);
    const auto rule = forwardRuleFrom(m_library->rules.first());
    QVERIFY(rule && !rule->udp && !rule->open());
    QCOMPARE(rule->guestAddress, QStringLiteral("10.0.2.77"));
    QCOMPARE(rule->guestPort, 22);
    QVERIFY(rule->hostPort > 2222);
    QStringList full;
    for (int i = 0; i < 64; ++i)
        full << QStringLiteral("tcp:127.0.0.1:%1-:1").arg(40'000 + i);
    m_forwards->show(full);
    QVERIFY(!m_ports->forward(0).isEmpty());
    QCOMPARE(m_library->rules.size(), 1);
}

void GuestPortsTest::portsInUseHereAreLeftOut()
{
    const vmm::UniqueFd taken = vmm::test::boundSocket(SOCK_STREAM);
    QVERIFY(taken.valid() && ::listen(taken.get(), 1) == 0);
    const int port = vmm::test::portOf(taken.get()); // above 1023: wished for here as well
    m_ports->setActive(true);
    tell({QStringLiteral("10.0.2.15:%1").arg(port)});
    m_ports->forward(0); // perhaps none of those that follow is free either
    for (const QString& rule : std::as_const(m_library->rules))
        QVERIFY(forwardRuleFrom(rule)->hostPort > port);
}

QTEST_MAIN(GuestPortsTest)
#include "guest_ports_test.moc"
