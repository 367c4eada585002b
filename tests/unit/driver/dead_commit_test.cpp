// SPDX-License-Identifier: GPL-2.0-only
// A thread of a sound server that finds its stream dead when it moves the application pointer.
// alsa-lib does not tell it that this has failed. The stream therefore has to be stopped by then:
// poll() of one that runs says that it is ready, where the thread sees nothing to read and no room,
// and in real time no other thread gets the processor, such as that of the driver's maintenance.
#include <optional>

#include "fake/thread.hpp"
#include "stream_failure_test.hpp"

namespace xen_front::test {

namespace {

using namespace std::chrono_literals;

class DeadCommitTest : public StreamFailureTest {
  protected:
    static void expect_stopped(PcmFile &file)
    {
        EXPECT_EQ(file.move_appl_ptr(file.runtime().appl_ptr + 32), -EPIPE);
        EXPECT_EQ(file.state(), PcmState::Xrun);
        EXPECT_TRUE(file.poll().is_error);
        EXPECT_EQ(file.prepare(), -ENODEV);
    }
};

TEST_F(DeadCommitTest, OfABrokenRing)
{
    auto file = running();
    stream().withheld = { wire::Operation::Write };
    stream().report_position(256 * frame_bytes);
    ASSERT_EQ(file->hwsync(), 0);
    stream().ring().rsp_prod += 100;
    // The last one has to wait for a response to a WRITE, and looks for it.
    for (int i = 0; i < 5; i++)
        ASSERT_EQ(file->move_appl_ptr(file->runtime().appl_ptr + 32), 0);
    expect_stopped(*file);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
}

class DeadCommitUnplugTest : public DeadCommitTest {
  protected:
    void SetUp() override
    {
        configure({ { "0/1/type", "c" } });
        connect();
    }
};

// The first stream has lost its backend for good, but ALSA does not know yet.
TEST_F(DeadCommitUnplugTest, WhileTheCardGoes)
{
    auto first = running();
    stream().report_position(256 * frame_bytes);
    ASSERT_EQ(first->hwsync(), 0);
    auto second = open_with(small_params, KSHIM_CAPTURE);
    backend.stream(0, 1).withheld = { wire::Operation::Open };
    std::optional<fake::Thread> toolstack;
    kernel.timeline.after(20ms, [&] {
        toolstack.emplace(kernel.context, [this] { fake::remove(device); });
        EXPECT_FALSE(toolstack->has_ended());
        EXPECT_EQ(first->move_appl_ptr(first->runtime().appl_ptr + 32), -EPIPE);
        EXPECT_EQ(first->state(), PcmState::Xrun);
        EXPECT_TRUE(first->poll().is_error);
    });
    EXPECT_EQ(second->prepare(), -ENODEV);
    ASSERT_TRUE(toolstack);
    EXPECT_TRUE(toolstack->has_ended());
    EXPECT_EQ(first->state(), PcmState::Disconnected);
}

} // namespace

} // namespace xen_front::test
