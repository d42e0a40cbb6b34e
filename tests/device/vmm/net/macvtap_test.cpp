// SPDX-License-Identifier: GPL-3.0-or-later
// The tap backend on a macvtap interface, over its character device, in a network of the test's
// own. What lies below the interface is a tap whose other end the test holds: the wire.
#include <QtTest>

#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/device/vmm/net/tap_interface.h"
#include "tests/support/loopback.h"
#include "tests/support/net_guest.h"
#include "tests/support/sanitizers.h"
#include "vmm/net/tap.h"

using namespace vmm;
using namespace vmm::net;
using namespace vmm::test;

namespace {

constexpr Offloads kAll{.checksum = true, .tso4 = true, .tso6 = true};
constexpr int kQueueFlags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
constexpr const char* kWire = "vtwire";
constexpr const char* kCard = "vtmac";

bool ip(const QStringList& words)
{
    QProcess process;
    process.start("ip", words);
    return process.waitForFinished() && process.exitCode() == 0;
}

/// Address of the interface, which the guest behind it has too.
std::array<uint8_t, 6> addressOf(const char* name)
{
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    std::array<uint8_t, 6> address{};
    if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) == 0)
        std::memcpy(address.data(), request.ifr_hwaddr.sa_data, address.size());
    return address;
}

} // namespace

class MacvtapTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void cleanupTestCase();
    void carriesFrames();
    void takesSegments();
    void usesSeveralQueues();

private:
    void makeNode();
    UniqueFd openCard() const { return UniqueFd(::open(m_node.c_str(), O_RDWR | O_CLOEXEC)); }
    /// The next frame of the test's own on the wire.
    Bytes nextOnWire() const;
    Bytes nextInGuest(NetGuest& guest) const;
    /// As somebody on the wire sends it to the card.
    Bytes frameToCard(size_t size) const;

    std::unique_ptr<EventLoop> m_loop;
    QTemporaryDir m_folder;
    std::string m_node; ///< the card's character device
    UniqueFd m_wire;
};

void MacvtapTest::initTestCase()
{
    if (!tests::kMayStartPrograms)
        QSKIP("ThreadSanitizer loses sight of a thread that starts a program");
    // Before there is another thread: a process of several has one network, but may not leave the
    // mounts it shares with them.
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        QSKIP("a network of the test's own needs a right this account does not have");
    m_loop = std::move(*EventLoop::create("net-test"));
    m_wire = openTap(kWire, IFF_TAP | IFF_NO_PI);
    if (!m_wire.valid() || !setUp(kWire))
        QSKIP("tap interfaces cannot be made here");
    if (!ip({"link", "add", "link", kWire, "name", kCard, "numrxqueues", "2", "numtxqueues", "2",
             "type", "macvtap", "mode", "bridge"}) ||
        !setUp(kCard))
        QSKIP("macvtap interfaces cannot be made here (iproute2, module macvtap)");
    makeNode();
    if (!openCard().valid())
        QSKIP("the macvtap's device cannot be opened here");
}

void MacvtapTest::cleanupTestCase()
{
    m_loop.reset();
    ::umount2(m_folder.filePath("sys").toLocal8Bit().constData(), MNT_DETACH);
}

/// udev may not be there, or look at another network: the kernel's own words say which device.
void MacvtapTest::makeNode()
{
    const std::string sys = m_folder.filePath("sys").toStdString();
    ::mkdir(sys.c_str(), 0700);
    if (::mount("sysfs", sys.c_str(), "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
        return;
    const auto index = std::to_string(::if_nametoindex(kCard));
    std::ifstream said(sys + "/class/net/" + kCard + "/macvtap/tap" + index + "/dev");
    unsigned majorNumber = 0;
    unsigned minorNumber = 0;
    char colon = 0;
    said >> majorNumber >> colon >> minorNumber;
    m_node = m_folder.filePath("tap").toStdString();
    static_cast<void>(::mknod(m_node.c_str(), S_IFCHR | 0600, makedev(majorNumber, minorNumber)));
}

Bytes MacvtapTest::nextOnWire() const
{
    for (;;) {
        pollfd wait{m_wire.get(), POLLIN, 0};
        Bytes frame(70'000);
        if (::poll(&wait, 1, 5000) != 1)
            return {};
        const ssize_t got = ::read(m_wire.get(), frame.data(), frame.size());
        frame.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
        if (frame.size() > kEthernetHeader && frameType(frame) == kTestType)
            return frame;
    }
}

Bytes MacvtapTest::nextInGuest(NetGuest& guest) const
{
    while (const auto frame = guest.card.next(5000)) {
        if (frameType(frame->bytes) == kTestType)
            return frame->bytes;
    }
    return {};
}

Bytes MacvtapTest::frameToCard(size_t size) const
{
    Bytes frame(kEthernetHeader);
    const auto to = addressOf(kCard);
    std::memcpy(frame.data(), to.data(), to.size());
    constexpr uint8_t kFrom[] = {0x52, 0x54, 0, 9, 9, 9};
    std::memcpy(frame.data() + 6, kFrom, sizeof kFrom);
    storeBe(frame.data() + 12, kTestType);
    const Bytes payload = pattern(size);
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

void MacvtapTest::carriesFrames()
{
    const auto tap = std::move(*Tap::create(*m_loop, one(openCard())));
    QCOMPARE(tap->mtu(), uint16_t{1500});
    QVERIFY(tap->canTake().tso4 && tap->canGive().tso4);
    QCOMPARE(QString::fromStdString(tap->description()), QString("tap %1").arg(kCard));
    NetGuest guest(*m_loop, *tap, tap->canGive());
    const Bytes out = guest.ethernet(kTestType, pattern(1000));
    QVERIFY(guest.send(out) == SendStatus::Sent);
    QCOMPARE(nextOnWire(), out);
    const Bytes in = frameToCard(600);
    QCOMPARE(::write(m_wire.get(), in.data(), in.size()), static_cast<ssize_t>(in.size()));
    QCOMPARE(nextInGuest(guest), in);
}

/// The wire takes no large segments, so the kernel cuts them.
void MacvtapTest::takesSegments()
{
    const auto tap = std::move(*Tap::create(*m_loop, one(openCard())));
    NetGuest guest(*m_loop, *tap, kAll);
    Bytes segment(kTcpHeader + 3000);
    segment[12] = std::byte{0x50};
    segment[13] = std::byte{tcp::kAck};
    const Bytes frame = guest.ip4(protocol::kTcp, 0x0a090807, segment);
    guest.send(frame, {.flags = FrameHeader::kNeedsChecksum,
                       .gsoType = FrameHeader::kTcp4Segments,
                       .headerLength = 54,
                       .gsoSize = 1000,
                       .checksumStart = 34,
                       .checksumOffset = 16});
    size_t carried = 0;
    for (int pieces = 0; pieces < 3;) {
        Bytes piece(70'000);
        pollfd wait{m_wire.get(), POLLIN, 0};
        QCOMPARE(::poll(&wait, 1, 5000), 1);
        piece.resize(static_cast<size_t>(::read(m_wire.get(), piece.data(), piece.size())));
        if (frameType(piece) != ETH_P_IP)
            continue;
        QCOMPARE(piece.size(), size_t{54} + 1000);
        carried += piece.size() - 54;
        ++pieces;
    }
    QCOMPARE(carried, size_t{3000});
}

void MacvtapTest::usesSeveralQueues()
{
    std::vector<UniqueFd> queues;
    for (int i = 0; i < 2; ++i) {
        queues.push_back(openCard());
        ifreq request{};
        std::strncpy(request.ifr_name, kCard, IFNAMSIZ - 1);
        request.ifr_flags = static_cast<short>(kQueueFlags);
        QCOMPARE(::ioctl(queues.back().get(), TUNSETIFF, &request), 0);
    }
    const auto tap = std::move(*Tap::create(*m_loop, std::move(queues)));
    QCOMPARE(tap->pairs(), 2U);
    NetGuest guest(*m_loop, *tap, kAll);
    const Bytes frame = frameToCard(64);
    for (const unsigned pairs : {2U, 1U, 2U}) {
        m_loop->runAndWait([&] { QVERIFY(tap->start(guest.card, kAll, pairs).has_value()); });
        QCOMPARE(::write(m_wire.get(), frame.data(), frame.size()),
                 static_cast<ssize_t>(frame.size()));
        QCOMPARE(nextInGuest(guest), frame);
    }
}

QTEST_GUILESS_MAIN(MacvtapTest)
#include "macvtap_test.moc"
