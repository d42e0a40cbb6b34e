// SPDX-License-Identifier: GPL-3.0-or-later
// The catalogue: systems out of media, found by what is typed, handed to the controller.
#include <QSignalSpy>
#include <QTest>

#include "ui/models/catalogue_model.h"
#include "ui/models/demo_library.h"

using namespace ui::models;

namespace {

/// Notes what is offered; the catalogue comes when the test says so.
class Shop : public DemoLibrary {
public:
    Shop() : DemoLibrary(Shelf::Empty) {}
    void loadCatalogue() override { ++asked; }
    void offer(const QList<QUrl>& urls) override { offered += urls; }
    void deliver() { DemoLibrary::loadCatalogue(); }
    int asked = 0;
    QList<QUrl> offered;
};

} // namespace

class CatalogueModelTest : public QObject {
    Q_OBJECT
private slots:
    void init();
    void readsOnce();
    void mediaOfOneSystemAreOneRow();
    void everyWordMustFit();
    void oldSystemsComeLast();
    void choosingOffersTheAddress();
    void searchingForgetsTheChoice();
    void problemsAreSaid();

private:
    std::unique_ptr<Shop> m_shop;
    std::unique_ptr<CatalogueModel> m_catalogue;
};

void CatalogueModelTest::init()
{
    m_catalogue.reset();
    m_shop = std::make_unique<Shop>();
    m_catalogue = std::make_unique<CatalogueModel>();
    m_catalogue->setController(m_shop.get());
}

void CatalogueModelTest::readsOnce()
{
    m_catalogue->load();
    m_catalogue->load();
    QCOMPARE(m_shop->asked, 1);
    QVERIFY(m_catalogue->loading());
    m_shop->deliver();
    QVERIFY(!m_catalogue->loading());
    m_catalogue->load();
    QCOMPARE(m_shop->asked, 1);
}

void CatalogueModelTest::mediaOfOneSystemAreOneRow()
{
    m_shop->deliver();
    QStringList names;
    for (int row = 0; row < m_catalogue->count(); ++row)
        names << m_catalogue->index(row).data(CatalogueModel::NameRole).toString();
    QCOMPARE(names.count(QStringLiteral("Fedora Linux 39")), 1);
    m_catalogue->setCurrent(static_cast<int>(names.indexOf(QStringLiteral("Fedora Linux 39"))));
    QCOMPARE(m_catalogue->variants()->count(), 3);
}

void CatalogueModelTest::everyWordMustFit()
{
    m_shop->deliver();
    const int all = m_catalogue->count();
    m_catalogue->setSearch(QStringLiteral("fedora WORKSTATION"));
    QCOMPARE(m_catalogue->count(), 1);
    m_catalogue->setSearch(QStringLiteral("fedora windows"));
    QCOMPARE(m_catalogue->count(), 0);
    QVERIFY(m_catalogue->problem().isEmpty());
    m_catalogue->setSearch(QStringLiteral("  "));
    QCOMPARE(m_catalogue->count(), all);
}

void CatalogueModelTest::oldSystemsComeLast()
{
    m_shop->deliver();
    bool old = false;
    for (int row = 0; row < m_catalogue->count(); ++row) {
        const bool here = m_catalogue->index(row).data(CatalogueModel::EndOfLifeRole).toBool();
        QVERIFY(here || !old);
        old = here;
    }
    QVERIFY(old);
}

void CatalogueModelTest::choosingOffersTheAddress()
{
    m_shop->deliver();
    const QSignalSpy chosen(m_catalogue.get(), &CatalogueModel::chosen);
    m_catalogue->choose(0); // nothing is current
    QVERIFY(m_shop->offered.isEmpty());
    m_catalogue->setCurrent(0);
    m_catalogue->choose(99);
    QVERIFY(m_shop->offered.isEmpty());
    m_catalogue->choose(0);
    QCOMPARE(m_shop->offered, QList<QUrl>{m_catalogue->variants()->url(0)});
    QCOMPARE(chosen.count(), 1);
}

void CatalogueModelTest::searchingForgetsTheChoice()
{
    m_shop->deliver();
    m_catalogue->setCurrent(1);
    QVERIFY(!m_catalogue->currentName().isEmpty());
    m_catalogue->setSearch(QStringLiteral("haiku"));
    QCOMPARE(m_catalogue->current(), -1);
    QCOMPARE(m_catalogue->variants()->count(), 0);
}

void CatalogueModelTest::problemsAreSaid()
{
    m_catalogue->load();
    emit m_shop->catalogueLoaded({}, QStringLiteral("No database was found"));
    QVERIFY(!m_catalogue->loading());
    QCOMPARE(m_catalogue->problem(), QStringLiteral("No database was found"));
    m_catalogue->load(); // may be tried again
    QCOMPARE(m_shop->asked, 2);
}

QTEST_GUILESS_MAIN(CatalogueModelTest)
#include "catalogue_model_test.moc"
