// SPDX-License-Identifier: GPL-2.0-only
// The guest sleeps, is saved, restored, moved and copied: applications see a position that stands
// still.
#include "kshim/entry.h"
#include "reconnect_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using wire::TriggerType;
using namespace std::chrono_literals;

class SleepTest : public ReconnectTest {
  protected:
    std::vector<TriggerType> triggers()
    {
        std::vector<TriggerType> types;
        for (const wire::Request &request : stream().record.requests) {
            if (request.operation == Operation::Trigger)
                types.push_back(request.trigger.type);
        }
        return types;
    }
    // Where the driver knows the backend to be, in frames.
    uint64_t known_position()
    {
        const std::string text =
            kernel.sound.visible_cards().at(0)->read_proc("xen-front").value_or("");
        const size_t at = text.find("hardware ");
        return at == std::string::npos ? 0 : std::stoul(text.substr(at + 9));
    }
};

using Triggers = std::vector<TriggerType>;

TEST_F(SleepTest, RestoredGuestPlaysOn)
{
    auto file = playing();
    kshim_card *const card = kernel.sound.visible_cards().at(0);
    const auto before = file->buffer();
    uint64_t reached = 0;
    for (int round = 0; round < 3; round++) {
        kernel.timeline.pass(6ms);
        restore();
        reached = position(*file);
        EXPECT_EQ(state(), XenbusState::Initialising);
        EXPECT_EQ(file->state(), PcmState::Running);
        restart();
        ASSERT_EQ(card_count(), 1u);
        EXPECT_EQ(kernel.sound.visible_cards()[0], card);
        // The buffer stays where it is: an application may have mapped it.
        EXPECT_EQ(file->buffer().data(), before.data());
    }
    EXPECT_EQ(reached, 3 * 256u);
    expect_the_rest(*file, reached);
    EXPECT_EQ(complaints(), std::vector<std::string>());
}

TEST_F(SleepTest, RestoredGuestKeepsACardThatNoApplicationUses)
{
    kshim_card *const card = kernel.sound.visible_cards().at(0);
    restore();
    ASSERT_EQ(card_count(), 1u);
    restart();
    ASSERT_EQ(card_count(), 1u);
    EXPECT_EQ(kernel.sound.visible_cards()[0], card);
    auto file = playing();
    expect_the_rest(*file, 0);
}

TEST_F(SleepTest, RestoredWhilePreparedOrPaused)
{
    {
        auto file = prepared();
        restore();
        restart();
        EXPECT_EQ(file->write(make_audio(3000 * frame_bytes)), 3000);
        EXPECT_EQ(file->substream().xruns, 0u);
    }
    auto file = playing();
    ASSERT_EQ(file->pause(true), 0);
    restore();
    restart();
    EXPECT_EQ(file->state(), PcmState::Paused);
    EXPECT_EQ(file->pause(false), 0);
    expect_the_rest(*file, 0);
}

// The buffer that had to be granted anew is no longer there.
TEST_F(SleepTest, ApplicationClosesBeforeTheBackendIsBack)
{
    auto file = playing();
    restore();
    file.reset();
    restart();
    ASSERT_EQ(state(), XenbusState::Connected);
    file = playing();
    expect_the_rest(*file, 0);
}

TEST_F(SleepTest, ApplicationTakesOtherParametersBeforeTheBackendIsBack)
{
    auto file = playing();
    restore();
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 2, 512, 2048 }), 0);
    EXPECT_EQ(file->prepare(), 0);
    restart();
    ASSERT_EQ(state(), XenbusState::Connected);
    const auto audio = make_audio(5120 * frame_bytes);
    EXPECT_EQ(file->write(audio), 5120);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(stream().record.written, audio);
}

// The toolstack writes 1, which is the state that the frontend has published already.
TEST_F(SleepTest, RestoredWhileInitialising)
{
    auto file = playing();
    backend.publish(XenbusState::Initialising);
    backend.detach();
    ASSERT_EQ(state(), XenbusState::Initialising);
    ASSERT_EQ(card_count(), 1u);
    restore();
    restart();
    ASSERT_EQ(state(), XenbusState::Connected);
    expect_the_rest(*file, 0);
}

TEST_F(SleepTest, RestoredInEachStateOfTheConnection)
{
    for (const XenbusState last : { XenbusState::Closing, XenbusState::Closed,
                                    XenbusState::Initialising, XenbusState::InitWait }) {
        auto file = playing();
        backend.publish(last);
        backend.detach();
        restore();
        EXPECT_EQ(state(), XenbusState::Initialising);
        restart();
        ASSERT_EQ(state(), XenbusState::Connected);
        expect_the_rest(*file, 0);
        kernel.timeline.pass(2s);
    }
}

TEST_F(SleepTest, GrantsThatCannotBeRenewedAreTriedAgain)
{
    int refused = 0;
    for (uint64_t call = 0; refused < 2; call++) {
        ASSERT_LT(call, 60u);
        auto file = playing();
        restore();
        kernel.timeline.pass(2s); // states that come faster are handled at leisure
        kernel.injector.fail_call(call);
        restart();
        kernel.injector.stop();
        const auto failed = kernel.injector.failed();
        if (failed && failed->function == "kshim_grant_renew") {
            EXPECT_EQ(file->state(), PcmState::Running);
            EXPECT_EQ(state(), XenbusState::Initialising);
            refused++;
        }
        if (state() != XenbusState::Connected) {
            kernel.timeline.pass(300ms);
            ASSERT_EQ(state(), XenbusState::Initialised);
            backend.connect();
        }
        ASSERT_EQ(state(), XenbusState::Connected);
        expect_the_rest(*file, 0);
    }
}

// The bus could not restore the device, and nothing has ended the mappings of the backend.
TEST_F(SleepTest, BackendThatKeepsTheBufferIsWaitedFor)
{
    auto file = playing();
    kernel.context.run_elsewhere([&] { xen_front_resume(&device); });
    backend.publish(XenbusState::InitWait);
    EXPECT_EQ(state(), XenbusState::Initialising);
    ASSERT_EQ(device.errors.size(), 1u);
    EXPECT_NE(device.errors[0].find("still maps an audio buffer"), std::string::npos);
    backend.detach();
    kernel.timeline.pass(300ms);
    ASSERT_EQ(state(), XenbusState::Initialised);
    backend.connect();
    expect_the_rest(*file, 0);
}

// The grants are good again: that the backend maps the buffer is no reason to wait.
TEST_F(SleepTest, BackendStartsOverInARestoredGuest)
{
    auto file = playing();
    restore();
    restart();
    kernel.timeline.pass(6ms);
    restart(XenbusState::Closed);
    ASSERT_EQ(state(), XenbusState::Connected);
    expect_the_rest(*file, position(*file));
    EXPECT_EQ(complaints(), std::vector<std::string>());
}

TEST_F(SleepTest, RestoredWithAnotherConfiguration)
{
    auto file = playing();
    configure({ { "channels-max", "2" } });
    restore();
    restart();
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(card_count(), 1u);
}

TEST_F(SleepTest, RestoredWithoutABackend)
{
    auto file = playing();
    restore();
    kernel.timeline.pass(9s);
    EXPECT_EQ(state(), XenbusState::Initialising);
    EXPECT_EQ(card_count(), 1u);
    kernel.timeline.pass(2s);
    EXPECT_EQ(card_count(), 0u);
    EXPECT_EQ(state(), XenbusState::Initialising);
}

// The driver handles states that come fast later; it must not take one for the next backend's.
TEST_F(SleepTest, RestoredWhileAStateWaits)
{
    for (int i = 0; i < 12; i++) {
        backend.publish(XenbusState::Initialising);
        backend.detach();
        backend.wait_for_frontend();
    }
    restore();
    // The new backend has not reached InitWait.
    kernel.timeline.pass(2s);
    EXPECT_EQ(state(), XenbusState::Initialising);
    restart();
    EXPECT_EQ(state(), XenbusState::Connected);
}

// Also when saving is called off, as after a checkpoint.
TEST_F(SleepTest, SleepPausesTheBackend)
{
    auto file = playing();
    kernel.timeline.pass(6ms);
    fake::sleep_and_wake(device, [&] {
        kernel.timeline.pass(60s);
        EXPECT_EQ(position(*file), 256u);
    });
    kernel.timeline.pass(0ms);
    EXPECT_EQ(triggers(),
              (Triggers { TriggerType::Start, TriggerType::Pause, TriggerType::Resume }));
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_EQ(file->state(), PcmState::Running);
    expect_the_rest(*file, 0);
    EXPECT_TRUE(complaints().empty());
}

// The backend's device is paused, and may not take it.
TEST_F(SleepTest, NothingIsWrittenWhileTheGuestSleeps)
{
    auto file = prepared();
    file->sw_params(1, 1024, 1);
    stream().withheld = { Operation::Write };
    for (int i = 0; i < 8; i++)
        EXPECT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    const size_t before = stream().count(Operation::Write);
    fake::sleep_and_wake(device, [&] {
        stream().withheld.clear();
        stream().answer_all();
        kernel.timeline.pass(1s);
        EXPECT_EQ(stream().count(Operation::Write), before);
    });
    kernel.timeline.pass(0ms);
    EXPECT_EQ(stream().record.written_bytes, 800 * frame_bytes);
    EXPECT_EQ(triggers().back(), TriggerType::Resume);
}

// A live migration transfers the page of the events only if the guest writes to it, and a restored
// guest finds the backend's last words nowhere else.
TEST_F(SleepTest, WhatTheBackendHasReportedIsTakenBeforeTheGuestSleeps)
{
    auto file = open();
    file->wants_no_period_wakeup = true;
    ASSERT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 2, 1024, 4096 }), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(4096 * frame_bytes)), 4096);
    EXPECT_EQ(file->state(), PcmState::Running);
    kernel.timeline.pass(25ms);
    EXPECT_EQ(known_position(), 0u);
    fake::sleep_and_wake(device, [&] {
        EXPECT_GE(known_position(), 1024u);
        EXPECT_NE(kernel.memory.touched_count(), 0u);
    });
}

// As SleepTest, with a backend that holds READ: its events do not interrupt.
class RecordingSleepTest : public SleepTest {
  protected:
    void SetUp() override
    {
        configure({ { "0/0/type", "c" } });
        backend.on_attach = [](BackendStream &stream) {
            stream.source = [](uint64_t position) {
                return static_cast<uint8_t>(position);
            };
            stream.has_clock = true;
            stream.set_reads(BackendStream::Reads::Held);
        };
        connect();
    }
};

TEST_F(RecordingSleepTest, WhatTheBackendHasReportedIsTakenBeforeTheGuestSleeps)
{
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->sw_params(1, small_params.buffer_frames, small_params.period_frames), 0);
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->start(), 0);
    std::vector<uint8_t> period(256 * frame_bytes);
    for (int i = 0; i < 10; i++)
        ASSERT_EQ(file->read(period), 256);
    stream().has_clock = false;
    stream().withheld = { Operation::Read };
    const uint64_t before = known_position();
    stream().report_position((before + 256) * frame_bytes);
    fake::sleep_and_wake(device, [] {});
    EXPECT_EQ(known_position(), before);
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(known_position(), before + 256);
}

TEST_F(SleepTest, SleepLeavesWhatDoesNotRun)
{
    auto file = prepared();
    fake::sleep_and_wake(device, [] {});
    EXPECT_EQ(triggers(), Triggers());
    EXPECT_EQ(file->state(), PcmState::Prepared);
    EXPECT_EQ(file->write(make_audio(3000 * frame_bytes)), 3000);
    EXPECT_EQ(file->pause(true), 0);
    fake::sleep_and_wake(device, [] {});
    kernel.timeline.pass(1ms);
    EXPECT_EQ(triggers(), (Triggers { TriggerType::Start, TriggerType::Pause }));
    EXPECT_EQ(file->pause(false), 0);
    EXPECT_EQ(file->write(make_audio(3000 * frame_bytes)), 3000);
}

// The bus closes devices that are Connected when the guest starts another kernel.
TEST_F(SleepTest, ShutdownClosesWhatTheBusLeaves)
{
    fake::shut_down(device);
    EXPECT_EQ(state(), XenbusState::Connected);
    backend.publish(XenbusState::Closed);
    backend.detach();
    EXPECT_EQ(state(), XenbusState::Initialising);
    fake::shut_down(device);
    EXPECT_EQ(state(), XenbusState::Closed);
}

} // namespace

} // namespace xen_front::test
