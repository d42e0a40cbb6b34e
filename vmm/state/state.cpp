// SPDX-License-Identifier: GPL-3.0-or-later
// The CBOR here is our own because it must be bounded: depth, item counts and total size are capped
// while reading, and nothing is allocated on the word of a length field. RFC 8949.
#include "vmm/state/state.h"

#include <fmt/core.h>

#include "vmm/base/bits.h"

namespace vmm::state {

namespace {

enum Major : unsigned { kUnsigned = 0, kNegative = 1, kBytes = 2, kText = 3, kArray = 4, kMap = 5 };
constexpr int kMaxDepth = 8;
constexpr uint64_t kMaxNodes = 4'000'000; // values in one record
constexpr size_t kMaxRecord = size_t{256} << 20;

class Encoder {
public:
    void head(Major major, uint64_t value)
    {
        const auto lead = static_cast<unsigned>(major) << 5;
        if (value < 24) {
            put(lead | static_cast<unsigned>(value));
        } else if (value <= 0xff) {
            put(lead | 24);
            tail<uint8_t>(value);
        } else if (value <= 0xffff) {
            put(lead | 25);
            tail<uint16_t>(value);
        } else if (value <= 0xffffffff) {
            put(lead | 26);
            tail<uint32_t>(value);
        } else {
            put(lead | 27);
            tail<uint64_t>(value);
        }
    }
    void text(std::string_view value)
    {
        head(kText, value.size());
        append(std::as_bytes(std::span(value)));
    }
    void fields(const Fields& fields)
    {
        head(kMap, fields.size());
        for (const auto& [name, value] : fields) {
            text(name);
            this->value(value);
        }
    }
    void value(const Value& value)
    {
        std::visit([this](const auto& item) { put(item); }, value.get());
    }
    std::vector<std::byte> take() { return std::move(m_out); }

private:
    void put(unsigned byte) { m_out.push_back(static_cast<std::byte>(byte)); }
    void put(uint64_t value) { head(kUnsigned, value); }
    void put(int64_t value)
    {
        if (value >= 0)
            head(kUnsigned, static_cast<uint64_t>(value));
        else
            head(kNegative, ~static_cast<uint64_t>(value));
    }
    void put(const Value::Bytes& bytes)
    {
        head(kBytes, bytes.size());
        append(bytes);
    }
    void put(const std::string& value) { text(value); }
    void put(const Value::List& list)
    {
        head(kArray, list.size());
        for (const Value& item : list)
            value(item);
    }
    void put(const std::shared_ptr<Fields>& nested) { fields(*nested); }
    template <class T>
    void tail(uint64_t value)
    {
        std::byte bytes[sizeof(T)];
        storeBe(bytes, static_cast<T>(value));
        append(bytes);
    }
    void append(std::span<const std::byte> bytes)
    {
        m_out.insert(m_out.end(), bytes.begin(), bytes.end());
    }

    std::vector<std::byte> m_out;
};

class Decoder {
public:
    explicit Decoder(std::span<const std::byte> in) : m_in(in) {}
    bool atEnd() const { return m_in.empty(); }

    Result<Fields> fields(int depth)
    {
        const Head head = TRY(readHead());
        if (head.major != kMap)
            return bad("a map is missing");
        return fieldsBody(head.value, depth);
    }

private:
    struct Head {
        unsigned major;
        uint64_t value;
    };
    static Error bad(std::string_view what)
    {
        return {ErrorCode::Invalid, fmt::format("saved state is damaged: {}", what)};
    }

    Result<Head> readHead()
    {
        if (m_in.empty())
            return bad("it ends too early");
        const auto lead = static_cast<unsigned>(m_in[0]);
        const unsigned info = lead & 31;
        m_in = m_in.subspan(1);
        if (info < 24)
            return Head{lead >> 5, info};
        if (info > 27)
            return bad("unknown length form");
        const size_t width = size_t{1} << (info - 24);
        if (m_in.size() < width)
            return bad("it ends too early");
        uint64_t value = 0;
        for (size_t i = 0; i < width; ++i)
            value = value << 8 | static_cast<uint64_t>(m_in[i]);
        m_in = m_in.subspan(width);
        return Head{lead >> 5, value};
    }

    Result<std::span<const std::byte>> readBytes(uint64_t size)
    {
        if (size > m_in.size())
            return bad("it ends too early");
        const auto bytes = m_in.first(size);
        m_in = m_in.subspan(size);
        return bytes;
    }

    Result<Fields> fieldsBody(uint64_t count, int depth)
    {
        Fields fields;
        for (uint64_t i = 0; i < count; ++i) {
            const Head head = TRY(readHead());
            if (head.major != kText)
                return bad("a field has no name");
            std::string name = text(TRY(readBytes(head.value)));
            Value value = TRY(readValue(depth + 1));
            if (!fields.emplace(std::move(name), std::move(value)).second)
                return bad("a field occurs twice");
        }
        return fields;
    }

    static std::string text(std::span<const std::byte> bytes)
    {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }

    Result<Value> readValue(int depth)
    {
        if (depth > kMaxDepth || ++m_nodes > kMaxNodes)
            return bad("it is nested too deeply or has too many values");
        const Head head = TRY(readHead());
        switch (head.major) {
        case kUnsigned:
            return Value(Value::Variant(head.value));
        case kNegative:
            if (head.value > INT64_MAX)
                return bad("a number is out of range");
            return Value(Value::Variant(static_cast<int64_t>(~head.value)));
        case kBytes: {
            const auto bytes = TRY(readBytes(head.value));
            return Value(Value::Variant(Value::Bytes(bytes.begin(), bytes.end())));
        }
        case kText:
            return Value(Value::Variant(text(TRY(readBytes(head.value)))));
        case kArray: {
            Value::List list; // grows with what is really there, not with what the head claims
            for (uint64_t i = 0; i < head.value; ++i)
                list.push_back(TRY(readValue(depth + 1)));
            return Value(Value::Variant(std::move(list)));
        }
        case kMap:
            return Value(
                Value::Variant(std::make_shared<Fields>(TRY(fieldsBody(head.value, depth)))));
        default:
            return bad("unknown kind of value");
        }
    }

    std::span<const std::byte> m_in;
    uint64_t m_nodes = 0;
};

} // namespace

std::vector<std::byte> encode(const Record& record)
{
    Encoder encoder;
    encoder.head(kMap, 3);
    encoder.text("f");
    encoder.fields(record.fields);
    encoder.text("n");
    encoder.text(record.name);
    encoder.text("v");
    encoder.head(kUnsigned, record.version);
    return encoder.take();
}

Result<Record> decode(std::span<const std::byte> bytes)
{
    if (bytes.size() > kMaxRecord)
        return Error(ErrorCode::Invalid, "saved state is damaged: it is too large");
    Decoder decoder(bytes);
    const Fields top = TRY(decoder.fields(0));
    if (!decoder.atEnd())
        return Error(ErrorCode::Invalid, "saved state is damaged: there is more than one record");
    Record record;
    Reader reader(top, 1);
    reader.field("n", record.name).field("v", record.version);
    TRY(reader.finish());
    const auto it = top.find("f");
    const auto* fields =
        it == top.end() ? nullptr : std::get_if<std::shared_ptr<Fields>>(&it->second.get());
    if (fields == nullptr)
        return Error(ErrorCode::Invalid, "saved state is damaged: a record has no fields");
    record.fields = **fields;
    return record;
}

void Reader::fail(std::string_view name, std::string_view what)
{
    if (m_error.empty())
        m_error = fmt::format("field {} {}", name, what);
}

Result<void> Reader::finish() const
{
    if (!m_error.empty())
        return Error(ErrorCode::Invalid, m_error);
    return {};
}

Result<void> checkTag(const Tag& tag, const Record& record)
{
    if (record.name != tag.name)
        return Error(ErrorCode::Invalid,
                     fmt::format("saved state of {} where {} belongs", record.name, tag.name));
    if (record.version < tag.oldest || record.version > tag.version)
        return Error(ErrorCode::Unsupported,
                     fmt::format("saved state of {} has version {}; this Vitrine reads {} to {}",
                                 tag.name, record.version, tag.oldest, tag.version));
    return {};
}

} // namespace vmm::state
