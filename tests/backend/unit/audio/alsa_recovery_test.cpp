// SPDX-License-Identifier: GPL-2.0-only
//
// A card that underruns, is suspended or is not ready, in whichever call that shows.
#include <gtest/gtest.h>

#include "audio/alsa_device.hpp"
#include "unit/audio/alsa_failures.h"
#include "unit/audio/parameters.h"
#include "unit/support.h"

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

// A PCM that could not be prepared has no position: the kernel answers EBADFD.
TEST(AlsaRecovery, StopWhileThePcmIsNotReadyAsksForNoPosition)
{
    const Gain gain;
    const auto stop_unprepared = [](PcmDevice &device) {
        failure = -ESTRPIPE;
        failing_place = avail;
        failing_next.assign(8, prepare);
        (void)device.service(10ms, {});
        EXPECT_EQ(failing_place, unsigned { prepare });
        EXPECT_LT(failing_next.size(), 8U);
        failing_next.clear();
        failure = -EBADFD;
        failing_place = avail;
        device.stop(20ms);
        EXPECT_EQ(failing_place, unsigned { avail });
        failing_place = none;
    };
    auto data = numbered(4096);

    RecordingListener played;
    AlsaPlayback playback("null", alsa_parameters, gain, played);
    ASSERT_TRUE(playback.transfer(data, 0ms));
    playback.start(0ms);
    stop_unprepared(playback);
    EXPECT_TRUE(playback.transfer(data, 30ms).has_value());
    EXPECT_TRUE(played.errors.empty());

    RecordingListener captured;
    AlsaCapture capture("null", alsa_parameters, gain, captured);
    capture.start(0ms);
    stop_unprepared(capture);
    EXPECT_TRUE(captured.errors.empty());
}

// As long as it lasts, 200 times a second.
TEST(AlsaRecovery, AnErrorThatLastsIsNotedOnce)
{
    RecordingListener listener;
    const Gain gain;
    AlsaPlayback device("null", alsa_parameters, gain, listener);
    auto data = numbered(4096);
    ASSERT_TRUE(device.transfer(data, 0ms));
    const std::size_t before = listener.notes.size();
    failure = -ESTRPIPE;
    failing_place = start;
    device.start(0ms);
    for (unsigned round = 0; round < 20; ++round) {
        failing_place = start;
        (void)device.service(monotonic_now(), {});
    }
    failing_place = none;
    EXPECT_EQ(listener.notes.size(), before + 1);
    EXPECT_TRUE(listener.errors.empty());
}

// The card's buffer was not filled in time, or not emptied; the guest has done its part.
TEST(AlsaRecovery, ACardThatStopsAlthoughFramesWaitIsNotTheGuestsFault)
{
    const Gain gain;
    RecordingListener played;
    AlsaPlayback playback("null", alsa_parameters, gain, played);
    auto data = numbered(4096);
    ASSERT_TRUE(playback.transfer(data, 0ms));
    playback.start(0ms);
    failure = -EAGAIN;
    failing_place = writei;
    ASSERT_TRUE(playback.transfer(data, 10ms));
    failure = -EPIPE;
    failing_place = avail;
    (void)playback.service(22ms, {});
    EXPECT_EQ(played.stops, std::vector<std::uint64_t> { 4096 });
    EXPECT_TRUE(played.underruns.empty());

    RecordingListener captured;
    AlsaCapture capture("null", alsa_parameters, gain, captured);
    capture.start(0ms);
    failing_place = avail;
    (void)capture.service(10ms, {});
    EXPECT_EQ(captured.stops, std::vector<std::uint64_t> { 0 });
    EXPECT_EQ(captured.lost, 0U);
}

TEST(AlsaRecovery, ACardThatWasSuspendedIsNobodysFault)
{
    const Gain gain;
    RecordingListener captured;
    AlsaCapture capture("null", alsa_parameters, gain, captured);
    capture.start(0ms);
    const std::size_t before = captured.notes.size();
    failure = -ESTRPIPE;
    for (const Place place : { avail, readi }) {
        failing_place = place;
        (void)capture.service(10ms, {});
        EXPECT_EQ(failing_place, unsigned { none });
    }
    EXPECT_TRUE(captured.stops.empty());
    EXPECT_EQ(captured.notes.size(), before + 2);
}

// As dmix and dsnoop do: they have taken the card's error for themselves, their timer stands still,
// and there is room as before.
TEST(AlsaRecovery, ASharedCardThatWasSuspendedGoesOn)
{
    const Gain gain;
    auto data = numbered(4096);
    RecordingListener played;
    {
        AlsaPlayback device("null", alsa_parameters, gain, played);
        ASSERT_TRUE(device.transfer(data, 0ms));
        device.start(0ms);
        const ShownCard card;
        shown_room = 0;
        shown_state = SND_PCM_STATE_SUSPENDED;
        EXPECT_FALSE(device.service(24ms, {}));
        EXPECT_FALSE(shown_state) << "it was not prepared";
        EXPECT_EQ(frames_given, 1024U) << "what was not played was given again";
    }
    EXPECT_TRUE(played.errors.empty());

    RecordingListener captured;
    {
        AlsaCapture device("null", alsa_parameters, gain, captured);
        device.start(0ms);
        const ShownCard card;
        shown_room = 0;
        shown_state = SND_PCM_STATE_SUSPENDED;
        EXPECT_FALSE(device.service(24ms, {}));
        EXPECT_FALSE(shown_state) << "it was not prepared";
    }
    EXPECT_TRUE(captured.errors.empty());
}

TEST(AlsaRecovery, ASharedCardThatIsGoneEndsTheStream)
{
    const Gain gain;
    auto data = numbered(4096);
    RecordingListener listener;
    AlsaPlayback device("null", alsa_parameters, gain, listener);
    ASSERT_TRUE(device.transfer(data, 0ms));
    device.start(0ms);
    shown_state = SND_PCM_STATE_DISCONNECTED;
    EXPECT_EQ(device.service(10ms, {}), data.size());
    shown_state.reset();
    EXPECT_EQ(listener.errors.size(), 1U);
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
    EXPECT_THROW(device.start(0ms), Refusal);
    EXPECT_EQ(listener.errors.size(), 1U);
    EXPECT_FALSE(device.deadline());
}

// A frontend whose buffer is full waits for a position, and asks for nothing before.
TEST(AlsaRecovery, AGuestThatWaitsHearsOfACardThatIsGone)
{
    const Gain gain;
    auto data = numbered(4096);
    for (const Place place : { avail, writei }) {
        RecordingListener listener;
        AlsaPlayback device("null", alsa_parameters, gain, listener);
        ASSERT_TRUE(device.transfer(data, 0ms));
        device.start(0ms);
        failure = -ENODEV;
        failing_place = place;
        ASSERT_TRUE(device.transfer(data, 5ms));
        ASSERT_TRUE(device.deadline());
        EXPECT_EQ(device.service(10ms, {}), 2 * data.size());
        EXPECT_FALSE(device.service(20ms, {}));
        EXPECT_FALSE(device.deadline());
        EXPECT_THROW((void)device.transfer(data, 20ms), Refusal);
    }

    RecordingListener listener;
    AlsaCapture device("null", alsa_parameters, gain, listener);
    device.start(0ms);
    failing_place = avail;
    EXPECT_EQ(device.service(10ms, {}), alsa_parameters.period_bytes);
    EXPECT_FALSE(device.deadline());
    EXPECT_THROW((void)device.transfer(data, 20ms), Refusal);
    EXPECT_THROW(device.start(20ms), Refusal);
}

// Whatever fails after the card has said that it has played all.
TEST(AlsaRecovery, AGuestThatWaitsHearsOfTheEndEvenIfTheCardIsGoneThen)
{
    RecordingListener listener;
    const Gain gain;
    AlsaPlayback device("null", alsa_parameters, gain, listener);
    auto data = numbered(6144);
    ASSERT_TRUE(device.transfer(data, 0ms));
    device.start(0ms);
    const ShownCard card;
    shown_room = 4096;
    failure = -ENODEV;
    failing_place = wakeup;
    EXPECT_EQ(device.service(33ms, {}), data.size());
    EXPECT_EQ(failing_place, unsigned { none });
    EXPECT_EQ(listener.errors.size(), 1U);
    EXPECT_FALSE(device.deadline());
}

// The answer says it all.
TEST(AlsaRecovery, AStartThatFailsIsRefused)
{
    RecordingListener listener;
    const Gain gain;
    AlsaPlayback device("null", alsa_parameters, gain, listener);
    auto data = numbered(4096);
    ASSERT_TRUE(device.transfer(data, 0ms));
    failure = -ENODEV;
    failing_place = start;
    try {
        device.start(0ms);
        ADD_FAILURE();
    } catch (const Refusal &refusal) {
        EXPECT_EQ(refusal.status(), -XEN_EIO);
    }
    EXPECT_FALSE(device.deadline());
    EXPECT_FALSE(device.service(10ms, {}));
}

} // namespace
} // namespace sndback
