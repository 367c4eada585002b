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

class AlsaTail : public ::testing::Test {
  protected:
    // Plays all that there is, and stops.
    explicit AlsaTail(snd_pcm_sframes_t delay)
    {
        EXPECT_TRUE(device_.transfer(data_, 0ms));
        device_.start(0ms);
        EXPECT_EQ(device_.service(30ms, {}), data_.size());
        drops = 0;
        shown_delay = delay;
        device_.stop(40ms);
    }
    ~AlsaTail() override
    {
        shown_delay = 0;
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
    }
};

TEST_F(OfAServer, IsHeardBeforeTheDeviceStops)
{
    EXPECT_FALSE(device_.is_silent(40ms));
    EXPECT_EQ(device_.deadline(), 140ms);
    (void)device_.service(139ms, {});
    EXPECT_EQ(drops, 0U);
    (void)device_.service(140ms, {});
    EXPECT_EQ(drops, 1U);
    EXPECT_TRUE(device_.is_silent(140ms));
}

TEST_F(OfAServer, IsCutShortByWhatIsWrittenForTheNextStart)
{
    EXPECT_TRUE(device_.transfer(data_, 50ms));
    EXPECT_EQ(drops, 1U);
    EXPECT_TRUE(device_.is_silent(50ms));
}

// The stream fails, and not the whole card.
TEST_F(OfAServer, MayBeLostWithTheServer)
{
    failure = -ENODEV;
    failing_place = prepare;
    EXPECT_TRUE(device_.transfer(data_, 50ms));
    EXPECT_EQ(failing_place, unsigned { none });
    EXPECT_EQ(listener_.errors.size(), 1U);
    EXPECT_THROW((void)device_.transfer(data_, 60ms), Refusal);
}

class OfAServerThatHangs : public AlsaTail {
  protected:
    OfAServerThatHangs() : AlsaTail(std::numeric_limits<snd_pcm_sframes_t>::max())
    {
    }
};

TEST_F(OfAServerThatHangs, IsWaitedForForHalfASecond)
{
    EXPECT_FALSE(device_.is_silent(539ms));
    EXPECT_TRUE(device_.is_silent(540ms));
}

class OfACard : public AlsaTail {
  protected:
    OfACard() : AlsaTail(0)
    {
    }
};

TEST_F(OfACard, IsOverWithItsPosition)
{
    EXPECT_EQ(drops, 1U);
    EXPECT_TRUE(device_.is_silent(40ms));
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
    EXPECT_FALSE(device_.is_silent(49ms));
    EXPECT_EQ(device_.deadline(), 50ms);
    (void)device_.service(50ms, {});
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
