// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of machine.toml as words.
#include <QtTest>

#include <algorithm>

#include "app/library/config_keys.h"

using namespace app::library;
using vmm::ErrorCode;

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
        QTest::newRow("flag") << "disposable"
                              << "perhaps"
                              << "neither true nor false";
    }
    void refusesNonsense()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, words);
        MachineConfig config;
        const auto outcome = setConfigWord(config, key.toStdString(), value.toStdString());
        QVERIFY(!outcome.has_value());
        QVERIFY(outcome.error().code() == ErrorCode::Invalid);
        QVERIFY2(outcome.error().sentence().find(words.toStdString()) != std::string::npos,
                 outcome.error().sentence().c_str());
        QCOMPARE(configWords(config).size(), configWords(MachineConfig()).size());
    }
};

QTEST_GUILESS_MAIN(ConfigKeysTest)
#include "config_keys_test.moc"
