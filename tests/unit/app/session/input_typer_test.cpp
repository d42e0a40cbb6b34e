// SPDX-License-Identifier: GPL-3.0-or-later
// Order, pace, cancelling and bounds of typed input.
#include <atomic>
#include <optional>

#include <QTest>

#include "app/session/input_typer.h"
#include "tests/support/fake_machine.h"

using namespace app::session;
using namespace std::chrono_literals;
using vmm::input::KeyEvent;

namespace {

/// What became of a request; readable from another thread.
struct Outcome {
    InputTyper::Completion completion()
    {
        return [this](const vmm::Result<void>& result) {
            good = result.has_value();
            ++calls;
        };
    }
    std::atomic<bool> good{false};
    std::atomic<int> calls{0};
};

} // namespace

class InputTyperTest : public QObject {
    Q_OBJECT

private slots:
    void jobsComeInOrder()
    {
        tests::FakeInput input;
        Outcome first;
        Outcome second;
        InputTyper typer(input, input, 1ms);
        typer.send({KeyEvent{30, true}, KeyEvent{30, false}}, first.completion());
        typer.send({MoveEvent{1, 2}, ButtonEvent{}}, second.completion());
        QTRY_COMPARE(second.calls.load(), 1);
        QVERIFY(first.good && second.good);
        QCOMPARE(input.events(),
                 (std::vector<std::string>{"down 30", "up 30", "move 1 2", "button 0 up"}));
    }
    void eventsKeepTheirPace()
    {
        tests::FakeInput input;
        Outcome outcome;
        InputTyper typer(input, input, 5ms);
        const auto start = std::chrono::steady_clock::now();
        typer.send(std::vector<TypedEvent>(6, MoveEvent{1, 1}), outcome.completion());
        QTRY_COMPARE(outcome.calls.load(), 1);
        QVERIFY(std::chrono::steady_clock::now() - start >= 30ms);
    }
    void anEmptyJobIsDone()
    {
        tests::FakeInput input;
        Outcome outcome;
        InputTyper typer(input, input, 1ms);
        typer.send({}, outcome.completion());
        QTRY_VERIFY(outcome.good.load());
    }
    void cancellingLetsGoOfWhatIsHeld()
    {
        tests::FakeInput input;
        Outcome first;
        Outcome second;
        Outcome third;
        InputTyper typer(input, input, 5ms);
        std::vector<TypedEvent> slow(1000, MoveEvent{1, 1});
        slow.insert(slow.begin(), KeyEvent{29, true});
        typer.send(slow, first.completion());
        typer.send({KeyEvent{30, true}}, second.completion());
        QTRY_VERIFY(!input.events().empty());
        typer.cancel();
        typer.send({KeyEvent{31, false}}, third.completion());
        QTRY_COMPARE(third.calls.load(), 1);
        QVERIFY(!first.good && !second.good && third.good);
        const auto events = input.events();
        QCOMPARE(events.back(), std::string("up 31"));
        QCOMPARE(events[events.size() - 2], std::string("up 29"));
        QCOMPARE(std::count(events.begin(), events.end(), "down 30"), 0);
    }
    void destructionAnswersEverybody()
    {
        tests::FakeInput input;
        Outcome outcome;
        {
            InputTyper typer(input, input, 1h);
            for (int i = 0; i < 3; ++i)
                typer.send({KeyEvent{30, true}}, outcome.completion());
        }
        QCOMPARE(outcome.calls.load(), 3);
        QVERIFY(!outcome.good);
    }
    void tooMuchIsRefused()
    {
        tests::FakeInput input;
        Outcome outcome;
        InputTyper typer(input, input, 1h);
        Outcome kept;
        typer.send(std::vector<TypedEvent>(InputTyper::kMaxQueued, MoveEvent{}), kept.completion());
        typer.send({MoveEvent{}}, outcome.completion());
        QCOMPARE(outcome.calls.load(), 1);
        QVERIFY(!outcome.good);
        typer.cancel();
        QTRY_COMPARE(kept.calls.load(), 1);
    }
};

QTEST_GUILESS_MAIN(InputTyperTest)
#include "input_typer_test.moc"
