// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of machine.toml as words.
#include <QtTest>

#include <algorithm>

#include "app/library/config_keys.h"

using namespace app::library;
using vmm::ErrorCode;

namespace {

MachineConfig machineWithCardAndDisk()
{
    MachineConfig config;
    config.hardware.drives.push_back({vmm::spec::DriveKind::Disk, "disk0.raw"});
    config.hardware.nics.resize(1);
    return config;
}

} // namespace

class ConfigKeysTest : public QObject {
    Q_OBJECT

private slots:
    void setsEachKind()
    {
        MachineConfig config;
        QVERIFY(setConfigWord(config, "memory", "4G").has_value());
        QVERIFY(setConfigWord(config, "resources.cpus", "3").has_value());
        QVERIFY(setConfigWord(config, "disposable", "true").has_value());
        QVERIFY(setConfigWord(config, "groups", "work,old").has_value());
        QVERIFY(setConfigWord(config, "notes", "42").has_value());
        QVERIFY(setConfigWord(config, "on-close", "keep").has_value());
        QCOMPARE(config.hardware.memoryBytes, uint64_t{4} << 30);
        QCOMPARE(config.hardware.cpus, uint32_t{3});
        QVERIFY(config.disposable);
        QCOMPARE(config.groups, (std::vector<std::string>{"work", "old"}));
        QCOMPARE(config.notes, std::string("42"));
        QVERIFY(config.onClose == CloseAction::Keep);
    }
    void printsWhatWasSet()
    {
        MachineConfig config;
        for (const auto& [key, value] : {std::pair("memory", "4G"),
                                         {"cpus", "3"},
                                         {"groups", "work,old"},
                                         {"boot.order", "disk"}})
            QVERIFY(setConfigWord(config, key, value).has_value());
        QCOMPARE(*configWord(config, "memory"), std::string("4G"));
        QCOMPARE(*configWord(config, "groups"), std::string("work,old"));
        const auto words = configWords(config);
        QVERIFY(std::any_of(words.begin(), words.end(), [](const ConfigWord& word) {
            return word.key == "boot.order" && word.value == "disk";
        }));
    }
    void devicesGoByTheirIds()
    {
        MachineConfig config = machineWithCardAndDisk();
        QVERIFY(setConfigWord(config, "nic0.kind", "disconnected").has_value());
        QVERIFY(setConfigWord(config, "nic0.forwards", "tcp:2222-:22,udp:53-:53").has_value());
        QVERIFY(setConfigWord(config, "nic0.link", "down").has_value());
        QVERIFY(setConfigWord(config, "disk0.operations-per-second", "100").has_value());
        const vmm::spec::NicSpec& card = config.hardware.nics.front();
        QVERIFY(card.kind == vmm::spec::NicKind::None && !card.linkUp);
        QCOMPARE(card.forwards.size(), size_t{2});
        QCOMPARE(config.hardware.drives.front().limits.operationsPerSecond, uint64_t{100});
        QCOMPARE(*configWord(config, "nic0.link"), std::string("down"));
        QCOMPARE(*configWord(config, "nic0.forwards"), std::string("tcp:2222-:22,udp:53-:53"));
        const auto words = configWords(config);
        QVERIFY(std::any_of(words.begin(), words.end(), [](const ConfigWord& word) {
            return word.key == "nic0.kind" && word.value == "disconnected";
        }));
    }
    void refusesNonsense_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("words");
        QTest::newRow("key") << "fly"
                             << "1"
                             << "no key \"fly\"";
        QTest::newRow("twice there") << "fly"
                                     << "1"
                                     << ", kernel, initrd, command-line, entropy";
        QTest::newRow("twice there, the other") << "fly"
                                                << "1"
                                                << "install.kernel, install.initrd";
        QTest::newRow("name") << "name"
                              << "x"
                              << "not changed";
        QTest::newRow("id") << "id"
                            << "x"
                            << "not changed";
        QTest::newRow("size") << "memory"
                              << "much"
                              << "not a size such as";
        QTest::newRow("word") << "on-close"
                              << "explode"
                              << "choose one of";
        QTest::newRow("number") << "cpus"
                                << "many"
                                << "cpus: not a whole number";
        QTest::newRow("device") << "nic7.kind"
                                << "user"
                                << "no key \"nic7.kind\"";
        QTest::newRow("a device's key") << "nic0.speed"
                                        << "1"
                                        << "nic0 has no key \"speed\"; choose one of id, kind";
        QTest::newRow("a device's id") << "disk0.id"
                                       << "x"
                                       << "disk0.id: not changed";
        QTest::newRow("a device's word") << "nic0.kind"
                                         << "satellite"
                                         << "kind: ";
        QTest::newRow("flag") << "disposable"
                              << "perhaps"
                              << "neither true nor false";
    }
    void refusesNonsense()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, words);
        MachineConfig config = machineWithCardAndDisk();
        const auto before = configWords(config);
        const auto outcome = setConfigWord(config, key.toStdString(), value.toStdString());
        QVERIFY(!outcome.has_value());
        QVERIFY(outcome.error().code() == ErrorCode::Invalid);
        QVERIFY2(outcome.error().sentence().find(words.toStdString()) != std::string::npos,
                 outcome.error().sentence().c_str());
        const auto after = configWords(config);
        QVERIFY(std::equal(after.begin(), after.end(), before.begin(), before.end(),
                           [](const ConfigWord& a, const ConfigWord& b) {
                               return a.key == b.key && a.value == b.value;
                           }));
    }
};

QTEST_GUILESS_MAIN(ConfigKeysTest)
#include "config_keys_test.moc"
