// SPDX-License-Identifier: GPL-2.0-only
// Backends that refuse what they are asked for, and runs that end because of it.
#include <optional>

#include "stream_failure_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

TEST_F(StreamFailureTest, RefusedOpenIsToldToTheApplication)
{
    auto file = open_with(small_params);
    stream().statuses[Operation::Open] = -16;
    EXPECT_EQ(file->prepare(), -EBUSY);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("OPEN"), std::string::npos);
    EXPECT_NE(complaints()[0].find("-16"), std::string::npos);
    EXPECT_EQ(file->write(make_audio(4)), -EBADFD);
    stream().statuses.clear();
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
}

TEST_F(StreamFailureTest, StrangeStatusIsAnErrorToo)
{
    auto file = open_with(small_params);
    for (const int32_t status : { 1, 77, -512, -100000, INT32_MIN, INT32_MAX }) {
        stream().statuses[Operation::Open] = status;
        const int result = file->prepare();
        EXPECT_LT(result, 0) << status;
        EXPECT_GT(result, -134) << status;
    }
}

// All that asm-generic/errno.h has.
TEST_F(StreamFailureTest, OrdinaryStatusIsToldAsItIs)
{
    auto file = open_with(small_params);
    for (const int32_t status : { -1, -EBUSY, -EHWPOISON }) {
        stream().statuses[Operation::Open] = status;
        EXPECT_EQ(file->prepare(), status);
    }
    stream().statuses[Operation::Open] = -EHWPOISON - 1;
    EXPECT_EQ(file->prepare(), -EIO);
}

TEST_F(StreamFailureTest, RefusedWriteStopsTheStream)
{
    auto file = running();
    stream().statuses[Operation::Write] = -5;
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
    stream().report_position(512 * frame_bytes); // noticed with the next event at the latest
    EXPECT_EQ(file->state(), PcmState::Xrun);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("WRITE"), std::string::npos);
    EXPECT_NE(complaints()[0].find("-5"), std::string::npos);

    stream().statuses.clear();
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_F(StreamFailureTest, RefusalOfAWriteFromBeforeCloseSaysNothing)
{
    auto file = prepared();
    stream().withheld = { Operation::Write };
    stream().statuses[Operation::Write] = -5;
    EXPECT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->hw_free(), 0);
    stream().answer_all();
    stream().interrupt_requests();
    EXPECT_TRUE(complaints().empty());
}

TEST_F(StreamFailureTest, RefusalOfAWriteFromBeforeStopSaysNothing)
{
    auto file = running();
    stream().withheld = { Operation::Write };
    stream().statuses[Operation::Write] = -5;
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    EXPECT_EQ(file->drop(), 0);
    stream().answer_all();
    stream().interrupt_requests();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(complaints(), std::vector<std::string>());
}

TEST_F(StreamFailureTest, FirstRefusalOfARunIsLogged)
{
    auto file = running();
    stream().withheld = { Operation::Write };
    stream().report_position(256 * frame_bytes);
    for (const int32_t status : { -5, -6 }) {
        stream().statuses[Operation::Write] = status;
        EXPECT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    }
    stream().answer_all();
    stream().report_position(300 * frame_bytes);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("-5"), std::string::npos);
}

// The backend may refuse it for the rows of values, which another OPEN would leave out.
TEST_F(StreamFailureTest, RefusedOpenOfAStreamThatWasDroppedIsNotTriedAgain)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    stream().statuses[Operation::Open] = -22;
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    EXPECT_EQ(file->drop(), 0);
    stream().withheld.clear();
    stream().answer_all();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
}

TEST_F(StreamFailureTest, RefusedStartStopsTheStream)
{
    auto file = prepared();
    stream().statuses[Operation::Trigger] = -5;
    file->write(make_audio(1024 * frame_bytes));
    kernel.timeline.pass(1ms);
    file->hwsync();
    EXPECT_EQ(file->state(), PcmState::Xrun);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("TRIGGER"), std::string::npos);
}

TEST_F(StreamFailureTest, StartThatIsRefusedBehindAPauseStopsTheStream)
{
    auto file = prepared();
    stream().latency.reset();
    stream().statuses[Operation::Trigger] = -5;
    file->write(make_audio(1024 * frame_bytes));
    EXPECT_EQ(file->pause(true), 0);
    stream().serve();
    stream().interrupt_requests();
    file->hwsync();
    EXPECT_EQ(file->state(), PcmState::Xrun);
}

TEST_F(StreamFailureTest, TheSameRefusalIsLoggedOnceUntilItSucceeds)
{
    auto file = prepared();
    const auto try_to_start = [&] {
        EXPECT_EQ(file->prepare(), 0);
        file->write(make_audio(1024 * frame_bytes));
        kernel.timeline.pass(1ms);
        file->hwsync();
    };
    stream().statuses[Operation::Trigger] = -5;
    for (int i = 0; i < 20; i++) {
        try_to_start();
        EXPECT_EQ(file->state(), PcmState::Xrun);
    }
    EXPECT_EQ(complaints().size(), 1u);

    stream().statuses[Operation::Trigger] = -16;
    try_to_start();
    ASSERT_EQ(complaints().size(), 2u);
    EXPECT_NE(complaints()[1].find("status -16"), std::string::npos);

    stream().statuses.clear();
    try_to_start();
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->drop(), 0);
    stream().statuses[Operation::Trigger] = -16;
    try_to_start();
    EXPECT_EQ(complaints().size(), 3u);
}

TEST_F(StreamFailureTest, TheSameRefusedOpenIsLoggedOnceUntilItSucceeds)
{
    auto file = open_with(small_params);
    stream().statuses[Operation::Open] = -12;
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(file->prepare(), -ENOMEM);
    EXPECT_EQ(complaints().size(), 1u);

    stream().statuses[Operation::Open] = -16;
    EXPECT_EQ(file->prepare(), -EBUSY);
    ASSERT_EQ(complaints().size(), 2u);
    EXPECT_NE(complaints()[1].find("OPEN with status -16"), std::string::npos);

    stream().statuses.clear();
    EXPECT_EQ(file->prepare(), 0);
    stream().statuses[Operation::Open] = -16;
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->prepare(), -EBUSY);
    EXPECT_EQ(complaints().size(), 3u);

    // That the next backend does the same is news.
    backend.publish(XenbusState::Closed);
    backend.detach();
    backend.wait_for_frontend();
    backend.connect();
    stream().statuses[Operation::Open] = -16;
    EXPECT_EQ(file->prepare(), -EBUSY);
    EXPECT_EQ(complaints().size(), 4u);
}

TEST_F(StreamFailureTest, OpenThatIsRefusedForOtherParametersIsLogged)
{
    auto file = open();
    stream().statuses[Operation::Open] = -12;
    // Each differs in one thing from the one before.
    const PcmParams setups[] = {
        small_params,
        { 1, 48000, 2, 256, 1024 }, // U8
        { 1, 44100, 2, 256, 1024 },
        { 1, 44100, 1, 256, 1024 },
        { 1, 44100, 1, 128, 1024 },
        { 1, 44100, 1, 128, 2048 },
    };
    size_t lines = 0;
    for (const PcmParams &setup : setups) {
        ASSERT_EQ(file->hw_params(setup), 0);
        EXPECT_EQ(file->prepare(), -ENOMEM);
        EXPECT_EQ(file->prepare(), -ENOMEM);
        EXPECT_EQ(complaints().size(), ++lines);
    }
}

// ALSA learns of a refusal from .ack, and stops the stream itself.
TEST_F(StreamFailureTest, RefusedWriteOfAPreparedStreamIsTheLast)
{
    auto file = prepared();
    stream().statuses[Operation::Write] = -5;
    int64_t status = 32;
    for (int i = 0; i < 10 && status == 32; i++)
        status = file->write(make_audio(32 * frame_bytes));
    EXPECT_EQ(status, -EPIPE);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_LT(stream().count(Operation::Write), 10u);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(complaints().size(), 1u);
}

// As when the device in the backend's domain is unplugged: no more events come either.
TEST_F(StreamFailureTest, RefusalThatAckFindsStopsTheStream)
{
    auto file = running();
    stream().report_position(256 * frame_bytes);
    stream().statuses[Operation::Write] = -5;
    int64_t status = 32;
    for (int i = 0; i < 8 && status == 32; i++)
        status = file->write(make_audio(32 * frame_bytes));
    EXPECT_EQ(status, -EPIPE);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_F(StreamFailureTest, RefusedStopIsNoTrouble)
{
    auto file = running();
    stream().statuses[Operation::Trigger] = -5;
    EXPECT_EQ(file->drop(), 0);
    stream().statuses.clear();
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
}

TEST_F(StreamFailureTest, RefusedCloseIsOneLine)
{
    auto file = running();
    stream().statuses[Operation::Close] = -5;
    file.reset();
    EXPECT_EQ(complaints().size(), 1u);
}

// The operation that a backend refuses, so that the run ends; none: it reports an underrun.
class SetbackTest : public StreamFailureTest,
                    public ::testing::WithParamInterface<std::optional<Operation>> {
  protected:
    void set_back(PcmFile &file)
    {
        if (!GetParam()) {
            stream().report_position(~uint64_t { 0 });
            return;
        }
        EXPECT_EQ(file.drop(), 0);
        EXPECT_EQ(file.prepare(), 0);
        stream().statuses[*GetParam()] = -5;
        file.write(make_audio(1024 * frame_bytes));
        kernel.timeline.pass(1ms);
        file.hwsync();
        stream().statuses.clear();
    }
};

// Each run ends at once and the application prepares again, for ever: the driver slows that down,
// or it would go on as fast as the processor allows.
TEST_P(SetbackTest, WithoutEndIsRecoveredFromSlowly)
{
    auto file = running();
    uint32_t xruns = 0;
    const auto xrun_and_prepare = [&] {
        set_back(*file);
        EXPECT_EQ(file->state(), PcmState::Xrun);
        xruns++;
        const auto taken = duration_of([&] { EXPECT_EQ(file->prepare(), 0); });
        EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
        EXPECT_EQ(file->state(), PcmState::Running);
        return taken;
    };
    // The first ones may be bad luck, and are not slowed down.
    while (xruns < 16)
        EXPECT_LT(xrun_and_prepare(), 1ms);
    const auto start = kernel.timeline.now();
    while (kernel.timeline.now() - start < 3s && xruns < 1000)
        xrun_and_prepare();
    EXPECT_LE(xruns, 16u + 3 * 27);

    // The application's own stops and starts are as fast as ever, and a later xrun is as well.
    for (int round = 0; round < 100; round++) {
        EXPECT_LT(duration_of([&] {
                      EXPECT_EQ(file->drop(), 0);
                      EXPECT_EQ(file->prepare(), 0);
                  }),
                  1ms);
        EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    }
    EXPECT_EQ(file->drop(), 0);
    kernel.timeline.pass(1s);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    EXPECT_LT(xrun_and_prepare(), 1ms);
}

INSTANTIATE_TEST_SUITE_P(Backends, SetbackTest,
                         ::testing::Values(std::nullopt, Operation::Write, Operation::Trigger));

} // namespace

} // namespace xen_front::test
