// SPDX-License-Identifier: GPL-2.0-only
//
// The silence behind the last frame. alsa-lib's null PCM passes for a card; how far it is, the test
// says.
#include "unit/audio/shown_playback.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

// Plays a period, after which the guest has nothing more.
class AlsaSilence : public ShownPlayback {
  protected:
    // Lets the time come at which the silence follows.
    Time wait_for_silence()
    {
        const Time due = *device_.deadline();
        EXPECT_GT(due, 15ms);
        EXPECT_LT(due, 21ms);
        card_.show_left(144);
        EXPECT_FALSE(device_.service(due, {}));
        return due;
    }
};

TEST_F(AlsaSilence, FollowsTheLastFrameAndIsNoPartOfThePosition)
{
    const Time due = wait_for_silence();
    EXPECT_EQ(frames_given, period_frames + silence);
    // Once: nothing more is due before the guest's frames are played.
    EXPECT_GT(device_.deadline(), due);
    card_.show_left(silence + 10);
    EXPECT_FALSE(device_.service(22ms, {}));
    card_.show_left(silence - 10);
    EXPECT_EQ(device_.service(23ms, {}), data_.size());
    card_.show_left(0);
    EXPECT_FALSE(device_.service(40ms, {}));
    EXPECT_EQ(frames_given, period_frames + silence);
    EXPECT_TRUE(listener_.underruns.empty());
}

// Its position is asked for in vain, and the time has come all the same.
TEST_F(AlsaSilence, FollowsOnACardWhosePositionMovesInSteps)
{
    (void)device_.service(*device_.deadline(), {});
    EXPECT_EQ(frames_given, period_frames + silence);
}

// A deadline that stays in the past would keep the thread, which has real-time priority, busy.
TEST_F(AlsaSilence, IsTriedAgainALittleLaterWhereTheCardHasNoRoom)
{
    Time due {};
    for (unsigned round = 0; round < 4; ++round) {
        most_room = round % 2;
        ASSERT_GT(*device_.deadline(), due);
        due = *device_.deadline();
        (void)device_.service(due, {});
    }
    EXPECT_EQ(frames_given, period_frames);
    most_room.reset();
    (void)device_.service(*device_.deadline(), {});
    EXPECT_EQ(frames_given, period_frames + silence);
}

TEST_F(AlsaSilence, IsTriedAgainALittleLaterWhereTheCardIsNotReady)
{
    const Time due = *device_.deadline();
    failure = -EAGAIN;
    failing_place = writei;
    (void)device_.service(due, {});
    EXPECT_GT(*device_.deadline(), due);
    (void)device_.service(*device_.deadline(), {});
    EXPECT_EQ(frames_given, period_frames + silence);
}

TEST_F(AlsaSilence, DoesNotFollowWhatTheGuestHasWrittenInTime)
{
    const Time due = *device_.deadline();
    EXPECT_TRUE(device_.transfer(data_, 10ms));
    EXPECT_GT(device_.deadline(), due);
    card_.show_left(period_frames + 144);
    (void)device_.service(due, {});
    EXPECT_EQ(frames_given, 2 * period_frames);
}

// The WRITEs in the ring have not been looked at when the card interrupts.
TEST_F(AlsaSilence, DoesNotFollowBeforeTheGuestsRequestsWereLookedAt)
{
    const Time due = *device_.deadline();
    std::vector<pollfd> ready;
    device_.add_descriptors(ready);
    ASSERT_FALSE(ready.empty());
    for (pollfd &descriptor : ready)
        descriptor.revents = POLLOUT;
    card_.show_left(144);
    (void)device_.service(due, ready);
    EXPECT_EQ(frames_given, period_frames);
    EXPECT_LE(device_.deadline(), due);
    // Its descriptor stays ready, as the null PCM's does: that is not waited for.
    ready.clear();
    device_.add_descriptors(ready);
    EXPECT_TRUE(ready.empty());
    (void)device_.service(due, ready);
    EXPECT_EQ(frames_given, period_frames + silence);
    EXPECT_GT(device_.deadline(), due);
}

TEST_F(AlsaSilence, IsTakenBackWhenTheGuestStillWritesInTime)
{
    (void)wait_for_silence();
    EXPECT_TRUE(device_.transfer(data_, 19ms));
    EXPECT_EQ(frames_taken_back, silence);
    EXPECT_EQ(frames_given, 2 * period_frames + silence);
    card_.show_left(period_frames);
    EXPECT_EQ(device_.service(22ms, {}), data_.size());
    EXPECT_TRUE(listener_.underruns.empty());
    EXPECT_EQ(drops, 0U);
}

TEST_F(AlsaSilence, EndsWithWhatTheGuestWritesTooLate)
{
    (void)wait_for_silence();
    card_.show_left(silence - 10);
    EXPECT_EQ(device_.service(23ms, {}), data_.size());
    EXPECT_EQ(device_.transfer(data_, 30ms), data_.size());
    EXPECT_EQ(listener_.underruns, std::vector<std::uint64_t> { data_.size() });
    EXPECT_EQ(drops, 1U);
    EXPECT_EQ(frames_given, 2 * period_frames + silence);
    card_.show_left(0);
    EXPECT_EQ(device_.service(52ms, {}), 2 * data_.size());
    EXPECT_EQ(listener_.underruns.size(), 1U);
}

// Some of the silence is on its way already and cannot be taken back.
TEST_F(AlsaSilence, EndsWithWhatTheGuestWritesInTheLastMoment)
{
    (void)wait_for_silence();
    stuck_frames = 100;
    EXPECT_TRUE(device_.transfer(data_, 20ms));
    EXPECT_EQ(frames_given, period_frames + silence) << "it would not follow what the guest wrote";
    card_.show_left(90);
    EXPECT_EQ(device_.service(22ms, {}), data_.size());
    EXPECT_EQ(listener_.underruns, std::vector<std::uint64_t> { data_.size() });
    EXPECT_TRUE(listener_.stops.empty());
    EXPECT_EQ(frames_given, 2 * period_frames + silence);
}

// A dmix that is only dropped plays what it has mixed.
TEST_F(AlsaSilence, IsTakenBackWithWhatIsNotPlayedOnAPause)
{
    (void)wait_for_silence();
    card_.show_left(100 + silence);
    device_.pause(19ms);
    EXPECT_EQ(frames_taken_back, 100 + silence);
    EXPECT_EQ(drops, 1U);
    // Those are played so soon that the silence follows at once.
    device_.resume(50ms);
    (void)device_.service(50ms, {});
    EXPECT_EQ(frames_given, period_frames + silence + 100 + silence);
}

TEST_F(AlsaSilence, WhatIsNotPlayedIsTakenBackOnAStop)
{
    card_.show_left(500);
    device_.stop(10ms);
    EXPECT_EQ(frames_taken_back, 500U);
    EXPECT_EQ(drops, 1U);
}

// A sound server plays what it has taken.
TEST_F(AlsaSilence, DoesNotFollowWhatThePcmHasPlayedAlready)
{
    card_.show_left(0);
    EXPECT_EQ(device_.service(22ms, {}), data_.size());
    (void)device_.service(40ms, {});
    EXPECT_EQ(frames_given, period_frames);
}

// alsa-lib says that it takes back what a dshare has, and gives it nothing of what follows.
struct ShownDshare {
    ShownDshare()
    {
        shown_plugins = "Direct Share PCM\n";
    }
    ~ShownDshare()
    {
        shown_plugins = nullptr;
    }
    ShownDshare(const ShownDshare &) = delete;
    ShownDshare &operator=(const ShownDshare &) = delete;
};

class AlsaSilenceOfDshare : ShownDshare, public ShownPlayback {};

TEST_F(AlsaSilenceOfDshare, IsNotTakenBack)
{
    const Time due = *device_.deadline();
    EXPECT_GT(due, 20ms) << "so the guest has more time to write";
    card_.show_left(24);
    (void)device_.service(due, {});
    EXPECT_EQ(frames_given, period_frames + silence);
    EXPECT_TRUE(device_.transfer(data_, due));
    EXPECT_EQ(frames_given, period_frames + silence) << "it would not be played";
    card_.show_left(silence);
    EXPECT_EQ(device_.service(22ms, {}), data_.size());
    EXPECT_EQ(frames_given, 2 * period_frames + silence);
    EXPECT_EQ(frames_taken_back, 0U);
}

TEST_F(AlsaSilenceOfDshare, ADropSilencesWhatIsNotPlayed)
{
    card_.show_left(500);
    device_.stop(10ms);
    EXPECT_EQ(frames_taken_back, 0U);
    EXPECT_EQ(drops, 1U);
}

// Not even with two periods, of which one is left to play when the guest is told to write.
TEST(AlsaSilenceOfShortBuffers, CostsAGuestThatIsInTimeNothing)
{
    const ShownCard card;
    RecordingListener listener;
    const Gain gain;
    const OpenParameters parameters { stereo, 2 * period, period, {} };
    AlsaPlayback device("null", parameters, gain, listener);
    auto data = numbered(period);
    ASSERT_TRUE(device.transfer(data, 0ms));
    ASSERT_TRUE(device.transfer(data, 0ms));
    device.start(0ms);
    for (unsigned round = 1; round <= 100; ++round) {
        const Time now = round * 10ms;
        ASSERT_GT(device.deadline(), now) << "it would wake up once more";
        shown_room = 480;
        EXPECT_EQ(device.service(now, {}), round * period);
        ASSERT_TRUE(device.transfer(data, now + 5ms));
    }
    EXPECT_EQ(frames_given, 102U * 480U);
    EXPECT_EQ(frames_taken_back, 0U);
}

} // namespace
} // namespace sndback
