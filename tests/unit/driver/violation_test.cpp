// SPDX-License-Identifier: GPL-2.0-only
// Backends that break the protocol.
#include <ostream>

#include "stream_failure_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

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

TEST_P(AttackTest, DeadStreamCannotBeOpened)
{
    auto file = victim();
    strike();
    file.reset();
    int status = 0;
    kshim_card &card = *kernel.sound.visible_cards().at(0);
    EXPECT_EQ(PcmFile::open(card, 0, KSHIM_PLAYBACK, status), nullptr);
    EXPECT_EQ(status, -ENODEV);
}

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
        Attack { "event index running backwards", "in_prod", [](BackendStream &stream) {
                    stream.event_page().in_prod -= 1;
                } }));

// ALSA stops the streams of a group in the same state, and another may be of a card that is well.
TEST_F(DriverTest, LinkedStreamHasNoMoreThanAnXrun)
{
    configure({ { "0/1/type", "p" }, { "0/1/unique-id", "second" } });
    connect();
    auto file = prepared();
    auto other = prepared();
    ASSERT_EQ(file->link(*other), 0);
    ASSERT_EQ(other->write(make_audio(512 * frame_bytes)), 512);
    ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    ASSERT_EQ(other->state(), PcmState::Running);
    stream().ring().rsp_prod += 100;
    stream().interrupt_requests();
    kernel.timeline.pass(100ms);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(other->state(), PcmState::Xrun);
    file.reset();
    EXPECT_EQ(other->prepare(), 0);
    EXPECT_EQ(other->write(make_audio(1024 * frame_bytes)), 1024);
    EXPECT_EQ(other->state(), PcmState::Running);
}

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
    stream().event_page().in_prod -= 1;
    EXPECT_EQ(file->start(), -ENODEV);
    EXPECT_EQ(stream().count(Operation::Trigger), 0u);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(complaints().size(), 1u);
}

// A look has taken events whose interrupt did not come. What the interrupt finds later breaks the
// link, and nothing else of the backend's is looked at.
TEST_F(StreamFailureTest, ResponsesBehindABrokenEventPageAreNotTaken)
{
    auto file = running();
    stream().is_cut_off = true;
    stream().report_position(100 * frame_bytes);
    kernel.timeline.pass(900ms);
    ASSERT_EQ(stream().event_page().in_cons, 1u);
    stream().is_cut_off = false;
    stream().event_page().in_prod -= 1;
    stream().ring().rsp_prod += 100;
    stream().interrupt_events();
    kernel.timeline.pass(1ms);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("in_prod"), std::string::npos) << complaints()[0];
}

// The driver finds the violation when it has written the request, before it publishes it.
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

// A violation that another caller than an interrupt handler finds: applications that poll have to
// wake all the same.
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
    // The application makes no call in that time.
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

} // namespace

} // namespace xen_front::test
