// SPDX-License-Identifier: GPL-2.0-only
// Which interrupts of a backend are spurious: Linux delays an event channel that has many of those.
#include "stream_failure_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

TEST_F(StreamFailureTest, InterruptWithoutAnEventIsSpurious)
{
    auto file = running();
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(channel(true).last_result, KSHIM_EVENT_HANDLED);
    stream().interrupt_events();
    EXPECT_EQ(channel(true).last_result, KSHIM_EVENT_SPURIOUS);
}

// A timer of the backend goes on while the stream is paused: what comes then is not to delay what
// follows.
TEST_F(StreamFailureTest, BackendThatReportsWhileThePositionStands)
{
    auto file = running();
    stream().report_position(256 * frame_bytes);
    ASSERT_EQ(file->pause(true), 0);
    for (int i = 0; i < 400; i++) {
        stream().report_position(256 * frame_bytes);
        kernel.timeline.pass(5ms);
    }
    EXPECT_EQ(channel(true).spurious_interrupts, 0u);
    ASSERT_EQ(file->pause(false), 0);
    stream().report_position(512 * frame_bytes);
    EXPECT_EQ(channel(true).last_result, KSHIM_EVENT_HANDLED);
    EXPECT_EQ(file->substream().periods_elapsed, 2u);
}

// Its timer may run from OPEN on, while the application takes its time.
TEST_F(StreamFailureTest, BackendThatReportsBeforeItIsStarted)
{
    auto file = prepared();
    for (int i = 0; i < 400; i++) {
        stream().report_position(0);
        kernel.timeline.pass(5ms);
    }
    EXPECT_EQ(channel(true).spurious_interrupts, 0u);
    EXPECT_EQ(file->state(), PcmState::Prepared);
}

TEST_F(StreamFailureTest, ReportOfAStreamThatIsClosedIsSpurious)
{
    stream().report_position(0);
    EXPECT_EQ(channel(true).last_result, KSHIM_EVENT_SPURIOUS);
}

TEST_F(StreamFailureTest, EventsWithoutNewsAreThrottled)
{
    auto file = running();
    for (int i = 0; i < 1000; i++)
        stream().report_position(256 * frame_bytes - (i % 2));
    EXPECT_LT(channel(true).interrupts, 300u);
    EXPECT_GT(channel(true).spurious_interrupts, 0u);
}

// A backend may report a thousand times a second where a period is as short as 10 ms.
TEST_F(StreamFailureTest, PositionsEachMillisecondAreWelcomeInShortPeriods)
{
    auto file = prepared({ format_s16_le, 48000, 2, 480, 1920 });
    EXPECT_EQ(file->write(make_audio(1920 * frame_bytes)), 1920);
    for (uint64_t millisecond = 1; millisecond <= 1000; millisecond++) {
        stream().report_position(millisecond * 48 * frame_bytes);
        kernel.timeline.pass(1ms);
        file->write(make_audio(48 * frame_bytes));
    }
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(channel(true).spurious_interrupts, 0u);
}

// Where a period is long they interrupt less often. Applications see each of them nevertheless, and
// the end of the period in time.
TEST_F(StreamFailureTest, PositionsEachMillisecondOfALongPeriodAreSeen)
{
    auto file = prepared({ format_s16_le, 48000, 2, 8192, 16384 });
    EXPECT_EQ(file->write(make_audio(16384 * frame_bytes)), 16384);
    for (uint64_t millisecond = 1; millisecond <= 170; millisecond++) {
        stream().report_position(millisecond * 48 * frame_bytes);
        ASSERT_EQ(file->hwsync(), 0);
        ASSERT_EQ(file->runtime().hw_ptr, millisecond * 48);
        kernel.timeline.pass(1ms);
    }
    EXPECT_LT(channel(true).interrupts, 160u);
    EXPECT_EQ(file->substream().periods_elapsed, 0u);
    stream().report_position(8192 * frame_bytes);
    kernel.timeline.pass(12ms);
    EXPECT_EQ(file->substream().periods_elapsed, 1u);
}

TEST_F(StreamFailureTest, EventForEachFrameIsThrottled)
{
    auto file = prepared({ format_s16_le, 48000, 2, 8192, 16384 });
    EXPECT_EQ(file->write(make_audio(16384 * frame_bytes)), 16384);
    for (uint64_t frame = 1; frame < 8192; frame++) {
        stream().report_position(frame * frame_bytes);
        kernel.timeline.pass(20833ns);
    }
    EXPECT_GT(channel(true).spurious_interrupts, 0u);
    EXPECT_LT(channel(true).interrupts, 160u);
}

// With no limit of news, but with interrupts for nothing.
TEST_F(StreamFailureTest, StormForNothingGetsThroughAHundredTimesASecond)
{
    auto file = running();
    for (int i = 0; i < 10000; i++) {
        stream().interrupt_events();
        stream().interrupt_requests();
        kernel.timeline.pass(100us);
    }
    EXPECT_LT(channel(true).spurious_interrupts, 110u);
    EXPECT_LT(channel(false).spurious_interrupts, 110u);
}

// Both event channels interrupt at once, and the first handler may do the work of the second: the
// second must not call itself spurious, for which Linux delays a channel by up to a second.
TEST_F(StreamFailureTest, InterruptWhoseWorkIsDoneIsNotSpurious)
{
    auto file = running();
    stream().withheld = { Operation::Write };
    file->is_nonblocking = true;
    uint64_t played = 0;
    for (int period = 1; period <= 40; period++) {
        while (file->avail() >= 32)
            ASSERT_EQ(file->write(make_audio(32 * frame_bytes)), 32);
        played += 256;
        file->substream().with_lock([&] {
            stream().answer_next();
            stream().report_position(played * frame_bytes);
        });
        kernel.timeline.pass(5333us);
        ASSERT_EQ(file->state(), PcmState::Running) << "period " << period;
    }
    EXPECT_EQ(channel(false).spurious_interrupts, 0u);
    EXPECT_EQ(channel(true).spurious_interrupts, 0u);
    // A backend that answers at once again is heard in time.
    stream().withheld.clear();
    stream().answer_all();
    const auto periods = file->substream().periods_elapsed;
    for (int i = 0; i < 4 && file->state() == PcmState::Running; i++) {
        played += 256;
        stream().report_position(played * frame_bytes);
        kernel.timeline.pass(5333us);
        file->write(make_audio(256 * frame_bytes));
    }
    EXPECT_GE(file->substream().periods_elapsed, periods + 4);
}

class TirelessBackendTest : public StreamFailureTest {
  protected:
    void SetUp() override
    {
        configure({ { "0/0/type", "c" } });
        connect();
    }
};

// A thread in real time that reads as fast as a backend records has to sleep now and then, or the
// kernel kills it after 200 ms.
TEST_F(TirelessBackendTest, LetsAReaderSleep)
{
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->sw_params(1, file->params().boundary, 1), 0);
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->start(), 0);
    constexpr int rounds_max = 10000;
    int rounds = 0;
    for (bool is_busy = true; is_busy && rounds < rounds_max; rounds += is_busy) {
        stream().report_position((rounds + 1u) * 256ull * frame_bytes);
        kernel.timeline.pass(10us);
        is_busy = file->poll().is_ready;
        EXPECT_EQ(file->move_appl_ptr(file->runtime().hw_ptr), 0);
    }
    EXPECT_GT(rounds, 48000 / 256); // a second's
    EXPECT_LT(rounds, rounds_max);
    kernel.timeline.pass(2s);
    EXPECT_EQ(file->runtime().hw_ptr, (rounds + 1u) * 256ull);
}

} // namespace

} // namespace xen_front::test
