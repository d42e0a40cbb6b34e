// SPDX-License-Identifier: GPL-3.0-or-later
// The whole Machine on /dev/kvm with micro-guests: boots, interrupts, resets, power, pause, save
// and restore.
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <regex>
#include <sstream>
#include <thread>

#include <QTemporaryDir>
#include <QtTest>
#include <fcntl.h>
#include <unistd.h>

#include "vmm/machine/machine.h"

using namespace vmm;
using console::RunState;

namespace {

constexpr auto kPatience = std::chrono::seconds(60);

/// Listener that lets a test wait for things.
class Watcher final : public console::MachineListener {
public:
    void runStateChanged(RunState state) override
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_state = state;
        m_changed.notify_all();
    }
    void machineMessage(const std::string& sentence) override
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        messages.push_back(sentence);
    }
    void mediaChanged(const std::string&) override {}
    void exitRequested(int status) override
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_exit = status;
        m_changed.notify_all();
    }
    bool waitFor(RunState state)
    {
        std::unique_lock<std::mutex> lock(m_mutex);
        return m_changed.wait_for(lock, kPatience, [&] { return m_state == state; });
    }
    int waitForExit()
    {
        std::unique_lock<std::mutex> lock(m_mutex);
        m_changed.wait_for(lock, kPatience, [&] { return m_exit >= 0; });
        return m_exit;
    }
    std::vector<std::string> messages;

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    RunState m_state = RunState::Paused;
    int m_exit = -1;
};

/// Calls a request and waits for its completion.
template <class Request>
Result<void> await(Request request)
{
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<void>> outcome;
    request([&](Result<void> result) {
        const std::lock_guard<std::mutex> lock(mutex);
        outcome.emplace(std::move(result));
        changed.notify_all();
    });
    std::unique_lock<std::mutex> lock(mutex);
    if (!changed.wait_for(lock, kPatience, [&] { return outcome.has_value(); }))
        return Error(ErrorCode::Io, "no answer from the machine");
    return *std::move(outcome);
}

std::string readText(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A machine that runs a micro-guest with its serial port in a file.
struct Guest {
    explicit Guest(const char* name, QTemporaryDir& folder)
        : serial(folder.filePath(QString("%1.txt").arg(name)).toStdString())
    {
        spec.name = name;
        spec.memoryBytes = uint64_t{64} << 20;
        spec.cpus = 1;
        spec.accel = spec::Accel::Kvm;
        spec.kernelPath = std::string(MICRO_GUESTS) + "/" + name + ".elf";
        spec.serial = spec::SerialKind::File;
        spec.serialPath = serial;
        spec.testDevices = true;
    }
    Result<void> start()
    {
        machine = TRY(machine::Machine::create(spec, watcher));
        return await([this](machine::Completion done) { machine->resume(std::move(done)); });
    }
    bool waitForText(const std::string& pattern) const
    {
        const std::regex wanted(pattern);
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (std::chrono::steady_clock::now() < end) {
            if (std::regex_search(readText(serial), wanted))
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return false;
    }

    spec::MachineSpec spec;
    std::string serial;
    Watcher watcher;
    std::unique_ptr<machine::Machine> machine;
};

/// True when "count n" lines run 0, 1, 2, ... from `first` on.
bool countsWithoutGap(const std::string& text, uint64_t& next)
{
    std::istringstream lines(text);
    std::string word;
    uint64_t number = 0;
    while (lines >> word >> number) {
        if (word != "count" || number != next)
            return false;
        ++next;
    }
    return true;
}

} // namespace

class MachineTest : public QObject {
    Q_OBJECT
private slots:
    void bootsAndExits();
    void deliversInterrupts();
    void resetsInEveryWay();
    void finishesWhatKvmDoesNotKnow();
    void powerButtonAndPowerOff();
    void readsADisk();
    void pausesWithoutLosingAnything();
    void savesAndRestoresInAnotherMachine();
    void refusesDamagedFiles();
    void twoMachinesInOneProcess();
    void manyCpusStandAndGoOn();
    void errorsAreSentences();

private:
    QTemporaryDir m_folder;
};

void MachineTest::bootsAndExits()
{
    Guest guest("hello", m_folder);
    QVERIFY(guest.start());
    QCOMPARE(guest.watcher.waitForExit(), 43);
    guest.machine.reset(); // writes out what the serial port still holds
    QCOMPARE(readText(guest.serial), std::string("hello from ring 3\n"));
}

void MachineTest::deliversInterrupts()
{
    Guest guest("interrupts", m_folder);
    QVERIFY(guest.start());
    QCOMPARE(guest.watcher.waitForExit(), 1);
    guest.machine.reset();
    QCOMPARE(readText(guest.serial), std::string("pit 1\nrtc 1\nhpet 1\n"));
}

void MachineTest::resetsInEveryWay()
{
    Guest guest("reset", m_folder);
    QVERIFY(guest.start());
    QCOMPARE(guest.watcher.waitForExit(), 1);
    guest.machine.reset();
    QCOMPARE(readText(guest.serial), std::string("boot 0\nboot 1\nboot 2\nboot 3\nboot 4\n"));
}

void MachineTest::finishesWhatKvmDoesNotKnow()
{
    Guest guest("ring0", m_folder);
    QVERIFY(guest.start());
    QCOMPARE(guest.watcher.waitForExit(), 1);
    guest.machine.reset();
    QCOMPARE(readText(guest.serial), std::string("boot 0\nboot 1\nsum 2\n"));
}

void MachineTest::powerButtonAndPowerOff()
{
    Guest guest("power_off", m_folder);
    QVERIFY(guest.start());
    QVERIFY(guest.waitForText("waiting 1"));
    QVERIFY(await([&](machine::Completion done) { guest.machine->powerButton(std::move(done)); }));
    QVERIFY(guest.watcher.waitFor(RunState::Stopped));
    const auto again =
        await([&](machine::Completion done) { guest.machine->resume(std::move(done)); });
    QVERIFY(!again);
    QCOMPARE(again.error().sentence(), std::string("the machine is off"));
}

void MachineTest::readsADisk()
{
    std::vector<uint32_t> words(size_t{1} << 20 >> 2);
    uint32_t sum = 0;
    for (size_t i = 0; i < words.size(); ++i) {
        words[i] = static_cast<uint32_t>(i * 2654435761U);
        sum += i < 128 * 128 ? words[i] : 0;
    }
    const std::string path = m_folder.filePath("disk.raw").toStdString();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(words.data()),
               static_cast<std::streamsize>(words.size() * 4));
    Guest guest("ahci_read", m_folder);
    guest.spec.drives = {{spec::DriveKind::Disk, path}};
    QVERIFY(guest.start());
    QCOMPARE(guest.watcher.waitForExit(), 1);
    guest.machine.reset();
    QCOMPARE(readText(guest.serial), "status 80\nsum " + std::to_string(sum) + "\n");
}

void MachineTest::pausesWithoutLosingAnything()
{
    Guest guest("counter", m_folder);
    QVERIFY(guest.start());
    QVERIFY(guest.waitForText("count 3\n"));
    for (int round = 0; round < 20; ++round) {
        QVERIFY(await([&](machine::Completion done) { guest.machine->pause(std::move(done)); }));
        QCOMPARE(guest.machine->runState(), RunState::Paused);
        const std::string before = readText(guest.serial);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        // Only what the serial file's writer still held may come after the pause.
        QVERIFY(readText(guest.serial).size() - before.size() < 64);
        QVERIFY(await([&](machine::Completion done) { guest.machine->resume(std::move(done)); }));
    }
    QVERIFY(await([&](machine::Completion done) { guest.machine->resume(std::move(done)); }));
    guest.machine.reset();
    uint64_t next = 0;
    QVERIFY(countsWithoutGap(readText(guest.serial), next));
    QVERIFY(next > 3);
}

void MachineTest::savesAndRestoresInAnotherMachine()
{
    const std::string saved = m_folder.filePath("counter.vitrine-state").toStdString();
    Guest guest("counter", m_folder);
    QVERIFY(guest.start());
    QVERIFY(guest.waitForText("count 5\n"));
    QVERIFY(await([&](machine::Completion done) { guest.machine->pause(std::move(done)); }));
    const auto result =
        await([&](machine::Completion done) { guest.machine->save(saved, {}, std::move(done)); });
    QVERIFY2(result, result ? "" : result.error().sentence().c_str());
    guest.machine.reset();
    uint64_t next = 0;
    QVERIFY(countsWithoutGap(readText(guest.serial), next)); // the last line may be cut in two
    const std::string head = readText(guest.serial);

    Watcher watcher;
    auto machine = machine::Machine::restore(saved, watcher, spec::Accel::Kvm);
    QVERIFY2(machine, machine ? "" : machine.error().sentence().c_str());
    QVERIFY(await([&](machine::Completion done) { (*machine)->resume(std::move(done)); }));
    QVERIFY(guest.waitForText("count " + std::to_string(next + 5) + "\n"));
    machine->reset();
    next = 0;
    QVERIFY(countsWithoutGap(head + readText(guest.serial), next));
}

void MachineTest::refusesDamagedFiles()
{
    const std::string saved = m_folder.filePath("counter.vitrine-state").toStdString();
    const std::string good = readText(saved);
    QVERIFY(!good.empty());
    const std::string path = m_folder.filePath("damaged").toStdString();
    Watcher watcher;
    for (size_t i = 0; i < 60; ++i) {
        std::string bytes = good;
        const size_t at = i < 30 ? i * 7 : (i - 29) * bytes.size() / 32;
        if (i % 3 == 0)
            bytes.resize(at);
        else
            bytes[std::min(at, bytes.size() - 1)] ^= static_cast<char>(1U << i % 8);
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
        const auto machine = machine::Machine::restore(path, watcher, spec::Accel::Kvm);
        QVERIFY2(!machine, std::to_string(i).c_str());
        QVERIFY(!machine.error().sentence().empty());
    }
}

void MachineTest::twoMachinesInOneProcess()
{
    Guest one("hello", m_folder);
    Guest two("interrupts", m_folder);
    QVERIFY(one.start());
    QVERIFY(two.start());
    QCOMPARE(two.watcher.waitForExit(), 1);
    QCOMPARE(one.watcher.waitForExit(), 43);
}

void MachineTest::manyCpusStandAndGoOn()
{
    Guest guest("counter", m_folder);
    guest.spec.cpus = 64;
    QVERIFY(guest.start());
    QVERIFY(guest.waitForText("count 2\n"));
    for (int round = 0; round < 5; ++round) {
        QVERIFY(await([&](machine::Completion done) { guest.machine->pause(std::move(done)); }));
        QVERIFY(await([&](machine::Completion done) { guest.machine->resume(std::move(done)); }));
    }
    size_t cpus = 0;
    std::mutex mutex;
    std::condition_variable changed;
    guest.machine->devices([&](const std::vector<machine::DeviceInfo>& all) {
        const std::lock_guard<std::mutex> lock(mutex);
        for (const auto& device : all)
            cpus += device.name.starts_with("cpu") ? 1 : 0;
        changed.notify_all();
    });
    std::unique_lock<std::mutex> lock(mutex);
    QVERIFY(changed.wait_for(lock, kPatience, [&] { return cpus > 0; }));
    QCOMPARE(cpus, size_t{64});
}

void MachineTest::errorsAreSentences()
{
    Watcher watcher;
    Guest guest("hello", m_folder);
    guest.spec.kernelPath = "/nowhere/kernel.elf";
    const auto missing = guest.start();
    QVERIFY(!missing);
    QVERIFY2(missing.error().sentence().starts_with("/nowhere/kernel.elf"),
             missing.error().sentence().c_str());
    guest.spec.memoryBytes = spec::MachineSpec::kMaxMemory;
    QVERIFY(
        guest.start().error().sentence().starts_with("the machine wants 1048576 MiB of memory"));
    guest.spec.cpus = 65;
    QCOMPARE(guest.start().error().sentence(), std::string("a machine has 1 to 64 CPUs"));
}

int main(int argc, char** argv)
{
    const int kvm = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0) {
        std::puts("skipped: /dev/kvm cannot be opened on this machine");
        return 77;
    }
    ::close(kvm);
    MachineTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "machine_test.moc"
