// SPDX-License-Identifier: GPL-2.0-only
// Backends that do not answer, refuse, or break the protocol.
#include "driver_test.hpp"

#include <optional>
#include <ostream>

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

class StreamFailureTest : public DriverTest {
  protected:
    void SetUp() override
    {
        connect();
    }
    // Running with a full buffer.
    std::unique_ptr<PcmFile> running()
    {
        auto file = prepared();
        EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
        EXPECT_EQ(file->state(), PcmState::Running);
        return file;
    }
    fake::Duration duration_of(const std::function<void()> &body)
    {
        const auto start = kernel.timeline.now();
        body();
        return kernel.timeline.now() - start;
    }
    kshim_control &volume() const
    {
        return *kernel.sound.visible_cards().at(0)->find_control("PCM Playback Volume");
    }
    void set_volume(uint32_t level)
    {
        EXPECT_EQ(volume().write(std::vector<uint32_t>(8, level)), 0);
    }
    const kshim_event_channel &channel(bool is_events) const
    {
        const auto nodes = backend.transport("0/0");
        return *kernel.event_channels.find(
            device.backend_domain, is_events ? nodes.event_ring_channel : nodes.event_channel);
    }
};

// ---- no answer ----

// The application goes on from what is known: the backend may be back at any moment.
TEST_F(StreamFailureTest, OpenWithoutResponseIsWaitedForOnce)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    const auto waited = duration_of([&] { EXPECT_EQ(file->prepare(), 0); });
    EXPECT_GE(waited, 1000ms);
    EXPECT_LT(waited, 1100ms);
    ASSERT_GE(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("OPEN"), std::string::npos);
    EXPECT_NE(complaints()[0].find("1000 ms"), std::string::npos);
}

TEST_F(StreamFailureTest, LateBackendDoesNotFailAWriter)
{
    auto file = running();
    kernel.timeline.after(950ms, [this] { stream().report_position(512 * frame_bytes); });
    EXPECT_EQ(file->write(make_audio(512 * frame_bytes)), 512);
    EXPECT_EQ(file->state(), PcmState::Running);
}

TEST_F(StreamFailureTest, StreamWorksAgainAfterALateOpen)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    EXPECT_EQ(file->prepare(), 0);
    stream().withheld.clear();
    stream().answer_all();
    stream().has_clock = true;
    const auto audio = make_audio(3000 * frame_bytes);
    EXPECT_EQ(file->write(audio), 3000);
    EXPECT_EQ(stream().record.written, audio);
}

TEST_F(StreamFailureTest, NoQueryWhileALateOpenMayHaveSucceeded)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    EXPECT_EQ(file->prepare(), 0);
    stream().withheld.clear();
    const size_t queries = stream().count(Operation::HwParamQuery);
    fake::PcmRanges ranges = fake::any_params();
    EXPECT_EQ(file->refine(ranges), 0);
    EXPECT_EQ(stream().count(Operation::HwParamQuery), queries);
}

TEST_F(StreamFailureTest, TimeOutIsTheModulesParameter)
{
    kernel.request_timeout_ms = 50;
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    const auto waited = duration_of([&] { EXPECT_EQ(file->prepare(), 0); });
    EXPECT_GE(waited, 50ms);
    EXPECT_LT(waited, 60ms);
}

TEST_F(StreamFailureTest, AnswerJustInTime)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    kernel.timeline.after(999ms, [this] { stream().answer_all(); });
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_TRUE(complaints().empty());
}

// An event channel may lose what its other end says.
TEST_F(StreamFailureTest, AnswerWithoutItsInterruptIsFoundInTheEnd)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    kernel.timeline.after(10ms, [this] {
        stream().is_cut_off = true;
        stream().answer_all();
        stream().is_cut_off = false;
    });
    EXPECT_LE(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 1000ms);
    EXPECT_TRUE(complaints().empty());
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
}

TEST_F(StreamFailureTest, SlowBackendIsWaitedFor)
{
    stream().latency = 5ms;
    stream().has_clock = true;
    auto file = prepared();
    const auto audio = make_audio(10000 * frame_bytes);
    EXPECT_EQ(file->write(audio), 10000);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_TRUE(std::equal(audio.begin(), audio.end(), stream().record.written.begin()));
    EXPECT_TRUE(complaints().empty());
}

TEST_F(StreamFailureTest, CloseWithoutAnswerDoesNotHang)
{
    auto file = running();
    stream().withheld = { Operation::Close };
    EXPECT_LT(duration_of([&] { file.reset(); }), 1100ms);
    // Late, it harms nothing.
    stream().answer_all();
    stream().withheld.clear();
    auto again = running();
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_F(StreamFailureTest, StopWithoutAnswerIsWaitedForOnce)
{
    auto file = running();
    stream().withheld = { Operation::Trigger };
    EXPECT_LT(duration_of([&] { file->drop(); }), 1ms); // never under the stream lock
    const auto waited = duration_of([&] { EXPECT_EQ(file->prepare(), 0); });
    EXPECT_GE(waited, 1000ms);
    EXPECT_LT(waited, 1100ms);
}

TEST_F(StreamFailureTest, DeadBackendNeverBlocksForLong)
{
    auto file = running();
    stream().latency.reset();
    EXPECT_LT(duration_of([&] { file->drop(); }), 1ms);
    // It waits for STOP once, and knows then.
    EXPECT_LT(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 1100ms);
    EXPECT_EQ(file->state(), PcmState::Prepared);
    EXPECT_LT(duration_of([&] { file.reset(); }), 1ms);
    stream().serve(); // comes back to life: late answers to everything
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Connected);
    stream().latency = 0ns;
    auto again = running();
    EXPECT_TRUE(again);
}

// A writer is not stuck for ever with a backend that stands still.
TEST_F(StreamFailureTest, WriterOfAStandingStreamIsTold)
{
    auto file = running();
    int64_t status = 0;
    const auto waited = duration_of([&] { status = file->write(make_audio(4)); });
    EXPECT_LT(status, 0);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_GE(waited, 10s);
    EXPECT_LT(waited, 12s);
}

// ---- a ring full of requests that nobody waits for ----

class FullRingTest : public StreamFailureTest {
  protected:
    // Paused and released, without an answer to any of it, until there is no room for more.
    void fill_ring(PcmFile &file)
    {
        stream().withheld.insert(Operation::Trigger);
        while (stream().withheld_count() < wire::ring_size)
            ASSERT_EQ(file.pause(file.state() == PcmState::Running), 0);
    }
    void answer_everything()
    {
        stream().withheld.clear();
        stream().answer_all();
    }
};

TEST_F(FullRingTest, PauseAndResumeAreSentWhenThereIsRoom)
{
    auto file = running();
    fill_ring(*file);
    ASSERT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->pause(true), 0);
    EXPECT_TRUE(stream().is_running());
    answer_everything();
    EXPECT_FALSE(stream().is_running());
    EXPECT_EQ(file->pause(false), 0);
    EXPECT_TRUE(stream().is_running());
    EXPECT_TRUE(complaints().empty());
}

TEST_F(FullRingTest, StalledStreamIsClosedWhenThereIsRoom)
{
    auto file = running();
    fill_ring(*file);
    kernel.timeline.pass(1500ms);
    file->drop();
    EXPECT_EQ(file->hw_free(), 0);
    EXPECT_TRUE(stream().opened());
    answer_everything();
    EXPECT_EQ(stream().count(Operation::Close), 1u);
    ASSERT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(stream().count(Operation::Close), 1u);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
}

TEST_F(FullRingTest, ControlIsSentWhenThereIsRoom)
{
    auto file = running();
    fill_ring(*file);
    EXPECT_EQ(duration_of([&] { set_volume(0); }), 0ms);
    EXPECT_EQ(stream().count(Operation::SetVolume), 0u);
    EXPECT_TRUE(volume().is_active);
    answer_everything();
    EXPECT_EQ(stream().volumes[1], -96000);
}

// Its values have changed since it was asked, but there is no room to say so.
TEST_F(FullRingTest, LateControlIsSentWhenThereIsRoom)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    set_volume(100);
    set_volume(0);
    ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    fill_ring(*file);
    stream().answer_next();
    kernel.timeline.pass(10ms); // for an interrupt that is held back
    EXPECT_EQ(stream().count(Operation::SetVolume), 1u);
    answer_everything();
    EXPECT_EQ(stream().volumes[1], -96000);
}

// ---- refusals ----

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

// ---- protocol violations ----

struct Attack {
    const char *what;
    const char *logged;
    std::function<void(BackendStream &)> strike;
};

std::ostream &operator<<(std::ostream &out, const Attack &attack)
{
    return out << attack.what;
}

wire::Response response(uint16_t id, Operation operation)
{
    wire::Response made = {};
    made.id = id;
    made.operation = static_cast<uint8_t>(operation);
    return made;
}

// The id of a request that is in flight.
uint16_t pending_id(BackendStream &stream)
{
    return stream.record.requests.back().id;
}

class AttackTest : public StreamFailureTest, public ::testing::WithParamInterface<Attack> {
  protected:
    // Running, with a WRITE in flight.
    std::unique_ptr<PcmFile> victim()
    {
        auto file = running();
        stream().report_position(256 * frame_bytes);
        stream().withheld = { Operation::Write };
        EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
        return file;
    }
    void strike()
    {
        GetParam().strike(stream());
        stream().interrupt_requests();
        stream().interrupt_events();
        kernel.timeline.pass(100ms);
    }
};

TEST_P(AttackTest, RunningStreamIsStoppedAndOneLineLogged)
{
    auto file = victim();
    strike();
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find(GetParam().logged), std::string::npos) << complaints()[0];
    EXPECT_LT(file->write(make_audio(4)), 0);
    EXPECT_LT(file->prepare(), 0);
}

TEST_P(AttackTest, PreparedStreamCannotBeUsedAnyMore)
{
    auto file = prepared();
    stream().withheld = { Operation::Write };
    ASSERT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    strike();
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(file->write(make_audio(100 * frame_bytes)), -EBADFD);
    EXPECT_EQ(file->start(), -EBADFD);
    EXPECT_EQ(file->drain(), -EBADFD);
    EXPECT_EQ(file->drop(), -EBADFD);
    EXPECT_EQ(file->prepare(), -EBADFD);
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_P(AttackTest, InterruptsAreNotHeardAnyMore)
{
    auto file = victim();
    strike();
    const uint64_t handled = channel(false).interrupts + channel(true).interrupts;
    for (int i = 0; i < 100; i++) {
        stream().interrupt_requests();
        stream().interrupt_events();
        kernel.timeline.pass(100ms);
    }
    EXPECT_LE(channel(false).interrupts + channel(true).interrupts - handled, 1u);
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_P(AttackTest, NothingHangs)
{
    auto file = victim();
    strike();
    EXPECT_LT(duration_of([&] { file.reset(); }), 10ms);
    // Opening again fails, at once or when it is prepared.
    EXPECT_LT(duration_of([&] {
                  int status = 0;
                  auto next =
                      PcmFile::open(*kernel.sound.visible_cards().at(0), 0, KSHIM_PLAYBACK, status);
                  if (next && next->hw_params(small_params) == 0)
                      status = next->prepare();
                  if (next && status == 0)
                      status = next->hw_params(small_params);
                  EXPECT_LT(status, 0);
              }),
              10ms);
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_P(AttackTest, HonestBackendAfterwardsIsServed)
{
    auto file = victim();
    strike();
    file.reset();
    backend.publish(XenbusState::Closing);
    backend.detach();
    backend.publish(XenbusState::Closed);
    backend.wait_for_frontend();
    backend.connect();
    ASSERT_EQ(state(), XenbusState::Connected);
    stream().has_clock = true;
    auto next = prepared();
    const auto audio = make_audio(5000 * frame_bytes);
    EXPECT_EQ(next->write(audio), 5000);
    EXPECT_EQ(stream().record.written, audio);
}

TEST_P(AttackTest, CallersThatWaitWake)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    kernel.timeline.after(5ms, [this] { GetParam().strike(stream()); });
    kernel.timeline.after(6ms, [this] {
        stream().interrupt_requests();
        stream().interrupt_events();
    });
    const auto waited = duration_of([&] { EXPECT_LT(file->prepare(), 0); });
    EXPECT_LT(waited, 100ms);
    EXPECT_EQ(complaints().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, AttackTest,
    ::testing::Values(
        Attack { "responses to requests never sent", "rsp_prod",
                 [](BackendStream &stream) {
                     stream.ring().rsp_prod += 100;
                 } },
        Attack { "response index running backwards", "rsp_prod",
                 [](BackendStream &stream) {
                     stream.ring().rsp_prod -= 1;
                 } },
        Attack { "unknown id", "id",
                 [](BackendStream &stream) {
                     stream.respond(response(static_cast<uint16_t>(pending_id(stream) ^ 0x8000),
                                             Operation::Write));
                 } },
        Attack { "id of a request that is answered", "id",
                 [](BackendStream &stream) {
                     stream.respond(response(stream.record.requests.front().id, Operation::Write));
                 } },
        Attack { "wrong operation", "operation",
                 [](BackendStream &stream) {
                     stream.respond(response(pending_id(stream), Operation::Close));
                 } },
        Attack { "operation that there is not", "operation",
                 [](BackendStream &stream) {
                     stream.respond(response(pending_id(stream), static_cast<Operation>(200)));
                 } },
        Attack { "too many events", "in_prod",
                 [](BackendStream &stream) {
                     stream.event_page().in_prod += 64;
                 } },
        Attack { "event index running backwards", "in_prod", [](BackendStream &stream) {
                    stream.event_page().in_prod -= 1;
                } }));

TEST_F(StreamFailureTest, SecondAnswerIsAViolation)
{
    auto file = running();
    stream().withheld = { Operation::Write };
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(file->write(make_audio(128 * frame_bytes)), 128);
    EXPECT_EQ(file->write(make_audio(128 * frame_bytes)), 128);
    const uint16_t id = pending_id(stream());
    stream().respond(response(id, Operation::Write));
    stream().respond(response(id, Operation::Write));
    stream().interrupt_requests();
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_F(StreamFailureTest, StartFindsABrokenEventPage)
{
    auto file = prepared();
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
    stream().event_page().in_prod += 64;
    EXPECT_EQ(file->start(), -ENODEV);
    EXPECT_EQ(stream().count(Operation::Trigger), 0u);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(complaints().size(), 1u);
}

// Between the request and its publication the ring turns out to be broken.
TEST_F(StreamFailureTest, RequestThatMeetsAViolationIsForgottenWithTheBackend)
{
    auto file = open();
    stream().ring().rsp_prod += 100;
    EXPECT_EQ(file->hw_params(small_params), -ENODEV);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(complaints().size(), 1u);
    backend.publish(XenbusState::Closing);
    backend.detach();
    backend.publish(XenbusState::Closed);
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
}

// A violation that no interrupt handler finds. A caller that polls the stream has to wake all the
// same.
class SilentViolationTest : public StreamFailureTest {
  protected:
    void SetUp() override
    {
        StreamFailureTest::SetUp();
        file = running();
        stream().latency.reset();
    }
    void TearDown() override
    {
        file.reset();
        StreamFailureTest::TearDown();
    }
    void spoil()
    {
        stream().ring().rsp_prod += 100;
    }
    // The application asks for nothing meanwhile.
    void expect_stopped()
    {
        kernel.timeline.pass(1ms);
        EXPECT_EQ(file->state(), PcmState::Disconnected);
        ASSERT_EQ(complaints().size(), 1u);
        EXPECT_NE(complaints()[0].find("rsp_prod"), std::string::npos) << complaints()[0];
    }
    // Four WRITEs are in flight: the next frames need an answer.
    void fill_window()
    {
        stream().report_position(256 * frame_bytes);
        for (int i = 0; i < 4; i++)
            EXPECT_EQ(file->write(make_audio(32 * frame_bytes)), 32);
    }

    std::unique_ptr<PcmFile> file;
};

TEST_F(SilentViolationTest, FoundByAControl)
{
    spoil();
    set_volume(0);
    expect_stopped();
}

TEST_F(SilentViolationTest, FoundByAWriter)
{
    fill_window();
    spoil();
    EXPECT_EQ(file->write(make_audio(32 * frame_bytes)), 32);
    expect_stopped();
}

TEST_F(SilentViolationTest, FoundByALook)
{
    spoil();
    kernel.timeline.pass(1100ms);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
}

TEST_F(SilentViolationTest, DrainingFailsAtOnce)
{
    fill_window();
    spoil();
    EXPECT_EQ(file->write(make_audio(32 * frame_bytes)), 32);
    EXPECT_LT(duration_of([&] { EXPECT_LT(file->drain(), 0); }), 1ms);
    expect_stopped();
}

TEST_F(StreamFailureTest, PagesOfABackendThatKeepsThemAreNotReused)
{
    auto file = running();
    const uint32_t reference = stream().opened()->gref_directory;
    auto *mapped = static_cast<uint8_t *>(kernel.memory.map_grant(0, reference));
    ASSERT_NE(mapped, nullptr);
    const size_t grants = kernel.memory.grant_count();
    file.reset();
    const size_t grants_closed = kernel.memory.grant_count();
    EXPECT_LT(grants_closed, grants); // all but that one
    mapped[0] = 0xaa; // writes on
    auto again = running();
    EXPECT_EQ(kernel.memory.grant_count(), grants + 1);
    kernel.memory.unmap_grant(mapped);
    again.reset();
    ASSERT_TRUE(running());
    // The next buffer but one looks again whether the page is free.
    EXPECT_LT(kernel.memory.grant_count(), grants_closed);
}

TEST_F(StreamFailureTest, BackendThatKeepsEveryBufferGetsNoMore)
{
    std::vector<void *> kept;
    stream().keep_mapping = [&](void *page) {
        kept.push_back(page);
    };
    auto file = prepared();
    int status = 0;
    for (int round = 0; round < 20 && status == 0; round++)
        status = file->hw_params(small_params) == 0 ? file->prepare() : -EBUSY;
    EXPECT_EQ(status, -EBUSY);
    // A few buffers of one page each, not twenty.
    EXPECT_LE(kernel.memory.lingering_count() + kernel.memory.grant_count(), 20u);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("keeps the pages"), std::string::npos);

    stream().keep_mapping = nullptr;
    for (void *page : kept)
        kernel.memory.unmap_grant(page);
    ASSERT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->prepare(), 0);
}

// What a backend refuses, so that a run ends; nothing: it makes it an xrun.
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

// Each run ends at once, but the application does not start over for ever as fast as the processor
// allows.
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
    // Bad luck, for a while.
    while (xruns < 16)
        EXPECT_LT(xrun_and_prepare(), 1ms);
    const auto start = kernel.timeline.now();
    while (kernel.timeline.now() - start < 3s && xruns < 1000)
        xrun_and_prepare();
    EXPECT_LE(xruns, 16u + 3 * 36);

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

// Position events that say nothing new are not worth being interrupted for.
TEST_F(StreamFailureTest, EventsWithoutNewsAreSpurious)
{
    auto file = running();
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(channel(true).last_result, KSHIM_EVENT_HANDLED);
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(channel(true).last_result, KSHIM_EVENT_SPURIOUS);
    stream().report_position(200 * frame_bytes);
    EXPECT_EQ(channel(true).last_result, KSHIM_EVENT_SPURIOUS);
}

// Positions between the period boundaries are welcome a thousand times a second, and no more often,
// however long a period is.
TEST_F(StreamFailureTest, EventForEachFrameIsThrottled)
{
    auto file = prepared({ format_s16_le, 48000, 2, 8192, 16384 });
    EXPECT_EQ(file->write(make_audio(16384 * frame_bytes)), 16384);
    uint64_t frame = 0;
    for (int millisecond = 0; millisecond < 150; millisecond++) {
        frame += 48;
        stream().report_position(frame * frame_bytes);
        kernel.timeline.pass(1ms);
    }
    EXPECT_EQ(channel(true).spurious_interrupts, 0u);
    const uint64_t before = channel(true).interrupts;
    while (frame < 8191)
        stream().report_position(++frame * frame_bytes);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(16384 * frame_bytes)), 16384);
    for (frame = 1; frame < 8192; frame++)
        stream().report_position(frame * frame_bytes);
    EXPECT_GT(channel(true).spurious_interrupts, 0u);
    EXPECT_LT(channel(true).interrupts - before, 1300u);
}

// Both are there at once, and what one is about may be found by the other: neither is spurious,
// which Xen counts for each event channel, and answers with a delay of up to a second.
TEST_F(StreamFailureTest, InterruptWhoseWorkIsDoneIsNotSpurious)
{
    auto file = running();
    stream().withheld = { Operation::Write };
    file->is_nonblocking = true;
    uint64_t played = 0;
    for (int period = 1; period <= 40; period++) {
        while (file->avail() >= 32)
            ASSERT_EQ(file->write(make_audio(32 * frame_bytes)), 32);
        played += 256;
        file->substream().with_lock([&] {
            stream().answer_next();
            stream().report_position(played * frame_bytes);
        });
        kernel.timeline.pass(5333us);
        ASSERT_EQ(file->state(), PcmState::Running) << "period " << period;
    }
    EXPECT_EQ(channel(false).spurious_interrupts, 0u);
    EXPECT_EQ(channel(true).spurious_interrupts, 0u);
    // A backend that answers at once again is heard in time.
    stream().withheld.clear();
    stream().answer_all();
    const auto periods = file->substream().periods_elapsed;
    for (int i = 0; i < 4 && file->state() == PcmState::Running; i++) {
        played += 256;
        stream().report_position(played * frame_bytes);
        kernel.timeline.pass(5333us);
        file->write(make_audio(256 * frame_bytes));
    }
    EXPECT_GE(file->substream().periods_elapsed, periods + 4);
}

} // namespace

} // namespace xen_front::test
