// SPDX-License-Identifier: GPL-3.0-or-later
// The sheet of a new machine: drafts one after the other, every answer checked, what the
// controller gets.
#include <functional>

#include <QSignalSpy>
#include <QTest>

#include "ui/models/demo_library.h"
#include "ui/models/draft_host.h"
#include "ui/models/draft_model.h"
#include "ui/models/quantity.h"

using namespace ui::models;

namespace {

/// Notes what is made.
class Maker : public DemoLibrary {
public:
    Maker() : DemoLibrary(Shelf::Empty) {}
    void create(const MachineDraft& draft, bool start) override
    {
        made.append(draft);
        started.append(start);
    }
    void withSystem(const MachineDraft& draft, const QString& osId) override
    {
        if (whenAsked)
            whenAsked(draft);
        else
            DemoLibrary::withSystem(draft, osId);
    }
    QList<MachineDraft> made;
    QList<bool> started;
    std::function<void(const MachineDraft&)> whenAsked;
};

MachineDraft debian()
{
    MachineDraft draft;
    draft.source = MachineDraft::Source::Installer;
    draft.sourceName = QStringLiteral("debian.iso");
    draft.osName = QStringLiteral("Debian 12");
    draft.config.os = "http://debian.org/debian/12";
    draft.config.hardware.name = "Debian 12";
    draft.config.hardware.memoryBytes = 2 * kGiB;
    draft.recommendedMemory = 2 * kGiB;
    draft.hostMemory = 16 * kGiB;
    draft.hostCpus = 8;
    draft.freeDiskBytes = 100 * kGiB;
    draft.diskBytes = 20 * kGiB;
    draft.canExpress = true;
    draft.canTryLive = true;
    draft.canUefi = true;
    draft.user = QStringLiteral("ada");
    return draft;
}

MachineDraft unknown()
{
    MachineDraft draft = debian();
    draft.sourceName = QStringLiteral("some.iso");
    draft.osName.clear();
    draft.config.os.clear();
    draft.config.hardware.memoryBytes = kGiB;
    draft.canExpress = false;
    return draft;
}

} // namespace

class DraftModelTest : public QObject {
    Q_OBJECT
private slots:
    void init();
    void enterMakesItAsItIs();
    void draftsWaitForOneAnother();
    void cancelMakesNothing();
    void whatWasTypedArrives();
    void namesAreChecked();
    void expressAnswersAreChecked();
    void windowsHasItsOwnRules();
    void productKeysAreChecked();
    void tryingNeedsNoDiskAndNoAnswers();
    void passwordsOfNoUseDoNotLeave();
    void firmwareIsAChoiceOnlyWithTwo();
    void anUnknownSystemIsChosen();
    void aSystemForAnotherDraftComesTooLate();
    void theHostProposesAPerson();
    void keyboardSettingsAreRead();
    void layoutsAreRead();

private:
    std::unique_ptr<Maker> m_library;
    std::unique_ptr<DraftModel> m_draft;
};

void DraftModelTest::init()
{
    m_draft.reset();
    m_library = std::make_unique<Maker>();
    m_draft = std::make_unique<DraftModel>();
    m_draft->setController(m_library.get());
}

void DraftModelTest::enterMakesItAsItIs()
{
    QVERIFY(!m_draft->active());
    QVERIFY(!m_draft->create(true));
    emit m_library->draftReady(debian());
    QVERIFY(m_draft->active());
    QVERIFY(m_draft->problem().isEmpty());
    QVERIFY(m_draft->create(true));
    QCOMPARE(m_library->made.size(), 1);
    QCOMPARE(m_library->started, QList<bool>{true});
    QCOMPARE(m_library->made.first().config.hardware.memoryBytes, 2 * kGiB);
    QCOMPARE(m_library->made.first().diskBytes, 20 * kGiB);
    QVERIFY(!m_draft->active());
}

void DraftModelTest::draftsWaitForOneAnother()
{
    MachineDraft second = debian();
    second.config.hardware.name = "Second";
    emit m_library->draftReady(debian());
    emit m_library->draftReady(second);
    QCOMPARE(m_draft->waiting(), 1);
    QVERIFY(!m_draft->waitingText().isEmpty());
    QCOMPARE(m_draft->name(), QStringLiteral("Debian 12"));
    QVERIFY(m_draft->create(false));
    QCOMPARE(m_draft->name(), QStringLiteral("Second"));
    QCOMPARE(m_draft->waiting(), 0);
    QVERIFY(m_draft->waitingText().isEmpty());
}

void DraftModelTest::cancelMakesNothing()
{
    emit m_library->draftReady(debian());
    const QSignalSpy changed(m_draft.get(), &DraftModel::draftChanged);
    m_draft->cancel();
    QCOMPARE(changed.count(), 1);
    QVERIFY(!m_draft->active());
    QVERIFY(m_library->made.isEmpty());
}

void DraftModelTest::whatWasTypedArrives()
{
    emit m_library->draftReady(debian());
    m_draft->setName(QStringLiteral("  Workbench "));
    m_draft->memory()->type(QStringLiteral("4 GiB"));
    m_draft->cpus()->type(QStringLiteral("3"));
    m_draft->disk()->type(QStringLiteral("50 GiB"));
    m_draft->setUefi(true);
    m_draft->setExpress(true);
    m_draft->setPassword(QStringLiteral("secret"));
    m_draft->languages()->setCurrent(0);
    QVERIFY(m_draft->create(true));
    const MachineDraft& made = m_library->made.first();
    QCOMPARE(made.config.name(), std::string("Workbench"));
    QCOMPARE(made.config.hardware.memoryBytes, 4 * kGiB);
    QCOMPARE(made.config.hardware.cpus, 3U);
    QCOMPARE(made.diskBytes, 50 * kGiB);
    QCOMPARE(made.config.hardware.firmwarePath, std::string("uefi"));
    QVERIFY(made.express);
    QCOMPARE(made.password, QStringLiteral("secret"));
    QVERIFY(made.language.contains(QLatin1Char('_')));
    QVERIFY(!made.keyboard.isEmpty());
    QVERIFY(made.timeZone.contains(QLatin1Char('/')) || made.timeZone == QLatin1String("UTC"));
}

void DraftModelTest::namesAreChecked()
{
    emit m_library->draftReady(debian());
    for (const char* bad : {"", "   ", "a/b", ".hidden", "two\nlines"}) {
        m_draft->setName(QString::fromLatin1(bad));
        QVERIFY2(!m_draft->nameProblem().isEmpty(), bad);
        QVERIFY(!m_draft->create(true));
    }
    m_draft->setName(QString(200, QChar(u'\u00f6')));
    QVERIFY(!m_draft->nameProblem().isEmpty());
    m_draft->setName(QStringLiteral("Ökonomie"));
    QVERIFY(m_draft->nameProblem().isEmpty());
    QVERIFY(m_library->made.isEmpty());
}

void DraftModelTest::expressAnswersAreChecked()
{
    emit m_library->draftReady(debian());
    QVERIFY(m_draft->userProblem().isEmpty()); // nobody asked for it yet
    m_draft->setExpress(true);
    QVERIFY(!m_draft->passwordProblem().isEmpty());
    QVERIFY(!m_draft->create(true));
    m_draft->setPassword(QStringLiteral("x"));
    for (const char* bad : {"", "root", "Ada", "1ada", "a b", "ädä", "a:b"}) {
        m_draft->setUser(QString::fromUtf8(bad));
        QVERIFY2(!m_draft->userProblem().isEmpty(), bad);
    }
    m_draft->setUser(QStringLiteral("ada_1-x"));
    QVERIFY(m_draft->problem().isEmpty());
}

void DraftModelTest::windowsHasItsOwnRules()
{
    MachineDraft windows = debian();
    windows.config.os = "http://microsoft.com/win/11";
    windows.express = true;
    windows.password = QStringLiteral("x");
    emit m_library->draftReady(windows);
    m_draft->setUser(QStringLiteral("Ada Lovelace"));
    QVERIFY(m_draft->userProblem().isEmpty());
    for (const char* bad : {"Administrator", "a/b", "a@b", "this name is far too long"}) {
        m_draft->setUser(QString::fromLatin1(bad));
        QVERIFY2(!m_draft->userProblem().isEmpty(), bad);
    }
}

void DraftModelTest::productKeysAreChecked()
{
    MachineDraft windows = debian();
    windows.needsProductKey = true;
    windows.express = true;
    windows.password = QStringLiteral("x");
    emit m_library->draftReady(windows);
    QVERIFY(!m_draft->productKeyProblem().isEmpty());
    m_draft->setProductKey(QStringLiteral("abcde-12345"));
    QVERIFY(!m_draft->productKeyProblem().isEmpty());
    m_draft->setProductKey(QStringLiteral(" abcde-12345-fghij-67890-klmno "));
    QVERIFY(m_draft->problem().isEmpty());
    QCOMPARE(m_draft->productKey(), QStringLiteral("ABCDE-12345-FGHIJ-67890-KLMNO"));
}

void DraftModelTest::tryingNeedsNoDiskAndNoAnswers()
{
    emit m_library->draftReady(debian());
    m_draft->setExpress(true);
    QVERIFY(m_draft->makesDisk());
    QVERIFY(!m_draft->problem().isEmpty());
    m_draft->setTryLive(true);
    QVERIFY(!m_draft->makesDisk());
    QVERIFY(!m_draft->express());
    QVERIFY(m_draft->problem().isEmpty());
    QVERIFY(m_draft->create(true));
    QVERIFY(m_library->made.first().tryLive);
    QVERIFY(!m_library->made.first().express);
}

void DraftModelTest::passwordsOfNoUseDoNotLeave()
{
    emit m_library->draftReady(debian());
    m_draft->setExpress(true);
    m_draft->setPassword(QStringLiteral("secret"));
    m_draft->setExpress(false);
    QVERIFY(m_draft->create(true));
    QVERIFY(m_library->made.first().password.isEmpty());
    QVERIFY(m_draft->password().isEmpty());
}

void DraftModelTest::firmwareIsAChoiceOnlyWithTwo()
{
    MachineDraft draft = debian();
    draft.canUefi = false;
    emit m_library->draftReady(draft);
    QVERIFY(!m_draft->canChooseFirmware());
    m_draft->cancel();
    emit m_library->draftReady(debian());
    QVERIFY(m_draft->canChooseFirmware());
    QVERIFY(!m_draft->uefi());
}

void DraftModelTest::anUnknownSystemIsChosen()
{
    emit m_library->draftReady(debian());
    QVERIFY(!m_draft->canChooseSystem());
    m_draft->cancel();

    emit m_library->draftReady(unknown());
    QVERIFY(m_draft->canChooseSystem() && !m_draft->systemChosen());
    SystemList& systems = *m_draft->systems();
    QCOMPARE(systems.count(), 0);
    systems.load();
    const int all = systems.count();
    QVERIFY(all > 1);
    systems.setSearch(QStringLiteral("HAT free 13"));
    QCOMPARE(systems.count(), 0);
    systems.setSearch(QStringLiteral("13 freebsd"));
    QCOMPARE(systems.count(), 1);
    m_draft->setName(QStringLiteral("Mine"));
    m_draft->chooseSystem(1); // there is none
    QVERIFY(!m_draft->systemChosen());
    m_draft->chooseSystem(0);
    QCOMPARE(m_draft->osText(), QStringLiteral("FreeBSD 13.2"));
    QVERIFY(m_draft->canChooseSystem()); // for another one
    QCOMPARE(m_draft->memory()->value(), 2 * kGiB);
    QVERIFY(m_draft->create(true));
    QCOMPARE(m_library->made.first().config.os, std::string("freebsd13.2"));
    QCOMPARE(m_library->made.first().config.hardware.name, std::string("Mine"));

    emit m_library->draftReady(unknown());
    QCOMPARE(systems.count(), all);
}

void DraftModelTest::aSystemForAnotherDraftComesTooLate()
{
    MachineDraft late;
    emit m_library->draftReady(unknown());
    m_library->whenAsked = [&](const MachineDraft& draft) { late = draft; };
    m_draft->systems()->load();
    m_draft->chooseSystem(0);
    m_draft->cancel();
    emit m_library->draftReady(unknown());
    late.osName = QStringLiteral("Late");
    emit m_library->systemFilledIn(late);
    QVERIFY(!m_draft->systemChosen());
}

void DraftModelTest::theHostProposesAPerson()
{
    const HostPerson person = hostPerson();
    QVERIFY(person.language.contains(QLatin1Char('_')));
    QVERIFY(!person.keyboard.isEmpty());
    QVERIFY(!person.timeZone.isEmpty());
    emit m_library->draftReady(debian());
    QCOMPARE(m_draft->user(), QStringLiteral("ada")); // what the controller knows comes first
    QVERIFY(m_draft->languages()->rowCount() > 50);
    QCOMPARE(m_draft->keyboards()->code(), person.keyboard);
    QCOMPARE(m_draft->timeZones()->code(), person.timeZone);
}

void DraftModelTest::keyboardSettingsAreRead()
{
    QCOMPARE(keyboardFrom(QStringLiteral("XKBMODEL=\"pc105\"\nXKBLAYOUT=\"de,us\"\n")),
             QStringLiteral("de"));
    QCOMPARE(keyboardFrom(QStringLiteral("XKBLAYOUT=gb")), QStringLiteral("gb"));
    QCOMPARE(keyboardFrom(QStringLiteral("#XKBLAYOUT=gb\nnonsense")), QString());
}

void DraftModelTest::layoutsAreRead()
{
    const QList<Choice> layouts =
        layoutsFrom(QStringLiteral("! model\n  pc105  Generic\n\n! layout\n  us   English (US)\n"
                                   "  de   German\n  custom A layout\n! variant\n  x   us: X\n"));
    QCOMPARE(layouts, QList<Choice>({{QStringLiteral("us"), QStringLiteral("English (US)")},
                                     {QStringLiteral("de"), QStringLiteral("German")}}));
    QVERIFY(layoutsFrom(QString(100000, QLatin1Char('!'))).isEmpty());
}

QTEST_GUILESS_MAIN(DraftModelTest)
#include "draft_model_test.moc"
