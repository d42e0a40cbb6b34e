// SPDX-License-Identifier: GPL-3.0-or-later
// What is typed after `vitrine`, and what is said when it is not understood.
#include <QTest>

#include "app/cli/command_line.h"

using namespace app::cli;
using vmm::Error;
using vmm::ErrorCode;
using vmm::spec::DriveKind;

namespace {

vmm::Result<CommandLine> parse(const std::vector<std::string_view>& words)
{
    return parseCommandLine(words);
}

vmm::Result<CommandLine> parse(const QString& line, std::vector<std::string>& storage)
{
    for (const QString& word : line.split(' ', Qt::SkipEmptyParts))
        storage.push_back(word.toStdString());
    return parseCommandLine(std::vector<std::string_view>(storage.begin(), storage.end()));
}

} // namespace

class CommandLineTest : public QObject {
    Q_OBJECT

private slots:
    void runTakesEveryOption()
    {
        const auto line = parse({"run",
                                 "--cdrom",
                                 "a.iso",
                                 "--disk=b.raw",
                                 "--disk",
                                 "c=d.raw",
                                 "--memory",
                                 "4G",
                                 "--cpus=8",
                                 "--name",
                                 "n",
                                 "--boot",
                                 "menu",
                                 "--serial",
                                 "pty",
                                 "--headless",
                                 "--firmware",
                                 "f",
                                 "--debugcon",
                                 "g",
                                 "--kernel",
                                 "k",
                                 "--accel=soft",
                                 "--initrd",
                                 "i",
                                 "--append",
                                 "quiet splash",
                                 "--test-devices",
                                 "--json"});
        QVERIFY(line.has_value());
        QVERIFY(line->format == OutputFormat::Json);
        const auto& request = std::get<RunCommand>(line->command).request;
        QCOMPARE(request.drives.size(), size_t{3});
        QVERIFY(request.drives[0].kind == DriveKind::Cdrom);
        QCOMPARE(request.drives[1].text, std::string("b.raw"));
        QCOMPARE(request.drives[2].text, std::string("c=d.raw"));
        QCOMPARE(request.memory, std::string("4G"));
        QCOMPARE(request.cpus, std::string("8"));
        QCOMPARE(request.kernel, std::string("k"));
        QCOMPARE(request.accel, std::string("soft"));
        QCOMPARE(request.initrd, std::string("i"));
        QCOMPARE(request.append, std::string("quiet splash"));
        QVERIFY(request.headless && request.testDevices);
    }
    void restoreStandsAlone()
    {
        const auto line = parse({"run", "--restore", "s", "--name", "n", "--headless"});
        QVERIFY(line.has_value());
        QVERIFY(!parse({"run", "--restore", "s", "--memory", "1G"}));
        QVERIFY(parse({"run", "--restore", "s", "--accel", "soft"}).has_value());
        QVERIFY(!parse({"run", "--cdrom", "a", "--restore", "s"}));
    }
    void checkHostStandsAlone()
    {
        QVERIFY(std::holds_alternative<CheckHostCommand>(parse({"check-host"})->command));
        QVERIFY(parse({"check-host", "--json"})->format == OutputFormat::Json);
        QVERIFY(!parse({"check-host", "now"}));
    }
    void ctlTakesItsArguments()
    {
        const auto line = parse({"ctl", "n", "mouse", "-5", "3", "left"});
        QVERIFY(line.has_value());
        const auto& command = std::get<CtlCommand>(line->command);
        QCOMPARE(command.name, std::string("n"));
        QVERIFY(command.verb == Verb::Mouse);
        QCOMPARE(command.arguments, (std::vector<std::string>{"-5", "3", "left"}));
    }
    void ctlOptionsStandAnywhere()
    {
        QVERIFY(parse({"ctl", "--json", "n", "stats"})->format == OutputFormat::Json);
        QVERIFY(parse({"ctl", "n", "stats", "--json"})->format == OutputFormat::Json);
        const auto typed = parse({"ctl", "n", "type", "--", "--json"});
        QVERIFY(typed->format == OutputFormat::Text);
        QCOMPARE(std::get<CtlCommand>(typed->command).arguments.at(0), std::string("--json"));
        QCOMPARE(std::get<CtlCommand>(parse({"ctl", "n", "type", "ls -l"})->command).arguments[0],
                 std::string("ls -l"));
    }
    void helpNamesEveryOptionAndVerb()
    {
        const std::string run = textOf({"run", "--help"});
        for (const char* option :
             {"--cdrom FILE", "--disk FILE", "--memory SIZE", "--cpus N", "--name NAME",
              "--boot WHAT", "--serial WHERE", "--headless", "--restore FILE", "--firmware FILE",
              "--debugcon FILE", "--kernel FILE", "--initrd FILE", "--append TEXT", "--accel WHICH",
              "--test-devices", "--json", "--help"})
            QVERIFY2(run.find(option) != std::string::npos, option);
        const std::string ctl = textOf({"ctl", "--help"});
        for (const char* verb :
             {"status", "pause", "resume", "reset", "powerdown", "quit", "screenshot FILE.png",
              "key CHORD", "type TEXT", "mouse X Y [BUTTON]", "text", "devices", "stats",
              "insert FILE", "eject", "save FILE"})
            QVERIFY2(ctl.find(std::string("  ") + verb) != std::string::npos, verb);
        QCOMPARE(textOf({"help", "ctl"}), ctl);
        QCOMPARE(textOf({"ctl", "n", "--help"}), ctl);
        QVERIFY(textOf({"--help"}).find("list") != std::string::npos);
        QVERIFY(textOf({"--version"}).starts_with("vitrine 0."));
        QVERIFY(textOf({"list", "--help"}).starts_with("Usage: vitrine list"));
    }
    void opensTheLibrary()
    {
        const auto libraryOf = [](std::vector<std::string_view> arguments) {
            return std::get<LibraryCommand>(parseCommandLine(arguments)->command);
        };
        QVERIFY(libraryOf({}).open.empty());
        QVERIFY(libraryOf({"--demo"}).demo);
        QCOMPARE(libraryOf({"--action", "download"}).action, std::string("download"));
        for (const std::vector<std::string_view>& bad :
             {std::vector<std::string_view>{"--action"}, {"--action", "explode"}})
            QVERIFY(!parseCommandLine(bad).has_value());
        const std::vector<std::string> wanted{"/a/b.iso", "file:///c.iso", "https://d.org/e"};
        QCOMPARE(libraryOf({"/a/b.iso", "file:///c.iso", "https://d.org/e"}).open, wanted);
    }
    void asksTheLibrary()
    {
        const auto line = parseCommandLine(std::vector<std::string_view>{
            "start", "a machine", "--headless", "--accel", "soft", "--json"});
        QVERIFY(line.has_value());
        QVERIFY(line->format == OutputFormat::Json);
        const auto& call = std::get<LibraryCall>(line->command);
        QVERIFY(call.word->verb == LibraryVerb::Start);
        QCOMPARE(call.arguments, std::vector<std::string>{"a machine"});
        QVERIFY(call.has("headless"));
        QVERIFY(!call.has("fresh"));
        QCOMPARE(call.value("accel"), std::string("soft"));
    }
    void takesWhatFollowsTwoHyphensAsItIs()
    {
        const auto line = parseCommandLine(std::vector<std::string_view>{"delete", "--", "--json"});
        QVERIFY(line.has_value());
        QCOMPARE(std::get<LibraryCall>(line->command).arguments,
                 std::vector<std::string>{"--json"});
    }
    void helpsWithEachWord()
    {
        for (const LibraryWord& word : libraryWords()) {
            const std::string name(word.name);
            const std::string help = textOf({"help", name});
            QVERIFY2(help.starts_with("Usage: vitrine " + name), name.c_str());
            for (const LibraryOption& option : word.options)
                QVERIFY(help.find("--" + std::string(option.name)) != std::string::npos);
            QCOMPARE(textOf({word.name, "--help"}), help);
            QVERIFY(textOf({"--help"}).find("\n  " + name + " ") != std::string::npos);
        }
    }
    void statusesTellErrorsApart()
    {
        QCOMPARE(exitStatus(Error(ErrorCode::Invalid, "")), 1);
        QCOMPARE(exitStatus(Error(ErrorCode::NotFound, "")), 3);
        QCOMPARE(exitStatus(Error(ErrorCode::Busy, "")), 4);
        QCOMPARE(exitStatus(Error(ErrorCode::Cancelled, "")), 130);
    }
    void startsAMachineOfTheLibrary()
    {
        const auto line = parseCommandLine(
            std::vector<std::string_view>{"--machine", "cafe", "--headless", "--accel=soft"});
        QVERIFY(line.has_value());
        const auto& machine = std::get<MachineCommand>(line->command);
        QCOMPARE(machine.id, std::string("cafe"));
        QCOMPARE(machine.accel, std::string("soft"));
        QVERIFY(machine.headless);
    }
    void mistakesAreSentences_data()
    {
        QTest::addColumn<QString>("line");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* line, const char* words) {
            QTest::newRow(*line ? line : "nothing") << line << words;
        };

        row("fly", "no command \"fly\"");
        row("--fly", "no option \"--fly\"");
        row("--machine", "--machine needs a value");
        row("--machine a --fly", "does not understand \"--fly\"");
        row("start", "vitrine start needs NAME");
        row("start a b", "does not understand \"b\"");
        row("start a --fly", "no option --fly; see vitrine start --help");
        row("start a --headless=1", "--headless takes no value");
        row("set a memory", "\"memory\" is not KEY=VALUE");
        row("set a memory=1G =2", "\"=2\" is not KEY=VALUE");
        row("forward a add", "takes \"add RULE\"");
        row("forward a open 1:2", "takes \"add RULE\"");
        row("new --memory", "--memory needs a value: SIZE");
        row("help fly", "no command \"fly\"");
        row("run --fly", "no option --fly");
        row("run --fly=1", "no option --fly");
        row("run --cdrom", "--cdrom needs a value: FILE");
        row("run --memory=", "--memory needs a value: SIZE");
        row("run --headless=yes", "--headless takes no value");
        row("run a.iso", "did you mean --cdrom a.iso");
        row("run -x", "does not understand \"-x\"");
        row("list all", "does not understand \"all\"");
        row("ctl", "needs the name");
        row("ctl n", "needs the name");
        row("ctl n fly", "no verb \"fly\"");
        row("ctl --fly n", "no option --fly");
        row("ctl n key", "needs CHORD");
        row("ctl n mouse 1", "needs X Y");
        row("ctl n pause now", "too many arguments");
        row("ctl n pause --now", "too many arguments");
    }
    void mistakesAreSentences()
    {
        QFETCH(const QString, line);
        QFETCH(const QString, words);
        std::vector<std::string> storage;
        const auto result = parse(line, storage);
        QVERIFY(!result.has_value());
        const QString sentence = QString::fromStdString(result.error().sentence());
        QVERIFY2(sentence.contains(words), qPrintable(sentence));
    }

private:
    static std::string textOf(const std::vector<std::string_view>& words)
    {
        const auto line = parse(words);
        const auto* print = line ? std::get_if<PrintCommand>(&line->command) : nullptr;
        return print != nullptr ? print->text : "";
    }
};

QTEST_GUILESS_MAIN(CommandLineTest)
#include "command_line_test.moc"
