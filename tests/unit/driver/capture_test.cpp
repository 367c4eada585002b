// SPDX-License-Identifier: GPL-2.0-only
// Capture: what the backend records is what an application reads, and at what cost.
#include "driver_test.hpp"
#include "kshim/entry.h"

#include <algorithm>

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

// What the backend records: does not repeat within any buffer of a test.
uint8_t recorded(uint64_t position)
{
    const uint64_t mixed = (position / 4 + 1) * 0x9e3779b97f4a7c15u;
    return static_cast<uint8_t>(mixed >> (40 + position % 4 * 8 % 24));
}

class CaptureTest : public DriverTest {
  protected:
    void SetUp() override
    {
        configure({ { "0/0/type", "c" } });
        connect();
        stream().source = recorded;
    }
    std::unique_ptr<PcmFile> recording()
    {
        auto file = open_with(small_params, KSHIM_CAPTURE);
        EXPECT_EQ(file->sw_params(1, 1024, 256), 0);
        EXPECT_EQ(file->prepare(), 0);
        return file;
    }
    static void expect_recorded(const std::vector<uint8_t> &audio, uint64_t from)
    {
        for (size_t i = 0; i < audio.size(); i++)
            ASSERT_EQ(audio[i], recorded(from + i)) << "byte " << i;
    }
};

TEST_F(CaptureTest, EveryByteArrivesOverManyBuffers)
{
    stream().has_clock = true;
    auto file = recording();
    std::vector<uint8_t> audio(50000 * frame_bytes);
    EXPECT_EQ(file->read(audio), 50000);
    expect_recorded(audio, 0);
    EXPECT_EQ(file->substream().xruns, 0u);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(CaptureTest, OddSizesArriveToo)
{
    stream().has_clock = true;
    auto file = open_with({ 0, 8000, 3, 171, 1710 }, KSHIM_CAPTURE);
    file->sw_params(1, 1710, 1);
    ASSERT_EQ(file->prepare(), 0);
    std::vector<uint8_t> audio;
    for (int i = 0; i < 100; i++) {
        std::vector<uint8_t> chunk(file->bytes(97));
        ASSERT_EQ(file->read(chunk), 97);
        audio.insert(audio.end(), chunk.begin(), chunk.end());
    }
    expect_recorded(audio, 0);
}

// Silence costs time with interrupts off, and only keeps old frames from being heard that a backend
// of which nothing is known may say that it has recorded.
TEST_F(CaptureTest, NoSilenceGoesWhereTheBackendHasRecorded)
{
    auto file = recording();
    ASSERT_EQ(file->start(), 0);
    stream().report_position(256 * frame_bytes);
    stream().source = nullptr;
    std::fill(file->buffer().begin(), file->buffer().end(), uint8_t { 7 });
    stream().report_position(512 * frame_bytes);
    ASSERT_EQ(stream().record.requests.back().transfer.offset, 256 * frame_bytes);
    EXPECT_EQ(file->buffer()[256 * frame_bytes], 7);
}

TEST_F(CaptureTest, NoSilenceGoesWhereAKnownBackendRecords)
{
    stream().has_clock = true;
    stream().set_reads(BackendStream::Reads::Held);
    auto file = recording();
    std::vector<uint8_t> audio(8 * 256 * frame_bytes);
    ASSERT_EQ(file->read(audio), 8 * 256);
    stream().has_clock = false;
    stream().source = nullptr;
    std::fill(file->buffer().begin(), file->buffer().end(), uint8_t { 7 });
    const size_t reads = stream().count(Operation::Read);
    stream().report_position(stream().position() + 256 * frame_bytes);
    kernel.timeline.pass(1ms);
    ASSERT_EQ(stream().count(Operation::Read), reads + 1);
    EXPECT_EQ(file->buffer()[stream().record.requests.back().transfer.offset], 7);
}

TEST_F(CaptureTest, TwoInterruptsAndOneNotificationForAPeriod)
{
    stream().has_clock = true;
    auto file = recording();
    std::vector<uint8_t> period(256 * frame_bytes);
    for (int i = 0; i < 10; i++)
        file->read(period);
    const auto before = stream().record;
    const uint64_t wakeups = file->substream().wakeups;
    for (int i = 0; i < 100; i++)
        ASSERT_EQ(file->read(period), 256);
    EXPECT_EQ(stream().record.event_interrupts - before.event_interrupts, 100u);
    EXPECT_LE(stream().record.response_interrupts - before.response_interrupts, 100u);
    EXPECT_LE(stream().record.notifications - before.notifications, 100u);
    EXPECT_LE(file->substream().wakeups - wakeups, 101u);
}

// The guest still runs when the backend comes to the READ: what it has written is shown.
TEST_F(CaptureTest, ReadThatIsAnsweredLateIsTransferredByALiveMigration)
{
    auto file = recording();
    stream().withheld = { wire::Operation::Read };
    ASSERT_EQ(file->start(), 0);
    stream().report_position(256 * frame_bytes);
    ASSERT_EQ(file->avail(), 0u);
    fake::save_and_restore(device, [&] {
        kernel.memory.transfer_touched();
        stream().withheld.clear();
        stream().answer_all();
        EXPECT_EQ(file->avail(), 256u);
        EXPECT_GE(kernel.memory.touched_count(), 1024 * frame_bytes / KSHIM_PAGE_SIZE);
        backend.detach();
    });
}

TEST_F(CaptureTest, WhatWasReportedIsTransferredByALiveMigration)
{
    auto file = recording();
    ASSERT_EQ(file->start(), 0);
    stream().report_position(256 * frame_bytes);
    ASSERT_EQ(file->avail(), 256u);
    EXPECT_EQ(kernel.memory.touched_count(), 0u);
    fake::save_and_restore(device, [this] {
        // The event page is one more.
        EXPECT_GT(kernel.memory.touched_count(), 1024 * frame_bytes / KSHIM_PAGE_SIZE);
        // These frames come too late: the driver transfers nothing any more.
        stream().report_position(512 * frame_bytes);
        backend.detach();
    });
    EXPECT_EQ(file->avail(), 256u);
    std::vector<uint8_t> audio(256 * frame_bytes);
    EXPECT_EQ(file->read(audio), 256);
    expect_recorded(audio, 0);
}

TEST_F(CaptureTest, WhatIsReportedWhileTheGuestSleepsComesWithTheNextReport)
{
    auto file = recording();
    ASSERT_EQ(file->start(), 0);
    fake::sleep_and_wake(device, [this] { stream().report_position(512 * frame_bytes); });
    kernel.timeline.pass(0ms);
    stream().report_position(768 * frame_bytes);
    EXPECT_EQ(file->avail(), 768u);
    std::vector<uint8_t> audio(768 * frame_bytes);
    EXPECT_EQ(file->read(audio), 768);
    expect_recorded(audio, 0);
}

// The READ would bring what the backend recorded after it came back, with a gap before it.
TEST_F(CaptureTest, ReadThatAHungBackendAnswersLateIsForgotten)
{
    auto file = recording();
    ASSERT_EQ(file->start(), 0);
    stream().report_position(256 * frame_bytes);
    ASSERT_EQ(file->avail(), 256u);
    stream().withheld = { Operation::Read };
    stream().report_position(512 * frame_bytes);
    kernel.timeline.pass(3s);
    stream().withheld.clear();
    stream().source = [](uint64_t) {
        return uint8_t { 9 };
    };
    stream().answer_all();
    kernel.timeline.pass(100ms);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->avail(), 256u);
    EXPECT_EQ(stream().count(Operation::Open), 2u);
    // The new recording goes on where the application is.
    stream().report_position(256 * frame_bytes);
    std::vector<uint8_t> audio(512 * frame_bytes);
    EXPECT_EQ(file->read(audio), 512);
    expect_recorded({ audio.begin(), audio.begin() + 256 * frame_bytes }, 0);
    EXPECT_EQ(audio.back(), 9);
}

// Also with the shortest period, and so many interrupts in a second.
TEST_F(CaptureTest, EachPeriodIsWorthItsInterrupt)
{
    stream().has_clock = true;
    auto file = open_with({ format_s16_le, 48000, 2, 32, 128 }, KSHIM_CAPTURE);
    ASSERT_EQ(file->sw_params(1, 128, 32), 0);
    ASSERT_EQ(file->prepare(), 0);
    std::vector<uint8_t> period(32 * frame_bytes);
    for (int i = 0; i < 3000; i++)
        ASSERT_EQ(file->read(period), 32) << "period " << i;
    const auto port = backend.transport("0/0").event_ring_channel;
    EXPECT_EQ(kernel.event_channels.find(device.backend_domain, port)->spurious_interrupts, 0u);
}

TEST_F(CaptureTest, FramesAreVisibleOnlyOnceReadHasAnswered)
{
    auto file = recording();
    stream().withheld = { Operation::Read };
    ASSERT_EQ(file->start(), 0);
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(stream().count(Operation::Read), 1u);
    EXPECT_EQ(file->avail(), 0u);
    EXPECT_EQ(file->substream().periods_elapsed, 0u);
    stream().answer_all();
    EXPECT_EQ(file->avail(), 256u);
    EXPECT_EQ(file->substream().periods_elapsed, 1u);
    std::vector<uint8_t> audio(256 * frame_bytes);
    EXPECT_EQ(file->read(audio), 256);
    expect_recorded(audio, 0);
}

// The first of the two READs at a wrap may be answered long before the second.
TEST_F(CaptureTest, FramesOfAnUnansweredReadAreNotVisible)
{
    auto file = recording();
    ASSERT_EQ(file->start(), 0);
    std::vector<uint8_t> audio(900 * frame_bytes);
    stream().report_position(900 * frame_bytes);
    ASSERT_EQ(file->read(audio), 900);
    stream().withheld = { Operation::Read };
    stream().report_position(1100 * frame_bytes);
    ASSERT_EQ(stream().withheld_count(), 2u);
    stream().answer_next();
    file->hwsync();
    EXPECT_LE(file->avail(), 124u);
    stream().answer_next();
    file->hwsync();
    EXPECT_EQ(file->avail(), 200u);
    audio.resize(200 * frame_bytes);
    ASSERT_EQ(file->read(audio), 200);
    expect_recorded(audio, 900 * frame_bytes);
}

TEST_F(CaptureTest, WhenTheFramesCameIsTold)
{
    auto file = recording();
    stream().withheld = { Operation::Read };
    ASSERT_EQ(file->start(), 0);
    stream().report_position(256 * frame_bytes);
    kshim_pcm_time time = {};
    EXPECT_FALSE(xen_front_pcm_get_time(file->substream().stream, &time));
    kernel.timeline.pass(7ms);
    const auto when = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(kernel.timeline.now()).count());
    stream().answer_all();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->hwsync(), 0);
    ASSERT_TRUE(xen_front_pcm_get_time(file->substream().stream, &time));
    EXPECT_EQ(time.frames, 256u);
    EXPECT_EQ(time.at_us, when);
}

// ALSA is shown a whole buffer in two steps, of which the second ends no period here.
TEST_F(CaptureTest, WholeBufferOfBrokenPeriods)
{
    auto file = open_with({ format_s16_le, 48000, 2, 300, 1000 }, KSHIM_CAPTURE);
    ASSERT_EQ(file->sw_params(1, UINT64_MAX / 4, 300), 0);
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->start(), 0);
    stream().report_position(1000 * frame_bytes);
    EXPECT_EQ(file->substream().periods_elapsed, 2u);
    std::vector<uint8_t> audio(1000 * frame_bytes);
    EXPECT_EQ(file->read(audio), 1000);
    expect_recorded(audio, 0);
}

TEST_F(CaptureTest, ReadThatIsAnsweredWhilePausedCountsAfterwards)
{
    auto file = recording();
    stream().withheld = { Operation::Read };
    ASSERT_EQ(file->start(), 0);
    stream().report_position(256 * frame_bytes);
    ASSERT_EQ(file->pause(true), 0);
    stream().withheld.clear();
    stream().answer_all();
    file->hwsync();
    EXPECT_EQ(file->avail(), 0u);
    ASSERT_EQ(file->pause(false), 0);
    stream().report_position(512 * frame_bytes);
    std::vector<uint8_t> audio(512 * frame_bytes);
    EXPECT_EQ(file->read(audio), 512);
    expect_recorded(audio, 0);
}

// The backend's positions start over, even if nothing was recorded yet.
TEST_F(CaptureTest, PrepareAfterAStartOpensAgain)
{
    auto file = recording();
    ASSERT_EQ(file->start(), 0);
    ASSERT_EQ(file->drop(), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), 2u);
    EXPECT_EQ(stream().count(Operation::Close), 1u);
}

TEST_F(CaptureTest, OverrunAndRecovery)
{
    stream().has_clock = true;
    auto file = recording();
    ASSERT_EQ(file->start(), 0);
    kernel.timeline.pass(200ms);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    std::vector<uint8_t> audio(5000 * frame_bytes);
    EXPECT_EQ(file->read(audio), -EPIPE);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->read(audio), 5000);
    expect_recorded(audio, 0);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(CaptureTest, BackendThatIsFarAheadIsAnXrun)
{
    auto file = recording();
    ASSERT_EQ(file->start(), 0);
    stream().report_position(1025 * frame_bytes);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    // The driver reads no more than there is room for.
    EXPECT_EQ(stream().record.requests.back().operation, Operation::Trigger);
    EXPECT_EQ(stream().record.written_bytes, 1024 * frame_bytes);
}

TEST_F(CaptureTest, RefusedReadStopsTheStream)
{
    auto file = recording();
    stream().statuses[Operation::Read] = -5;
    ASSERT_EQ(file->start(), 0);
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("READ"), std::string::npos);
}

TEST_F(CaptureTest, PauseAndRelease)
{
    stream().has_clock = true;
    auto file = recording();
    std::vector<uint8_t> first(1000 * frame_bytes);
    ASSERT_EQ(file->read(first), 1000);
    ASSERT_EQ(file->pause(true), 0);
    kernel.timeline.pass(1s);
    ASSERT_EQ(file->pause(false), 0);
    std::vector<uint8_t> second(3000 * frame_bytes);
    ASSERT_EQ(file->read(second), 3000);
    expect_recorded(first, 0);
    expect_recorded(second, first.size());
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_F(CaptureTest, FullDuplexOnOneDevice)
{
    fake::remove(device);
    backend.detach();
    kernel.store.set(device.path + "/state", "1");
    configure({ { "0/1/type", "p" } });
    connect();
    stream().source = recorded;
    stream().has_clock = true;
    BackendStream &player = backend.stream(0, 1);
    player.has_clock = true;
    auto input = recording();
    auto output = open_with(small_params, KSHIM_PLAYBACK);
    ASSERT_EQ(output->prepare(), 0);
    output->write(std::vector<uint8_t>(512 * frame_bytes));
    std::vector<uint8_t> period(256 * frame_bytes);
    std::vector<uint8_t> echoed(512 * frame_bytes);
    for (int i = 0; i < 50; i++) {
        ASSERT_EQ(input->read(period), 256);
        ASSERT_EQ(output->write(period), 256);
        echoed.insert(echoed.end(), period.begin(), period.end());
    }
    EXPECT_EQ(player.record.written, echoed);
}

} // namespace

} // namespace xen_front::test
