// SPDX-License-Identifier: GPL-3.0-or-later
// Saved state: round trips, versions, and hostile CBOR. RFC 8949.
#include <QtTest>

#include <random>

#include "vmm/state/state.h"

using namespace vmm;
using namespace vmm::state;

namespace {

enum class Colour : uint8_t { Red, Green };

struct Inner {
    uint16_t small = 0;
    int32_t negative = 0;
    template <class A>
    void visit(A& a)
    {
        a.field("small", small).field("negative", negative);
    }
};

struct Everything {
    static constexpr Tag kTag{"everything", 3, 2};
    uint8_t byte = 0;
    uint64_t big = 0;
    int64_t least = 0;
    bool flag = false;
    Colour colour = Colour::Red;
    std::string text;
    std::array<uint8_t, 4> bytes{};
    std::vector<std::byte> blob;
    std::array<uint32_t, 3> words{};
    std::vector<Inner> inners;
    Inner inner;
    uint32_t late = 0;
    template <class A>
    void visit(A& a)
    {
        a.field("byte", byte).field("big", big).field("least", least).field("flag", flag);
        a.field("colour", colour).field("text", text).field("bytes", bytes).field("blob", blob);
        a.field("words", words).field("inners", inners).field("inner", inner);
        a.since(3, "late", late, uint32_t{77});
    }
};

Everything sample()
{
    Everything value;
    value.byte = 200;
    value.big = ~uint64_t{0};
    value.least = INT64_MIN;
    value.flag = true;
    value.colour = Colour::Green;
    value.text = "snow\xe2\x98\x83";
    value.bytes = {1, 2, 3, 4};
    value.blob = {std::byte{9}, std::byte{8}};
    value.words = {1, 0x10000, 0xffff'ffff};
    value.inners = {{1, -1}, {2, -2}};
    value.inner = {65535, INT32_MIN};
    value.late = 5;
    return value;
}

std::vector<std::byte> bytesOf(std::initializer_list<int> list)
{
    std::vector<std::byte> bytes;
    for (const int value : list)
        bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

/// {"f": {"x": <value>}, "n": "a", "v": 1}
std::vector<std::byte> recordWith(const std::vector<std::byte>& value)
{
    auto bytes = bytesOf({0xa3, 0x61, 'f', 0xa1, 0x61, 'x'});
    bytes.insert(bytes.end(), value.begin(), value.end());
    const auto rest = bytesOf({0x61, 'n', 0x61, 'a', 0x61, 'v', 0x01});
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    return bytes;
}

} // namespace

class StateTest : public QObject {
    Q_OBJECT

private slots:
    void everythingRoundTrips()
    {
        const auto bytes = encode(save(sample()));
        const auto record = *decode(bytes);
        QCOMPARE(record.version, 3U);
        const auto value = *load<Everything>(record);
        QVERIFY(encode(save(value)) == bytes);
        QVERIFY(value.least == INT64_MIN && value.text == sample().text && value.late == 5);
        QVERIFY(value.inners.size() == 2 && value.inners[1].negative == -2);
    }

    void versions()
    {
        Record record = save(sample());
        record.version = 2;
        record.fields.erase("late");
        QCOMPARE(load<Everything>(record)->late, 77U);
        record.version = 1;
        QVERIFY(load<Everything>(record).error().code() == ErrorCode::Unsupported);
        record.version = 4;
        QVERIFY(load<Everything>(record).error().code() == ErrorCode::Unsupported);
        record.name = "else";
        QVERIFY(load<Everything>(record).error().code() == ErrorCode::Invalid);
    }

    void valuesMustFit()
    {
        const auto refuses = [](const char* field, Value value) {
            Record record = save(sample());
            record.fields.insert_or_assign(field, std::move(value));
            return !load<Everything>(record).has_value();
        };
        const auto number = [](uint64_t n) { return Value(Value::Variant(n)); };
        const auto negative = [](int64_t n) { return Value(Value::Variant(n)); };
        QVERIFY(refuses("byte", number(256)));
        QVERIFY(refuses("byte", negative(-1)));
        QVERIFY(refuses("flag", number(2)));
        QVERIFY(refuses("least", number(~uint64_t{0})));
        QVERIFY(refuses("text", number(1)));
        QVERIFY(refuses("bytes", Value(Value::Variant(Value::Bytes(5)))));
        QVERIFY(refuses("bytes", Value(Value::Variant(Value::List(4)))));
        QVERIFY(refuses("words", Value(Value::Variant(Value::List(2)))));
        QVERIFY(refuses("inner", number(1)));
        QVERIFY(refuses("inner", Value(Value::Variant(std::make_shared<Fields>()))));
        QVERIFY(refuses("inners", Value(Value::Variant(Value::List(1)))));
        QVERIFY(!refuses("big", number(0)));
    }

    void truncationsFail()
    {
        const auto bytes = encode(save(sample()));
        for (size_t size = 0; size < bytes.size(); ++size)
            QVERIFY(!decode(std::span(bytes).first(size)).has_value());
        auto longer = bytes;
        longer.push_back(std::byte{0});
        QVERIFY(!decode(longer).has_value());
    }

    /// Nesting deeper than the cap fails and does not use up the stack.
    void depthBomb()
    {
        for (const int lead : {0x81, 0xa1}) {
            std::vector<std::byte> bomb;
            for (int i = 0; i < 1'000'000; ++i) {
                bomb.push_back(static_cast<std::byte>(lead));
                if (lead == 0xa1) {
                    bomb.push_back(std::byte{0x61});
                    bomb.push_back(std::byte{'x'});
                }
            }
            bomb.push_back(std::byte{0});
            QVERIFY(!decode(bomb).has_value());
            QVERIFY(!decode(recordWith(bomb)).has_value());
        }
        QVERIFY(decode(recordWith(bytesOf({0x81, 0x81, 0x81, 0x00}))).has_value());
    }

    /// Length fields that claim far more than there is allocate nothing.
    void sizeBombs()
    {
        for (const int major : {0x40, 0x60, 0x80, 0xa0}) {
            auto bomb = bytesOf({major | 27, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
            QVERIFY(!decode(recordWith(bomb)).has_value());
            QVERIFY(!decode(bomb).has_value());
            bomb = bytesOf({major | 27, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
            QVERIFY(!decode(recordWith(bomb)).has_value());
        }
    }

    void tooManyValues()
    {
        constexpr uint32_t kCount = 4'000'100; // just above the cap
        auto bomb =
            bytesOf({0x9a, kCount >> 24, kCount >> 16 & 0xff, kCount >> 8 & 0xff, kCount & 0xff});
        bomb.resize(bomb.size() + kCount);
        QVERIFY(!decode(recordWith(bomb)).has_value());
    }

    void oddFormsFail()
    {
        for (const auto& value : {
                 bytesOf({0x1c}),             // reserved length form
                 bytesOf({0x9f, 0x00, 0xff}), // indefinite length
                 bytesOf({0xf6}),             // null
                 bytesOf({0xfb, 0, 0, 0, 0, 0, 0, 0, 0}), bytesOf({0xc0, 0x00}), // tag
                 bytesOf({0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0}),                     // below INT64_MIN
                 bytesOf({0xa1, 0x00, 0x00}),                                    // key not text
                 bytesOf({0xa2, 0x61, 'k', 0x00, 0x61, 'k', 0x01}),              // twice
             })
            QVERIFY(!decode(recordWith(value)).has_value());
        QVERIFY(decode(recordWith(bytesOf({0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})))
                    .has_value());
        QVERIFY(!decode(bytesOf({0xa0})).has_value());
        QVERIFY(!decode({}).has_value());
    }

    void randomDamageIsSurvived()
    {
        const auto bytes = encode(save(sample()));
        std::mt19937 random(11);
        for (int round = 0; round < 5000; ++round) {
            auto damaged = bytes;
            for (unsigned i = 0; i <= random() % 4; ++i)
                damaged[random() % damaged.size()] = static_cast<std::byte>(random());
            damaged.resize(random() % 8 == 0 ? random() % damaged.size() : damaged.size());
            if (const auto record = decode(damaged))
                static_cast<void>(load<Everything>(*record).has_value());
        }
    }
};

QTEST_GUILESS_MAIN(StateTest)
#include "state_test.moc"
