// SPDX-License-Identifier: GPL-2.0-only
// Playback: what applications do beside writing.
#include <algorithm>

#include "kshim/entry.h"
#include "playback_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

TEST_F(PlaybackTest, FramesOfAnMmapClientAreSentAsTheyAreCommitted)
{
    stream().has_clock = true;
    auto file = prepared();
    const auto audio = make_audio(8192 * frame_bytes);
    size_t frames = 0;
    while (frames < 8192) {
        if (file->state() == PcmState::Running) {
            ASSERT_EQ(file->hwsync(), 0);
        }
        size_t count = std::min<size_t>({ file->avail(), 8192 - frames, 100 });
        if (count == 0) {
            kernel.timeline.pass(1ms);
            continue;
        }
        const size_t offset = frames % 1024;
        count = std::min(count, 1024 - offset);
        std::copy_n(audio.begin() + static_cast<ptrdiff_t>(frames * frame_bytes),
                    count * frame_bytes,
                    file->buffer().begin() + static_cast<ptrdiff_t>(offset * frame_bytes));
        frames += count;
        ASSERT_EQ(file->move_appl_ptr(frames), 0);
        if (frames == 1000) {
            ASSERT_EQ(file->start(), 0);
        }
    }
    EXPECT_EQ(stream().record.written, audio);
}

// ALSA's core does not do that.
TEST_F(PlaybackTest, TriggerOutOfOrderIsRefused)
{
    auto file = prepared();
    EXPECT_EQ(xen_front_pcm_trigger(file->substream().stream, KSHIM_TRIGGER_PAUSE_RELEASE), -EPIPE);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    EXPECT_EQ(file->state(), PcmState::Running);
}

// ALSA's core closes a stream before it takes it out of its group: what applications do with the
// other streams is done with this one as well, by snd_pcm_action_group().
TEST_F(PlaybackTest, OperationsOfAGroupMayComeBehindClose)
{
    auto file = prepared();
    void *closed = file->substream().stream;
    file.reset();
    EXPECT_EQ(xen_front_pcm_prepare(closed), -EINVAL);
    EXPECT_EQ(xen_front_pcm_trigger(closed, KSHIM_TRIGGER_START), -EINVAL);
    EXPECT_EQ(xen_front_pcm_ack(closed), -EINVAL);
    EXPECT_EQ(xen_front_pcm_trigger(closed, KSHIM_TRIGGER_STOP), 0);
    EXPECT_EQ(xen_front_pcm_sync_stop(closed), 0);

    const auto audio = make_audio(2048 * frame_bytes);
    stream().has_clock = true;
    file = prepared();
    file->write(audio);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(stream().record.written, audio);
}

// Before that it has had the driver free its buffer.
TEST_F(PlaybackTest, OperationsOfAGroupMayComeBehindHwFree)
{
    auto file = prepared();
    void *const other = file->substream().stream;
    EXPECT_EQ(xen_front_pcm_hw_free(other), 0);
    const auto start = kernel.timeline.now();
    EXPECT_EQ(xen_front_pcm_prepare(other), -EINVAL);
    EXPECT_EQ(kernel.timeline.now(), start);
    kernel.timeline.pass(std::chrono::seconds(20));
    EXPECT_TRUE(has_card());
    EXPECT_TRUE(complaints().empty());
}

// A device that cannot pause plays on. That is no reason to end what ALSA resumes.
TEST_F(PlaybackTest, BackendThatCannotPause)
{
    stream().has_clock = true;
    auto file = prepared();
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    stream().statuses[wire::Operation::Trigger] = -ENOSYS;
    for (int round = 0; round < 2; round++) {
        EXPECT_EQ(file->pause(true), 0);
        EXPECT_EQ(file->pause(false), 0);
        kernel.timeline.pass(std::chrono::milliseconds(1));
        EXPECT_EQ(file->state(), PcmState::Running);
    }
    EXPECT_EQ(file->substream().xruns, 0u);
    ASSERT_EQ(complaints().size(), 1u); // the application is not told
    EXPECT_NE(complaints()[0].find("TRIGGER"), std::string::npos) << complaints()[0];
    EXPECT_EQ(complaints()[0].find("stopped"), std::string::npos) << complaints()[0];
    // Of what it refuses once it was started anew, the application hears.
    stream().statuses.clear();
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(512 * frame_bytes)), 512);
    stream().statuses[wire::Operation::Trigger] = -ENOSYS;
    (void)file->start();
    kernel.timeline.pass(std::chrono::milliseconds(1));
    EXPECT_EQ(file->state(), PcmState::Xrun);
}

TEST_F(PlaybackTest, NoFramesAreTakenBack)
{
    auto file = prepared();
    file->sw_params(2048, 1024, 1);
    file->write(make_audio(500 * frame_bytes));
    EXPECT_LT(file->move_appl_ptr(400), 0);
    EXPECT_EQ(file->runtime().appl_ptr, 500u);
    EXPECT_EQ(written_frames(*file), 500u);
}

TEST_F(PlaybackTest, MoreThanTheBufferCannotBeCommitted)
{
    auto file = prepared();
    file->sw_params(2048, 1024, 1);
    file->write(make_audio(500 * frame_bytes));
    EXPECT_LT(file->move_appl_ptr(1025), 0);
    EXPECT_EQ(written_frames(*file), 500u);
    EXPECT_EQ(file->move_appl_ptr(1024), 0);
}

TEST_F(PlaybackTest, UnderrunAndRecovery)
{
    stream().has_clock = true;
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    kernel.timeline.pass(100ms);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_FALSE(stream().is_running());
    EXPECT_EQ(file->write(make_audio(4)), -EPIPE);
    EXPECT_TRUE(complaints().empty());

    // prepare closes and opens, so that the backend's positions start over.
    const size_t opens = stream().count(Operation::Open);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), opens + 1);
    EXPECT_EQ(stream().count(Operation::Close), 1u);
    const auto audio = make_audio(5000 * frame_bytes);
    EXPECT_EQ(file->write(audio), 5000);
    EXPECT_EQ(stream().record.written, audio);
    EXPECT_EQ(file->substream().xruns, 1u);
}

TEST_F(PlaybackTest, PauseAndRelease)
{
    stream().has_clock = true;
    auto file = prepared();
    const auto audio = make_audio(4096 * frame_bytes);
    file->write(std::span(audio).first(2048 * frame_bytes));
    ASSERT_EQ(file->pause(true), 0);
    EXPECT_EQ(file->state(), PcmState::Paused);
    EXPECT_FALSE(stream().is_running());
    EXPECT_EQ(stream().record.requests.back().trigger.type, wire::TriggerType::Pause);
    const uint64_t avail = file->avail();
    kernel.timeline.pass(1s);
    EXPECT_EQ(file->avail(), avail);
    ASSERT_EQ(file->pause(false), 0);
    EXPECT_EQ(stream().record.requests.back().trigger.type, wire::TriggerType::Resume);
    EXPECT_TRUE(stream().is_running());
    EXPECT_EQ(file->write(std::span(audio).subspan(2048 * frame_bytes)), 2048);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(stream().record.written, audio);
    EXPECT_EQ(file->substream().xruns, 0u);
}

// A backend may hold a WRITE until its device goes on, and RESUME must not be behind that.
TEST_F(PlaybackTest, FramesWrittenWhilePausedFollowResume)
{
    auto file = prepared();
    file->sw_params(1, 1024, 1);
    file->write(make_audio(100 * frame_bytes));
    ASSERT_EQ(file->pause(true), 0);
    EXPECT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    EXPECT_EQ(written_frames(*file), 100u);
    ASSERT_EQ(file->pause(false), 0);
    EXPECT_EQ(written_frames(*file), 200u);
    const auto &requests = stream().record.requests;
    ASSERT_GE(requests.size(), 2u);
    EXPECT_EQ(requests.back().operation, Operation::Write);
    const wire::Request &resume = requests[requests.size() - 2];
    EXPECT_EQ(resume.operation, Operation::Trigger);
    EXPECT_EQ(resume.trigger.type, wire::TriggerType::Resume);
}

TEST_F(PlaybackTest, DropStopsAtOnce)
{
    stream().has_clock = true;
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    EXPECT_FALSE(stream().is_running());
    EXPECT_EQ(file->drop(), 0);
}

TEST_F(PlaybackTest, PrepareOpensOnlyAsOftenAsNeeded)
{
    auto file = prepared();
    EXPECT_EQ(stream().count(Operation::Open), 1u);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
    EXPECT_EQ(stream().count(Operation::Close), 0u);
    file->write(make_audio(10 * frame_bytes));
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), 2u);
    EXPECT_EQ(stream().count(Operation::Close), 1u);
}

TEST_F(PlaybackTest, ParametersCanBeChanged)
{
    stream().has_clock = true;
    auto file = prepared();
    file->write(make_audio(3000 * frame_bytes));
    file->drop();
    ASSERT_EQ(file->hw_params(PcmParams { 1, 8000, 1, 200, 800 }), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().opened()->pcm_rate, 8000u);
    // The audio, and values in a page of their own.
    EXPECT_EQ(stream().opened()->buffer_sz, wire::page_size + 16u);
    const auto audio = make_audio(4000);
    EXPECT_EQ(file->write(audio), 4000);
    EXPECT_EQ(stream().record.written, audio);
    ASSERT_EQ(file->drop(), 0);
    EXPECT_EQ(file->hw_free(), 0);
    EXPECT_FALSE(stream().opened());
    // Two rings are all that is still granted.
    EXPECT_EQ(kernel.memory.grant_count(), 2u);
}

TEST_F(PlaybackTest, CloseReleasesEverythingOfTheStream)
{
    stream().has_clock = true;
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    file.reset();
    EXPECT_FALSE(stream().opened());
    EXPECT_EQ(stream().count(Operation::Close), 1u);
    EXPECT_EQ(kernel.memory.grant_count(), 2u);
    EXPECT_EQ(kernel.memory.lingering_count(), 0u);

    auto again = prepared();
    EXPECT_EQ(again->write(make_audio(2000 * frame_bytes)), 2000);
}

} // namespace

} // namespace xen_front::test
