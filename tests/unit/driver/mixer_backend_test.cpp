// SPDX-License-Identifier: GPL-2.0-only
// Volume and mute on backends that can do less, or are late.
#include <optional>

#include "fake/thread.hpp"
#include "mixer_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

// ---- backends that can do less ----

class RefusalTest : public ConnectedMixerTest, public ::testing::WithParamInterface<Operation> {};

// Sound servers then scale by themselves.
TEST_P(RefusalTest, AtOpenTakesTheControlAway)
{
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_EQ(mute().write({ 0, 1 }), 0);
    stream().statuses[GetParam()] = -95;
    const bool is_volume = GetParam() == Operation::SetVolume;
    auto file = open_with(small_params);
    ASSERT_EQ(file->prepare(), 0);
    // That is known as soon as the stream is prepared.
    const kshim_card &card = *kernel.sound.visible_cards().at(0);
    EXPECT_EQ(card.find_control("PCM Playback Volume") == nullptr, is_volume);
    EXPECT_EQ(card.find_control("PCM Playback Switch") == nullptr, !is_volume);
    plays(*file);
    // A refusal may depend on the format: the driver tries again at each OPEN.
    stream().statuses.clear();
    file.reset();
    file = prepared();
    EXPECT_TRUE(has_volume() && has_mute());
    EXPECT_EQ(shown(), (Values { half, half }));
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -6020 }));
    EXPECT_EQ(muted(), (std::vector<bool> { true, false }));
    EXPECT_TRUE(complaints().empty());
}

// What the backend has accepted once it does not lack.
TEST_P(RefusalTest, WhilePlayingLeavesTheControl)
{
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_EQ(mute().write({ 0, 1 }), 0);
    auto file = prepared();
    plays(*file);
    stream().statuses[GetParam()] = -22;
    EXPECT_EQ(volume().write({ half, full }), 0);
    EXPECT_EQ(mute().write({ 1, 0 }), 0);
    EXPECT_TRUE(has_volume() && has_mute());
    plays(*file);
    stream().statuses.clear();
    EXPECT_EQ(volume().write({ half, 0 }), 0);
    EXPECT_EQ(mute().write({ 1, 0 }), 0);
    EXPECT_TRUE(has_volume() && has_mute());
    EXPECT_TRUE(complaints().empty());
}

INSTANTIATE_TEST_SUITE_P(Operations, RefusalTest,
                         ::testing::Values(Operation::SetVolume, Operation::Mute,
                                           Operation::Unmute));

TEST_F(ConnectedMixerTest, WithoutGetVolumeTheBackendDoesAsIsShown)
{
    stream().statuses[Operation::GetVolume] = -95;
    stream().volumes = { -10000, -10000 };
    auto file = prepared();
    EXPECT_TRUE(has_volume());
    EXPECT_EQ(volumes(), (std::vector<int32_t> { 0, 0 }));
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_TRUE(has_volume());
    EXPECT_EQ(shown(), (Values { half, half }));
}

TEST_F(ConnectedMixerTest, BackendWithoutAnyOfIt)
{
    for (const auto operation :
         { Operation::SetVolume, Operation::GetVolume, Operation::Mute, Operation::Unmute })
        stream().statuses[operation] = -22;
    EXPECT_EQ(volume().write({ half, half }), 0);
    auto file = prepared();
    EXPECT_FALSE(has_volume() || has_mute());
    plays(*file);
    // Another one that can has what was chosen.
    file.reset();
    backend.publish(XenbusState::Closed);
    backend.detach();
    kernel.timeline.pass(2s);
    EXPECT_FALSE(has_volume() || has_mute());
    backend.wait_for_frontend();
    backend.connect();
    file = prepared();
    EXPECT_TRUE(has_volume() && has_mute());
    EXPECT_EQ(shown(), (Values { half, half }));
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -6020 }));
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ConnectedMixerTest, BackendThatOpensAudioAlone)
{
    stream().buffer_limit = 1024 * frame_bytes;
    auto file = open_with(small_params);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), 2u);
    EXPECT_EQ(stream().opened()->buffer_sz, 1024 * frame_bytes);
    EXPECT_EQ(mixer_requests(), 0u);
    EXPECT_FALSE(has_volume() || has_mute());
    plays(*file);
    EXPECT_EQ(mixer_requests(), 0u);
    // The buffer is known to be too large until there is another one.
    EXPECT_EQ(file->drop(), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), 3u);
    plays(*file);
    stream().buffer_limit = UINT32_MAX;
    EXPECT_EQ(file->drop(), 0);
    ASSERT_EQ(file->hw_params(small_params), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_TRUE(has_volume() && has_mute());
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -6020 }));
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ConnectedMixerTest, BackendBehindOneThatOpensAudioAlone)
{
    stream().buffer_limit = 1024 * frame_bytes;
    auto file = prepared();
    EXPECT_FALSE(has_volume() || has_mute());
    backend.publish(XenbusState::Closed);
    backend.detach();
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(stream().count(Operation::Open), 1u);
    ASSERT_TRUE(has_volume() && has_mute());
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -6020 }));
    plays(*file);
}

TEST_F(ConnectedMixerTest, BackendThatOpensNothing)
{
    stream().statuses[Operation::Open] = -16;
    auto file = open_with(small_params);
    EXPECT_EQ(file->prepare(), -EBUSY);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_TRUE(has_volume() && has_mute());
}

TEST_F(ConnectedMixerTest, OpenThatIsRefusedForAWhileKeepsItsValues)
{
    EXPECT_EQ(mute().write({ 0, 0 }), 0);
    auto file = open_with(small_params);
    // A device that is taken may be free the next moment: it is not tried with less.
    const std::pair<int32_t, size_t> refusals[] = { { -EBUSY, 1 }, { -EAGAIN, 1 }, { -EIO, 2 } };
    for (const auto &[status, opens] : refusals) {
        const size_t before = stream().count(Operation::Open);
        stream().statuses[Operation::Open] = status;
        EXPECT_EQ(file->prepare(), status);
        EXPECT_EQ(stream().count(Operation::Open) - before, opens);
        stream().statuses.clear();
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_TRUE(has_volume() && has_mute());
        EXPECT_EQ(muted(), (std::vector<bool> { true, true }));
        EXPECT_EQ(file->hw_free(), 0);
        EXPECT_EQ(file->hw_params(small_params), 0);
    }
}

// ---- backends that are late ----

TEST_F(ConnectedMixerTest, SilenceAtOpenIsWaitedForOnce)
{
    EXPECT_EQ(volume().write({ half, half }), 0);
    stream().withheld = { Operation::SetVolume, Operation::GetVolume, Operation::Mute,
                          Operation::Unmute };
    auto file = open_with(small_params);
    // It may lack them: a sound server is to know.
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 100ms);
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 0ms);
    plays(*file);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 0ms);
    EXPECT_TRUE(complaints().empty());
    // The backend answers all of it.
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_TRUE(has_volume() && has_mute());
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -6020 }));
    plays(*file);
}

// That a wait was over says nothing about the next OPEN, which may be another backend's.
TEST_F(ConnectedMixerTest, SilenceIsWaitedForAtEachOpen)
{
    EXPECT_EQ(volume().write({ half, half }), 0);
    backend.on_attach = [](BackendStream &stream) {
        for (const Operation operation :
             { Operation::SetVolume, Operation::GetVolume, Operation::Mute, Operation::Unmute }) {
            stream.withheld.insert(operation);
            stream.statuses[operation] = -95;
        }
    };
    auto file = open_with(small_params);
    for (int round = 0; round < 2; round++) {
        backend.publish(XenbusState::Closing);
        backend.detach();
        backend.wait_for_frontend();
        backend.connect();
        ASSERT_EQ(state(), XenbusState::Connected);
        if (round == 1)
            kernel.timeline.after(50ms, [this] { stream().answer_all(); });
        EXPECT_EQ(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), round == 0 ? 100ms : 50ms);
        EXPECT_EQ(kernel.sound.visible_cards().at(0)->find_control("PCM Playback Volume") !=
                      nullptr,
                  round == 0);
        EXPECT_EQ(file->hw_params(small_params), 0);
    }
}

TEST_F(ConnectedMixerTest, BusyBackendObeysTheLastValueInTheEnd)
{
    auto file = prepared();
    plays(*file);
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(volume().write({ half, full }), 0); }), 0ms);
    EXPECT_TRUE(has_volume());
    // The backend has taken that value, but does not answer: it is not sent the next ones.
    EXPECT_EQ(volume().write({ 1000, full }), 0);
    EXPECT_EQ(volume().write({ 2000, full }), 0);
    EXPECT_EQ(stream().count(Operation::SetVolume), 1u);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, 0 }));
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -76000, 0 }));
    EXPECT_EQ(stream().count(Operation::SetVolume), 2u);
    EXPECT_EQ(shown(), (Values { 2000, full }));
    plays(*file);
}

TEST_F(ConnectedMixerTest, LateAnswerAfterCloseHasNoConsequence)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(volume().write({ half, full }), 0);
    EXPECT_EQ(volume().write({ 1000, full }), 0);
    EXPECT_EQ(file->hw_free(), 0);
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(stream().count(Operation::SetVolume), 1u);
    ASSERT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 1, 100, 500 }), 0);
    ASSERT_EQ(file->prepare(), 0);
    settle();
    EXPECT_EQ(stream().volumes[0], -86000);
}

// The response comes after another OPEN, where the values have another place and length.
TEST_F(ConnectedMixerTest, LateAnswerAfterAnotherOpen)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(volume().write({ half, full }), 0);
    ASSERT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 1, 100, 500 }), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(volume().write({ 1000, full }), 0);
    stream().withheld.clear();
    stream().answer_all();
    settle();
    EXPECT_EQ(stream().volumes[0], -86000);
}

TEST_F(ConnectedMixerTest, ControlsDoNotWait)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    fake::Duration taken = 1s;
    kernel.timeline.after(20ms, [&] {
        fake::Thread mixer(kernel.context, [&] {
            taken = duration_of([&] {
                EXPECT_EQ(kernel.sound.visible_cards()[0]
                              ->find_control("PCM Playback Volume")
                              ->write({ half, half }),
                          0);
            });
        });
        EXPECT_TRUE(mixer.has_ended());
    });
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(taken, 0ms);
    EXPECT_EQ(shown(), (Values { half, half }));
}

TEST_F(ConnectedMixerTest, ReadingWhileARequestIsWaitedFor)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    bool has_read = false;
    kernel.timeline.after(20ms, [&] {
        Values values;
        EXPECT_EQ(
            kernel.sound.visible_cards()[0]->find_control("PCM Playback Volume")->read(values), 0);
        EXPECT_EQ(values, (Values { full, full }));
        has_read = true;
    });
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_TRUE(has_read);
}

// Chosen while the backend is asked what its volume is: the choice counts.
TEST_F(ConnectedMixerTest, ChoiceWhileVolumesAreReadBack)
{
    stream().volumes = { -10000, -10000 };
    stream().withheld = { Operation::GetVolume };
    auto file = prepared();
    EXPECT_EQ(volume().write({ half, 3000 }), 0);
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(shown(), (Values { half, 3000 }));
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -66000 }));
}

// What is read back late is older than the choice.
TEST_F(ConnectedMixerTest, ChoiceBehindVolumesThatAreReadBackLate)
{
    auto file = prepared();
    settle();
    stream().withheld = { Operation::GetVolume };
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_EQ(volume().write({ 1000, 1000 }), 0);
    EXPECT_TRUE(stream().answer_next());
    EXPECT_EQ(shown(), (Values { 1000, 1000 }));
    // Nor does it win when no other answer comes.
    EXPECT_EQ(file->hw_free(), 0);
    EXPECT_EQ(shown(), (Values { 1000, 1000 }));
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -86000, -86000 }));
}

TEST_F(ConnectedMixerTest, DeviceThatGoesWhileAVolumeIsNotAnswered)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    kshim_control &kept = volume();
    EXPECT_EQ(kept.write({ half, half }), 0);
    fake::remove(device);
    EXPECT_FALSE(kept.is_removed);
    EXPECT_EQ(kept.write({ full, full }), -ENODEV);
    file.reset();
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ConnectedMixerTest, ValuesReachTheNextBackend)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(volume().write({ half, full }), 0);
    backend.publish(XenbusState::Closed);
    backend.detach();
    EXPECT_EQ(mute().write({ 0, 1 }), 0);
    EXPECT_TRUE(has_volume() && has_mute());
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, 0 }));
    EXPECT_EQ(muted(), (std::vector<bool> { true, false }));
    plays(*file);
}

TEST_F(ConnectedMixerTest, LastValueReachesABackendThatWasOverdue)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(volume().write({ half, full }), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    kernel.timeline.pass(1500ms);
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(volume().write({ 1000, full }), 0); }), 0ms);
    stream().withheld.clear();
    stream().answer_all();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -86000, 0 }));
}

} // namespace

} // namespace xen_front::test
