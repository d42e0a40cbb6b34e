// SPDX-License-Identifier: GPL-3.0-or-later
// State is data with a version: records of named fields, and the visitors that fill and read them.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "vmm/base/result.h"

namespace vmm::state {

/// Name, written version and oldest version this build still reads, of one kind of state struct.
struct Tag {
    std::string_view name;
    uint32_t version = 1;
    uint32_t oldest = 1;
};

class Value;
/// Field name to value. Sorted, so equal states encode to equal bytes.
using Fields = std::map<std::string, Value, std::less<>>;

/// A saved value: number, bytes, text, list or nested fields.
class Value {
public:
    using Bytes = std::vector<std::byte>;
    using List = std::vector<Value>;
    using Variant =
        std::variant<uint64_t, int64_t, Bytes, std::string, List, std::shared_ptr<Fields>>;

    Value() : m_value(uint64_t{0}) {}
    explicit Value(Variant value) : m_value(std::move(value)) {}
    const Variant& get() const { return m_value; }

private:
    Variant m_value; // a nested Fields is shared only between copies of one Value and never changed
                     // after
};

/// One saved struct: its tag's name, the version it was written with, and its fields.
struct Record {
    std::string name;
    uint32_t version = 0;
    Fields fields;
};

/// CBOR (RFC 8949) map {"n": name, "v": version, "f": {...}}, definite lengths only, deterministic.
std::vector<std::byte> encode(const Record& record);
/// The reverse; hostile input gives an Error: depth, sizes and totals are capped.
Result<Record> decode(std::span<const std::byte> bytes);

template <class S>
concept StateStruct = requires
{
    S::kTag;
};

/// Visitor that saves: state.visit(writer) calls field() for each member.
class Writer {
public:
    template <class T>
    Writer& field(std::string_view name, const T& value)
    {
        m_fields.insert_or_assign(std::string(name), toValue(value));
        return *this;
    }
    template <class T>
    Writer& since(uint32_t, std::string_view name, const T& value, const T&)
    {
        return field(name, value);
    }
    Fields take() { return std::move(m_fields); }

private:
    template <class T>
    static Value toValue(const T& value)
    {
        if constexpr (std::is_enum_v<T>)
            return toValue(static_cast<std::underlying_type_t<T>>(value));
        else if constexpr (std::same_as<T, std::string>)
            return Value(Value::Variant(value));
        else if constexpr (std::same_as<T, bool> || std::unsigned_integral<T>)
            return Value(Value::Variant(static_cast<uint64_t>(value)));
        else if constexpr (std::signed_integral<T>)
            return Value(Value::Variant(static_cast<int64_t>(value)));
        else if constexpr (requires {
                               value.size();
                               value.data();
                           })
            return listValue(value);
        else
            return nestedValue(value);
    }
    template <class C>
    static Value listValue(const C& container)
    {
        using T = typename C::value_type;
        if constexpr (sizeof(T) == 1 && std::is_trivially_copyable_v<T>) {
            const auto bytes = std::as_bytes(std::span(container));
            return Value(Value::Variant(Value::Bytes(bytes.begin(), bytes.end())));
        } else {
            Value::List list;
            list.reserve(container.size());
            for (const T& item : container)
                list.push_back(toValue(item));
            return Value(Value::Variant(std::move(list)));
        }
    }
    template <class S>
    static Value nestedValue(const S& nested)
    {
        Writer writer;
        const_cast<S&>(nested).visit(writer); // visit() is one function for reading and writing
        return Value(Value::Variant(std::make_shared<Fields>(writer.take())));
    }

    Fields m_fields;
};

/// Visitor that loads; remembers the first thing that does not fit. Never trusts a value: numbers
/// must fit their type, arrays have their length, vectors at most kMaxItems. Ranges are the
/// device's to check.
class Reader {
public:
    static constexpr size_t kMaxItems = size_t{64} << 20;

    Reader(const Fields& fields, uint32_t version) : m_fields(fields), m_version(version) {}

    template <class T>
    Reader& field(std::string_view name, T& value)
    {
        const auto it = m_fields.find(name);
        if (it == m_fields.end())
            fail(name, "is missing");
        else
            fromValue(name, it->second, value);
        return *this;
    }
    /// A field that exists since `version`; older records get `otherwise`.
    template <class T>
    Reader& since(uint32_t version, std::string_view name, T& value, const T& otherwise)
    {
        if (m_version >= version)
            return field(name, value);
        value = otherwise;
        return *this;
    }
    Result<void> finish() const;

private:
    void fail(std::string_view name, std::string_view what);

    template <class T>
    void fromValue(std::string_view name, const Value& from, T& to)
    {
        if constexpr (std::is_enum_v<T>) {
            std::underlying_type_t<T> number{};
            fromValue(name, from, number);
            to = static_cast<T>(number);
        } else if constexpr (std::same_as<T, std::string>) {
            if (const auto* text = std::get_if<std::string>(&from.get()))
                to = *text;
            else
                fail(name, "is not text");
        } else if constexpr (std::integral<T>) {
            readNumber(name, from, to);
        } else if constexpr (requires {
                                 to.size();
                                 to.data();
                             }) {
            readList(name, from, to);
        } else {
            const auto* nested = std::get_if<std::shared_ptr<Fields>>(&from.get());
            if (nested == nullptr)
                return fail(name, "is not a map");
            Reader reader(**nested, m_version);
            to.visit(reader);
            if (const auto result = reader.finish(); !result)
                fail(name, result.error().sentence());
        }
    }
    template <std::integral T>
    void readNumber(std::string_view name, const Value& from, T& to)
    {
        if (const auto* number = std::get_if<uint64_t>(&from.get())) {
            to = static_cast<T>(*number);
            if (static_cast<uint64_t>(to) != *number || to < T{})
                fail(name, "is out of range");
        } else if (const auto* negative = std::get_if<int64_t>(&from.get())) {
            to = static_cast<T>(*negative);
            if (static_cast<int64_t>(to) != *negative || (to < T{}) != (*negative < 0))
                fail(name, "is out of range");
        } else {
            fail(name, "is not a number");
        }
    }
    template <class C>
    void readList(std::string_view name, const Value& from, C& to)
    {
        using T = typename C::value_type;
        if constexpr (sizeof(T) == 1 && std::is_trivially_copyable_v<T>) {
            const auto* bytes = std::get_if<Value::Bytes>(&from.get());
            if (bytes == nullptr || !fitSize(to, bytes->size()))
                return fail(name, "has the wrong type or length");
            for (size_t i = 0; i < bytes->size(); ++i)
                to[i] = static_cast<T>((*bytes)[i]);
        } else {
            const auto* list = std::get_if<Value::List>(&from.get());
            if (list == nullptr || !fitSize(to, list->size()))
                return fail(name, "has the wrong type or length");
            for (size_t i = 0; i < list->size(); ++i)
                fromValue(name, (*list)[i], to[i]);
        }
    }
    template <class C>
    static bool fitSize(C& container, size_t size)
    {
        if constexpr (requires { container.resize(size); }) {
            if (size > kMaxItems)
                return false;
            container.resize(size);
            return true;
        } else {
            return container.size() == size;
        }
    }

    const Fields& m_fields;
    uint32_t m_version;
    std::string m_error;
};

/// A struct with `static constexpr Tag kTag` and `template <class A> void visit(A&)` as a record,
/// and back.
template <StateStruct S>
Record save(const S& value)
{
    Writer writer;
    const_cast<S&>(value).visit(writer); // one visit() for both directions; the writer only reads
    return Record{std::string(S::kTag.name), S::kTag.version, writer.take()};
}

/// Checks that `record` has this kind of state in a version this build reads; part of load().
Result<void> checkTag(const Tag& tag, const Record& record);

/// The struct saved in `record`; an Error names the record and the field that does not fit.
template <StateStruct S>
Result<S> load(const Record& record)
{
    TRY(checkTag(S::kTag, record));
    S value{};
    Reader reader(record.fields, record.version);
    value.visit(reader);
    if (auto result = reader.finish(); !result)
        return std::move(result).error().within(record.name);
    return value;
}

/// Something whose state is saved with the machine. saveState/loadState are called while all vCPUs
/// and workers are paused, on one thread. A failed load leaves a participant that may be reset or
/// destroyed.
class Participant {
public:
    virtual ~Participant() = default;
    /// Unique in the machine: "rtc", "ahci", "cpu3".
    virtual std::string stateName() const = 0;
    virtual Record saveState() const = 0;
    virtual Result<void> loadState(const Record& record) = 0;
};

/// Makes a Participant of a device with `S save() const` and `Result<void> load(const S&)`:
/// class Rtc : public state::Stateful<Rtc, RtcState>.
template <class Device, class S>
class Stateful : public Participant {
public:
    std::string stateName() const override { return std::string(S::kTag.name); }
    Record saveState() const override
    {
        return state::save(static_cast<const Device*>(this)->save());
    }
    Result<void> loadState(const Record& record) override
    {
        const S value = TRY(state::load<S>(record));
        return static_cast<Device*>(this)->load(value);
    }
};

} // namespace vmm::state
