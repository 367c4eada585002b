// SPDX-License-Identifier: GPL-2.0-only
// The device goes while applications use it.
#include "driver_test.hpp"

#include <optional>

#include "fake/thread.hpp"

namespace xen_front::test {

namespace {

using UnplugTest = DriverTest;

class DisconnectTest : public DriverTest {
  protected:
    void SetUp() override
    {
        connect();
        stream().has_clock = true;
    }
};

TEST_F(DisconnectTest, OpenRunningStreamIsDisconnectedAtOnce)
{
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    ASSERT_EQ(file->state(), PcmState::Running);
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
    EXPECT_EQ(file->prepare(), -ENODEV);
    // The memory of card and buffer is there until the last close.
    EXPECT_FALSE(kernel.leaks().empty());
    file.reset();
}

TEST_F(DisconnectTest, BlockedWriterWakes)
{
    auto file = prepared();
    kernel.timeline.after(std::chrono::milliseconds(12), [this] { fake::remove(device); });
    const auto start = kernel.timeline.now();
    const int64_t written = file->write(make_audio(1 << 20));
    EXPECT_GT(written, 0); // what it had written until then
    EXPECT_LT(kernel.timeline.now() - start, std::chrono::milliseconds(200));
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
}

TEST_F(DisconnectTest, DrainingEnds)
{
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    kernel.timeline.after(std::chrono::milliseconds(3), [this] { fake::remove(device); });
    EXPECT_EQ(file->drain(), -ENODEV);
}

// The request's waiter is woken; unbinding waits for it, not for the backend's answer.
TEST_F(DisconnectTest, WhileARequestIsWaitedFor)
{
    for (const auto operation : { wire::Operation::Open, wire::Operation::HwParamQuery }) {
        std::optional<fake::Thread> toolstack;
        auto file = operation == wire::Operation::Open ? open_with(small_params) : open();
        stream().withheld = { operation };
        kernel.timeline.after(std::chrono::milliseconds(20), [&] {
            toolstack.emplace(kernel.context, [this] { fake::remove(device); });
            EXPECT_FALSE(toolstack->has_ended());
        });
        const auto start = kernel.timeline.now();
        const int status =
            operation == wire::Operation::Open ? file->prepare() : file->hw_params(small_params);
        EXPECT_EQ(status, -ENODEV);
        ASSERT_TRUE(toolstack);
        EXPECT_TRUE(toolstack->has_ended());
        EXPECT_LT(kernel.timeline.now() - start, std::chrono::milliseconds(300));
        EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
        EXPECT_TRUE(complaints().empty());
        file.reset();
        backend.detach();
        kernel.store.set(device.path + "/state", "1");
        connect();
    }
}

// The first stream has lost its backend for good, but ALSA does not know yet.
TEST_F(UnplugTest, StartWhileTheCardGoes)
{
    configure({ { "0/1/type", "p" } });
    connect();
    auto first = prepared();
    EXPECT_EQ(first->write(make_audio(256 * frame_bytes)), 256);
    auto second = open_with(small_params);
    backend.stream(0, 1).withheld = { wire::Operation::Open };
    std::optional<fake::Thread> toolstack;
    kernel.timeline.after(std::chrono::milliseconds(20), [&] {
        toolstack.emplace(kernel.context, [this] { fake::remove(device); });
        EXPECT_FALSE(toolstack->has_ended());
        EXPECT_EQ(first->start(), -ENODEV);
    });
    EXPECT_EQ(second->prepare(), -ENODEV);
    ASSERT_TRUE(toolstack);
    EXPECT_TRUE(toolstack->has_ended());
    EXPECT_EQ(first->state(), PcmState::Disconnected);
}

TEST_F(DisconnectTest, FileThatWasNeverPrepared)
{
    auto idle = open();
    fake::remove(device);
    idle.reset();
}

TEST_F(DisconnectTest, FileWithParametersOnly)
{
    auto file = open_with(small_params);
    fake::remove(device);
    file.reset();
}

} // namespace

} // namespace xen_front::test
