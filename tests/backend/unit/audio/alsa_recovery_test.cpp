// SPDX-License-Identifier: GPL-2.0-only
//
// A card that underruns, is suspended or is not ready, in whichever call that shows: the functions
// of alsa-lib that streams call stand here, and fail when they are told to.
#include <alsa/asoundlib.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "audio/alsa_device.hpp"
#include "unit/audio/parameters.h"
#include "unit/support.h"

namespace {

enum Place : unsigned {
    none,
    avail,
    avail_update,
    writei,
    readi,
    prepare,
    start,
    places,
    revents // no failure: the PCM says that there is nothing to do, and then has nothing
};

unsigned failing_place = none;
int failure = 0;

// Whether the call is to fail: once.
bool fails(Place place)
{
    if (failing_place != place)
        return false;
    failing_place = none;
    return true;
}

template <typename Function> Function *real(Function *, const char *name)
{
    return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

snd_pcm_sframes_t snd_pcm_avail(snd_pcm_t *pcm)
{
    return fails(avail) ? failure : real(&snd_pcm_avail, "snd_pcm_avail")(pcm);
}

snd_pcm_sframes_t snd_pcm_avail_update(snd_pcm_t *pcm)
{
    return fails(avail_update) ? failure : real(&snd_pcm_avail_update, "snd_pcm_avail_update")(pcm);
}

snd_pcm_sframes_t snd_pcm_writei(snd_pcm_t *pcm, const void *data, snd_pcm_uframes_t frames)
{
    return fails(writei) ? failure : real(&snd_pcm_writei, "snd_pcm_writei")(pcm, data, frames);
}

snd_pcm_sframes_t snd_pcm_readi(snd_pcm_t *pcm, void *data, snd_pcm_uframes_t frames)
{
    return fails(readi) ? failure : real(&snd_pcm_readi, "snd_pcm_readi")(pcm, data, frames);
}

int snd_pcm_prepare(snd_pcm_t *pcm)
{
    return fails(prepare) ? failure : real(&snd_pcm_prepare, "snd_pcm_prepare")(pcm);
}

int snd_pcm_start(snd_pcm_t *pcm)
{
    return fails(start) ? failure : real(&snd_pcm_start, "snd_pcm_start")(pcm);
}

int snd_pcm_poll_descriptors_revents(snd_pcm_t *pcm, pollfd *descriptors, unsigned count,
                                     unsigned short *events)
{
    if (!fails(revents))
        return real(&snd_pcm_poll_descriptors_revents,
                    "snd_pcm_poll_descriptors_revents")(pcm, descriptors, count, events);
    failing_place = avail;
    *events = 0;
    return 0;
}

} // extern "C"

namespace sndback {
namespace {

using namespace std::chrono_literals;

// alsa-lib's null PCM has no clock, but all the calls.
TEST(AlsaRecovery, PlaybackGoesOnAfterEachErrorInEachCall)
{
    for (const int error : { -EPIPE, -ESTRPIPE, -EAGAIN, -EINTR })
        for (unsigned place = avail; place < places; ++place) {
            if (place == readi)
                continue;
            RecordingListener listener;
            const Gain gain;
            AlsaPlayback device("null", alsa_parameters, gain, listener);
            auto data = numbered(4096);
            ASSERT_TRUE(device.transfer(data, 0ms));
            failure = error;
            failing_place = place;
            device.start(0ms);
            Time now = monotonic_now();
            for (unsigned round = 0; round < 20; ++round) {
                (void)device.transfer(data, now);
                (void)device.service(now += 10ms, {});
            }
            // Prepare is only called where something else has gone wrong.
            if (failing_place == prepare) {
                failing_place = none;
                device.stop(now);
                failing_place = prepare;
                device.start(now);
                (void)device.service(now, {});
            }
            failing_place = none;
            EXPECT_TRUE(listener.errors.empty())
                << snd_strerror(error) << " in place " << place << ": " << listener.errors[0];
            EXPECT_TRUE(device.transfer(data, now).has_value())
                << snd_strerror(error) << " in place " << place;
        }
}

TEST(AlsaRecovery, CaptureGoesOnAfterEachErrorInEachCall)
{
    for (const int error : { -EPIPE, -ESTRPIPE, -EAGAIN, -EINTR })
        for (const unsigned place : { avail, readi, prepare, start }) {
            RecordingListener listener;
            const Gain gain;
            AlsaCapture device("null", alsa_parameters, gain, listener);
            failure = error;
            failing_place = place;
            device.start(0ms);
            Time now = monotonic_now();
            for (unsigned round = 0; round < 20; ++round)
                (void)device.service(now += 10ms, {});
            EXPECT_EQ(failing_place, unsigned { none }) << "place " << place << " was not reached";
            EXPECT_TRUE(listener.errors.empty())
                << snd_strerror(error) << " in place " << place << ": " << listener.errors[0];
            std::vector<std::byte> data(4096);
            EXPECT_TRUE(device.transfer(data, now).has_value())
                << snd_strerror(error) << " in place " << place;
        }
}

// As PulseAudio's plugin does; the null PCM's descriptor is always ready.
TEST(AlsaRecovery, ADescriptorThatStaysReadyWithoutFramesIsNotWaitedFor)
{
    const auto descriptors_of = [](const PcmDevice &device) {
        std::vector<pollfd> descriptors;
        device.add_descriptors(descriptors);
        return descriptors;
    };
    RecordingListener listener;
    const Gain gain;
    AlsaCapture device("null", alsa_parameters, gain, listener);
    failure = -EAGAIN;
    device.start(0ms);
    std::vector<pollfd> ready = descriptors_of(device);
    ASSERT_FALSE(ready.empty());
    // A request has woken the thread, and not the PCM.
    failing_place = revents;
    (void)device.service(0ms, ready);
    EXPECT_FALSE(descriptors_of(device).empty());
    ASSERT_GT(poll(ready.data(), ready.size(), 0), 0);
    failing_place = revents;
    (void)device.service(0ms, ready);
    EXPECT_EQ(failing_place, unsigned { none });
    EXPECT_TRUE(descriptors_of(device).empty());
    const std::optional<Time> deadline = device.deadline();
    ASSERT_TRUE(deadline);
    EXPECT_GE(*deadline, 21ms); // a period
    EXPECT_LE(*deadline, 48ms);
    (void)device.service(*deadline, {});
    EXPECT_FALSE(descriptors_of(device).empty());
}

// What no waiting mends still ends the stream, with a reason.
TEST(AlsaRecovery, ACardThatIsGoneEndsTheStream)
{
    RecordingListener listener;
    const Gain gain;
    AlsaPlayback device("null", alsa_parameters, gain, listener);
    auto data = numbered(4096);
    failure = -ENODEV;
    failing_place = writei;
    (void)device.transfer(data, 0ms);
    failing_place = none;
    EXPECT_EQ(listener.errors.size(), 1U);
    EXPECT_THROW((void)device.transfer(data, 0ms), Refusal);
}

} // namespace
} // namespace sndback
