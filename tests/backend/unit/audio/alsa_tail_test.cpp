// SPDX-License-Identifier: GPL-2.0-only
//
// What a sound server has taken, or is on its way over USB, is heard to its end. One function of
// alsa-lib stands here: the null PCM is given a delay.
#include <alsa/asoundlib.h>
#include <gtest/gtest.h>

#include "audio/alsa_device.hpp"
#include "unit/audio/alsa_failures.h"
#include "unit/audio/parameters.h"
#include "unit/audio/shown_playback.h"
#include "unit/support.h"

namespace {

snd_pcm_sframes_t shown_delay = 0;

} // namespace

extern "C" {

int snd_pcm_delay(snd_pcm_t *, snd_pcm_sframes_t *frames)
{
    *frames = shown_delay;
    return 0;
}

} // extern "C"

namespace sndback {
namespace {

using namespace std::chrono_literals;

// The device stops so much after the last frame has been heard.
constexpr Time between_cycles = 14222us;

// Plays all that there is, of which so much is still to be heard.
class AlsaTail : public ::testing::Test {
  protected:
    explicit AlsaTail(snd_pcm_sframes_t delay)
    {
        frames_given = 0;
        EXPECT_TRUE(device_.transfer(data_, 0ms));
        device_.start(0ms);
        drops = 0;
        shown_delay = delay;
    }
    ~AlsaTail() override
    {
        shown_delay = 0;
    }
    void finish_and_stop()
    {
        EXPECT_EQ(device_.service(30ms, {}), data_.size());
        device_.stop(40ms);
    }

    RecordingListener listener_;
    const Gain gain_;
    std::vector<std::byte> data_ = numbered(4096);
    AlsaPlayback device_ { "null", alsa_parameters, gain_, listener_ };
};

class OfAServer : public AlsaTail {
  protected:
    OfAServer() : AlsaTail(4800)
    {
        finish_and_stop();
    }
};

TEST_F(OfAServer, IsHeardBeforeTheDeviceStops)
{
    EXPECT_FALSE(device_.is_silent(40ms));
    EXPECT_EQ(device_.deadline(), 140ms + between_cycles);
    (void)device_.service(139ms + between_cycles, {});
    EXPECT_EQ(drops, 0U);
    (void)device_.service(140ms + between_cycles, {});
    EXPECT_EQ(drops, 1U);
    EXPECT_TRUE(device_.is_silent(140ms + between_cycles));
}

TEST_F(OfAServer, IsHeardBeforeWhatIsWrittenForTheNextStart)
{
    EXPECT_EQ(device_.transfer(data_, 50ms), data_.size());
    device_.start(60ms);
    (void)device_.service(139ms + between_cycles, {});
    EXPECT_EQ(drops, 0U);
    EXPECT_EQ(frames_given, 1024U);
    EXPECT_EQ(device_.deadline(), 140ms + between_cycles);
    (void)device_.service(140ms + between_cycles, {});
    EXPECT_EQ(drops, 1U);
    EXPECT_EQ(frames_given, 2 * 1024U);
    EXPECT_EQ(device_.service(170ms + between_cycles, {}), 2 * data_.size());
    EXPECT_TRUE(listener_.underruns.empty());
}

TEST_F(OfAServer, IsNotCutShortByAnotherStop)
{
    EXPECT_TRUE(device_.transfer(data_, 50ms));
    device_.start(60ms);
    device_.stop(70ms);
    EXPECT_EQ(drops, 0U);
    EXPECT_FALSE(device_.is_silent(139ms + between_cycles));
    (void)device_.service(140ms + between_cycles, {});
    EXPECT_EQ(drops, 1U);
    EXPECT_EQ(frames_given, 1024U);
}

// The stream fails, and not the whole card.
TEST_F(OfAServer, MayBeLostWithTheServer)
{
    EXPECT_TRUE(device_.transfer(data_, 50ms));
    failure = -ENODEV;
    failing_place = prepare;
    (void)device_.service(140ms + between_cycles, {});
    EXPECT_EQ(failing_place, unsigned { none });
    EXPECT_EQ(listener_.errors.size(), 1U);
    EXPECT_TRUE(device_.is_silent(140ms + between_cycles));
    EXPECT_THROW((void)device_.transfer(data_, 160ms), Refusal);
}

// PulseAudio's plugin makes another stream when it is prepared.
TEST_F(OfAServer, LeavesThePcmUnpreparedUntilTheGuestWrites)
{
    failure = -ENODEV;
    failing_place = prepare;
    (void)device_.service(140ms + between_cycles, {});
    EXPECT_EQ(drops, 1U);
    EXPECT_EQ(failing_place, unsigned { prepare });
    failing_place = none;
    EXPECT_TRUE(device_.transfer(data_, 160ms));
    EXPECT_EQ(frames_given, 2 * 1024U);
    device_.start(170ms);
    EXPECT_EQ(device_.service(200ms, {}), 2 * data_.size());
}

// The last frame of PipeWire's client has been heard as a cycle begins, and its other clients lose
// that cycle if this one leaves then.
TEST_F(OfAServer, IsLeftBetweenTwoCyclesOfTheServer)
{
    const Time later = *device_.deadline() - 140ms;
    for (unsigned frames = 64; frames <= 2048; frames *= 2) {
        const Time cycle = duration_of(frames, 48000);
        EXPECT_GT(later % cycle, cycle / 4) << frames;
        EXPECT_LT(later % cycle, cycle * 3 / 4) << frames;
    }
}

// As PulseAudio's plugin does when its server asks for more than there is. To prepare it drops what
// the server has.
class OfAServerThatHasRunDry : public AlsaTail {
  protected:
    OfAServerThatHasRunDry() : AlsaTail(4800)
    {
        failure = -EPIPE;
        failing_place = avail;
        EXPECT_EQ(device_.service(30ms, {}), data_.size());
    }
};

TEST_F(OfAServerThatHasRunDry, IsHeardBeforeThePcmIsPrepared)
{
    failing_place = prepare;
    (void)device_.service(129ms + between_cycles, {});
    EXPECT_EQ(failing_place, unsigned { prepare });
    failing_place = none;
    EXPECT_FALSE(device_.is_silent(129ms + between_cycles));
    (void)device_.service(130ms + between_cycles, {});
    EXPECT_TRUE(device_.is_silent(130ms + between_cycles));
}

TEST_F(OfAServerThatHasRunDry, IsHeardBeforeWhatTheGuestWritesTooLate)
{
    EXPECT_EQ(device_.transfer(data_, 35ms), data_.size());
    EXPECT_EQ(listener_.underruns, std::vector<std::uint64_t> { data_.size() });
    EXPECT_EQ(frames_given, 1024U);
    (void)device_.service(130ms + between_cycles, {});
    EXPECT_EQ(frames_given, 2 * 1024U);
    EXPECT_EQ(device_.service(160ms + between_cycles, {}), 2 * data_.size());
}

class OfAServerThatHangs : public AlsaTail {
  protected:
    OfAServerThatHangs() : AlsaTail(std::numeric_limits<snd_pcm_sframes_t>::max())
    {
        finish_and_stop();
    }
};

TEST_F(OfAServerThatHangs, IsWaitedForForHalfASecond)
{
    EXPECT_FALSE(device_.is_silent(539ms + between_cycles));
    EXPECT_TRUE(device_.is_silent(540ms + between_cycles));
}

class OfACardThatPlays : public AlsaTail {
  protected:
    OfACardThatPlays() : AlsaTail(0)
    {
    }
};

class OfACard : public OfACardThatPlays {
  protected:
    OfACard()
    {
        finish_and_stop();
    }
};

TEST_F(OfACard, IsOverWithItsPosition)
{
    EXPECT_EQ(drops, 1U);
    EXPECT_TRUE(device_.is_silent(40ms));
}

TEST_F(OfACard, LeavesThePcmUnpreparedUntilTheGuestWrites)
{
    EXPECT_TRUE(device_.transfer(data_, 50ms));
    device_.start(60ms);
    failure = -ENODEV;
    failing_place = prepare;
    device_.stop(70ms);
    EXPECT_EQ(drops, 2U);
    EXPECT_EQ(failing_place, unsigned { prepare });
    failing_place = none;
}

// STOP itself may find that the card has stopped.
TEST_F(OfACardThatPlays, LeavesThePcmUnpreparedThatHasRunDryAtStop)
{
    failure = -EPIPE;
    failing_place = avail;
    failing_next = { prepare };
    device_.stop(40ms);
    EXPECT_EQ(failing_place, unsigned { prepare });
    failing_place = none;
    EXPECT_TRUE(device_.is_silent(40ms));
    EXPECT_TRUE(device_.transfer(data_, 50ms));
    EXPECT_EQ(frames_given, 2 * 1024U);
}

// It has played all, and goes on with the silence behind that.
class OfACardThatPlaysSilence : public ShownPlayback {
  protected:
    OfACardThatPlaysSilence()
    {
        (void)device_.service(*device_.deadline(), {});
        card_.show_left(silence);
        EXPECT_EQ(device_.service(30ms, {}), data_.size());
        drops = 0;
    }
    ~OfACardThatPlaysSilence() override
    {
        shown_delay = 0;
    }
};

TEST_F(OfACardThatPlaysSilence, IsOverWithItsPosition)
{
    shown_delay = silence;
    device_.stop(40ms);
    EXPECT_EQ(drops, 1U);
    EXPECT_TRUE(device_.is_silent(40ms));
}

TEST_F(OfACardThatPlaysSilence, IsHeardIfItIsStillOnItsWay)
{
    shown_delay = silence + 480;
    device_.stop(40ms);
    EXPECT_EQ(drops, 0U);
    EXPECT_FALSE(device_.is_silent(49ms + between_cycles));
    EXPECT_EQ(device_.deadline(), 50ms + between_cycles);
    (void)device_.service(50ms + between_cycles, {});
    EXPECT_EQ(drops, 1U);
}

// The guest has been told that all is played: what it writes for the next START is not late.
TEST_F(OfACardThatPlaysSilence, IsNoUnderrunOnceItHasStopped)
{
    device_.stop(40ms);
    EXPECT_TRUE(device_.transfer(data_, 50ms));
    EXPECT_TRUE(listener_.underruns.empty());
}

} // namespace
} // namespace sndback
