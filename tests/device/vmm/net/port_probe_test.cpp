// SPDX-License-Identifier: GPL-3.0-or-later
// The port probe, behind a NAT and before a guest that answers as it should, or as it should not.
#include <QtTest>

#include <future>
#include <map>

#include "tests/support/net_guest.h"
#include "vmm/net/nat.h"

using namespace vmm;
using namespace vmm::net;
using namespace vmm::test;

namespace {

/// A question the guest got.
struct Question {
    Bytes frame;
    IpPacket packet;
    uint16_t from = 0;
    uint16_t port = 0;
    uint32_t sequence = 0;
    uint32_t acknowledged = 0;
    uint8_t flags = 0;
};

uint32_t wholeSum(const Bytes& frame, const IpPacket& packet)
{
    const size_t length = packet.end - packet.transport;
    return foldChecksum(pseudoHeaderSum(frame, packet, length) +
                        checksumPart(std::span(frame).subspan(packet.transport, length)));
}

} // namespace

class PortProbeTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { m_loop = std::move(*EventLoop::create("net-test")); }
    void cleanupTestCase() { m_loop.reset(); }
    void init() { make(kPatientNs); }
    void cleanup()
    {
        m_guest.reset();
        m_nat.reset();
    }

    void tellsWhatListens()
    {
        introduce();
        auto answer = ask();
        const auto questions = takeQuestions();
        QCOMPARE(questions.size(), knownPorts().size());
        for (const auto& [port, question] : questions) {
            QCOMPARE(question.flags, tcp::kSyn);
            QCOMPARE(loadBe<uint32_t>(&question.frame[kEthernetHeader + 12]), nat::kHost);
            QCOMPARE(std::memcmp(question.frame.data(), m_guest->mac.data(), 6), 0);
            reply(question,
                  port == 22 || port == 8000 ? tcp::kSyn | tcp::kAck : tcp::kRst | tcp::kAck);
        }
        QCOMPARE(texts(answer), (std::vector<std::string>{"10.0.2.15:22 ssh", "10.0.2.15:8000"}));
        // The services never see a connection: each handshake ends with a reset in its window.
        for (const uint16_t port : {uint16_t{22}, uint16_t{8000}}) {
            const auto reset = nextQuestion();
            QVERIFY(reset.has_value());
            QCOMPARE(reset->port, port);
            QCOMPARE(reset->flags, tcp::kRst);
            QCOMPARE(reset->sequence, questions.at(port).sequence + 1);
        }
        QVERIFY(!nextQuestion(0));
    }

    void answersSeveralAtOnce()
    {
        introduce();
        auto first = ask();
        auto second = ask();
        answerAll({80});
        QCOMPARE(texts(first), std::vector<std::string>{"10.0.2.15:80 http"});
        QCOMPARE(texts(second), std::vector<std::string>{"10.0.2.15:80 http"});
        auto fresh = ask(); // no more questions than a second holds
        QCOMPARE(texts(fresh), std::vector<std::string>{"10.0.2.15:80 http"});
    }

    void asksWhereTheGuestIs()
    {
        // Nothing was heard of it: the NAT looks for it.
        auto answer = ask();
        const auto frame = m_guest->card.next();
        QVERIFY(frame.has_value());
        QCOMPARE(frameType(frame->bytes), ethertype::kArp);
        QCOMPARE(loadBe<uint32_t>(&frame->bytes[kEthernetHeader + 24]), nat::kFirstLease);
        QVERIFY(m_guest->answered(*frame));
        answerAll({5432});
        QCOMPARE(texts(answer), std::vector<std::string>{"10.0.2.15:5432 postgresql"});
    }

    void followsTheGuestsAddress()
    {
        m_guest->ip = nat::kNetwork + 77;
        introduce();
        auto answer = ask();
        answerAll({443});
        QCOMPARE(texts(answer), std::vector<std::string>{"10.0.2.77:443 https"});
    }

    void addressesElsewhereAreNotLearnt()
    {
        introduce();
        const uint32_t own = m_guest->ip;
        for (const uint32_t ip :
             {nat::kHost, nat::kDns, nat::kNetwork + 255, 0x7f000001U, 0x08080808U, 0U}) {
            m_guest->ip = ip;
            m_guest->send(m_guest->arp(1, nat::kHost));
            m_guest->send(m_guest->udp(1, nat::kHost, 9, {}));
        }
        m_guest->ip = own;
        while (m_guest->card.next(0)) {
        }
        auto answer = ask();
        answerAll({22});
        QCOMPARE(texts(answer), std::vector<std::string>{"10.0.2.15:22 ssh"});
    }

    /// With checksums left to the host and with such that are complete.
    void takesPartialChecksums()
    {
        introduce();
        auto answer = ask();
        for (const auto& [port, question] : takeQuestions())
            reply(question, port == 22 ? tcp::kSyn | tcp::kAck : tcp::kRst | tcp::kAck, true);
        QCOMPARE(texts(answer), std::vector<std::string>{"10.0.2.15:22 ssh"});
    }

    void silenceIsNoAnswer()
    {
        make(kShortNs);
        introduce();
        auto answer = ask();
        const auto questions = takeQuestions();
        const auto said = answer.get();
        QVERIFY(!said.has_value());
        QVERIFY(said.error().sentence().find("does not answer") != std::string::npos);
        for (size_t i = 0; i < 2 * questions.size(); ++i) { // they were asked twice more
            const auto again = nextQuestion();
            QVERIFY(again.has_value());
            QCOMPARE(again->sequence, questions.at(again->port).sequence);
        }
    }

    void someSilenceHidesNothing()
    {
        make(PortProbe::kTickNs);
        introduce();
        auto answer = ask();
        const auto questions = takeQuestions();
        reply(questions.at(22), tcp::kSyn | tcp::kAck);
        QCOMPARE(texts(answer), std::vector<std::string>{"10.0.2.15:22 ssh"});
    }

    void liesAreNoAnswers()
    {
        const std::vector<QString> lies = {"from another port",
                                           "to another port",
                                           "acknowledges too much",
                                           "acknowledges nothing",
                                           "SYN alone",
                                           "FIN",
                                           "RST alone",
                                           "wrong checksum",
                                           "wrong IP checksum",
                                           "options",
                                           "short header",
                                           "from another address",
                                           "IP longer than its frame",
                                           "UDP"};
        introduce();
        auto answer = ask();
        const auto questions = takeQuestions();
        QVERIFY(questions.size() > lies.size());
        auto question = questions.begin();
        for (const QString& lie : lies)
            tellLie(question++->second, lie);
        for (const auto& asked : questions) // the first answer counts
            reply(asked.second, tcp::kRst | tcp::kAck);
        QCOMPARE(texts(answer), std::vector<std::string>());
    }

    void takesAnswersInFragments()
    {
        constexpr ptrdiff_t kCut = 16;
        introduce();
        auto answer = ask();
        for (const auto& [port, question] : takeQuestions()) {
            const uint8_t flags = port == 22 ? tcp::kSyn : tcp::kRst;
            Bytes whole =
                m_guest->ip4(protocol::kTcp, nat::kHost, segmentFor(question, flags | tcp::kAck));
            NetGuest::seal(whole, tcp::kChecksumOffset);
            const auto segment = whole.begin() + kEthernetHeader + kIp4Header;
            const auto send = [&](const Bytes& part, uint16_t fragment) {
                m_guest->send(m_guest->ip4(protocol::kTcp, nat::kHost, part, fragment));
            };
            send(Bytes(segment, segment + kCut), 0x2000);
            send(Bytes(segment + kCut, whole.end()), kCut / 8);
        }
        QCOMPARE(texts(answer), std::vector<std::string>{"10.0.2.15:22 ssh"});
    }

    /// The first answer counts, and each SYN-ACK gets one reset.
    void floodsChangeNothing()
    {
        constexpr int kFlood = 2000;
        introduce();
        auto answer = ask();
        const auto questions = takeQuestions();
        reply(questions.at(80), tcp::kRst | tcp::kAck);
        for (int i = 0; i < kFlood; ++i) {
            reply(questions.at(22), tcp::kSyn | tcp::kAck);
            reply(questions.at(80), tcp::kSyn | tcp::kAck);
            reply(questions.at(22), tcp::kRst | tcp::kAck);
        }
        for (const auto& [port, question] : questions)
            if (port != 22 && port != 80)
                reply(question, tcp::kRst | tcp::kAck);
        QCOMPARE(texts(answer), std::vector<std::string>{"10.0.2.15:22 ssh"});
        size_t resets = 0;
        while (const auto question = nextQuestion(0))
            if (question->flags == tcp::kRst)
                ++resets;
        QCOMPARE(resets, size_t{2} * kFlood);
    }

    /// A connection through a forward whose client has one of our ports is none of ours.
    void leavesConnectionsAlone()
    {
        introduce();
        auto answer = ask();
        const auto questions = takeQuestions();
        Question other = questions.at(22);
        other.sequence += 1000;
        reply(other, tcp::kSyn | tcp::kAck);
        const auto reset = nextQuestion(); // libslirp knows no such connection
        QVERIFY(reset.has_value());
        QVERIFY((reset->flags & tcp::kRst) != 0);
        QCOMPARE(reset->sequence, other.sequence + 1);
        for (const auto& question : questions)
            reply(question.second, tcp::kRst | tcp::kAck);
        QCOMPARE(texts(answer), std::vector<std::string>());
    }

    void hearsWhenTheCardStops()
    {
        introduce();
        auto answer = ask();
        takeQuestions();
        m_loop->runAndWait([this] { m_nat->stop(); });
        QVERIFY(!answer.get().has_value());
        QVERIFY(!ask().get().has_value()); // nobody is there to be asked
        m_guest->start({});
        introduce();
        auto last = ask();
        takeQuestions();
        m_guest.reset();
        m_nat.reset(); // who waits is told
        QVERIFY(!last.get().has_value());
    }

    void aCardWithoutRoomGetsThemLater()
    {
        introduce();
        m_guest->card.setFull(true);
        auto answer = ask();
        m_loop->runAndWait([] {});
        m_guest->roomAgain();
        answerAll({22});
        QCOMPARE(texts(answer), std::vector<std::string>{"10.0.2.15:22 ssh"});
    }

    void tooManyWaitersAreRefused()
    {
        introduce();
        std::vector<std::future<PortProbe::Answer>> answers;
        for (int i = 0; i < 100; ++i)
            answers.push_back(ask());
        answerAll({22});
        size_t told = 0;
        for (auto& answer : answers)
            told += answer.get().has_value() ? 1 : 0;
        QVERIFY(told >= 1 && told < answers.size());
    }

private:
    static constexpr uint64_t kPatientNs = uint64_t{3600} * 1'000'000'000; // never, for a test
    static constexpr uint64_t kShortNs = 10'000'000;

    void make(uint64_t tickNs)
    {
        cleanup();
        NatSettings settings;
        settings.probeTickNs = tickNs;
        m_nat = std::move(*Nat::create(*m_loop, settings));
        m_guest = std::make_unique<NetGuest>(*m_loop, *m_nat);
    }

    using Answering = std::future<PortProbe::Answer>;

    /// The NAT hears where the guest is; its answer is taken away.
    void introduce()
    {
        m_guest->send(m_guest->arp(1, nat::kHost));
        QVERIFY(m_guest->card.next());
    }
    Answering ask()
    {
        auto promise = std::make_shared<std::promise<PortProbe::Answer>>();
        m_nat->askPorts([promise](const PortProbe::Answer& answer) { promise->set_value(answer); });
        return promise->get_future();
    }
    static std::vector<std::string> texts(Answering&& answering)
    {
        const PortProbe::Answer answer = answering.get();
        if (!answer)
            return {answer.error().sentence()};
        std::vector<std::string> all;
        for (const ListeningPort& port : *answer)
            all.push_back(port.text());
        return all;
    }
    static std::vector<std::string> texts(Answering& answering)
    {
        return texts(std::move(answering));
    }
    std::optional<Question> nextQuestion(int ms = 10'000)
    {
        while (auto frame = m_guest->next(ms)) {
            const auto packet = parseIp(frame->bytes);
            if (!packet || !tcpHeaderLength(frame->bytes, *packet))
                continue;
            const std::byte* segment = &frame->bytes[packet->transport];
            if (wholeSum(frame->bytes, *packet) != 0xffff)
                return std::nullopt;
            Question question{frame->bytes, *packet};
            question.from = loadBe<uint16_t>(segment);
            question.port = loadBe<uint16_t>(segment + 2);
            question.sequence = loadBe<uint32_t>(segment + 4);
            question.acknowledged = loadBe<uint32_t>(segment + 8);
            question.flags = static_cast<uint8_t>(segment[13]);
            return question;
        }
        return std::nullopt;
    }
    /// One to each port, in any order.
    std::map<uint16_t, Question> takeQuestions()
    {
        std::map<uint16_t, Question> questions;
        while (questions.size() < knownPorts().size()) {
            const auto question = nextQuestion();
            if (!question)
                break;
            questions.insert_or_assign(question->port, *question);
        }
        return questions;
    }
    static Bytes segmentFor(const Question& question, uint8_t flags)
    {
        Bytes segment(kTcpHeader);
        storeBe(segment.data(), question.port);
        storeBe(segment.data() + 2, question.from);
        storeBe<uint32_t>(segment.data() + 4, (flags & tcp::kSyn) != 0 ? 0x5eed : 0);
        storeBe(segment.data() + 8, question.sequence + 1);
        segment[12] = std::byte{kTcpHeader / 4 << 4};
        segment[13] = std::byte{flags};
        return segment;
    }
    void reply(const Question& question, uint8_t flags, bool partial = false)
    {
        const Bytes segment = segmentFor(question, flags);
        Bytes frame = m_guest->ip4(protocol::kTcp, nat::kHost, segment);
        if (!partial) {
            NetGuest::seal(frame, tcp::kChecksumOffset);
            m_guest->send(frame);
            return;
        }
        FrameHeader header;
        header.flags = FrameHeader::kNeedsChecksum;
        header.checksumStart = kEthernetHeader + kIp4Header;
        header.checksumOffset = tcp::kChecksumOffset;
        const auto packet = parseIp(frame);
        storeLe(&frame[packet->transport + tcp::kChecksumOffset],
                foldChecksum(pseudoHeaderSum(frame, *packet, segment.size())));
        m_guest->send(frame, header);
    }
    void answerAll(const std::vector<uint16_t>& listening)
    {
        for (const auto& [port, question] : takeQuestions()) {
            const bool listens = std::count(listening.begin(), listening.end(), port) != 0;
            reply(question, listens ? tcp::kSyn | tcp::kAck : tcp::kRst | tcp::kAck);
        }
    }
    /// What would say that `question`'s port listens, were it right.
    void tellLie(const Question& question, const QString& lie)
    {
        Question asked = question;
        uint8_t flags = tcp::kSyn | tcp::kAck;
        if (lie == "from another port")
            asked.port = 9;
        else if (lie == "to another port")
            ++asked.from;
        else if (lie == "acknowledges too much")
            ++asked.sequence;
        else if (lie == "acknowledges nothing")
            asked.sequence = 0U - 1;
        else if (lie == "SYN alone")
            flags = tcp::kSyn;
        else if (lie == "FIN")
            flags |= tcp::kFin;
        else if (lie == "RST alone")
            flags = tcp::kRst;
        Bytes segment = segmentFor(asked, flags);
        if (lie == "short header")
            segment[12] = std::byte{0x40};
        const uint32_t own = m_guest->ip;
        if (lie == "from another address")
            m_guest->ip = nat::kNetwork + 99;
        Bytes frame =
            m_guest->ip4(lie == "UDP" ? protocol::kUdp : protocol::kTcp, nat::kHost, segment);
        m_guest->ip = own;
        NetGuest::seal(frame, tcp::kChecksumOffset);
        if (lie == "wrong checksum")
            frame[kEthernetHeader + kIp4Header + tcp::kChecksumOffset] ^= std::byte{1};
        if (lie == "wrong IP checksum")
            frame[kEthernetHeader + 10] ^= std::byte{1};
        if (lie == "IP longer than its frame")
            frame.pop_back();
        if (lie == "options")
            addOption(frame);
        m_guest->send(frame);
    }
    static void addOption(Bytes& frame)
    {
        constexpr size_t kOptions = kEthernetHeader + kIp4Header;
        frame.insert(frame.begin() + kOptions, 4, std::byte{1});
        frame[kEthernetHeader] = std::byte{0x46};
        storeBe(&frame[kEthernetHeader + 2], static_cast<uint16_t>(frame.size() - kEthernetHeader));
        sealIp4Header(frame, *parseIp(frame));
        NetGuest::seal(frame, tcp::kChecksumOffset);
    }

    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<Nat> m_nat;
    std::unique_ptr<NetGuest> m_guest;
};

QTEST_GUILESS_MAIN(PortProbeTest)
#include "port_probe_test.moc"
