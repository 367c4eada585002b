// SPDX-License-Identifier: GPL-2.0-only
// Applications that have switched period wake-ups off: they look at the position by themselves, and
// no interrupt tells of it.
#include <algorithm>
#include <cerrno>

#include "reconnect_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

constexpr unsigned int format_u8 = 1;

class NoWakeupTest : public ReconnectTest {
  protected:
    // 21.3 ms, and 85.3.
    static constexpr PcmParams params = { format_s16_le, 48000, 2, 1024, 4096 };

    std::unique_ptr<PcmFile> open_without_wakeups(const PcmParams &wanted = params)
    {
        auto file = open();
        file->wants_no_period_wakeup = true;
        EXPECT_EQ(file->hw_params(wanted), 0);
        EXPECT_EQ(file->sw_params(wanted.buffer_frames, wanted.buffer_frames, wanted.period_frames),
                  0);
        EXPECT_EQ(file->prepare(), 0);
        return file;
    }
    // Runs, its buffer full.
    std::unique_ptr<PcmFile> running(const PcmParams &wanted = params)
    {
        auto file = open_without_wakeups(wanted);
        write(*file, wanted.buffer_frames);
        EXPECT_EQ(file->state(), PcmState::Running);
        return file;
    }
    fake::TransportNodes nodes()
    {
        return backend.transport("0/0");
    }
    const kshim_event_channel &events()
    {
        return *kernel.event_channels.find(device.backend_domain, nodes().event_ring_channel);
    }
    uint64_t interrupts()
    {
        return events().interrupts +
               kernel.event_channels.interrupts(device.backend_domain, nodes().event_channel);
    }
    // What the backend was asked for, in frames.
    uint64_t step()
    {
        return stream().opened()->period_sz / frame_bytes;
    }
    size_t opens()
    {
        return stream().count(Operation::Open);
    }
    // The application looks at the position; returns it.
    uint64_t look(PcmFile &file)
    {
        EXPECT_EQ(file.hwsync(), 0);
        return position(file);
    }
    uint64_t unread_events()
    {
        const wire::EventPage &page = stream().event_page();
        return page.in_prod - page.in_cons;
    }
    // As expect_the_rest(), by looks: no interrupt wakes a writer that waits for room.
    void expect_the_rest_by_looks(PcmFile &file, uint64_t committed, uint64_t first)
    {
        while (committed < audio_frames) {
            kernel.timeline.pass(10ms);
            look(file);
            const uint64_t frames = std::min(file.avail(), audio_frames - committed);
            if (frames > 0)
                write(file, frames);
            committed += frames;
        }
        EXPECT_EQ(file.drain(), 0);
        EXPECT_EQ(file.substream().xruns, 0u);
        expect_heard_from(first);
    }
    std::string proc() const
    {
        return kernel.sound.visible_cards().at(0)->read_proc("xen-front").value_or("");
    }
};

TEST_F(NoWakeupTest, NoInterruptComesWhileItPlays)
{
    auto file = running();
    EXPECT_EQ(step(), 256u);
    const uint64_t before = interrupts();
    const uint64_t periods = file->substream().periods_elapsed;
    // As a sound server: wakes by its own timer, looks, and fills up what was played.
    for (int i = 0; i < 200; i++) {
        kernel.timeline.pass(10ms);
        const uint64_t at = look(*file);
        EXPECT_EQ(at % 256, 0u);
        EXPECT_GE(at + 256, (i + 1) * uint64_t { 480 });
        const uint64_t room = file->avail();
        EXPECT_EQ(file->write(make_audio(room * frame_bytes)), static_cast<int64_t>(room));
    }
    EXPECT_EQ(interrupts(), before);
    EXPECT_EQ(file->substream().periods_elapsed, periods);
    EXPECT_EQ(file->substream().xruns, 0u);
    EXPECT_EQ(file->state(), PcmState::Running);
}

// ---- the step of positions ----

TEST_F(NoWakeupTest, OthersAreInterruptedOncePerPeriod)
{
    auto file = open_with(params);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(step(), 1024u);
    write(*file, 4096);
    const uint64_t before = events().interrupts;
    kernel.timeline.pass(50ms);
    EXPECT_EQ(events().interrupts, before + 2);
    EXPECT_EQ(file->substream().periods_elapsed, 2u);
}

TEST_F(NoWakeupTest, StepIsBoundedByTheParameter)
{
    kernel.position_step_us = 10'000;
    EXPECT_TRUE(open_without_wakeups());
    EXPECT_EQ(step(), 512u);
    kernel.position_step_us = 0;
    EXPECT_TRUE(open_without_wakeups());
    EXPECT_EQ(step(), 1024u);
}

TEST_F(NoWakeupTest, StepIsOneThatTheBackendCanDo)
{
    stream().on_query = [](wire::HwParamQuery query) {
        query.period.min = std::max(query.period.min, 300u);
        return query;
    };
    EXPECT_TRUE(open_without_wakeups());
    EXPECT_EQ(step(), 512u);
    stream().on_query = [](wire::HwParamQuery query) {
        query.period.min = std::max(query.period.min, 1000u);
        return query;
    };
    EXPECT_TRUE(open_without_wakeups());
    EXPECT_EQ(step(), 1024u);
}

TEST_F(NoWakeupTest, BackendThatDoesNotAnswerQueriesGetsTheStep)
{
    stream().statuses[Operation::HwParamQuery] = -EINVAL;
    EXPECT_TRUE(open_without_wakeups());
    EXPECT_EQ(step(), 256u);
}

TEST_F(NoWakeupTest, BackendThatRefusesTheStepGetsWholePeriods)
{
    stream().statuses[Operation::HwParamQuery] = -EINVAL;
    stream().period_min = 1024 * frame_bytes;
    auto file = open_without_wakeups();
    EXPECT_EQ(step(), 1024u);
    EXPECT_GT(stream().opened()->buffer_sz, 4096 * frame_bytes); // with rows of values
    EXPECT_TRUE(complaints().empty());
    // It is not tried again for the same application.
    const size_t before = opens();
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_LE(opens() - before, 1u);
    EXPECT_EQ(step(), 1024u);
}

// It says so only when it is asked for the step.
TEST_F(NoWakeupTest, BackendThatCanDoNoPeriodGetsTheApplications)
{
    stream().on_query = [](wire::HwParamQuery query) {
        if (query.period.min == 256)
            query.period = { 2000, 2000 };
        return query;
    };
    EXPECT_TRUE(open_without_wakeups());
    EXPECT_EQ(step(), 1024u);
}

// A backend that hangs has the stream of the last application open.
TEST_F(NoWakeupTest, StepIsNotThatOfAnotherApplication)
{
    auto file = prepared({ format_s16_le, 48000, 2, 1024, 4096 });
    write(*file, 4096);
    stream().has_clock = false;
    stream().latency.reset();
    kernel.timeline.pass(3s);
    file.reset();
    file = open_without_wakeups({ format_s16_le, 48000, 2, 400, 4000 });
    stream().latency = fake::Duration(0);
    stream().serve();
    kernel.timeline.pass(1ms);
    ASSERT_TRUE(stream().opened());
    EXPECT_EQ(step(), 400u);
}

TEST_F(NoWakeupTest, StepStaysWhenItIsPreparedAgain)
{
    auto file = running();
    const size_t queries = stream().count(Operation::HwParamQuery);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(step(), 256u);
    EXPECT_EQ(stream().count(Operation::HwParamQuery), queries);
    EXPECT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 2, 512, 4096 }), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(step(), 256u);
    EXPECT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 2, 400, 4000 }), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(step(), 400u); // 200 would be less than 5 ms
}

// ---- what interrupts tell other applications ----

TEST_F(NoWakeupTest, AClientThatNeverLooksDoesNotFillTheEventPage)
{
    // The buffer lasts for more than a second; without looks the page is full after a third of one.
    constexpr PcmParams long_buffer = { format_u8, 48000, 1, 4096, 65536 };
    uint64_t most = 0;
    stream().before_position = [&](uint64_t &) {
        most = std::max(most, unread_events());
        return true;
    };
    auto file = open_without_wakeups(long_buffer);
    EXPECT_EQ(file->write(make_audio(65536)), 65536);
    const uint64_t before = interrupts();
    kernel.timeline.pass(1300ms);
    EXPECT_GT(most, wire::event_ring_size / 2);
    EXPECT_LT(most, wire::event_ring_size);
    EXPECT_EQ(interrupts(), before);
    EXPECT_EQ(file->substream().periods_elapsed, 0u);
    // When the application does look, the position is right.
    EXPECT_GE(look(*file), 48 * 1290u);
}

TEST_F(NoWakeupTest, AFullEventPageLosesNothing)
{
    auto file = running();
    stream().has_clock = false;
    stream().is_liar = true;
    for (unsigned int i = 1; i <= wire::event_ring_size; i++)
        stream().report_position(16u * i * frame_bytes);
    EXPECT_EQ(unread_events(), wire::event_ring_size);
    stream().report_position(2048 * frame_bytes); // finds no room
    EXPECT_EQ(look(*file), 16u * wire::event_ring_size);
    stream().report_position(2048 * frame_bytes);
    EXPECT_EQ(look(*file), 2048u);
}

TEST_F(NoWakeupTest, DrainEndsByItself)
{
    auto file = open_without_wakeups();
    write(*file, 1000);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    EXPECT_EQ(file->substream().xruns, 0u);
    EXPECT_EQ(position(*file), 1000u);
}

TEST_F(NoWakeupTest, UnderrunIsFoundByTheLook)
{
    auto file = running();
    kernel.timeline.pass(200ms);
    EXPECT_EQ(file->state(), PcmState::Running);
    // ALSA is shown a step of a whole buffer in two.
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->hwsync(), -EPIPE);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(4096 * frame_bytes)), 4096);
    kernel.timeline.pass(30ms);
    EXPECT_EQ(look(*file), 5 * 256u);
}

TEST_F(NoWakeupTest, PauseAndStop)
{
    auto file = running();
    kernel.timeline.pass(20ms);
    const uint64_t before = interrupts();
    EXPECT_EQ(file->pause(true), 0);
    kernel.timeline.pass(20ms);
    const uint64_t at = look(*file);
    EXPECT_EQ(at, 3 * 256u);
    EXPECT_EQ(file->pause(false), 0);
    kernel.timeline.pass(20ms);
    EXPECT_GT(look(*file), at);
    // No caller waits for the responses to PAUSE and RESUME.
    EXPECT_LE(interrupts(), before + 1);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(events().spurious_interrupts, 0u);
}

// The application writes into the buffer without telling ALSA: only reports keep WRITEs going.
TEST_F(NoWakeupTest, FreeWheelingKeepsItsInterrupts)
{
    auto file = open_without_wakeups();
    EXPECT_EQ(file->sw_params(1, file->params().boundary, 1024), 0);
    EXPECT_EQ(file->start(), 0);
    kernel.timeline.pass(500ms);
    EXPECT_GE(written_frames(*file), 48 * 490u);
    EXPECT_GT(events().interrupts, 0u);
}

TEST_F(NoWakeupTest, PositionBeyondWhatWasWrittenIsNone)
{
    auto file = open_without_wakeups();
    EXPECT_EQ(file->sw_params(1, file->params().boundary, 1024), 0);
    write(*file, 1024);
    stream().is_liar = true;
    stream().has_clock = false;
    stream().report_position(4000 * frame_bytes);
    EXPECT_EQ(look(*file), 1024u);
}

TEST_F(NoWakeupTest, BrokenEventPageIsFoundByTheLook)
{
    auto file = running();
    stream().is_liar = true;
    stream().event_page().in_prod -= 1;
    (void)file->hwsync();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(complaints().size(), 1u);
}

TEST_F(NoWakeupTest, RefusedWriteIsFoundByTheLook)
{
    auto file = running();
    stream().statuses[Operation::Write] = -EIO;
    kernel.timeline.pass(25ms);
    look(*file);
    write(*file, 512);
    kernel.timeline.pass(10ms);
    (void)file->hwsync();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Xrun);
}

// ---- a backend that comes and goes ----

TEST_F(NoWakeupTest, ANewBackendGoesOnTheSameWay)
{
    auto file = running();
    kernel.timeline.pass(30ms);
    kill();
    // The driver knows what that backend has reported, though the application has not looked.
    restart();
    EXPECT_EQ(step(), 256u);
    const uint64_t before = interrupts();
    kernel.timeline.pass(40ms);
    EXPECT_GE(look(*file), 48 * 60u);
    EXPECT_EQ(interrupts(), before);
    expect_the_rest_by_looks(*file, 4096, 5 * 256);
}

TEST_F(NoWakeupTest, PreparedWithoutABackend)
{
    auto file = open();
    file->wants_no_period_wakeup = true;
    EXPECT_EQ(file->hw_params(params), 0);
    kill();
    backend.publish(XenbusState::Closed);
    EXPECT_EQ(file->sw_params(4096, 4096, 1024), 0);
    EXPECT_EQ(file->prepare(), 0);
    write(*file, 4096);
    restart();
    kernel.timeline.pass(50ms);
    EXPECT_EQ(step(), 1024u);
    EXPECT_EQ(look(*file), 2048u);
    EXPECT_EQ(file->substream().periods_elapsed, 0u);
}

TEST_F(NoWakeupTest, ABackendThatHungIsHeardAtOnce)
{
    auto file = running();
    kernel.timeline.pass(10ms);
    stream().has_clock = false;
    stream().latency.reset();
    kernel.timeline.pass(3s);
    EXPECT_NE(proc().find("link: stalled"), std::string::npos);
    stream().latency = fake::Duration(0);
    stream().report_position(512 * frame_bytes);
    EXPECT_EQ(proc().find("link: stalled"), std::string::npos);
    stream().serve();
    stream().start_clock();
    expect_the_rest_by_looks(*file, 4096, 256);
}

TEST_F(NoWakeupTest, ProcSaysSo)
{
    auto file = running();
    EXPECT_NE(
        proc().find("period 1024 buffer 4096, no period wake-ups, positions every 256 frames"),
        std::string::npos)
        << proc();
}

} // namespace

} // namespace xen_front::test
