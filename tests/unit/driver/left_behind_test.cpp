// SPDX-License-Identifier: GPL-2.0-only
// What is left of a run, of an OPEN or of a connection is not held against the next one.
#include <algorithm>

#include "stall_test.hpp"
#include "stream_failure_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

// ---- of a run ----

// The backend refuses the OPEN of one prepare, and does not answer that of the next.
TEST_F(StreamFailureTest, RefusalOfAnOpenIsToldOnce)
{
    auto file = open_with(small_params);
    stream().statuses[Operation::Open] = -16;
    EXPECT_EQ(file->prepare(), -EBUSY);
    stream().statuses.clear();
    stream().withheld = { Operation::Open };
    EXPECT_EQ(file->prepare(), 0);
}

// Another stream's end says nothing about a READ, or a WRITE, that is still to be carried out.
TEST_F(DriverTest, BufferIsKeptUntilItsOwnCloseIsAnswered)
{
    configure({ { "0/1/type", "p" } });
    connect();
    const size_t idle = kernel.memory.grant_count();
    auto first = prepared();
    const size_t with_one = kernel.memory.grant_count();
    auto second = prepared();
    stream().withheld = { wire::Operation::Close };
    first.reset();
    second.reset();
    EXPECT_EQ(kernel.memory.grant_count(), with_one);
    kernel.timeline.pass(5s);
    EXPECT_EQ(kernel.memory.grant_count(), with_one);
    stream().withheld.clear();
    stream().answer_all();
    open_with(small_params).reset();
    EXPECT_EQ(kernel.memory.grant_count(), idle);
}

TEST_F(StreamFailureTest, RefusalOfAnOpenIsNotToldWithoutABackend)
{
    auto file = open_with(small_params);
    stream().statuses[Operation::Open] = -16;
    EXPECT_EQ(file->prepare(), -EBUSY);
    backend.publish(XenbusState::Closing);
    backend.detach();
    EXPECT_EQ(file->prepare(), 0);
}

// ALSA has stopped the stream itself, as .ack has failed. The application is faster than the
// driver's maintenance: without a backend there is nothing that prepare waits for.
TEST_F(StreamFailureTest, RefusalThatAckFindsEndsOneRun)
{
    auto file = running();
    stream().report_position(256 * frame_bytes);
    stream().statuses[Operation::Write] = -5;
    int64_t status = 32;
    for (int i = 0; i < 8 && status == 32; i++)
        status = file->write(make_audio(32 * frame_bytes));
    ASSERT_EQ(status, -EPIPE);
    const uint64_t xruns = file->substream().xruns;
    backend.publish(XenbusState::Closing);
    backend.detach();
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->substream().xruns, xruns);
}

// ---- of a connection ----

class LeftBehindTest : public StallTest {
  protected:
    const kshim_event_channel &events() const
    {
        return *kernel.event_channels.find(device.backend_domain,
                                           backend.transport("0/0").event_ring_channel);
    }
};

// How long it may hang counts from when it was first overdue, and not from when another was.
TEST_F(LeftBehindTest, NextBackendMayHangAsLongAsTheOneBefore)
{
    auto file = playing();
    hang(stream());
    kernel.timeline.pass(8s);
    ASSERT_EQ(card_count(), 1u);
    ASSERT_EQ(complaints().size(), 1u);
    backend.on_attach = [this](BackendStream &stream) {
        hang(stream);
    };
    restart(XenbusState::Closing);
    ASSERT_EQ(state(), XenbusState::Connected);
    kernel.timeline.pass(8s);
    EXPECT_EQ(card_count(), 1u);
    // The log says that this one hangs, too.
    EXPECT_EQ(complaints().size(), 2u);
    EXPECT_EQ(file->state(), PcmState::Running);
    kernel.timeline.pass(4s);
    EXPECT_EQ(card_count(), 0u);
}

// The driver looks at what a backend has reported when it goes, without an interrupt.
TEST_F(LeftBehindTest, NewsOfTheBackendBeforeDoNotExcuseAnInterrupt)
{
    auto file = playing();
    stream().has_clock = false;
    stream().is_cut_off = true;
    stream().report_position(100 * frame_bytes);
    restart(XenbusState::Closing);
    ASSERT_EQ(state(), XenbusState::Connected);
    EXPECT_EQ(position(*file), 0u);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(position(*file), 100u);
    stream().has_clock = false;
    stream().interrupt_events();
    EXPECT_EQ(events().last_result, KSHIM_EVENT_SPURIOUS);
}

TEST_F(LeftBehindTest, ConnectionsThatFailedBeforeAGoodOneCountNoLonger)
{
    // The first of three ends what was made.
    const auto fail_twice = [this] {
        for (int i = 0; i < 3; i++) {
            backend.publish(XenbusState::Closed);
            backend.detach();
            kernel.timeline.pass(2s); // states that come faster are handled at leisure
            backend.wait_for_frontend();
            ASSERT_EQ(state(), XenbusState::Initialised);
        }
    };
    fail_twice();
    backend.connect();
    ASSERT_EQ(state(), XenbusState::Connected);
    fail_twice();
    EXPECT_EQ(complaints(), std::vector<std::string>());
}

// ---- of what a backend does with READs ----

class LeftBehindCaptureTest : public LeftBehindTest {
  protected:
    using Reads = BackendStream::Reads;

    void SetUp() override
    {
        configure({ { "0/0/type", "c" } });
        backend.on_attach = [this](BackendStream &stream) {
            stream.source = [](uint64_t position) {
                return static_cast<uint8_t>(position / 7);
            };
            stream.has_clock = true;
            stream.set_reads(reads);
        };
        connect();
    }
    static void record(PcmFile &file, uint64_t frames)
    {
        std::vector<uint8_t> audio(file.bytes(frames));
        EXPECT_EQ(file.read(audio), static_cast<int64_t>(frames));
    }

    Reads reads = Reads::Held;
};

// The stream goes on, or is prepared: either way a READ ahead is tried anew.
TEST_F(LeftBehindCaptureTest, BackendThatHoldsReadsIsFoundOutBehindOneThatDoesNot)
{
    reads = Reads::AnsweredAtOnce;
    restart(XenbusState::Closing);
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->prepare(), 0);
    record(*file, 10 * 256);
    ASSERT_GT(events().interrupts, 5u);
    kernel.timeline.pass(1s);
    reads = Reads::Held;
    restart(XenbusState::Closing);
    ASSERT_EQ(file->prepare(), 0);
    record(*file, 6 * 256);
    const uint64_t before = events().interrupts;
    record(*file, 10 * 256);
    EXPECT_EQ(events().interrupts, before);
}

// What was in the buffer may be heard before, if the backend answers a READ at once, records
// nothing, and reports it: the driver puts silence there for each backend that it does not know.
TEST_F(LeftBehindCaptureTest, BackendThatAnswersAtOnceLeavesSilenceBehindOneThatHeld)
{
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->prepare(), 0);
    record(*file, 10 * 256);
    EXPECT_EQ(file->drop(), 0);
    reads = Reads::AnsweredAtOnce;
    restart(XenbusState::Closing);
    ASSERT_EQ(file->prepare(), 0);
    stream().has_clock = false;
    stream().source = nullptr;
    std::fill(file->buffer().begin(), file->buffer().end(), uint8_t { 7 });
    ASSERT_EQ(file->start(), 0);
    ASSERT_EQ(stream().count(Operation::Read), 1u);
    EXPECT_EQ(file->buffer()[0], 0);
}

} // namespace

} // namespace xen_front::test
