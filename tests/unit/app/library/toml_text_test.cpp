// SPDX-License-Identifier: GPL-3.0-or-later
// TomlText: reading, changes in place, hostile texts.
#include "app/library/toml_text.h"

#include <QtTest>

using namespace app::library;

namespace {

const char* const kText = "# first line\n"
                          "schema = 1 # what it is\n"
                          "\n"
                          "[machine]\n"
                          "name = \"Büro\"   # ours\n"
                          "notes = \"\"\"\n"
                          "one\n"
                          "[not a header]\n"
                          "\"\"\"\n"
                          "colour = \"red\" # not known\n"
                          "\n"
                          "# about the disks\n"
                          "[[disk]]\n"
                          "id = \"a\"\n"
                          "[[cdrom]]\n"
                          "id = \"c\"\n"
                          "[[disk]]\n"
                          "id = \"b\"";

TomlText parsed(const char* text)
{
    auto result = TomlText::parse(text, "F");
    return *std::move(result);
}

QString problem(const std::string& text)
{
    const auto result = TomlText::parse(text, "F");
    return result ? QString() : QString::fromStdString(result.error().sentence());
}

} // namespace

class TomlTextTest : public QObject {
    Q_OBJECT

private slots:
    void readsSectionsInOrder()
    {
        const TomlText text = parsed(kText);
        std::vector<std::string> names;
        for (const TomlSection& section : text.sections())
            names.push_back(section.name);
        QCOMPARE(names, (std::vector<std::string>{"", "machine", "disk", "cdrom", "disk"}));
        QVERIFY(std::get<std::string>(text.find("machine")->find("notes")->value) ==
                "one\n[not a header]\n");
        QCOMPARE(text.find("machine")->find("colour")->line, size_t{10});
    }

    void changesValuesInPlace()
    {
        TomlText text = parsed(kText);
        QVERIFY(text.set(1, "name", std::string("a \"b\"\t\\")).has_value());
        QVERIFY(QString::fromStdString(text.text())
                    .contains("name = \"a \\\"b\\\"\t\\\\\"   # ours\n"));
        QVERIFY(text.set(1, "notes", std::string("x\n\"\"\"y\\")).has_value());
        QVERIFY(std::get<std::string>(text.find("machine")->find("notes")->value) ==
                "x\n\"\"\"y\\");
        QVERIFY(QString::fromStdString(text.text()).contains("colour = \"red\" # not known\n"));
        QVERIFY(QString::fromStdString(text.text()).startsWith("# first line\nschema = 1 # what"));
    }

    void addsKeysBehindTheLastOfTheirSection()
    {
        TomlText text = parsed(kText);
        QVERIFY(text.set(1, "os", std::string("x")).has_value());
        QVERIFY(QString::fromStdString(text.text()).contains("# not known\nos = \"x\"\n\n# about"));
        QVERIFY(text.set(4, "bus", std::string("y")).has_value());
        QVERIFY(QString::fromStdString(text.text()).endsWith("id = \"b\"\nbus = \"y\"\n"));
        QVERIFY(text.set(0, "more", int64_t{5}).has_value());
        QVERIFY(QString::fromStdString(text.text()).contains("# what it is\nmore = 5\n"));
    }

    void takesKeysOut()
    {
        TomlText text = parsed(kText);
        QVERIFY(text.erase(1, "notes").has_value());
        QVERIFY(QString::fromStdString(text.text()).contains("# ours\ncolour"));
        QVERIFY(text.erase(1, "notes").has_value());
    }

    void addsMovesAndTakesOutSections()
    {
        TomlText text = parsed(kText);
        QVERIFY(text.swapSections(2, 4).has_value());
        QVERIFY(std::get<std::string>(text.sections()[2].find("id")->value) == "b");
        QVERIFY(std::get<std::string>(text.sections()[4].find("id")->value) == "a");
        QVERIFY(text.eraseSection(2).has_value());
        QCOMPARE(text.sections().size(), size_t{4});
        const auto added = text.insertSection(1, "disk", true, {{"id", std::string("n")}});
        QVERIFY(added.has_value());
        QCOMPARE(*added, size_t{2});
        QVERIFY(QString::fromStdString(text.text()).contains("# about the disks\n"));
    }

    void refusesWhatItCannotChange()
    {
        TomlText text = parsed("machine = { name = \"a\" }\nother.key = 1\n");
        QVERIFY(text.set(1, "name", std::string("b")).has_value()); // a value in place can be
        QVERIFY(!text.set(1, "os", std::string("x")).has_value());
        QVERIFY(!text.erase(1, "name").has_value());
        QVERIFY(!text.eraseSection(1).has_value());
        QVERIFY(text.text() == "machine = { name = \"b\" }\nother.key = 1\n");
    }

    void namesTheLine()
    {
        QVERIFY2(problem("a = 1\nb = \n").startsWith("F line 2: "),
                 qPrintable(problem("a = 1\nb =")));
        QVERIFY(problem("\n\na = 1\na = 2\n").startsWith("F line 4: "));
        QVERIFY(problem("a = 1\n[ ?b ]\n").startsWith("F line 2: "));
        QVERIFY(problem("a = \"\xff\"").startsWith("F line 1: "));
    }

    void boundsSizeAndDepth()
    {
        QVERIFY(problem(std::string(TomlText::kMaxBytes + 1, ' ')).contains("larger than"));
        QVERIFY(!problem("a = " + std::string(100000, '[')).isEmpty());
        std::string dotted = "a";
        for (int i = 0; i < 50000; ++i)
            dotted += ".a";
        QVERIFY(problem("\n" + dotted + " = 1\n").startsWith("F line 2: too many dots"));
        std::string headers;
        for (int i = 0; i < 20000; ++i)
            headers += "[a.b.c.d.e" + std::to_string(i) + "]\n";
        QVERIFY(problem(headers).contains("larger than"));
    }

    void keepsAByteOrderMarkOut()
    {
        QVERIFY(parsed("\xef\xbb\xbf"
                       "a = 1\n")
                    .text() == "a = 1\n");
    }
};

QTEST_GUILESS_MAIN(TomlTextTest)
#include "toml_text_test.moc"
