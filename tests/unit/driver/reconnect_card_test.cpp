// SPDX-License-Identifier: GPL-2.0-only
// What becomes of a card whose backend goes by XenStore: it stays, is unplugged, or is another one.
#include <algorithm>

#include "reconnect_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

class ReconnectCardTest : public FarewellTest {};

TEST_P(ReconnectCardTest, CardStaysThoughNoApplicationHasItOpen)
{
    kshim_card *const card = kernel.sound.visible_cards().at(0);
    part();
    kernel.timeline.pass(3s);
    restart();
    ASSERT_EQ(card_count(), 1u);
    EXPECT_EQ(kernel.sound.visible_cards()[0], card);
    auto file = playing();
    expect_the_rest(*file, 0);
}

TEST_P(ReconnectCardTest, CardIsUnpluggedInTheEnd)
{
    auto file = playing();
    part();
    kernel.timeline.pass(9900ms);
    EXPECT_EQ(card_count(), 1u);
    EXPECT_EQ(file->state(), PcmState::Running);
    kernel.timeline.pass(200ms);
    EXPECT_EQ(card_count(), 0u);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
    EXPECT_EQ(complaints().size(), 1u);
    restart();
    EXPECT_EQ(card_count(), 1u);
    auto other = playing();
    expect_the_rest(*other, 0);
}

TEST_P(ReconnectCardTest, BlockedCallersEndWithTheCard)
{
    auto file = playing();
    part();
    const auto start = kernel.timeline.now();
    EXPECT_LT(file->write(make_audio(1 << 20)), 1 << 18);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_GE(kernel.timeline.now() - start, 9s);
    EXPECT_LE(kernel.timeline.now() - start, 10100ms);
}

TEST_P(ReconnectCardTest, TimeOutOfZeroIsForEver)
{
    kernel.reconnect_timeout_ms = 0;
    auto file = playing();
    part();
    kernel.timeline.pass(1h);
    EXPECT_EQ(file->state(), PcmState::Running);
    // It may be changed while a card waits.
    kernel.reconnect_timeout_ms = 5000;
    kernel.timeline.pass(1100ms);
    EXPECT_EQ(card_count(), 0u);
}

TEST_P(ReconnectCardTest, OtherConfigurationMakesAnotherCard)
{
    auto file = playing();
    part();
    configure({ { "buffer-size", "32768" } });
    restart();
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
    ASSERT_EQ(card_count(), 1u);
    // The new card works while the old one is still open.
    auto other = prepared();
    EXPECT_EQ(other->write(make_audio(3000 * frame_bytes)), 3000);
    file.reset();
    EXPECT_EQ(other->write(make_audio(3000 * frame_bytes)), 3000);
}

TEST_P(ReconnectCardTest, BackendThatRefusesToGoOnEndsTheCardAtOnce)
{
    auto file = prepared();
    EXPECT_EQ(file->prepare(), 0); // once more, as many do
    write(*file, buffer_frames);
    part();
    backend.on_attach = [](BackendStream &stream) {
        stream.statuses[Operation::Open] = -22;
    };
    restart();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(card_count(), 0u);
    EXPECT_EQ(state(), XenbusState::Closed); // which has the backend start over
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("refuses to go on"), std::string::npos);
    backend.on_attach = nullptr;
    backend.detach();
    restart();
    EXPECT_EQ(card_count(), 1u);
}

TEST_P(ReconnectCardTest, BackendThatRefusesLaterEndsTheCardAsSoon)
{
    auto file = playing();
    part();
    backend.on_attach = [](BackendStream &stream) {
        stream.withheld = { Operation::Open };
        stream.statuses[Operation::Open] = -16;
    };
    restart();
    kernel.timeline.pass(100ms);
    ASSERT_EQ(card_count(), 1u);
    stream().withheld.clear();
    stream().answer_all();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(card_count(), 0u);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
}

TEST_P(ReconnectCardTest, WhatBecomesOfAStreamThatWasDroppedHarmsNoCard)
{
    auto file = playing();
    part();
    backend.on_attach = [](BackendStream &stream) {
        stream.withheld = { Operation::Open };
        stream.statuses[Operation::Open] = -16;
    };
    restart();
    EXPECT_EQ(file->drop(), 0);
    stream().withheld.clear();
    stream().answer_all();
    kernel.timeline.pass(1s);
    EXPECT_EQ(card_count(), 1u);
    EXPECT_TRUE(complaints().empty());
    stream().statuses.clear();
    EXPECT_EQ(file->prepare(), 0);
}

TEST_P(ReconnectCardTest, ConfigurationThatIsNoGoodEndsTheCard)
{
    auto file = playing();
    part();
    configure({ { "buffer-size", "many" } });
    restart();
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(device.errors.size(), 1u);
    file.reset();
    configure({ { "buffer-size", "65536" } });
    restart();
    EXPECT_EQ(card_count(), 1u);
}

TEST_P(ReconnectCardTest, UnboundMeanwhile)
{
    auto file = playing();
    part();
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
}

INSTANTIATE_TEST_SUITE_P(Backends, ReconnectCardTest, farewells);

TEST_F(ReconnectTest, BackendThatIsTakenAwayTakesTheCard)
{
    auto file = playing();
    kernel.store.set(device.backend_path + "/online", "0");
    backend.publish(XenbusState::Closing);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(card_count(), 0u);
}

TEST_F(ReconnectTest, BackendThatIsTakenAwayWithoutClosing)
{
    for (const XenbusState last :
         { XenbusState::Closed, XenbusState::Unknown, XenbusState::Initialising }) {
        auto file = playing();
        kernel.store.set(device.backend_path + "/online", "0");
        backend.publish(last);
        backend.detach();
        EXPECT_EQ(state(), XenbusState::Closed);
        EXPECT_EQ(file->state(), PcmState::Disconnected);
        EXPECT_EQ(card_count(), 0u);
        file.reset();
        kernel.store.set(device.backend_path + "/online", "1");
        restart();
        EXPECT_EQ(state(), XenbusState::Connected);
    }
}

// As libxenbe does: it leaves Closed when it sees that the frontend begins anew.
TEST_F(ReconnectTest, BackendThatWaitsInClosedForTheFrontend)
{
    auto file = playing();
    kernel.timeline.pass(9ms);
    backend.publish(XenbusState::Closing);
    EXPECT_EQ(state(), XenbusState::Closed);
    backend.publish(XenbusState::Closed);
    backend.detach();
    ASSERT_EQ(state(), XenbusState::Initialising);
    const uint64_t stood_at = position(*file);
    restart();
    ASSERT_EQ(state(), XenbusState::Connected);
    expect_the_rest(*file, stood_at);
}

// A device does not start with nothing to play.
TEST_F(ReconnectTest, RunThatHasPlayedAllStartsWithItsNextFrames)
{
    auto file = prepared();
    EXPECT_EQ(file->sw_params(1, file->params().boundary, 256), 0);
    write(*file, 512);
    kernel.timeline.pass(20ms);
    file->hwsync();
    ASSERT_EQ(position(*file), 512u);
    backend.publish(XenbusState::Closed);
    backend.detach();
    restart();
    kernel.timeline.pass(3s);
    EXPECT_EQ(stream().count(wire::Operation::Open), 1u);
    EXPECT_EQ(stream().count(wire::Operation::Trigger), 0u);
    write(*file, 512);
    EXPECT_EQ(stream().record.requests.back().operation, wire::Operation::Trigger);
    kernel.timeline.pass(20ms);
    file->hwsync();
    EXPECT_EQ(position(*file), 1024u);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_TRUE(complaints().empty());
}

// What no backend has opened can be refused without harm to the card.
TEST_F(ReconnectTest, StreamThatWasPreparedWithoutABackendMayBeRefused)
{
    backend.publish(XenbusState::Closed);
    backend.detach();
    auto file = prepared();
    backend.on_attach = [](BackendStream &stream) {
        stream.statuses[wire::Operation::Open] = -22;
    };
    restart();
    kernel.timeline.pass(10ms);
    EXPECT_EQ(card_count(), 1u);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    backend.stream(0, 0).statuses.clear();
    EXPECT_EQ(file->prepare(), 0);
}

// The card's wait ends just when a backend has attached to its rings: what that backend says then
// is not about the rings of the next card.
TEST_F(ReconnectTest, BackendThatIsTooLateForTheCard)
{
    backend.publish(XenbusState::Closed);
    backend.detach();
    backend.wait_for_frontend();
    ASSERT_EQ(state(), XenbusState::Initialised);
    kernel.timeline.pass(10100ms);
    ASSERT_EQ(card_count(), 0u);
    EXPECT_EQ(state(), XenbusState::Closed); // which each backend answers, whether connected or not
    backend.publish(XenbusState::Connected);
    EXPECT_EQ(state(), XenbusState::Closed);
    kernel.timeline.pass(1s);
    EXPECT_EQ(state(), XenbusState::Closed);
    restart();
    ASSERT_EQ(state(), XenbusState::Connected);
    auto file = playing();
    expect_the_rest(*file, 0);
}

// One that has attached to the rings of the card that went must not take those of the next for
// them.
TEST_F(ReconnectTest, BackendHasTimeToSeeThatTheCardIsGone)
{
    backend.publish(XenbusState::Closed);
    backend.detach();
    backend.wait_for_frontend();
    kernel.timeline.pass(10100ms);
    ASSERT_EQ(card_count(), 0u);
    backend.publish(XenbusState::Initialising);
    backend.publish(XenbusState::InitWait);
    EXPECT_EQ(state(), XenbusState::Closed);
    kernel.timeline.pass(600ms);
    EXPECT_EQ(state(), XenbusState::Initialised);
}

// The host that the guest has come to may need time for its backend.
TEST_F(ReconnectTest, WaitBeginsAnewOnAnotherHost)
{
    auto file = playing();
    backend.publish(XenbusState::Closed);
    backend.detach();
    kernel.timeline.pass(9900ms);
    restore();
    kernel.timeline.pass(9900ms);
    EXPECT_EQ(card_count(), 1u);
    restart();
    expect_the_rest(*file, position(*file));
}

// As libxenbe does, which starts over by Initialising and finds the frontend connected: it takes
// the rings of before for those of its new session.
TEST_F(ReconnectTest, BackendThatStartsOverWhileStatesAreThrottled)
{
    auto file = playing();
    for (int i = 0; i < 5; i++) {
        backend.detach();
        restart();
        ASSERT_EQ(state(), XenbusState::Connected);
    }
    backend.publish(XenbusState::Initialising);
    backend.publish(XenbusState::Connected);
    backend.detach();
    kernel.timeline.pass(600ms);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Running);
    const uint64_t stood_at = position(*file);
    kernel.timeline.pass(2s);
    restart();
    ASSERT_EQ(state(), XenbusState::Connected);
    expect_the_rest(*file, stood_at);
}

// One line says so, however often it happens.
TEST_F(ReconnectTest, BackendThatNeverFinishesAConnection)
{
    for (int i = 0; i < 10; i++) {
        backend.publish(XenbusState::Closed);
        backend.detach();
        backend.publish(XenbusState::InitWait);
        kernel.timeline.pass(500ms);
        ASSERT_EQ(state(), XenbusState::Initialised);
    }
    const auto lines = complaints();
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                            [](const auto &line) { return line.find("3 times") != line.npos; }),
              1);
    EXPECT_EQ(lines.size(), 1u) << lines.back();
}

TEST_F(ReconnectTest, BackendThatIsTakenAwayWhileTheCardWaitsForIt)
{
    auto file = playing();
    kernel.store.set(device.backend_path + "/online", "1");
    backend.publish(XenbusState::Closed);
    backend.detach();
    EXPECT_EQ(state(), XenbusState::Initialising);
    EXPECT_EQ(file->state(), PcmState::Running);
    kernel.store.set(device.backend_path + "/online", "0");
    backend.publish(XenbusState::Unknown);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
}

} // namespace

} // namespace xen_front::test
