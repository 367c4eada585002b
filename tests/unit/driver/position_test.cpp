// SPDX-License-Identifier: GPL-2.0-only
// What applications see of the positions that a backend reports.
#include "driver_test.hpp"
#include "kshim/entry.h"

#include <ostream>

namespace xen_front::test {

namespace {

using namespace std::chrono_literals;

class PositionTest : public DriverTest {
  protected:
    void SetUp() override
    {
        connect();
        file = prepared();
        ASSERT_TRUE(file);
        ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
        ASSERT_EQ(file->state(), PcmState::Running);
    }
    void TearDown() override
    {
        file.reset();
        DriverTest::TearDown();
    }

    void report(uint64_t frames, unsigned int bytes = 0)
    {
        stream().report_position(frames * frame_bytes + bytes);
    }
    uint64_t periods() const
    {
        return file->substream().periods_elapsed;
    }
    uint64_t hw_ptr()
    {
        file->hwsync();
        return file->runtime().hw_ptr;
    }
    uint64_t event_interrupts() const
    {
        return kernel.event_channels
            .find(device.backend_domain, backend.transport("0/0").event_ring_channel)
            ->interrupts;
    }
    kshim_event_result last_result() const
    {
        return kernel.event_channels
            .find(device.backend_domain, backend.transport("0/0").event_ring_channel)
            ->last_result;
    }

    std::unique_ptr<PcmFile> file;
};

TEST_F(PositionTest, WhenItCameIsTold)
{
    kshim_pcm_time time = {};
    void *substream = file->substream().stream;
    EXPECT_FALSE(xen_front_pcm_get_time(substream, &time));
    kernel.timeline.pass(7ms);
    const auto when = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(kernel.timeline.now()).count());
    report(300);
    kernel.timeline.pass(3ms);
    report(300); // no news
    EXPECT_EQ(hw_ptr(), 300u);
    ASSERT_TRUE(xen_front_pcm_get_time(substream, &time));
    EXPECT_EQ(time.frames, 300u);
    EXPECT_EQ(time.at_us, when);
    EXPECT_EQ(time.step_frames, 256u);
    file->drop();
    file->prepare();
    EXPECT_FALSE(xen_front_pcm_get_time(substream, &time));
}

TEST_F(PositionTest, OnThePeriodBoundary)
{
    report(256);
    EXPECT_EQ(periods(), 1u);
    EXPECT_EQ(file->runtime().hw_ptr, 256u);
    report(512);
    EXPECT_EQ(periods(), 2u);
    EXPECT_EQ(file->runtime().hw_ptr, 512u);
}

TEST_F(PositionTest, InsideAPeriodNoCallerIsWoken)
{
    report(100);
    EXPECT_EQ(periods(), 0u);
    EXPECT_EQ(hw_ptr(), 100u);
    report(255);
    EXPECT_EQ(periods(), 0u);
    report(257);
    EXPECT_EQ(periods(), 1u);
    EXPECT_EQ(file->runtime().hw_ptr, 257u);
}

TEST_F(PositionTest, SeveralPeriodsAtOnce)
{
    report(800);
    EXPECT_GE(periods(), 1u);
    EXPECT_EQ(file->runtime().hw_ptr, 800u);
    EXPECT_EQ(file->avail(), 800u);
    EXPECT_EQ(file->state(), PcmState::Running);
}

TEST_F(PositionTest, WholeBufferAtOnce)
{
    file->sw_params(1, file->params().boundary, 256);
    report(1024);
    EXPECT_EQ(hw_ptr(), 1024u);
    EXPECT_EQ(file->avail(), 1024u);
    ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    report(2048);
    EXPECT_EQ(hw_ptr(), 2048u);
}

TEST_F(PositionTest, BackwardsIsIgnored)
{
    report(300);
    report(100);
    EXPECT_EQ(hw_ptr(), 300u);
    report(0);
    EXPECT_EQ(hw_ptr(), 300u);
    EXPECT_EQ(file->state(), PcmState::Running);
    report(512);
    // Events without news count as spurious, and Xen delays the second in a row.
    kernel.timeline.pass(std::chrono::milliseconds(4));
    EXPECT_EQ(hw_ptr(), 512u);
    EXPECT_EQ(periods(), 2u);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(PositionTest, SameAgainIsNoPeriod)
{
    report(256);
    report(256);
    report(256);
    EXPECT_EQ(periods(), 1u);
}

TEST_F(PositionTest, PartsOfAFrameAreRoundedDown)
{
    report(255, 3);
    EXPECT_EQ(hw_ptr(), 255u);
    EXPECT_EQ(periods(), 0u);
    report(256, 1);
    EXPECT_EQ(hw_ptr(), 256u);
    EXPECT_EQ(periods(), 1u);
}

TEST_F(PositionTest, OvertakingTheFramesIsAnXrun)
{
    report(1025);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_EQ(file->write(make_audio(4)), -EPIPE);
    // The connection goes on.
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    report(256);
    EXPECT_EQ(hw_ptr(), 256u);
    EXPECT_EQ(file->state(), PcmState::Running);
}

TEST_F(PositionTest, AbsurdPositionsAreXruns)
{
    for (const uint64_t bytes : { uint64_t { 1 } << 63, ~uint64_t { 0 }, uint64_t { 1 } << 32 }) {
        stream().report_position(bytes);
        EXPECT_EQ(file->state(), PcmState::Xrun);
        ASSERT_EQ(file->prepare(), 0);
        ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    }
}

TEST_F(PositionTest, PositionsStartOverWithPrepare)
{
    report(700);
    file->drop();
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 0u);
    ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    EXPECT_EQ(hw_ptr(), 0u);
    report(256);
    EXPECT_EQ(hw_ptr(), 256u);
}

TEST_F(PositionTest, EventsOfAnEarlierRunAreDropped)
{
    file->drop();
    report(900); // was on its way
    ASSERT_EQ(file->prepare(), 0);
    report(950); // also on its way, and comes after the new OPEN
    ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    EXPECT_EQ(hw_ptr(), 0u);
    EXPECT_EQ(file->state(), PcmState::Running);
    report(256);
    kernel.timeline.pass(std::chrono::milliseconds(4));
    EXPECT_EQ(hw_ptr(), 256u);
}

// The event is in the page before START, its interrupt comes after.
TEST_F(PositionTest, EventThatIsOlderThanStartIsDropped)
{
    file->drop();
    ASSERT_EQ(file->prepare(), 0);
    file->sw_params(2048, 1024, 256);
    ASSERT_EQ(file->write(make_audio(1000 * frame_bytes)), 1000);
    file->substream().with_lock([this] {
        report(900);
        EXPECT_EQ(file->substream().start(), 0);
    });
    EXPECT_EQ(hw_ptr(), 0u);
    report(256);
    EXPECT_EQ(hw_ptr(), 256u);
}

// The backend before has played all, so that START has waited for frames: the event is in the page
// before they are.
TEST_F(PositionTest, EventThatIsOlderThanTheFirstFramesIsDropped)
{
    file->sw_params(1, file->params().boundary, 256);
    report(1024);
    EXPECT_EQ(hw_ptr(), 1024u);
    backend.publish(XenbusState::Closing);
    backend.detach();
    backend.wait_for_frontend();
    backend.connect();
    stream().is_cut_off = true;
    report(900);
    stream().is_cut_off = false;
    EXPECT_EQ(file->write(make_audio(1000 * frame_bytes)), 1000);
    EXPECT_EQ(hw_ptr(), 1024u);
    report(256);
    EXPECT_EQ(hw_ptr(), 1280u);
}

TEST_F(PositionTest, EventsThatCameWhileInterruptsWereOffAreTakenTogether)
{
    const uint64_t before = event_interrupts();
    file->substream().with_lock([this] {
        report(100);
        report(300);
        report(600);
    });
    EXPECT_EQ(hw_ptr(), 600u);
    EXPECT_LE(event_interrupts() - before, 2u);
}

TEST_F(PositionTest, UnknownEventsAreIgnored)
{
    wire::Event event = {};
    event.type = 200;
    event.position = 1 << 20;
    stream().send_event(event);
    EXPECT_EQ(hw_ptr(), 0u);
    report(256);
    EXPECT_EQ(hw_ptr(), 256u);
}

TEST_F(PositionTest, MoreEventsThanThePageHolds)
{
    // Without interrupts: one for each frame would be throttled.
    stream().is_cut_off = true;
    for (uint64_t i = 1; i < 1000; i++)
        report(i);
    stream().is_cut_off = false;
    stream().interrupt_events();
    report(1000);
    EXPECT_EQ(hw_ptr(), 1000u);
    EXPECT_EQ(periods(), 1u); // one call for all of them
}

TEST_F(PositionTest, InterruptForNothingIsSpurious)
{
    stream().interrupt_events();
    EXPECT_EQ(last_result(), KSHIM_EVENT_SPURIOUS);
    report(256);
    EXPECT_EQ(last_result(), KSHIM_EVENT_HANDLED);
}

TEST_F(PositionTest, EventStormIsThrottled)
{
    const uint64_t before = event_interrupts();
    // Not so many that the driver gives up the backend.
    for (int i = 0; i < 3000; i++) {
        stream().interrupt_events();
        kernel.timeline.pass(100us);
    }
    // Twice a tick.
    EXPECT_LE(event_interrupts() - before, 2 * 300 / 4u);
    // An event that has news is seen.
    report(256);
    kernel.timeline.pass(2s);
    EXPECT_EQ(hw_ptr(), 256u);
}

// ---- long runs ----

struct LongRun {
    const char *what;
    uint64_t long_max;
};

std::ostream &operator<<(std::ostream &out, const LongRun &run)
{
    return out << run.what;
}

class LongRunTest : public DriverTest, public ::testing::WithParamInterface<LongRun> {};

TEST_P(LongRunTest, CrossesTheLimitsOf32Bits)
{
    kernel.sound.long_max = GetParam().long_max;
    kernel.store.set(device.path + "/buffer-size", "16777216");
    connect();
    stream().is_counting_only = true;
    constexpr unsigned int buffer = 4u << 20; // frames: 16 MiB
    auto file = prepared({ format_s16_le, 48000, 2, buffer / 4, buffer });
    ASSERT_TRUE(file);
    const uint64_t boundary = file->params().boundary;
    uint64_t committed = 0;
    uint64_t played = 0;
    const auto commit = [&](uint64_t frames) {
        committed += frames;
        ASSERT_EQ(file->move_appl_ptr(committed % boundary), 0);
    };
    commit(buffer);
    ASSERT_EQ(file->start(), 0);
    // Six gigabytes, by periods.
    while (played * frame_bytes < uint64_t { 6 } << 30) {
        kernel.timeline.pass(20ms); // or the backend is too fast, and its interrupts come late
        stream().play(uint64_t { buffer } / 4 * frame_bytes);
        played += buffer / 4;
        ASSERT_EQ(file->runtime().hw_ptr, played % boundary);
        ASSERT_EQ(file->avail(), buffer / 4);
        commit(buffer / 4);
        ASSERT_EQ(stream().record.written_bytes, committed * frame_bytes);
    }
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->substream().periods_elapsed, played / (buffer / 4));
    EXPECT_EQ(file->substream().xruns, 0u);
}

INSTANTIATE_TEST_SUITE_P(Kernels, LongRunTest,
                         ::testing::Values(LongRun { "64 bits", INT64_MAX },
                                           LongRun { "32 bits", INT32_MAX }));

} // namespace

} // namespace xen_front::test
