// SPDX-License-Identifier: GPL-2.0-only
// Controls that go, and come back, as backends refuse and accept volume and mute.
#include "fake/thread.hpp"
#include "mixer_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

// A backend that can read volumes, or unmute, but not the rest: the control does not come back with
// each OPEN.
TEST_F(ConnectedMixerTest, ControlOfWhichThereIsHalfStaysAway)
{
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_EQ(mute().write({ 0, 1 }), 0);
    stream().statuses[Operation::SetVolume] = -95;
    stream().statuses[Operation::Mute] = -95;
    const size_t before = kernel.sound.visible_cards().at(0)->controls.size();
    for (int round = 0; round < 4; round++) {
        auto file = prepared();
        EXPECT_FALSE(has_volume() || has_mute());
        plays(*file);
    }
    EXPECT_EQ(kernel.sound.visible_cards().at(0)->controls.size(), before);
}

TEST_F(ConnectedMixerTest, ControlThatGoesIsNoNewsOfAnother)
{
    for (const auto operation : { Operation::Mute, Operation::Unmute })
        stream().statuses[operation] = -22;
    auto file = prepared();
    EXPECT_FALSE(has_mute());
    EXPECT_EQ(volume().value_events, 0u);
}

// ALSA has its lock for as long as it copies to an application's memory.
TEST_F(ConnectedMixerTest, ApplicationThatReadsControlsIsNotWaitedForWithoutLimit)
{
    for (const auto operation : { Operation::SetVolume, Operation::GetVolume })
        stream().statuses[operation] = -22;
    auto file = open_with(small_params);
    kshim_card &card = *kernel.sound.visible_cards().at(0);
    {
        const fake::HeldLock reading(kernel.context, &card.controls_mutex, fake::LockKind::Mutex,
                                     "controls that are read");
        EXPECT_EQ(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 100ms);
        EXPECT_TRUE(has_volume());
    }
    kernel.timeline.pass(100ms);
    EXPECT_FALSE(has_volume());
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ConnectedMixerTest, ControlThatCannotBeAddedIsTriedAgain)
{
    for (const auto operation : { Operation::SetVolume, Operation::GetVolume })
        stream().statuses[operation] = -22;
    auto file = prepared();
    EXPECT_FALSE(has_volume());
    stream().statuses.clear();
    file.reset();
    file = open_with(small_params);
    {
        kshim_card &card = *kernel.sound.visible_cards().at(0);
        const fake::HeldLock reading(kernel.context, &card.controls_mutex, fake::LockKind::Mutex,
                                     "controls that are read");
        ASSERT_EQ(file->prepare(), 0);
        EXPECT_FALSE(has_volume());
    }
    kernel.timeline.pass(100ms);
    EXPECT_TRUE(has_volume());
}

// An application may make a control of the same name, which outlives it. ALSA logs each refusal.
TEST_F(ConnectedMixerTest, ControlWhoseNameIsTakenIsTriedSeldom)
{
    for (const auto operation : { Operation::SetVolume, Operation::GetVolume })
        stream().statuses[operation] = -22;
    kshim_card &card = *kernel.sound.visible_cards().at(0);
    card.controls.push_back(std::make_unique<kshim_control>(volume()));
    kshim_control &own = *card.controls.back();
    auto file = prepared();
    EXPECT_TRUE(has_volume()); // the application's
    stream().statuses.clear();
    file.reset();
    file = open_with(small_params);
    EXPECT_LT(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 100ms);
    EXPECT_EQ(kernel.sound.refused_controls, 1u);
    // What has the card look at its controls for another reason does not count.
    for (int i = 0; i < 100; i++) {
        stream().volumes = { -1000 * i, -1000 * i };
        EXPECT_EQ(mute().write({ 1, 1u & i }), 0);
        file.reset();
        file = prepared();
        kernel.timeline.pass(1s);
    }
    EXPECT_GE(kernel.sound.refused_controls, 2u);
    EXPECT_LE(kernel.sound.refused_controls, 5u);
    own.is_removed = true;
    kernel.timeline.pass(11min);
    EXPECT_TRUE(has_volume());
}

} // namespace
} // namespace xen_front::test
