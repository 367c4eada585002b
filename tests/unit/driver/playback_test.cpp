// SPDX-License-Identifier: GPL-2.0-only
// Playback: what an application writes is what the backend gets, and at what cost.
#include "playback_test.hpp"

#include <algorithm>
#include <ostream>

#include "fake/sample_layout.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

TEST_F(PlaybackTest, EveryByteArrivesOverManyBuffers)
{
    stream().has_clock = true;
    auto file = prepared();
    const auto audio = make_audio(50 * 1024 * frame_bytes);
    EXPECT_EQ(file->write(audio), 50 * 1024);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    EXPECT_EQ(stream().record.written, audio);
    EXPECT_EQ(file->substream().xruns, 0u);
    EXPECT_TRUE(complaints().empty());
}

// ---- every shape of stream ----

struct Shape {
    unsigned int format;
    unsigned int rate;
    unsigned int channels;
    unsigned int period_frames;
    unsigned int buffer_frames;
    unsigned int chunk_frames; // of one write
};

std::ostream &operator<<(std::ostream &out, const Shape &shape)
{
    return out << "format " << shape.format << ", " << shape.rate << " Hz, " << shape.channels
               << " channels, period " << shape.period_frames << ", buffer " << shape.buffer_frames
               << ", chunks of " << shape.chunk_frames;
}

class ShapeTest : public PlaybackTest, public ::testing::WithParamInterface<Shape> {};

TEST_P(ShapeTest, EveryByteArrives)
{
    const Shape &shape = GetParam();
    stream().has_clock = true;
    auto file = prepared(
        { shape.format, shape.rate, shape.channels, shape.period_frames, shape.buffer_frames });
    const auto &opened = stream().opened();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->pcm_rate, shape.rate);
    EXPECT_EQ(opened->pcm_format, shape.format); // sndif's numbers are ALSA's for these
    EXPECT_EQ(opened->pcm_channels, shape.channels);
    // Four rows with a word for each channel, in a page of their own behind the audio.
    const size_t audio_pages = (file->bytes(shape.buffer_frames) + 4095) / 4096;
    EXPECT_EQ(opened->buffer_sz, audio_pages * 4096 + 16 * shape.channels);
    EXPECT_EQ(opened->period_sz, file->bytes(shape.period_frames));

    // Several buffers, and no whole number of chunks or periods.
    const size_t frames = size_t { shape.buffer_frames } * 5 + shape.period_frames / 2 / 2 * 2;
    const auto audio = make_audio(file->bytes(frames));
    size_t done = 0;
    while (done < frames) {
        const size_t count = std::min<size_t>(shape.chunk_frames, frames - done);
        ASSERT_EQ(file->write(std::span(audio).subspan(file->bytes(done), file->bytes(count))),
                  static_cast<int64_t>(count));
        done += count;
    }
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->substream().xruns, 0u);
    auto &written = stream().record.written;
    ASSERT_GE(written.size(), audio.size());
    EXPECT_TRUE(std::equal(audio.begin(), audio.end(), written.begin()));
    // What follows is silence, and less than a period of it.
    EXPECT_LT(written.size() - audio.size(), opened ? opened->period_sz : 0);
    for (size_t i = audio.size(); i < written.size(); i++)
        ASSERT_EQ(written[i], fake::silence_byte(shape.format, i - audio.size())) << i;
    EXPECT_TRUE(complaints().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ShapeTest,
    ::testing::Values(Shape { 2, 48000, 2, 480, 1920, 480 }, // exactly periods
                      Shape { 2, 48000, 2, 256, 1024, 1 }, // frame by frame
                      Shape { 2, 44100, 2, 441, 1764, 1000 }, // no power of two
                      Shape { 2, 48000, 1, 32, 64, 7 }, // smallest periods, two of them
                      Shape { 1, 8000, 1, 100, 1000, 333 }, // u8: silence is not zero
                      Shape { 0, 8000, 3, 171, 1710, 97 }, // frames of three bytes
                      Shape { 6, 192000, 8, 256, 2048, 300 }, // 32 bytes a frame, whole buffer
                      Shape { 14, 48000, 6, 128, 512, 129 },
                      Shape { 22, 8000, 1, 64, 1024, 34 }, // frames of half a byte
                      Shape { 22, 8000, 3, 66, 660, 22 }, // and of one and a half
                      Shape { 2, 48000, 2, 300, 1000, 123 })); // the buffer is no whole periods

TEST_F(PlaybackTest, BufferOverSeveralDirectoryPages)
{
    fake::remove(device);
    backend.detach();
    kernel.store.set(device.path + "/state", "1");
    kernel.store.set(device.path + "/buffer-size", "8388608");
    connect();
    stream().has_clock = true;
    // 8 MiB: 2048 pages, three pages of directory.
    auto file = prepared({ format_s16_le, 48000, 2, 1u << 20, 1u << 21 });
    const auto audio = make_audio((8u << 20) + 4096);
    EXPECT_EQ(file->write(audio), static_cast<int64_t>(audio.size() / frame_bytes));
    EXPECT_EQ(stream().record.written, audio);
}

// ---- what it costs ----

TEST_F(PlaybackTest, OneInterruptAndOneNotificationForAPeriod)
{
    stream().has_clock = true;
    auto file = prepared();
    const auto period = make_audio(256 * frame_bytes);
    for (int i = 0; i < 10; i++)
        file->write(period);
    const auto before = stream().record;
    const uint64_t periods = file->substream().periods_elapsed;
    const uint64_t wakeups = file->substream().wakeups;
    const auto start = kernel.timeline.now();
    for (int i = 0; i < 100; i++)
        ASSERT_EQ(file->write(period), 256);
    EXPECT_NEAR(static_cast<double>((kernel.timeline.now() - start) / 1us), 100 * 5333, 6000);
    EXPECT_EQ(stream().record.event_interrupts - before.event_interrupts, 100u);
    EXPECT_EQ(stream().record.response_interrupts - before.response_interrupts, 0u);
    EXPECT_LE(stream().record.notifications - before.notifications, 100u);
    EXPECT_EQ(stream().record.requests.size() - before.requests.size(), 100u);
    EXPECT_EQ(file->substream().periods_elapsed - periods, 100u);
    EXPECT_LE(file->substream().wakeups - wakeups, 101u);
    const auto *events = kernel.event_channels.find(device.backend_domain,
                                                    backend.transport("0/0").event_ring_channel);
    EXPECT_EQ(events->spurious_interrupts, 0u);
}

TEST_F(PlaybackTest, BackendThatPollsIsNotNotified)
{
    auto file = prepared();
    file->sw_params(1, 1024, 1);
    const auto audio = make_audio(256 * frame_bytes);
    EXPECT_EQ(file->write(audio), 256);
    stream().wants_notifications = false;
    EXPECT_EQ(file->write(audio), 256); // it had asked for this one
    const uint64_t before = stream().record.notifications;
    for (int i = 0; i < 2; i++)
        EXPECT_EQ(file->write(audio), 256);
    EXPECT_EQ(stream().record.notifications, before);
    EXPECT_EQ(stream().record.written_bytes, 2 * audio.size());
    stream().serve();
    EXPECT_EQ(stream().record.written_bytes, 4 * audio.size());
}

// It has enough to play, and looks when it has played of that. What else there is cannot wait.
TEST_F(PlaybackTest, BackendThatPollsIsNotifiedOfWhatIsUrgent)
{
    auto file = prepared();
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    stream().wants_notifications = false;
    stream().serve();
    EXPECT_EQ(file->pause(true), 0);
    EXPECT_EQ(stream().record.requests.back().trigger.type, wire::TriggerType::Pause);
    EXPECT_EQ(file->pause(false), 0);
    EXPECT_EQ(stream().record.requests.back().trigger.type, wire::TriggerType::Resume);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(stream().record.requests.back().trigger.type, wire::TriggerType::Stop);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), 2u);
}

TEST_F(PlaybackTest, ManyWritesBecomeOneWhileTheWindowIsFull)
{
    auto file = prepared();
    stream().withheld = { Operation::Write };
    const auto audio = make_audio(1000 * frame_bytes);
    size_t frames = 0;
    const auto write_ten = [&] {
        EXPECT_EQ(file->write(std::span(audio).subspan(frames * frame_bytes, 10 * frame_bytes)),
                  10);
        frames += 10;
    };
    write_ten();
    EXPECT_EQ(writes(), 1u); // an idle link adds no latency
    for (int i = 0; i < 49; i++)
        write_ten();
    const size_t window = writes();
    EXPECT_EQ(window, 4u);
    EXPECT_EQ(stream().record.written_bytes, window * 10 * frame_bytes);

    // All that waited goes in one WRITE; its response has to interrupt, since more may follow.
    const uint64_t interrupts = stream().record.response_interrupts;
    stream().answer_next();
    EXPECT_EQ(stream().record.response_interrupts, interrupts + 1);
    EXPECT_EQ(writes(), window + 1);
    EXPECT_EQ(last_write().length, (500 - window * 10) * frame_bytes);
    EXPECT_EQ(stream().record.written_bytes, 500 * frame_bytes);

    // Nothing waits any more, so the driver asks for no interrupt for the rest.
    stream().answer_all();
    EXPECT_EQ(stream().record.response_interrupts, interrupts + 1);
    EXPECT_EQ(std::vector<uint8_t>(audio.begin(), audio.begin() + 500 * frame_bytes),
              stream().record.written);
}

TEST_F(PlaybackTest, AnswersOutOfOrder)
{
    auto file = prepared();
    stream().withheld = { Operation::Write };
    const auto audio = make_audio(1024 * frame_bytes);
    for (size_t at = 0; at < audio.size(); at += 64)
        ASSERT_EQ(file->write(std::span(audio).subspan(at, 64)), 16);
    while (stream().withheld_count() > 0)
        stream().answer_out_of_turn(stream().withheld_count() - 1);
    EXPECT_EQ(stream().record.written, audio);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(PlaybackTest, WrapTakesTwoRequests)
{
    auto file = prepared();
    file->sw_params(1, 1024, 1);
    const auto audio = make_audio(2048 * frame_bytes);
    file->write(std::span(audio).first(1000 * frame_bytes));
    stream().play(1000 * frame_bytes);
    const size_t before = writes();
    // Moved in one step, as a client of mmap does.
    std::copy_n(audio.begin(), 100 * frame_bytes, file->buffer().begin());
    EXPECT_EQ(file->hwsync(), -EPIPE); // all was played
    ASSERT_EQ(file->prepare(), 0);
    file->sw_params(1, file->params().boundary, 1);
    file->write(std::span(audio).first(1000 * frame_bytes));
    stream().play(1000 * frame_bytes);
    const size_t again = writes();
    EXPECT_GT(again, before);
    EXPECT_EQ(file->move_appl_ptr(1100), 0);
    EXPECT_EQ(writes(), again + 2);
    const auto &requests = stream().record.requests;
    EXPECT_EQ(requests[requests.size() - 2].transfer.offset, 1000 * frame_bytes);
    EXPECT_EQ(requests[requests.size() - 2].transfer.length, 24 * frame_bytes);
    EXPECT_EQ(last_write().offset, 0u);
    EXPECT_EQ(last_write().length, 76 * frame_bytes);
}

// ---- several at once ----

TEST_F(PlaybackTest, TwoStreamsDoNotMix)
{
    fake::remove(device);
    backend.detach();
    kernel.store.set(device.path + "/state", "1");
    configure({ { "0/1/type", "p" } });
    connect();
    backend.stream(0, 0).has_clock = true;
    backend.stream(0, 1).has_clock = true;
    auto first = prepared();
    auto second = prepared();
    const auto one = make_audio(10240 * frame_bytes, 1);
    const auto two = make_audio(10240 * frame_bytes, 2);
    for (size_t at = 0; at < one.size(); at += 1024) {
        ASSERT_EQ(first->write(std::span(one).subspan(at, 1024)), 256);
        ASSERT_EQ(second->write(std::span(two).subspan(at, 1024)), 256);
    }
    EXPECT_EQ(backend.stream(0, 0).record.written, one);
    EXPECT_EQ(backend.stream(0, 1).record.written, two);
}

} // namespace

} // namespace xen_front::test
