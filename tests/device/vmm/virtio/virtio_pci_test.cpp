// SPDX-License-Identifier: GPL-3.0-or-later
// The PCI transport as honest and other drivers use it. Virtio 1.2 sections 2, 3.1 and 4.1.
#include <QtTest>

#include <algorithm>
#include <atomic>
#include <set>

#include "tests/device/vmm/virtio/virtio_rig.h"
#include "tests/support/suites.h"

using namespace vmm;
using namespace vmm::virtio;
using tests::VirtioRig;
using tests::VirtqueueDriver;
using Kind = tests::VirtioPciDriver::Kind;

namespace {

constexpr uint64_t kFeature = uint64_t{1} << 5;
constexpr uint16_t kQueueSize = 16;

/// Answers each request with its readable size. Keeps requests of 13 bytes until released.
class Answerer final : public Device {
public:
    explicit Answerer(EventLoop& loop)
        : Device(loop, {.name = "answerer",
                        .features = kFeature,
                        .queueSizes = {kQueueSize, 8},
                        .configSize = 6})
    {}
    void readConfig(uint32_t offset, std::span<std::byte> to) override
    {
        std::copy_n(config.begin() + offset, to.size(), to.begin());
    }
    void writeConfig(uint32_t offset, std::span<const std::byte> from) override
    {
        std::copy(from.begin(), from.end(), config.begin() + offset);
    }
    void start(const Activation& activation) override
    {
        host = &activation.host;
        features = activation.features;
        m_queues.assign(activation.queues.begin(), activation.queues.end());
        ++starts;
    }
    bool handleQueue(unsigned index) override
    {
        Queue& queue = *m_queues[index];
        DescriptorChain chain;
        for (;;) {
            const auto popped = queue.pop(chain);
            if (!popped) {
                host->needsReset(popped.error());
                return false;
            }
            if (!*popped)
                break;
            if (chain.readableSize() == 13)
                m_kept.push_back(chain.head());
            else
                queue.push(chain.head(), static_cast<uint32_t>(chain.readableSize()));
        }
        kept = m_kept.size();
        if (queue.publish())
            host->interruptQueue(index);
        return queue.enableNotification();
    }
    void stop(StopReason reason, std::function<void()> stopped) override
    {
        lastReason = reason;
        m_stopped = std::move(stopped);
        if (m_kept.empty())
            std::exchange(m_stopped, nullptr)();
    }
    void reset() override { ++resets; }

    /// Answers what was kept. Any thread.
    void release()
    {
        loop().post([this] {
            if (m_kept.empty())
                return;
            for (const uint16_t head : m_kept)
                m_queues[0]->push(head, 13);
            if (m_queues[0]->publish())
                host->interruptQueue(0);
            m_kept.clear();
            kept = 0;
            if (m_stopped)
                std::exchange(m_stopped, nullptr)();
        });
    }

    std::array<std::byte, 6> config{std::byte{1}, std::byte{2}, std::byte{3},
                                    std::byte{4}, std::byte{5}, std::byte{6}};
    DeviceHost* host = nullptr;
    std::atomic<uint64_t> features{0};
    std::atomic<unsigned> starts{0};
    std::atomic<unsigned> resets{0};
    std::atomic<size_t> kept{0};
    std::atomic<StopReason> lastReason{StopReason::Pause};

private:
    std::vector<Queue*> m_queues;
    std::vector<uint16_t> m_kept;
    std::function<void()> m_stopped;
};

std::unique_ptr<VirtioRig> makeRig(bus::Doorbells* doorbells = nullptr)
{
    return std::make_unique<VirtioRig>(
        [](EventLoop& loop) { return std::make_unique<Answerer>(loop); }, doorbells);
}

} // namespace

class VirtioPciTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_rig = makeRig();
        m_queue.emplace(*m_rig->board.memory, VirtioRig::kRings, kQueueSize);
    }
    void cleanup()
    {
        device().release(); // else it would never stop
        m_rig.reset();
    }

    void identity()
    {
        QCOMPARE(m_rig->pci.read(pci::kVendorId, 4), 0x1044'1af4U);
        QVERIFY(m_rig->pci.read(pci::kRevisionId, 1) >= 1);
        for (const Kind kind :
             {Kind::Common, Kind::Notify, Kind::Isr, Kind::Device, Kind::PciConfig})
            QVERIFY(driver().structure(kind).capability != 0);
        QVERIFY(driver().structure(Kind::Common).length >= common::kSize);
        QCOMPARE(driver().structure(Kind::Device).length, 6U);
        QCOMPARE(driver().common(common::kQueueCount, 2), uint64_t{2});
    }

    void featuresAreAgreedOn()
    {
        const uint64_t offered = driver().features();
        QCOMPARE(offered,
                 kFeature | VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
        QVERIFY(!driver().negotiate(kFeature));               // not without VERSION_1
        QVERIFY(!driver().negotiate(VIRTIO_F_VERSION_1 | 1)); // not what was not offered
        QVERIFY(driver().negotiate(offered));
        driver().acceptFeatures(VIRTIO_F_VERSION_1); // too late
        driver().setCommon(common::kDriverFeatureSelect, 0, 4);
        QCOMPARE(driver().common(common::kDriverFeature, 4), offered & 0xffff'ffff);
        driver().setCommon(common::kDeviceFeatureSelect, 2, 4);
        QCOMPARE(driver().common(common::kDeviceFeature, 4), uint64_t{0});
    }

    void notWithoutAHandshake()
    {
        driver().setStatus(ACKNOWLEDGE | DRIVER | DRIVER_OK);
        m_rig->settle();
        QCOMPARE(device().starts.load(), 0U);
        QCOMPARE(driver().status(), uint8_t{ACKNOWLEDGE | DRIVER});
    }

    void requestsComeBack()
    {
        start();
        QCOMPARE(device().features.load(), VIRTIO_F_VERSION_1 | kFeature);
        m_queue->offer({{VirtioRig::kData, 77, false}});
        driver().notify(0);
        QCOMPARE(collect().length, 77U);
    }

    void whatWasThereBeforeIsServed()
    {
        m_queue->offer({{VirtioRig::kData, 5, false}});
        start();
        QCOMPARE(collect().length, 5U);
    }

    void anyWidthOfRegisters()
    {
        driver().setCommon(common::kQueueSelect, 0, 2);
        driver().setCommon(common::kQueueDescriptors + 4, 0x1, 4);
        driver().setCommon(common::kQueueDescriptors, 0x2000, 4);
        driver().setCommon(common::kQueueDescriptors + 1, 0x30, 1);
        QCOMPARE(driver().common(common::kQueueDescriptors, 8), uint64_t{0x1'0000'3000});
        driver().setCommon(common::kQueueSelect, uint64_t{1} | 8 << 16,
                           4); // size of queue 1 with it
        QCOMPARE(driver().common(common::kQueueSize, 2), uint64_t{8});
        driver().setCommon(common::kQueueSelect, 2, 2);
        QCOMPARE(driver().common(common::kQueueSize, 2), uint64_t{0}); // no such queue
        driver().setCommon(common::kQueueEnable, 1, 2);
        QCOMPARE(driver().common(common::kQueueEnable, 2), uint64_t{0});
    }

    void queueLimits()
    {
        driver().setCommon(common::kQueueSelect, 0, 2);
        for (const unsigned wrong : {0U, 3U, 32U, 65'535U}) {
            driver().setCommon(common::kQueueSize, wrong, 2);
            QCOMPARE(driver().common(common::kQueueSize, 2), uint64_t{kQueueSize});
        }
        driver().setCommon(common::kQueueVector, 3, 2); // vectors 0 to 2 there are
        QCOMPARE(driver().common(common::kQueueVector, 2), uint64_t{VIRTIO_MSI_NO_VECTOR});
        driver().setQueue(0, m_queue->layout());
        driver().setCommon(common::kQueueDescriptors, 0x5000, 8);
        QCOMPARE(driver().common(common::kQueueDescriptors, 8), VirtioRig::kRings);
    }

    void messages()
    {
        driver().programVector(2, 0x42);
        start(2);
        m_queue->offer({{VirtioRig::kData, 1, false}});
        driver().notify(0);
        QVERIFY(VirtioRig::eventually([&] { return !m_rig->board.interrupts.sent().empty(); }));
        QCOMPARE(m_rig->board.interrupts.sent()[0].data, 0x42U);
        QVERIFY(!m_rig->pirqs.any());
    }

    void pinInterrupt()
    {
        start();
        m_queue->offer({{VirtioRig::kData, 1, false}});
        driver().notify(0);
        QVERIFY(VirtioRig::eventually([&] { return m_rig->pirqs.any(); }));
        QCOMPARE(driver().isr(), kIsrQueue);
        QVERIFY(!m_rig->pirqs.any());
        QCOMPARE(driver().isr(), uint8_t{0});
        device().host->configChanged();
        QCOMPARE(driver().isr(), kIsrConfig);
        QCOMPARE(driver().common(common::kGeneration, 1), uint64_t{1});
    }

    void configuration()
    {
        QCOMPARE(driver().read(Kind::Device, 0, 4), uint64_t{0x0403'0201});
        QCOMPARE(driver().read(Kind::Device, 4, 4), uint64_t{0x0605}); // two bytes lie behind it
        QCOMPARE(driver().read(Kind::Device, 8, 4), uint64_t{0});
        driver().write(Kind::Device, 4, 0xaabb'ccdd, 4);
        QCOMPARE(device().config[5], std::byte{0xcc});
    }

    void windowInConfigurationSpace()
    {
        const auto at = driver().structure(Kind::PciConfig).capability;
        m_rig->pci.write(static_cast<uint16_t>(at + 4), 0, 1);
        m_rig->pci.write(static_cast<uint16_t>(at + 8), common::kQueueCount, 4);
        m_rig->pci.write(static_cast<uint16_t>(at + 12), 2, 4);
        QCOMPARE(m_rig->pci.read(static_cast<uint16_t>(at + 16), 2), 2U);
        for (const uint32_t length : {0U, 3U, 8U, 0xffff'ffffU}) {
            m_rig->pci.write(static_cast<uint16_t>(at + 12), length, 4);
            QCOMPARE(m_rig->pci.read(static_cast<uint16_t>(at + 16), 4), 0U);
            m_rig->pci.write(static_cast<uint16_t>(at + 16), 0xffff'ffff, 4);
        }
        m_rig->pci.write(static_cast<uint16_t>(at + 12), 4, 4);
        m_rig->pci.write(static_cast<uint16_t>(at + 8), 0xffff'fffe, 4);
        QCOMPARE(m_rig->pci.read(static_cast<uint16_t>(at + 16), 4), 0U);
    }

    void resetWaitsForTheDevice()
    {
        start();
        keepOne();
        driver().setStatus(0);
        QVERIFY(driver().status() != 0);
        m_rig->settle();
        QVERIFY(driver().status() != 0);
        device().release();
        QVERIFY(VirtioRig::eventually([&] { return driver().status() == 0; }));
        QCOMPARE(device().lastReason.load(), StopReason::Reset);
        QCOMPARE(device().resets.load(), 1U);
        start(); // and it works again
        QCOMPARE(device().starts.load(), 2U);
    }

    /// SeaBIOS goes on at once after it wrote 0.
    void aDriverThatDoesNotLook()
    {
        start();
        keepOne();
        driver().setStatus(0);
        device().release();
        driver().setStatus(ACKNOWLEDGE);
        QCOMPARE(driver().status(), uint8_t{ACKNOWLEDGE});
    }

    void liesEndInNeedsReset()
    {
        start();
        m_queue->makeAvailable(kQueueSize); // no such descriptor
        driver().notify(0);
        QVERIFY(
            VirtioRig::eventually([&] { return (driver().status() & DEVICE_NEEDS_RESET) != 0; }));
        m_queue->offer({{VirtioRig::kData, 1, false}});
        driver().notify(0);
        m_rig->settle();
        QCOMPARE(m_queue->usedIndex(), uint16_t{0});
        driver().setStatus(0);
        QVERIFY(VirtioRig::eventually([&] { return driver().status() == 0; }));
    }

    void ringsOutsideRam()
    {
        QVERIFY(driver().negotiate(VIRTIO_F_VERSION_1));
        auto layout = m_queue->layout();
        layout.used = 0xfee0'0000;
        driver().setQueue(0, layout);
        driver().go();
        QVERIFY((driver().status() & DEVICE_NEEDS_RESET) != 0);
        m_rig->settle();
        QCOMPARE(device().starts.load(), 0U);
    }

    void busMasterOff()
    {
        start();
        m_rig->settle();
        m_rig->pci.command(pci::kCommandMemory);
        m_queue->offer({{VirtioRig::kData, 1, false}});
        driver().notify(0);
        m_rig->settle();
        QCOMPARE(m_queue->usedIndex(), uint16_t{0});
        m_rig->pci.command(pci::kCommandMemory | pci::kCommandMaster);
        collect();
    }

    void savedAndContinued()
    {
        start();
        keepOne();
        std::thread pausing([&] { m_rig->function->pause(); });
        device().release(); // pausing lets it finish
        pausing.join();
        QCOMPARE(device().lastReason.load(), StopReason::Pause);
        QCOMPARE(m_queue->usedIndex(), uint16_t{1});
        m_queue->offer({{VirtioRig::kData, 3, false}}, 1);
        driver().notify(0); // nobody looks now
        const state::Record saved = m_rig->function->saveState();

        auto other = makeRig();
        std::vector<std::byte> ram(0x1000);
        QVERIFY(
            m_rig->board.memory->copyOut(memory::GuestPhys(VirtioRig::kRings), ram).has_value());
        QVERIFY(other->board.memory->copyIn(memory::GuestPhys(VirtioRig::kRings), ram).has_value());
        const auto loaded = other->function->loadState(saved);
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().sentence().c_str());
        other->function->resume();
        const VirtqueueDriver there(*other->board.memory, VirtioRig::kRings, kQueueSize);
        QVERIFY(VirtioRig::eventually([&] { return there.usedIndex() == 2; }));
        m_rig->function->resume();
        QVERIFY(VirtioRig::eventually([&] { return m_queue->usedIndex() == 2; }));
    }

    void machineReset()
    {
        start();
        m_rig->function->reset();
        QCOMPARE(device().resets.load(), 1U);
        m_rig->function->reset(); // nothing runs: nothing to do
        QCOMPARE(m_rig->pci.read(pci::kCommand, 2), 0U);
    }

    void stateSuite()
    {
        start();
        m_rig->settle();
        m_rig->function->pause();
        std::vector<std::unique_ptr<VirtioRig>> rigs;
        struct Borrowed final : state::Participant {
            explicit Borrowed(VirtioPci& function) : m_function(function) {}
            std::string stateName() const override { return m_function.stateName(); }
            state::Record saveState() const override { return m_function.saveState(); }
            Result<void> loadState(const state::Record& record) override
            {
                return m_function.loadState(record);
            }
            VirtioPci& m_function;
        };
        tests::deviceStateSuite(*m_rig->function, [&]() -> std::unique_ptr<state::Participant> {
            if (rigs.size() > 8)
                rigs.clear();
            rigs.push_back(makeRig());
            return std::make_unique<Borrowed>(*rigs.back()->function);
        });
    }

    void resetSuite()
    {
        start();
        m_queue->offer({{VirtioRig::kData, 3, true}}, 1);
        driver().notify(0);
        auto fresh = makeRig();
        tests::resetSuite(*m_rig->function, *m_rig->function, *fresh->function, *fresh->function);
    }

    /// A doorbell of the kernel is where the notification register is, for as long as that is
    /// there.
    void kernelDoorbells()
    {
        struct Kernel final : bus::Doorbells {
            struct Bell final : bus::Doorbell {
                Bell(std::set<uint64_t>& places, uint64_t place) : m_places(places), m_place(place)
                {
                    m_places.insert(place);
                }
                ~Bell() override { m_places.erase(m_place); }
                std::set<uint64_t>& m_places;
                uint64_t m_place;
            };
            Result<std::unique_ptr<bus::Doorbell>> create(memory::GuestPhys address,
                                                          const EventFd& event) override
            {
                rung = &event;
                return std::unique_ptr<bus::Doorbell>(
                    std::make_unique<Bell>(places, address.value()));
            }
            std::set<uint64_t> places;
            const EventFd* rung = nullptr;
        } kernel;
        const auto rig = makeRig(&kernel);
        const uint64_t bar = rig->pci.read(pci::kBar0, 4) & ~uint64_t{0xf};
        QCOMPARE(kernel.places, (std::set<uint64_t>{bar + 0x3000, bar + 0x3004}));
        rig->pci.write(pci::kCommand, pci::kCommandMaster, 2);
        QVERIFY(kernel.places.empty());
        rig->pci.write(pci::kCommand, pci::kCommandMaster | pci::kCommandMemory, 2);
        QCOMPARE(kernel.places.size(), size_t{2});
        rig->function->reset();
        QVERIFY(kernel.places.empty());
    }

    void anyAccess()
    {
        std::mt19937 random(3);
        for (int i = 0; i < 20'000; ++i) {
            const unsigned size = 1U << random() % 4;
            const uint64_t at = random() % 3 == 0 ? random() % common::kSize : random() % 0x4000;
            if (random() % 2 == 0)
                m_rig->function->readMmio(at, size);
            else
                m_rig->function->writeMmio(at, random() % 4 == 0 ? random() : random() % 16, size);
        }
        m_rig->settle();
    }

private:
    tests::VirtioPciDriver& driver() { return *m_rig->driver; }
    Answerer& device() { return static_cast<Answerer&>(m_rig->function->device()); }
    void start(uint16_t vector = VIRTIO_MSI_NO_VECTOR)
    {
        QVERIFY(driver().negotiate(VIRTIO_F_VERSION_1 | kFeature));
        driver().setQueue(0, m_queue->layout(), vector);
        driver().go();
        m_rig->settle();
    }
    UsedElement collect()
    {
        std::optional<UsedElement> used;
        CHECK(VirtioRig::eventually([&] { return (used = m_queue->collect()).has_value(); }));
        return *used;
    }
    /// One request that the device does not answer yet.
    void keepOne()
    {
        m_queue->offer({{VirtioRig::kData, 13, false}});
        driver().notify(0);
        QVERIFY(VirtioRig::eventually([&] { return device().kept == 1; }));
    }

    std::unique_ptr<VirtioRig> m_rig;
    std::optional<VirtqueueDriver> m_queue;
};

QTEST_GUILESS_MAIN(VirtioPciTest)
#include "virtio_pci_test.moc"
