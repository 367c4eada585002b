// SPDX-License-Identifier: GPL-2.0-only
// Applications that live through the loss of their backend: design.md, "Lifecycle"; sndif.h,
// "Recovery flow".
#include "driver_test.hpp"

#include <optional>

#include "fake/thread.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

constexpr uint64_t buffer_frames = 1024;

class ReconnectTest : public DriverTest {
  protected:
    void SetUp() override
    {
        connect();
        stream().has_clock = true;
    }
    static std::vector<uint8_t> a_buffer()
    {
        return make_audio(buffer_frames * frame_bytes);
    }
    std::unique_ptr<PcmFile> playing()
    {
        auto file = prepared();
        EXPECT_EQ(file->write(a_buffer()), static_cast<int64_t>(buffer_frames));
        EXPECT_EQ(file->state(), PcmState::Running);
        return file;
    }
    // The backend's process is killed: XenStore does not change, its mappings and ports are gone.
    void kill()
    {
        backend.detach();
    }
    // It is started again, and goes through the states to Connected.
    void restart(XenbusState first = XenbusState::InitWait)
    {
        if (first != XenbusState::InitWait)
            backend.publish(first);
        backend.wait_for_frontend();
        if (state() == XenbusState::Initialised)
            backend.connect();
        if (state() == XenbusState::Connected)
            stream().has_clock = true;
    }
    void restore()
    {
        fake::save_and_restore(device, [this] { backend.detach(); });
    }
    size_t card_count() const
    {
        return kernel.sound.visible_cards().size();
    }
    // What applications do with ESTRPIPE.
    void expect_to_play_on(PcmFile &file)
    {
        EXPECT_EQ(file.resume(), -ENOSYS);
        EXPECT_EQ(file.prepare(), 0);
        const auto audio = make_audio(3000 * frame_bytes, 5);
        EXPECT_EQ(file.write(audio), 3000);
        EXPECT_EQ(file.drain(), 0);
        auto heard = stream().record.written;
        ASSERT_GE(heard.size(), audio.size());
        heard.resize(audio.size());
        EXPECT_EQ(heard, audio);
    }
};

// ---- the backend says goodbye, in every way it may ----

struct Farewell {
    const char *what;
    std::vector<XenbusState> states;
    XenbusState answer; // the frontend's while nobody is there
};

std::ostream &operator<<(std::ostream &out, const Farewell &farewell)
{
    return out << farewell.what;
}

class FarewellTest : public ReconnectTest, public ::testing::WithParamInterface<Farewell> {
  protected:
    void part()
    {
        for (const XenbusState next : GetParam().states) {
            backend.publish(next);
            backend.detach();
        }
    }
};

TEST_P(FarewellTest, StreamIsSuspendedAndGoesOnWithTheNextBackend)
{
    auto file = playing();
    kshim_card *const card = kernel.sound.visible_cards().at(0);
    part();
    EXPECT_EQ(state(), GetParam().answer);
    EXPECT_EQ(file->state(), PcmState::Suspended);
    EXPECT_EQ(file->write(a_buffer()), -ESTRPIPE);
    EXPECT_EQ(file->resume(), -EAGAIN);
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);

    restart();
    EXPECT_EQ(state(), XenbusState::Connected);
    ASSERT_EQ(card_count(), 1u);
    EXPECT_EQ(kernel.sound.visible_cards()[0], card);
    EXPECT_EQ(file->state(), PcmState::Suspended);
    expect_to_play_on(*file);
    EXPECT_TRUE(complaints().empty());
}

TEST_P(FarewellTest, CardThatNobodyHasOpenGoes)
{
    part();
    EXPECT_EQ(card_count(), 0u);
    kernel.timeline.pass(1s);
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
    EXPECT_NE(state(), XenbusState::Reconfiguring);
    restart();
    EXPECT_EQ(card_count(), 1u);
}

TEST_P(FarewellTest, CardGoesWithTheLastApplication)
{
    auto file = playing();
    part();
    file.reset();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(card_count(), 0u);
    EXPECT_NE(state(), XenbusState::Reconfiguring);
    restart();
    EXPECT_EQ(card_count(), 1u);
    EXPECT_EQ(state(), XenbusState::Connected);
}

TEST_P(FarewellTest, NewApplicationsHaveToWait)
{
    configure({ { "0/1/type", "p" } });
    restart();
    auto file = playing();
    part();
    int status = 0;
    EXPECT_FALSE(PcmFile::open(*kernel.sound.visible_cards().at(0), 0, KSHIM_PLAYBACK, status));
    EXPECT_EQ(status, -ENODEV);
    restart();
    auto other = PcmFile::open(*kernel.sound.visible_cards().at(0), 0, KSHIM_PLAYBACK, status);
    EXPECT_TRUE(other);
}

TEST_P(FarewellTest, BlockedWriterWakesAtOnce)
{
    auto file = playing();
    kernel.timeline.after(7ms, [this] { part(); });
    const auto start = kernel.timeline.now();
    EXPECT_GT(file->write(make_audio(1 << 20)), 0);
    EXPECT_EQ(file->write(a_buffer()), -ESTRPIPE);
    EXPECT_LT(kernel.timeline.now() - start, 30ms);
}

TEST_P(FarewellTest, DrainingEnds)
{
    auto file = playing();
    kernel.timeline.after(7ms, [this] { part(); });
    EXPECT_EQ(file->drain(), 0); // of the fake core, which does not look at the state again
    EXPECT_EQ(file->state(), PcmState::Suspended);
}

TEST_P(FarewellTest, PausedStreamIsNotResumedWithoutItsBackend)
{
    auto file = playing();
    ASSERT_EQ(file->pause(true), 0);
    part();
    EXPECT_EQ(file->state(), PcmState::Suspended);
    EXPECT_EQ(file->resume(), -EAGAIN);
    restart();
    expect_to_play_on(*file);
}

TEST_P(FarewellTest, PreparedStreamIsNotResumedWithoutItsBackend)
{
    auto file = prepared();
    part();
    EXPECT_EQ(file->state(), PcmState::Suspended);
    EXPECT_EQ(file->resume(), -EAGAIN);
    restart();
    expect_to_play_on(*file);
}

// aplay and others give up when prepare fails.
TEST_P(FarewellTest, PrepareSucceedsAndTheStreamIsSuspendedAgain)
{
    auto file = playing();
    part();
    ASSERT_EQ(file->prepare(), 0);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Suspended);
    EXPECT_EQ(file->write(a_buffer()), -ESTRPIPE);
    // Written before the caretaker came.
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(a_buffer()), static_cast<int64_t>(buffer_frames));
    EXPECT_EQ(file->state(), PcmState::Running);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Suspended);
    restart();
    expect_to_play_on(*file);
}

TEST_P(FarewellTest, ParametersCannotBeSetWithoutABackend)
{
    auto file = open();
    part();
    EXPECT_EQ(file->hw_params(small_params), -ENODEV);
    restart();
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(a_buffer()), static_cast<int64_t>(buffer_frames));
}

TEST_P(FarewellTest, WhileOpenIsWaitedFor)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    std::optional<fake::Thread> bus;
    kernel.timeline.after(20ms, [&] { bus.emplace(kernel.context, [this] { part(); }); });
    const auto start = kernel.timeline.now();
    // The first prepare: the application has not played yet, and is told.
    EXPECT_EQ(file->prepare(), -ENODEV);
    EXPECT_LT(kernel.timeline.now() - start, 50ms);
    restart();
    EXPECT_EQ(file->prepare(), 0);
}

TEST_P(FarewellTest, WhileALaterOpenIsWaitedFor)
{
    auto file = playing();
    file->drop();
    stream().withheld = { Operation::Open };
    std::optional<fake::Thread> bus;
    kernel.timeline.after(20ms, [&] { bus.emplace(kernel.context, [this] { part(); }); });
    EXPECT_EQ(file->prepare(), 0);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Suspended);
    restart();
    expect_to_play_on(*file);
}

TEST_P(FarewellTest, OtherConfigurationMakesAnotherCard)
{
    auto file = playing();
    part();
    configure({ { "buffer-size", "32768" } });
    restart();
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(file->write(a_buffer()), -ENODEV);
    ASSERT_EQ(card_count(), 1u);
    // The new card works while the old one is still open.
    auto other = prepared();
    EXPECT_EQ(other->write(make_audio(3000 * frame_bytes)), 3000);
    file.reset();
    EXPECT_EQ(other->write(make_audio(3000 * frame_bytes)), 3000);
}

TEST_P(FarewellTest, ConfigurationThatIsNoGoodEndsTheCard)
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

TEST_P(FarewellTest, UnboundMeanwhile)
{
    auto file = playing();
    part();
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->write(a_buffer()), -ENODEV);
    EXPECT_EQ(file->resume(), -ENODEV);
}

TEST_P(FarewellTest, ManyTimes)
{
    auto file = playing();
    for (int round = 0; round < 20; round++) {
        part();
        EXPECT_EQ(file->resume(), -EAGAIN);
        restart(round % 2 == 0 ? XenbusState::InitWait : XenbusState::Initialising);
        ASSERT_EQ(file->resume(), -ENOSYS);
        ASSERT_EQ(file->prepare(), 0);
        ASSERT_EQ(file->write(make_audio(3000 * frame_bytes)), 3000);
        // A backend that comes and goes faster is followed at leisure.
        kernel.timeline.pass(std::chrono::seconds(1));
    }
    file.reset();
    EXPECT_TRUE(complaints().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Backends, FarewellTest,
    ::testing::Values(
        Farewell { "closing", { XenbusState::Closing }, XenbusState::Closed },
        Farewell { "closing, then closed",
                   { XenbusState::Closing, XenbusState::Closed },
                   XenbusState::Reconfiguring },
        Farewell { "closed", { XenbusState::Closed }, XenbusState::Reconfiguring },
        Farewell { "state gone", { XenbusState::Unknown }, XenbusState::Reconfiguring },
        Farewell { "starts over", { XenbusState::Initialising }, XenbusState::Initialising },
        Farewell { "closed, starts over",
                   { XenbusState::Closed, XenbusState::Initialising },
                   XenbusState::Initialising }));

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

TEST_F(ReconnectTest, BackendThatIsTakenAwayWhileTheCardWaitsForIt)
{
    auto file = playing();
    kernel.store.set(device.backend_path + "/online", "1");
    backend.publish(XenbusState::Closed);
    backend.detach();
    EXPECT_EQ(state(), XenbusState::Reconfiguring);
    EXPECT_EQ(file->state(), PcmState::Suspended);
    kernel.store.set(device.backend_path + "/online", "0");
    backend.publish(XenbusState::Unknown);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
}

// The next connection cannot be made, for each reason that there may be.
TEST_F(ReconnectTest, ConnectionThatFailsEndsTheCard)
{
    size_t failures = 0;
    for (uint64_t call = 0;; call++) {
        ASSERT_LT(call, 100u);
        auto file = playing();
        backend.publish(XenbusState::Closed);
        backend.detach();
        kernel.timeline.pass(1s); // states that come faster are followed at leisure
        kernel.injector.fail_call(call);
        restart();
        kernel.injector.stop();
        if (!kernel.injector.failed()) {
            expect_to_play_on(*file);
            break;
        }
        if (state() == XenbusState::Connected)
            continue; // of no consequence, as that of reading "online"
        SCOPED_TRACE(kernel.injector.failed()->function);
        failures++;
        EXPECT_EQ(state(), XenbusState::Closed);
        EXPECT_EQ(file->state(), PcmState::Disconnected);
        EXPECT_EQ(card_count(), 0u);
        file.reset();
        restart();
        ASSERT_EQ(state(), XenbusState::Connected);
    }
    EXPECT_GT(failures, 10u);
}

// ---- the backend is killed: only the watchdog notices ----

TEST_F(ReconnectTest, KilledBackendIsNoticedInTime)
{
    auto file = playing();
    kernel.timeline.pass(9ms);
    kill();
    const auto start = kernel.timeline.now();
    // A period, 5.3 ms, and the time-out of a request.
    EXPECT_LT(file->write(make_audio(1 << 20)), 1 << 18);
    EXPECT_EQ(file->write(a_buffer()), -ESTRPIPE);
    EXPECT_LE(kernel.timeline.now() - start, 1006ms);
    EXPECT_GE(kernel.timeline.now() - start, 900ms);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Reconfiguring);
    EXPECT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("stream 0/0: no progress from the backend in domain 0 for"),
              std::string::npos);

    EXPECT_EQ(file->resume(), -EAGAIN);
    restart();
    EXPECT_EQ(state(), XenbusState::Connected);
    expect_to_play_on(*file);
}

TEST_F(ReconnectTest, KilledAndRestartedBeforeTheWatchdogLooks)
{
    auto file = playing();
    kill();
    restart();
    EXPECT_EQ(file->state(), PcmState::Suspended);
    expect_to_play_on(*file);
    kernel.timeline.pass(3s);
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ReconnectTest, TimeOutIsTheModulesParameter)
{
    kernel.request_timeout_ms = 200;
    auto file = playing();
    kill();
    const auto start = kernel.timeline.now();
    file->write(make_audio(1 << 20));
    EXPECT_EQ(file->state(), PcmState::Suspended);
    EXPECT_LE(kernel.timeline.now() - start, 206ms);
}

TEST_F(ReconnectTest, KilledBackendOfADrainingStream)
{
    auto file = playing();
    kill();
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->drain(), -EIO);
    // The core has given up by then, by itself.
    EXPECT_LE(kernel.timeline.now() - start, 1006ms);
    EXPECT_EQ(file->prepare(), 0);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Suspended);
    EXPECT_EQ(state(), XenbusState::Reconfiguring);
    restart();
    expect_to_play_on(*file);
}

TEST_F(ReconnectTest, KilledBackendOfACapturingStream)
{
    fake::remove(device);
    backend.detach();
    kernel.store.set(device.path + "/state", "1");
    configure({ { "0/0/type", "c" } });
    connect();
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->start(), 0);
    kill();
    std::vector<uint8_t> audio(4 * frame_bytes);
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->read(audio), -ESTRPIPE);
    EXPECT_LE(kernel.timeline.now() - start, 1006ms);
    EXPECT_EQ(file->resume(), -EAGAIN);
    restart();
    EXPECT_EQ(file->resume(), -ENOSYS);
    EXPECT_EQ(file->prepare(), 0);
}

// The watchdog is no judge of applications: nothing to play is no reason to report progress.
TEST_F(ReconnectTest, StarvedStreamIsNotStalled)
{
    auto file = open_with(small_params);
    ASSERT_EQ(file->sw_params(1, UINT64_MAX / 4, 256), 0);
    ASSERT_EQ(file->prepare(), 0);
    file->write(make_audio(100 * frame_bytes));
    kernel.timeline.pass(5s);
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_NE(file->state(), PcmState::Suspended);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ReconnectTest, IdleCardIsNotLookedAt)
{
    {
        auto file = playing();
        file->drop();
        kernel.timeline.pass(1ms); // the look at what has just been started
        const uint64_t runs = kernel.works.runs();
        kernel.timeline.pass(60s);
        EXPECT_EQ(kernel.works.runs(), runs);
    }
    const uint64_t runs = kernel.works.runs();
    kernel.timeline.pass(60s);
    EXPECT_EQ(kernel.works.runs(), runs);
    EXPECT_EQ(state(), XenbusState::Connected);
}

TEST_F(ReconnectTest, WatchdogIsNoTimerOfPeriods)
{
    auto file = playing();
    const uint64_t runs = kernel.works.runs();
    for (int second = 0; second < 10; second++)
        file->write(make_audio(48000 * frame_bytes));
    EXPECT_LE(kernel.works.runs() - runs, 12u);
    EXPECT_EQ(file->state(), PcmState::Running);
}

// ---- the backend hangs, and comes back to life ----

TEST_F(ReconnectTest, HungBackendComesBackToLife)
{
    auto file = playing();
    kernel.timeline.pass(9ms);
    stream().has_clock = false;
    stream().latency.reset(); // it handles nothing
    file->write(make_audio(1 << 20));
    EXPECT_EQ(file->state(), PcmState::Suspended);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Reconfiguring);
    EXPECT_EQ(file->resume(), -EAGAIN);

    stream().latency = fake::Duration(0);
    stream().has_clock = true;
    stream().serve(); // everything late, STOP among it
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Connected);
    expect_to_play_on(*file);
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_F(ReconnectTest, HungBackendIsNotAskedAgain)
{
    auto file = open();
    stream().latency.reset();
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->hw_params(small_params), -ETIMEDOUT);
    EXPECT_EQ(kernel.timeline.now() - start, 1s);
    EXPECT_NE(file->hw_params(small_params), 0);
    EXPECT_EQ(kernel.timeline.now() - start, 1s);
    file.reset();
    EXPECT_EQ(kernel.timeline.now() - start, 1s);
    EXPECT_EQ(complaints().size(), 1u);
    kernel.timeline.pass(1ms);
    int status = 0;
    EXPECT_FALSE(PcmFile::open(*kernel.sound.visible_cards().at(0), 0, KSHIM_PLAYBACK, status));
    EXPECT_EQ(status, -ENODEV);

    // A late answer, to nobody, is the sign of life.
    stream().latency = fake::Duration(0);
    stream().serve();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Connected);
    auto other = prepared();
    EXPECT_EQ(other->write(make_audio(3000 * frame_bytes)), 3000);
}

TEST_F(ReconnectTest, StreamOfAHungBackendIsClosedLater)
{
    auto file = playing();
    stream().has_clock = false;
    stream().latency.reset();
    kernel.timeline.pass(1100ms);
    ASSERT_EQ(file->state(), PcmState::Suspended);
    const auto start = kernel.timeline.now();
    file.reset();
    EXPECT_EQ(kernel.timeline.now(), start);
    stream().latency = fake::Duration(0);
    stream().serve();
    EXPECT_FALSE(stream().opened());
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Connected);
    stream().has_clock = true;
    auto other = playing();
    EXPECT_EQ(other->write(make_audio(3000 * frame_bytes)), 3000);
}

// A backend that is alive on one stream is not given up for another.
TEST_F(ReconnectTest, OneStreamStalls)
{
    configure({ { "0/1/type", "p" } });
    restart();
    kernel.timeline.pass(1ms);
    auto good = playing();
    int status = 0;
    auto bad = PcmFile::open(*kernel.sound.visible_cards().at(0), 0, KSHIM_PLAYBACK, status);
    ASSERT_TRUE(bad);
    ASSERT_EQ(bad->hw_params(small_params), 0);
    ASSERT_EQ(bad->prepare(), 0);
    ASSERT_EQ(bad->write(a_buffer()), static_cast<int64_t>(buffer_frames));
    BackendStream &hung = backend.stream(0, 1);
    hung.latency.reset();
    ASSERT_EQ(good->write(make_audio(96000 * frame_bytes)), 96000);
    EXPECT_EQ(bad->state(), PcmState::Suspended);
    EXPECT_EQ(bad->resume(), -EAGAIN);
    EXPECT_EQ(state(), XenbusState::Connected);
    hung.latency = fake::Duration(0);
    hung.serve();
    EXPECT_EQ(bad->resume(), -ENOSYS);
    EXPECT_EQ(bad->prepare(), 0);
    EXPECT_EQ(good->state(), PcmState::Running);
}

// The look is of all streams: one that stops does not take it from the others.
TEST_F(ReconnectTest, WatchGoesOnUntilTheLastStreamStops)
{
    configure({ { "0/1/type", "p" } });
    restart();
    kernel.timeline.pass(1ms);
    auto first = playing();
    int status = 0;
    auto second = PcmFile::open(*kernel.sound.visible_cards().at(0), 0, KSHIM_PLAYBACK, status);
    ASSERT_TRUE(second);
    ASSERT_EQ(second->hw_params(small_params), 0);
    ASSERT_EQ(second->prepare(), 0);
    ASSERT_EQ(second->write(a_buffer()), static_cast<int64_t>(buffer_frames));
    first->drop();
    kill();
    kernel.timeline.pass(1100ms);
    EXPECT_EQ(second->state(), PcmState::Suspended);
    EXPECT_EQ(state(), XenbusState::Reconfiguring);
    second.reset();
    first.reset();
    kernel.timeline.pass(10ms);
    const uint64_t runs = kernel.works.runs();
    kernel.timeline.pass(60s);
    EXPECT_EQ(kernel.works.runs(), runs);
}

// The other stream reported last, and so is overdue last; then nobody has said anything.
TEST_F(ReconnectTest, AllStreamsStall)
{
    configure({ { "0/1/type", "p" } });
    restart();
    auto first = playing();
    int status = 0;
    auto second = PcmFile::open(*kernel.sound.visible_cards().at(0), 0, KSHIM_PLAYBACK, status);
    ASSERT_EQ(second->hw_params(PcmParams { format_s16_le, 48000, 2, 4096, 8192 }), 0);
    ASSERT_EQ(second->prepare(), 0);
    backend.stream(0, 1).has_clock = true;
    ASSERT_EQ(second->write(make_audio(4096 * frame_bytes)), 4096);
    kernel.timeline.pass(3ms);
    kill();
    kernel.timeline.pass(1100ms);
    EXPECT_EQ(first->state(), PcmState::Suspended);
    EXPECT_EQ(second->state(), PcmState::Suspended);
    EXPECT_EQ(state(), XenbusState::Reconfiguring);
    EXPECT_LE(complaints().size(), 2u);
    restart();
    EXPECT_EQ(first->resume(), -ENOSYS);
    EXPECT_EQ(second->resume(), -ENOSYS);
    EXPECT_EQ(first->prepare(), 0);
    EXPECT_EQ(second->prepare(), 0);
}

TEST_F(ReconnectTest, CloseThatTakesItsTimeIsNoStall)
{
    auto file = playing();
    file->drop();
    stream().withheld = { Operation::Close };
    file.reset();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Connected);
    stream().withheld.clear();
    stream().answer_all();
    auto other = playing();
    EXPECT_EQ(other->write(make_audio(3000 * frame_bytes)), 3000);
}

// The bus thread serves every Xen device: it waits for nobody who waits for a backend.
TEST_F(ReconnectTest, NoticesTheBackendWhileAPlayerIsStuck)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    std::optional<fake::Duration> taken;
    kernel.timeline.after(20ms, [&] {
        const auto start = kernel.timeline.now();
        fake::Thread watch(kernel.context, [this] { fake::fire_backend_watch(device); });
        EXPECT_TRUE(watch.has_ended());
        taken = kernel.timeline.now() - start;
    });
    EXPECT_EQ(file->prepare(), -ETIMEDOUT);
    ASSERT_TRUE(taken);
    EXPECT_EQ(*taken, 0ms);
}

// ---- the guest sleeps, is saved and restored ----

TEST_F(ReconnectTest, RestoredGuestPlaysOn)
{
    auto file = playing();
    kshim_card *const card = kernel.sound.visible_cards().at(0);
    const auto before = file->buffer();
    for (int round = 0; round < 3; round++) {
        restore();
        EXPECT_EQ(state(), XenbusState::Initialising);
        EXPECT_EQ(file->state(), PcmState::Suspended);
        EXPECT_EQ(file->resume(), -EAGAIN);
        restart();
        ASSERT_EQ(card_count(), 1u);
        EXPECT_EQ(kernel.sound.visible_cards()[0], card);
        // An application may have mapped it.
        EXPECT_EQ(file->buffer().data(), before.data());
        expect_to_play_on(*file);
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->write(a_buffer()), static_cast<int64_t>(buffer_frames));
    }
    EXPECT_EQ(complaints(), std::vector<std::string>());
}

TEST_F(ReconnectTest, RestoredGuestKeepsACardThatNobodyUses)
{
    kshim_card *const card = kernel.sound.visible_cards().at(0);
    restore();
    ASSERT_EQ(card_count(), 1u);
    restart();
    ASSERT_EQ(card_count(), 1u);
    EXPECT_EQ(kernel.sound.visible_cards()[0], card);
    auto file = playing();
    file.reset();
    // Later it goes as any other.
    backend.publish(XenbusState::Closed);
    EXPECT_EQ(card_count(), 0u);
}

TEST_F(ReconnectTest, RestoredWhilePreparedOrPaused)
{
    for (const bool is_paused : { false, true }) {
        auto file = is_paused ? playing() : prepared();
        if (is_paused) {
            ASSERT_EQ(file->pause(true), 0);
        }
        restore();
        EXPECT_EQ(file->resume(), -EAGAIN);
        restart();
        expect_to_play_on(*file);
    }
}

TEST_F(ReconnectTest, GrantsThatCannotBeRenewedFailPrepareOnly)
{
    auto file = playing();
    int refused = 0;
    for (uint64_t call = 0; refused < 2; call++) {
        ASSERT_LT(call, 20u);
        restore();
        restart();
        kernel.injector.fail_call(call);
        const int status = file->prepare();
        kernel.injector.stop();
        const auto failed = kernel.injector.failed();
        if (failed && failed->function == "kshim_grant_renew") {
            EXPECT_EQ(status, -ENOSPC);
            refused++;
        }
    }
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(3000 * frame_bytes)), 3000);
}

TEST_F(ReconnectTest, SleepLeavesTheConnectionAsItIs)
{
    auto file = playing();
    fake::sleep_and_wake(device);
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_EQ(file->state(), PcmState::Suspended);
    expect_to_play_on(*file);
    // The bus knows again what state we are in.
    file.reset();
    backend.publish(XenbusState::Closed);
    EXPECT_EQ(state(), XenbusState::Initialising);
}

// A sleep that looks like a restore, since XenStore cannot be read: the backend is still there, and
// has what it was granted.
TEST_F(ReconnectTest, SleepWithoutXenStoreCostsTheConnectionOnly)
{
    auto file = playing();
    std::vector<void *> kept;
    stream().keep_mapping = [&](void *page) {
        kept.push_back(page);
    };
    for (uint64_t call = 0;; call++) {
        ASSERT_LT(call, 20u);
        kernel.injector.fail_call(call);
        fake::sleep_and_wake(device);
        kernel.injector.stop();
        const auto failed = kernel.injector.failed();
        if (failed && failed->function == "kshim_xenstore_read")
            break;
        expect_to_play_on(*file);
    }
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->resume(), -EAGAIN);
    backend.detach();
    ASSERT_GT(kept.size(), 2u);
    restart();
    EXPECT_EQ(file->resume(), -ENOSYS);
    EXPECT_EQ(file->prepare(), -EBUSY);
    for (void *page : kept)
        kernel.memory.unmap_grant(page);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(a_buffer()), static_cast<int64_t>(buffer_frames));
    EXPECT_EQ(card_count(), 1u);
}

// Without a state in XenStore nothing says that it was a mere sleep.
TEST_F(ReconnectTest, WakesWithoutItsDirectory)
{
    auto file = playing();
    kernel.store.remove(device.path + "/state");
    fake::sleep_and_wake(device);
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);
    EXPECT_EQ(file->resume(), -EAGAIN);
}

// What the core keeps as prepared, it resumes without asking us.
TEST_F(ReconnectTest, SleepWhilePrepared)
{
    auto file = prepared();
    fake::sleep_and_wake(device);
    EXPECT_EQ(file->resume(), 0);
    EXPECT_EQ(file->state(), PcmState::Prepared);
    EXPECT_EQ(file->write(make_audio(3000 * frame_bytes)), 3000);
}

TEST_F(ReconnectTest, RestoredWithAnotherConfiguration)
{
    auto file = playing();
    configure({ { "channels-max", "2" } });
    restore();
    restart();
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(card_count(), 1u);
}

// A state that came too fast to be followed at once is not mistaken for one of the next backend:
// the bus tells that right after the restore.
TEST_F(ReconnectTest, RestoredWhileAStateWaits)
{
    for (int i = 0; i < 12; i++) {
        backend.publish(XenbusState::Initialising);
        backend.detach();
        backend.wait_for_frontend();
    }
    restore();
    // The new backend is not ready for us.
    kernel.timeline.pass(2s);
    EXPECT_EQ(state(), XenbusState::Initialising);
    restart();
    EXPECT_EQ(state(), XenbusState::Connected);
}

TEST_F(ReconnectTest, RestoredWithoutABackend)
{
    auto file = playing();
    restore();
    kernel.timeline.pass(10s);
    EXPECT_EQ(state(), XenbusState::Initialising);
    EXPECT_EQ(file->resume(), -EAGAIN);
    file.reset();
    kernel.timeline.pass(1s);
    EXPECT_EQ(card_count(), 1u);
}

} // namespace

} // namespace xen_front::test
