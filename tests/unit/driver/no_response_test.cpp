// SPDX-License-Identifier: GPL-2.0-only
// Backends that answer late, or not at all.
#include "stream_failure_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

// The call succeeds without a response: the backend may be back at any moment.
TEST_F(StreamFailureTest, OpenWithoutResponseIsWaitedForOnce)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    const auto waited = duration_of([&] { EXPECT_EQ(file->prepare(), 0); });
    EXPECT_GE(waited, 1000ms);
    EXPECT_LT(waited, 1100ms);
    ASSERT_GE(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("OPEN"), std::string::npos);
    EXPECT_NE(complaints()[0].find("1000 ms"), std::string::npos);
}

TEST_F(StreamFailureTest, LateBackendDoesNotFailAWriter)
{
    auto file = running();
    kernel.timeline.after(950ms, [this] { stream().report_position(512 * frame_bytes); });
    EXPECT_EQ(file->write(make_audio(512 * frame_bytes)), 512);
    EXPECT_EQ(file->state(), PcmState::Running);
}

TEST_F(StreamFailureTest, StreamWorksAgainAfterALateOpen)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    EXPECT_EQ(file->prepare(), 0);
    stream().withheld.clear();
    stream().answer_all();
    stream().has_clock = true;
    const auto audio = make_audio(3000 * frame_bytes);
    EXPECT_EQ(file->write(audio), 3000);
    EXPECT_EQ(stream().record.written, audio);
}

TEST_F(StreamFailureTest, NoQueryWhileALateOpenMayHaveSucceeded)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    EXPECT_EQ(file->prepare(), 0);
    stream().withheld.clear();
    const size_t queries = stream().count(Operation::HwParamQuery);
    fake::PcmRanges ranges = fake::any_params();
    EXPECT_EQ(file->refine(ranges), 0);
    EXPECT_EQ(stream().count(Operation::HwParamQuery), queries);
}

// There are backends that do not know HW_PARAM_QUERY.
TEST_F(StreamFailureTest, BackendThatAnswersNoQueryIsNotOverdue)
{
    stream().withheld = { Operation::HwParamQuery };
    auto file = open_with(small_params);
    ASSERT_GT(stream().withheld_count(), 0u);
    const auto text = kernel.sound.visible_cards().at(0)->read_proc("xen-front").value_or("");
    EXPECT_NE(text.find("link: attached"), std::string::npos);
    EXPECT_NE(text.find("stalls: 0"), std::string::npos);
}

TEST_F(StreamFailureTest, TimeOutIsTheModulesParameter)
{
    kernel.request_timeout_ms = 50;
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    const auto waited = duration_of([&] { EXPECT_EQ(file->prepare(), 0); });
    EXPECT_GE(waited, 50ms);
    EXPECT_LT(waited, 60ms);
}

TEST_F(StreamFailureTest, AnswerJustInTime)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    kernel.timeline.after(999ms, [this] { stream().answer_all(); });
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(StreamFailureTest, NoWaitIsLongerThanTheTimeOut)
{
    kernel.request_timeout_ms = 50;
    auto file = open_with(small_params);
    stream().withheld = { Operation::SetVolume, Operation::GetVolume, Operation::Mute,
                          Operation::Unmute };
    EXPECT_LT(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 60ms);
}

// An event channel may lose what its other end says.
TEST_F(StreamFailureTest, AnswerWithoutItsInterruptIsFoundInTheEnd)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    kernel.timeline.after(10ms, [this] {
        stream().is_cut_off = true;
        stream().answer_all();
        stream().is_cut_off = false;
    });
    EXPECT_LE(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 1000ms);
    EXPECT_TRUE(complaints().empty());
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
}

TEST_F(StreamFailureTest, SlowBackendIsWaitedFor)
{
    stream().latency = 5ms;
    stream().has_clock = true;
    auto file = prepared();
    const auto audio = make_audio(10000 * frame_bytes);
    EXPECT_EQ(file->write(audio), 10000);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_TRUE(std::equal(audio.begin(), audio.end(), stream().record.written.begin()));
    EXPECT_TRUE(complaints().empty());
}

// A backend that answers another request does not have the caller wait longer.
TEST_F(StreamFailureTest, AnswerToAnEarlierRequestDoesNotProlongAWait)
{
    auto file = running();
    stream().withheld = { Operation::Write, Operation::Close };
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
    EXPECT_EQ(file->drop(), 0);
    kernel.timeline.after(900ms, [this] { EXPECT_TRUE(stream().answer_next()); });
    const auto waited = duration_of([&] { EXPECT_EQ(file->hw_free(), 0); });
    EXPECT_GE(waited, 1000ms);
    EXPECT_LT(waited, 1100ms);
}

TEST_F(StreamFailureTest, CloseWithoutAnswerDoesNotHang)
{
    auto file = running();
    stream().withheld = { Operation::Close };
    EXPECT_LT(duration_of([&] { file.reset(); }), 1100ms);
    // A late response does no harm.
    stream().answer_all();
    stream().withheld.clear();
    auto again = running();
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_F(StreamFailureTest, StopWithoutAnswerIsWaitedForOnce)
{
    auto file = running();
    stream().withheld = { Operation::Trigger };
    EXPECT_LT(duration_of([&] { file->drop(); }), 1ms); // never under the stream lock
    const auto waited = duration_of([&] { EXPECT_EQ(file->prepare(), 0); });
    EXPECT_GE(waited, 1000ms);
    EXPECT_LT(waited, 1100ms);
}

TEST_F(StreamFailureTest, DeadBackendNeverBlocksForLong)
{
    auto file = running();
    stream().latency.reset();
    EXPECT_LT(duration_of([&] { file->drop(); }), 1ms);
    // The driver waits once, for STOP: after that the backend is overdue.
    EXPECT_LT(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 1100ms);
    EXPECT_EQ(file->state(), PcmState::Prepared);
    EXPECT_LT(duration_of([&] { file.reset(); }), 1ms);
    stream().serve(); // comes back to life: late answers to everything
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Connected);
    stream().latency = 0ns;
    auto again = running();
    EXPECT_TRUE(again);
}

// A writer is not stuck for ever with a backend that stands still.
TEST_F(StreamFailureTest, WriterOfAStandingStreamIsTold)
{
    auto file = running();
    int64_t status = 0;
    const auto waited = duration_of([&] { status = file->write(make_audio(4)); });
    EXPECT_LT(status, 0);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_GE(waited, 10s);
    EXPECT_LT(waited, 12s);
}

// ---- a ring full of requests that no caller waits for ----

class FullRingTest : public StreamFailureTest {
  protected:
    // Pauses and resumes without a response, until the ring has no room.
    void fill_ring(PcmFile &file)
    {
        stream().withheld.insert(Operation::Trigger);
        while (stream().withheld_count() < wire::ring_size)
            ASSERT_EQ(file.pause(file.state() == PcmState::Running), 0);
    }
    void answer_everything()
    {
        stream().withheld.clear();
        stream().answer_all();
    }
};

TEST_F(FullRingTest, PauseAndResumeAreSentWhenThereIsRoom)
{
    auto file = running();
    fill_ring(*file);
    ASSERT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->pause(true), 0);
    EXPECT_TRUE(stream().is_running());
    answer_everything();
    EXPECT_FALSE(stream().is_running());
    EXPECT_EQ(file->pause(false), 0);
    EXPECT_TRUE(stream().is_running());
    EXPECT_TRUE(complaints().empty());
}

TEST_F(FullRingTest, StalledStreamIsClosedWhenThereIsRoom)
{
    auto file = running();
    fill_ring(*file);
    kernel.timeline.pass(1500ms);
    file->drop();
    EXPECT_EQ(file->hw_free(), 0);
    EXPECT_TRUE(stream().opened());
    answer_everything();
    EXPECT_EQ(stream().count(Operation::Close), 1u);
    ASSERT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(stream().count(Operation::Close), 1u);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
}

TEST_F(FullRingTest, ControlIsSentWhenThereIsRoom)
{
    auto file = running();
    fill_ring(*file);
    EXPECT_EQ(duration_of([&] { set_volume(0); }), 0ms);
    EXPECT_EQ(stream().count(Operation::SetVolume), 0u);
    EXPECT_TRUE(has_volume());
    answer_everything();
    EXPECT_EQ(stream().volumes[1], -96000);
}

// The values change while a SET_VOLUME waits for its response, and then the ring is full.
TEST_F(FullRingTest, LateControlIsSentWhenThereIsRoom)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    set_volume(100);
    set_volume(0);
    ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    fill_ring(*file);
    stream().answer_next();
    kernel.timeline.pass(10ms); // for an interrupt that is held back
    EXPECT_EQ(stream().count(Operation::SetVolume), 1u);
    answer_everything();
    EXPECT_EQ(stream().volumes[1], -96000);
}

} // namespace

} // namespace xen_front::test
