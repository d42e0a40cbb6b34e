// SPDX-License-Identifier: GPL-3.0-or-later
// Result, Error and TRY.
#include <QtTest>

#include <cerrno>
#include <memory>

#include "vmm/base/result.h"

using namespace vmm;

namespace {

Result<int> half(int value)
{
    if (value % 2 != 0)
        return Error(ErrorCode::Invalid, "odd");
    return value / 2;
}

Result<std::unique_ptr<int>> quarter(int value)
{
    const int once = TRY(half(value));
    return std::make_unique<int>(TRY(half(once)));
}

Result<void> mustBeEven(int value)
{
    TRY(half(value));
    return {};
}

} // namespace

class ResultTest : public QObject {
    Q_OBJECT

private slots:
    void valuesAndErrorsPass()
    {
        QCOMPARE(*half(4), 2);
        QCOMPARE(**quarter(8), 2);
        QCOMPARE(QString::fromStdString(quarter(6).error().sentence()), QString("odd"));
        QVERIFY(mustBeEven(2).has_value());
        QVERIFY(mustBeEven(3).error().code() == ErrorCode::Invalid);
    }

    void tryMovesMoveOnlyValues()
    {
        const auto twice = [](int value) -> Result<std::unique_ptr<int>> {
            std::unique_ptr<int> inner = TRY(quarter(value));
            *inner *= 2;
            return inner;
        };
        QCOMPARE(**twice(8), 4);
    }

    void errorsCarryContext()
    {
        const Error error = Error::fromErrno("disk.raw", ENOENT).within("drive 0");
        QVERIFY(error.code() == ErrorCode::NotFound);
        QCOMPARE(QString::fromStdString(error.sentence()),
                 QString("drive 0: disk.raw: No such file or directory"));
        QVERIFY(Error::fromErrno("x", EACCES).code() == ErrorCode::Permission);
        QVERIFY(Error::fromErrno("x", ENOMEM).code() == ErrorCode::Exhausted);
        QVERIFY(Error::fromErrno("x", 12345).code() == ErrorCode::Io);
    }
};

QTEST_GUILESS_MAIN(ResultTest)
#include "result_test.moc"
