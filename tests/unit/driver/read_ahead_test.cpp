// SPDX-License-Identifier: GPL-2.0-only
// READ ahead: a backend that holds a READ until it has recorded all of it interrupts once a period;
// any other is asked for what it has reported, and recordings are the same.
#include <algorithm>
#include <array>

#include "reconnect_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using Reads = BackendStream::Reads;
using namespace std::chrono_literals;

uint8_t recorded(uint64_t position)
{
    const uint64_t mixed = (position / 4 + 1) * 0x9e3779b97f4a7c15u;
    return static_cast<uint8_t>(mixed >> (40 + position % 4 * 8 % 24));
}

class ReadAheadTest : public ReconnectTest {
  protected:
    void SetUp() override
    {
        configure({ { "0/0/type", "c" } });
        backend.on_attach = [this](BackendStream &stream) {
            stream.source = recorded;
            stream.has_clock = true;
            stream.set_reads(reads);
        };
        connect();
    }
    // Another backend takes the place of the present one.
    void become(Reads kind)
    {
        reads = kind;
        kill();
        restart(XenbusState::Closing);
        ASSERT_EQ(state(), XenbusState::Connected);
    }
    std::unique_ptr<PcmFile> recording(const PcmParams &params = small_params)
    {
        auto file = open_with(params, KSHIM_CAPTURE);
        EXPECT_EQ(file->sw_params(1, params.buffer_frames, params.period_frames), 0);
        EXPECT_EQ(file->prepare(), 0);
        return file;
    }
    static std::vector<uint8_t> read(PcmFile &file, uint64_t frames)
    {
        std::vector<uint8_t> audio(file.bytes(frames));
        EXPECT_EQ(file.read(audio), static_cast<int64_t>(frames));
        return audio;
    }
    static void expect_recorded(const std::vector<uint8_t> &audio, uint64_t from)
    {
        for (size_t i = 0; i < audio.size(); i++)
            ASSERT_EQ(audio[i], recorded(from + i)) << "byte " << i;
    }
    struct Interrupts {
        uint64_t responses;
        uint64_t events;
    };
    Interrupts interrupts()
    {
        const auto nodes = backend.transport("0/0");
        const auto &channels = kernel.event_channels;
        return { channels.interrupts(device.backend_domain, nodes.event_channel),
                 channels.interrupts(device.backend_domain, nodes.event_ring_channel) };
    }
    // What @action costs.
    Interrupts interrupts_of(const std::function<void()> &action)
    {
        const Interrupts before = interrupts();
        action();
        const Interrupts after = interrupts();
        return { after.responses - before.responses, after.events - before.events };
    }

    Reads reads = Reads::Held;
};

// ---- whatever the backend does with a READ of what it has not recorded yet ----

class AnyReadsTest : public ReadAheadTest, public ::testing::WithParamInterface<Reads> {
  protected:
    AnyReadsTest()
    {
        reads = GetParam();
    }
    void TearDown() override
    {
        EXPECT_TRUE(complaints().empty());
        ReadAheadTest::TearDown();
    }
};

TEST_P(AnyReadsTest, EveryByteArrives)
{
    auto file = recording();
    expect_recorded(read(*file, 50000), 0);
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_P(AnyReadsTest, EveryByteArrivesForAnyPeriodAndBuffer)
{
    const std::array<PcmParams, 5> all = { {
        { format_s16_le, 48000, 2, 32, 64 },
        { format_s16_le, 48000, 2, 300, 1000 },
        { format_s16_le, 8000, 1, 171, 1711 },
        { format_s16_le, 48000, 2, 512, 1024 },
        { format_s16_le, 8000, 1, 4000, 8000 },
    } };
    for (const PcmParams &params : all) {
        auto file = recording(params);
        const uint64_t frames = params.buffer_frames * 7 + 13;
        expect_recorded(read(*file, frames), 0);
        EXPECT_EQ(file->substream().xruns, 0u) << params.period_frames;
    }
}

TEST_P(AnyReadsTest, PausesAndGoesOn)
{
    auto file = recording();
    uint64_t at = 0;
    for (const uint64_t frames : { 1000u, 256u, 700u, 3000u }) {
        expect_recorded(read(*file, frames), at * frame_bytes);
        at += frames;
        ASSERT_EQ(file->pause(true), 0);
        kernel.timeline.pass(100ms);
        ASSERT_EQ(file->pause(false), 0);
    }
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_P(AnyReadsTest, PausesAndGoesOnAtOnce)
{
    auto file = recording();
    for (int i = 0; i < 20; i++) {
        expect_recorded(read(*file, 100), static_cast<uint64_t>(i) * 100 * frame_bytes);
        ASSERT_EQ(file->pause(true), 0);
        ASSERT_EQ(file->pause(false), 0);
    }
    EXPECT_EQ(file->substream().xruns, 0u);
}

// A backend may be busy with a READ until it has recorded a period.
TEST_P(AnyReadsTest, StopsWithinAPeriod)
{
    auto file = recording();
    read(*file, 1000);
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->hw_free(), 0);
    EXPECT_LE(kernel.timeline.now() - start, 6ms);
    EXPECT_FALSE(stream().opened());
}

TEST_P(AnyReadsTest, BeginsAnewAsOftenAsOneLikes)
{
    auto file = recording();
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(file->prepare(), 0);
        expect_recorded(read(*file, 1000), 0);
        EXPECT_EQ(file->drop(), 0);
    }
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_P(AnyReadsTest, ReaderThatIsTooSlowHasAnXrunAndRecovers)
{
    auto file = recording({ format_s16_le, 48000, 2, 300, 1000 });
    read(*file, 2000);
    kernel.timeline.pass(100ms);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_EQ(file->prepare(), 0);
    expect_recorded(read(*file, 2000), 0);
}

// Frames of the backend before are kept; those of the next one begin where its first READ does.
TEST_P(AnyReadsTest, AnotherBackendOfAnyKindGoesOn)
{
    auto file = recording();
    for (const Reads next :
         { Reads::Held, Reads::AnsweredAtOnce, Reads::Refused, Reads::Blocking, Reads::Held }) {
        read(*file, 700);
        become(next);
        const uint64_t before = file->avail();
        read(*file, before);
        expect_recorded(read(*file, 5000), 0);
        EXPECT_EQ(file->drop(), 0);
        kernel.timeline.pass(3s); // more changes of state at once would be slowed down
        EXPECT_EQ(file->prepare(), 0);
    }
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_P(AnyReadsTest, SleepIsNoGap)
{
    auto file = recording();
    read(*file, 1000);
    fake::sleep_and_wake(device, [this] { kernel.timeline.pass(50ms); });
    expect_recorded(read(*file, 5000), 1000 * frame_bytes);
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_P(AnyReadsTest, ControlsAreSet)
{
    auto file = recording();
    read(*file, 5000);
    kernel.sound.visible_cards().at(0)->controls.at(0)->write(std::vector<uint32_t>(8, 1000));
    read(*file, 1000);
    EXPECT_EQ(stream().count(Operation::SetVolume), 1u);
}

std::string name_of(const ::testing::TestParamInfo<Reads> &kind)
{
    constexpr const char *names[] = { "AnsweredAtOnce", "Held", "Blocking", "Refused" };
    return names[static_cast<size_t>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(Reads, AnyReadsTest,
                         ::testing::Values(Reads::AnsweredAtOnce, Reads::Held, Reads::Blocking,
                                           Reads::Refused),
                         name_of);

// ---- what it costs ----

TEST_F(ReadAheadTest, OneInterruptForAPeriod)
{
    auto file = recording();
    read(*file, 4 * 256);
    const uint64_t wakeups = file->substream().wakeups;
    const Interrupts cost = interrupts_of([&] { read(*file, 100 * 256); });
    EXPECT_EQ(cost.responses, 100u);
    EXPECT_EQ(cost.events, 0u);
    EXPECT_LE(file->substream().wakeups - wakeups, 101u);
}

TEST_F(ReadAheadTest, BlockingBackendInterruptsOnceAPeriodToo)
{
    become(Reads::Blocking);
    auto file = recording();
    read(*file, 4 * 256);
    const Interrupts cost = interrupts_of([&] { read(*file, 100 * 256); });
    EXPECT_EQ(cost.responses, 100u);
    EXPECT_EQ(cost.events, 0u);
}

// The driver knows for the whole connection that a backend holds READs.
TEST_F(ReadAheadTest, KnownBackendIsTrustedFromTheFirstPeriodOn)
{
    auto file = recording();
    read(*file, 4 * 256);
    file->drop();
    file->prepare();
    const Interrupts cost = interrupts_of([&] { read(*file, 10 * 256); });
    EXPECT_EQ(cost.events, 0u);
    // CLOSE and OPEN were answered before; START need not be.
    EXPECT_EQ(cost.responses, 11u);
}

TEST_F(ReadAheadTest, NoReadIsAheadOnABackendThatAnswersAtOnce)
{
    for (const Reads kind : { Reads::AnsweredAtOnce, Reads::Refused }) {
        become(kind);
        auto file = recording();
        read(*file, 4 * 256);
        stream().has_clock = false;
        kernel.timeline.pass(10ms);
        const size_t before = stream().count(Operation::Read);
        kernel.timeline.pass(100ms);
        stream().report_position(stream().position() + 256 * frame_bytes);
        EXPECT_EQ(stream().count(Operation::Read), before + 1);
        kernel.timeline.pass(100ms);
        EXPECT_EQ(stream().count(Operation::Read), before + 1);
    }
}

// The backend would carry out STOP only at the end of the period.
TEST_F(ReadAheadTest, LongPeriodIsNotAskedForAhead)
{
    auto file = recording({ format_s16_le, 48000, 2, 2401, 4802 });
    read(*file, 1);
    EXPECT_EQ(stream().count(Operation::Read), 1u);
    EXPECT_EQ(stream().record.written_bytes, 2401 * frame_bytes);
}

// ---- by what the driver sees whether a backend holds READs ----

// The response comes before the report: ALSA is not shown data that is not reported.
TEST_F(ReadAheadTest, FramesAreVisibleOnlyOnceTheyAreReported)
{
    become(Reads::AnsweredAtOnce);
    stream().has_clock = false;
    auto file = recording();
    ASSERT_EQ(file->start(), 0);
    EXPECT_EQ(stream().count(Operation::Read), 1u);
    kernel.timeline.pass(10ms);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->avail(), 0u);
    EXPECT_EQ(file->substream().periods_elapsed, 0u);
    stream().report_position(100 * frame_bytes);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->avail(), 100u);
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(file->avail(), 256u);
    EXPECT_EQ(file->substream().periods_elapsed, 1u);
    EXPECT_EQ(stream().count(Operation::Read), 1u);
}

// A backend has held READs, and now answers before it reports: its events are not masked any more.
TEST_F(ReadAheadTest, BackendThatHoldsNoMoreIsHeardByItsReports)
{
    auto file = recording();
    expect_recorded(read(*file, 5 * 256), 0);
    stream().set_reads(Reads::AnsweredAtOnce);
    expect_recorded(read(*file, 20 * 256), 5 * 256 * frame_bytes);
    const Interrupts cost = interrupts_of([&] { read(*file, 10 * 256); });
    EXPECT_EQ(cost.events, 10u);
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_F(ReadAheadTest, RefusedReadOfWhatIsThereIsAnXrun)
{
    auto file = recording();
    read(*file, 5 * 256);
    stream().statuses[Operation::Read] = -5;
    kernel.timeline.pass(10ms);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_EQ(complaints().size(), 1u);
}

// The backend's device has failed: it has nothing to report.
TEST_F(ReadAheadTest, ErrorOfABackendThatHoldsReadsIsAnXrun)
{
    auto file = recording();
    read(*file, 5 * 256);
    stream().has_clock = false;
    stream().set_reads(Reads::Refused);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_EQ(complaints().size(), 1u);
}

// Events are masked, but the driver notices that the backend hangs as it does of any other.
TEST_F(ReadAheadTest, HungBackendIsNoticedAndGoesOn)
{
    auto file = recording();
    read(*file, 5 * 256);
    stream().is_cut_off = true;
    stream().has_clock = false;
    kernel.timeline.pass(3s);
    EXPECT_NE(kernel.sound.visible_cards().at(0)->read_proc("xen-front")->find("link: stalled"),
              std::string::npos);
    stream().is_cut_off = false;
    stream().start_clock();
    stream().interrupt_requests();
    read(*file, 1000);
    EXPECT_EQ(file->substream().xruns, 0u);
}

// A microphone that is woken up. Of its first period report and response come at once.
TEST_F(ReadAheadTest, MicrophoneThatTakesSecondsToStartIsOpenedOnce)
{
    for (const bool is_held : { false, true }) {
        become(is_held ? Reads::Held : Reads::AnsweredAtOnce);
        auto file = recording();
        stream().has_clock = false;
        EXPECT_EQ(file->start(), 0);
        kernel.timeline.pass(3s);
        stream().is_cut_off = true;
        stream().start_clock();
        kernel.timeline.pass(6ms);
        stream().is_cut_off = false;
        stream().interrupt_requests();
        stream().interrupt_events();
        expect_recorded(read(*file, 5 * 256), 0);
        EXPECT_EQ(file->substream().xruns, 0u);
        EXPECT_EQ(stream().count(wire::Operation::Open), 1u);
        file.reset();
    }
}

} // namespace

} // namespace xen_front::test
