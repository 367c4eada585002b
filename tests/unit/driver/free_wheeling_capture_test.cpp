// SPDX-License-Identifier: GPL-2.0-only
// Capture that is read in place, or late.
#include "free_wheeling_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

// As OSS does it for an application that has let the stream record for long: by FORWARD, which the
// core limits to a buffer where the hardware has NO_REWINDS.
TEST_F(FreeWheelingTest, RecordingThatRanOnCanBeSkipped)
{
    connect_capture();
    auto file = free_wheeling(KSHIM_CAPTURE);
    for (unsigned int period = 1; period <= 16; period++)
        report(period * 256u);
    EXPECT_EQ(file->forward(3072), 3072);
    std::vector<uint8_t> audio(1024 * frame_bytes);
    ASSERT_EQ(file->read(audio), 1024);
    for (size_t i = 0; i < audio.size(); i++)
        ASSERT_EQ(audio[i], stream().source(3072 * frame_bytes + i)) << "byte " << i;
    EXPECT_EQ(file->rewind(10), 10);
    report(17 * 256);
    ASSERT_EQ(file->read(std::span(audio).first(266 * frame_bytes)), 266);
    for (size_t i = 0; i < 266 * frame_bytes; i++)
        ASSERT_EQ(audio[i], stream().source(4086 * frame_bytes + i)) << "byte " << i;
}

// A backend on another processor can answer each READ while it is being notified of it.
TEST_F(FreeWheelingTest, CaptureIsNotKeptByItsBackend)
{
    uint64_t reported = 0;
    uint64_t reads = 0;
    backend.on_attach = [&](BackendStream &stream) {
        stream.is_liar = true;
        stream.before_answer = [&](const wire::Request &request, wire::Response &) {
            if (request.operation == wire::Operation::Read) {
                stream.report_position(reported += request.transfer.length);
                reads++;
            }
            return reads < 100000; // or the test would not end
        };
    };
    connect_capture();
    auto file = free_wheeling(KSHIM_CAPTURE);
    EXPECT_GT(reads, 1u);
    EXPECT_LT(reads, 200u);
    kernel.timeline.pass(20ms);
    EXPECT_LT(reads, 4000u);
}

TEST_F(FreeWheelingTest, CaptureOverwritesTheBuffer)
{
    connect_capture();
    auto file = free_wheeling(KSHIM_CAPTURE);
    for (uint64_t period = 1; period <= 20; period++) {
        report(period * 256);
        EXPECT_EQ(file->hwsync(), 0);
        EXPECT_EQ(file->runtime().hw_ptr, period * 256);
    }
    EXPECT_EQ(file->state(), PcmState::Running);
}

} // namespace

} // namespace xen_front::test
