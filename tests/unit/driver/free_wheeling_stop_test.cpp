// SPDX-License-Identifier: GPL-2.0-only
// STOP of what is written in place: dmix has its device stopped when ALSA shows the end of the last
// client's sound, which is not played then.
#include "free_wheeling_test.hpp"
#include "kshim/entry.h"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

TEST_F(FreeWheelingTest, StopWaitsUntilWhatWasShownIsPlayed)
{
    connect();
    auto file = free_wheeling();
    report(256);
    ASSERT_EQ(file->runtime().hw_ptr, 768u);
    EXPECT_EQ(file->drop(), 0);
    kernel.timeline.pass(100ms);
    EXPECT_TRUE(stream().is_running());
    kernel.timeline.after(10ms, [this] { report(512); });
    kernel.timeline.after(15ms, [this] { report(768); });
    const auto before = kernel.timeline.now();
    EXPECT_EQ(file->hw_free(), 0);
    EXPECT_EQ(kernel.timeline.now() - before, fake::Duration(15ms));
    EXPECT_FALSE(stream().is_running());
    EXPECT_EQ(stream().count(Operation::Close), 1u);
    EXPECT_EQ(stream().record.written_bytes, 768 * frame_bytes); // no more was given to it
    EXPECT_TRUE(device.log.empty());
}

TEST_F(FreeWheelingTest, StopWaitsNoLongerThanForARequest)
{
    connect();
    auto file = free_wheeling();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->drop(), 0);
    const auto before = kernel.timeline.now();
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(kernel.timeline.now() - before,
              fake::Duration(std::chrono::milliseconds(kernel.request_timeout_ms)));
    EXPECT_FALSE(stream().is_running());
    EXPECT_EQ(file->runtime().delay, 0);
    EXPECT_EQ(file->start(), 0);
    EXPECT_TRUE(stream().is_running());
}

TEST_F(FreeWheelingTest, PauseDoesNotWaitForWhatWasShown)
{
    connect();
    auto file = started_again();
    EXPECT_EQ(file->pause(true), 0);
    EXPECT_FALSE(stream().is_running());
}

// Some kernels stop the members of a group of linked streams once more.
TEST_F(FreeWheelingTest, StopThatIsRepeatedWaitsAsWell)
{
    connect();
    auto file = free_wheeling();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(xen_front_pcm_trigger(file->substream().stream, KSHIM_TRIGGER_STOP), 0);
    EXPECT_TRUE(stream().is_running());
    report(512);
    EXPECT_FALSE(stream().is_running());
}

TEST_F(FreeWheelingTest, StopWaitsForNoBackendThatHasGone)
{
    connect();
    auto file = free_wheeling();
    kernel.timeline.pass(1ms);
    lose_backend();
    const auto gone_at = kernel.timeline.now();
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->hw_free(), 0);
    EXPECT_EQ(kernel.timeline.now(), gone_at);
}

TEST_F(FreeWheelingTest, StopWaitsForNoBackendThatHasNotBegun)
{
    connect();
    auto file = free_wheeling();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->drop(), 0);
    lose_backend();
    backend.connect();
    kernel.timeline.pass(1ms);
    const auto before = kernel.timeline.now();
    EXPECT_EQ(file->hw_free(), 0);
    EXPECT_EQ(kernel.timeline.now(), before);
}

// The application drops the stream, and leaves it at that.
TEST_F(FreeWheelingTest, StopOfASilentBackendNeedsNoCaller)
{
    connect();
    auto file = free_wheeling();
    report(256);
    EXPECT_EQ(file->drop(), 0);
    kernel.timeline.pass(900ms);
    EXPECT_TRUE(stream().is_running());
    kernel.timeline.pass(500ms);
    EXPECT_FALSE(stream().is_running());
}

TEST_F(FreeWheelingTest, StopThatIsNotAnsweredIsWaitedForOnce)
{
    connect();
    auto file = free_wheeling();
    report(256);
    stream().withheld = { Operation::Trigger };
    EXPECT_EQ(file->drop(), 0);
    kernel.timeline.after(10ms, [this] { report(768); });
    const auto before = kernel.timeline.now();
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(kernel.timeline.now() - before, fake::Duration(1010ms));
}

TEST_F(FreeWheelingTest, StopDoesNotWaitWhileTheGuestSleeps)
{
    connect();
    auto file = free_wheeling();
    report(256);
    EXPECT_EQ(file->drop(), 0);
    fake::sleep_and_wake(device, [&] { EXPECT_FALSE(stream().is_running()); });
}

} // namespace

} // namespace xen_front::test
