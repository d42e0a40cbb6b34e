// SPDX-License-Identifier: GPL-3.0-or-later
// Errors are values: Error, Result<T> and TRY. The only file that knows which `expected` we use.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tl/expected.hpp>

namespace vmm {

/// What kind of trouble an Error is; the caller may branch on it, people read the sentence.
enum class ErrorCode {
    Invalid,     ///< input that cannot be accepted (image, state file, argument)
    NotFound,    ///< the named thing does not exist
    Permission,  ///< the host refused access
    Unsupported, ///< the host or this build cannot do it
    Exhausted,   ///< no memory, space or slot left
    Busy,        ///< somebody else holds it
    Io,          ///< the host's input/output failed
    OutOfBounds, ///< a guest address or offset outside its range
    Cancelled,   ///< given up on request
};

/// One human sentence, without a final period, and what a program needs to decide. Cheap to move.
class Error {
public:
    /// `sentence` names the file or device and the reason: "disk.raw: not readable: Permission
    /// denied".
    Error(ErrorCode code, std::string sentence) : m_code(code), m_sentence(std::move(sentence)) {}

    /// "what: strerror(number)" with the code that fits the errno value `number`.
    static Error fromErrno(std::string_view what, int number);

    ErrorCode code() const { return m_code; }
    const std::string& sentence() const { return m_sentence; }

    /// Puts "context: " in front of the sentence and returns the error, for each layer to add its
    /// part.
    Error within(std::string_view context) &&;

private:
    ErrorCode m_code;
    std::string m_sentence;
};

/// A T or an Error. `[[nodiscard]]`; `return {};` is success for Result<void>.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
public:
    using Base = tl::expected<T, Error>;
    using Base::Base;
    Result(Base&& other) : Base(std::move(other)) {}
    Result(const Error& error) : Base(tl::unexpect, error) {}
    Result(Error&& error) : Base(tl::unexpect, std::move(error)) {}
};

namespace detail {
/// The value of a Result that has one; part of TRY.
template <class T>
T takeValue(Result<T>&& result)
{
    if constexpr (!std::is_void_v<T>)
        return *std::move(result);
}
} // namespace detail

} // namespace vmm

#define VITRINE_TRY_JOIN(a, b) a##b
#define VITRINE_TRY_AS(expression, name)                                                           \
    (__extension__({                                                                               \
        auto name = (expression);                                                                  \
        if (!name)                                                                                 \
            return std::move(name).error();                                                        \
        ::vmm::detail::takeValue(std::move(name));                                                 \
    }))
#define VITRINE_TRY_COUNTED(expression, count)                                                     \
    VITRINE_TRY_AS(expression, VITRINE_TRY_JOIN(tryResult, count))

/// Evaluates to the value of `expression`, or returns its Error from the enclosing function. May be
/// nested: each use names its temporary by a count of its own.
#define TRY(expression) VITRINE_TRY_COUNTED(expression, __COUNTER__)
