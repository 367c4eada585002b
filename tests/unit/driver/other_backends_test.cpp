// SPDX-License-Identifier: GPL-2.0-only
// Habits of backends in the field that sndif.h allows, or does not mention.
#include "stream_failure_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

class OtherBackendTest : public StreamFailureTest {
  protected:
    // The backend never begins anew to count the positions that it reports.
    void count_over_opens(BackendStream &stream)
    {
        stream.before_position = [this](uint64_t &position) {
            position += counted_;
            return true;
        };
        stream.before_answer = [this, &stream](const wire::Request &request, wire::Response &) {
            if (request.operation == Operation::Close)
                counted_ += stream.record.written_bytes;
            return true;
        };
    }
    // Each 5 ms the backend plays a period of what it has, and reports how far that is heard.
    void play_behind(uint64_t frames)
    {
        if (!is_playing_)
            return;
        if (stream().is_running()) {
            played_ = std::min(played_ + 256, written_frames(*file_));
            stream().report_position((played_ - std::min(played_, frames)) * frame_bytes);
        }
        kernel.timeline.after(5ms, [this, frames] { play_behind(frames); });
    }
    // Plays @frames on such a backend to the end, and returns how long that takes.
    fake::Duration drained(size_t frames, uint64_t behind)
    {
        file_ = prepared();
        EXPECT_EQ(file_->write(make_audio(frames * frame_bytes)), static_cast<int64_t>(frames));
        played_ = 0;
        is_playing_ = true;
        play_behind(behind);
        const auto took = duration_of([&] { EXPECT_EQ(file_->drain(), 0); });
        is_playing_ = false;
        EXPECT_EQ(file_->state(), PcmState::Setup);
        EXPECT_EQ(file_->runtime().hw_ptr, frames);
        kernel.timeline.pass(10ms);
        file_.reset();
        return took;
    }

  private:
    uint64_t counted_ = 0;
    uint64_t played_ = 0;
    bool is_playing_ = false;
    std::unique_ptr<PcmFile> file_;
};

TEST_F(OtherBackendTest, PositionsThatCountOverOpens)
{
    stream().has_clock = true;
    count_over_opens(stream());
    auto file = prepared();
    for (int round = 0; round < 5; round++) {
        const auto audio = make_audio(3000 * frame_bytes, round + 1);
        EXPECT_EQ(file->write(audio), 3000) << round;
        EXPECT_EQ(file->drain(), 0);
        EXPECT_EQ(file->runtime().hw_ptr, 3000u);
        EXPECT_TRUE(std::equal(audio.begin(), audio.end(), stream().record.written.begin()));
        EXPECT_EQ(file->prepare(), 0);
        // One that is dropped before all of it was played.
        EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
        kernel.timeline.pass(11ms);
        file->hwsync();
        EXPECT_EQ(file->runtime().hw_ptr, 512u);
        EXPECT_EQ(file->drop(), 0);
        EXPECT_EQ(file->prepare(), 0);
    }
    EXPECT_EQ(file->substream().xruns, 0u);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(OtherBackendTest, PositionsThatCountOverOpensOfTheNextBackend)
{
    stream().has_clock = true;
    auto file = prepared();
    EXPECT_EQ(file->write(make_audio(10000 * frame_bytes)), 10000);
    backend.on_attach = [this](BackendStream &stream) {
        stream.has_clock = true;
        count_over_opens(stream);
    };
    backend.publish(XenbusState::Closed);
    backend.detach();
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(file->write(make_audio(5000 * frame_bytes)), 5000);
    for (int round = 0; round < 5; round++) {
        EXPECT_EQ(file->drop(), 0);
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->write(make_audio(2000 * frame_bytes)), 2000);
    }
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->substream().xruns, 0u);
}

class OtherCaptureTest : public OtherBackendTest {
  protected:
    void SetUp() override
    {
        configure({ { "0/0/type", "c" } });
        connect();
    }
};

TEST_F(OtherCaptureTest, PositionsThatCountOverOpens)
{
    stream().has_clock = true;
    stream().source = [](uint64_t position) {
        return static_cast<uint8_t>(position / 4);
    };
    count_over_opens(stream());
    auto file = open_with(small_params, KSHIM_CAPTURE);
    EXPECT_EQ(file->sw_params(1, 1024, 256), 0);
    std::vector<uint8_t> audio(5000 * frame_bytes);
    for (int round = 0; round < 5; round++) {
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->read(audio), 5000);
        for (size_t i = 0; i < audio.size(); i++)
            ASSERT_EQ(audio[i], static_cast<uint8_t>(i / 4)) << "byte " << i;
        EXPECT_EQ(file->drop(), 0);
    }
    EXPECT_EQ(file->substream().xruns, 0u);
}

// Some keep what they have done for an OPEN that they refuse in the end.
TEST_F(OtherBackendTest, RefusedOpenIsClosed)
{
    auto file = open_with(small_params);
    stream().statuses[Operation::Open] = -5;
    stream().statuses[Operation::Close] = -22;
    EXPECT_EQ(file->prepare(), -EIO);
    const auto &requests = stream().record.requests;
    EXPECT_EQ(requests.back().operation, Operation::Close);
    EXPECT_EQ(stream().count(Operation::Close), stream().count(Operation::Open));
    stream().statuses.clear();
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_NE(requests.back().operation, Operation::Close);
    EXPECT_EQ(complaints().size(), 1u) << complaints().back(); // of OPEN
}

TEST_F(OtherBackendTest, CloseOfARefusedOpenIsNotWaitedFor)
{
    auto file = open_with(small_params);
    stream().statuses[Operation::Open] = -5;
    stream().withheld = { Operation::Close };
    EXPECT_EQ(file->prepare(), -EIO);
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(file->hw_free(), 0); }), 0ms);
    kernel.timeline.pass(5s);
    EXPECT_EQ(complaints().size(), 1u);
}

// The clock of the backend runs, its device does not.
TEST_F(OtherBackendTest, PositionsThatStandStillAreActivity)
{
    auto file = running();
    for (int i = 0; i < 4000; i++) {
        stream().report_position(256 * frame_bytes);
        kernel.timeline.pass(5ms);
    }
    EXPECT_EQ(stream().count(Operation::Open), 1u);
    stream().report_position(512 * frame_bytes);
    file->hwsync();
    EXPECT_EQ(file->runtime().hw_ptr, 512u);
    EXPECT_TRUE(complaints().empty());
}

// A loudspeaker that is woken up, or found by radio. Opening the stream anew would only begin that
// anew.
TEST_F(OtherBackendTest, DeviceThatTakesSecondsToStartReportsWhereItStands)
{
    auto file = running();
    for (int i = 0; i < 600; i++) {
        stream().report_position(0);
        kernel.timeline.pass(5ms);
    }
    stream().report_position(256 * frame_bytes);
    file->hwsync();
    EXPECT_EQ(file->runtime().hw_ptr, 256u);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
    // It was overdue once, all the time.
    EXPECT_EQ(complaints().size(), 1u);
    EXPECT_NE(kernel.sound.visible_cards().at(0)->read_proc("xen-front")->find("stalls: 1"),
              std::string::npos);
}

TEST_F(OtherBackendTest, DeviceThatTakesSecondsToStartAnswersStartThen)
{
    auto file = prepared();
    stream().withheld = { Operation::Trigger };
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    kernel.timeline.pass(3s);
    stream().withheld.clear();
    stream().answer_all();
    stream().report_position(256 * frame_bytes);
    file->hwsync();
    EXPECT_EQ(file->runtime().hw_ptr, 256u);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
}

TEST_F(OtherBackendTest, DeviceThatTakesSecondsToStartPlaysAShortSoundOnce)
{
    auto file = prepared();
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
    kernel.timeline.after(3s, [this] { stream().report_position(256 * frame_bytes); });
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
}

// What it reports first, it has had to say before.
TEST_F(OtherBackendTest, BackendThatHungFromTheStartIsNoXrun)
{
    auto file = running();
    kernel.timeline.pass(3s);
    stream().is_cut_off = true;
    for (uint64_t frames = 256; frames <= 1024; frames += 256)
        stream().report_position(frames * frame_bytes);
    stream().is_cut_off = false;
    stream().interrupt_events();
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(stream().count(Operation::Open), 2u);
}

TEST_F(OtherBackendTest, DeviceThatTakesSecondsToStartReportsNothing)
{
    auto file = running();
    kernel.timeline.pass(3s);
    stream().is_cut_off = true;
    stream().report_position(256 * frame_bytes);
    stream().report_position(512 * frame_bytes);
    stream().is_cut_off = false;
    stream().interrupt_events();
    file->hwsync();
    EXPECT_EQ(file->runtime().hw_ptr, 512u);
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
    stream().report_position(768 * frame_bytes);
    kernel.timeline.pass(500ms);
    file->hwsync();
    EXPECT_EQ(file->runtime().hw_ptr, 768u);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
}

// All has been played while the backend said nothing: that is not to be an xrun.
TEST_F(OtherBackendTest, DeviceThatRanDryBeforeItsFirstReportIsOpenedAnew)
{
    auto file = running();
    kernel.timeline.pass(3s);
    stream().report_position(1024 * frame_bytes);
    file->hwsync();
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(stream().count(Operation::Open), 2u);
}

// Its backend is there all the time: the card stays, and what else plays on it.
TEST_F(OtherBackendTest, DeviceThatNeverStartsIsGivenUp)
{
    auto file = running();
    for (int i = 0; i < 2400; i++) {
        stream().report_position(0);
        kernel.timeline.pass(5ms);
    }
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_TRUE(has_card());
    EXPECT_NE(
        complaints().back().find("no progress for 10000 ms (reconnect_timeout_ms), though the "
                                 "backend is there; the stream has failed"),
        std::string::npos);
    file.reset();
    EXPECT_NE(running(), nullptr);
}

// A telephone call has the loudspeaker.
TEST_F(OtherBackendTest, DeviceThatIsPausedForLongIsGivenUp)
{
    auto file = running();
    stream().report_position(256 * frame_bytes);
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
    for (int i = 0; i < 2600; i++) {
        const bool is_first = stream().count(Operation::Open) == 1;
        stream().report_position(is_first ? 256 * frame_bytes : 0);
        kernel.timeline.pass(5ms);
    }
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_TRUE(has_card());
}

TEST_F(OtherBackendTest, StreamThatCannotBeOpenedAnewFailsAlone)
{
    auto file = running();
    kernel.timeline.pass(3s);
    stream().statuses[Operation::Open] = -16;
    stream().report_position(1024 * frame_bytes);
    EXPECT_EQ(stream().count(Operation::Open), 2u);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    kernel.timeline.pass(20s);
    EXPECT_NE(complaints().back().find("the backend answered OPEN with status -16; the stream was "
                                       "stopped"),
              std::string::npos);
    EXPECT_TRUE(has_card());
    EXPECT_EQ(file->prepare(), -EBUSY);
    stream().statuses.clear();
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
}

// Its timer reports all the time, and counts from START on.
TEST_F(OtherBackendTest, LastReportOfASessionComesBehindTheNextStart)
{
    stream().has_clock = true;
    auto file = prepared();
    EXPECT_EQ(file->write(make_audio(48000 * frame_bytes)), 48000);
    EXPECT_EQ(file->drop(), 0);
    const uint64_t last = stream().position();
    stream().has_clock = false;
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    stream().report_position(last);
    for (uint64_t frames = 64; frames <= 512; frames += 64)
        stream().report_position(frames * frame_bytes);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 512u);
    EXPECT_EQ(file->state(), PcmState::Running);
}

// It converts between bytes and microseconds.
TEST_F(OtherBackendTest, DrainOnABackendThatReportsAFrameLess)
{
    EXPECT_LE(drained(1024, 1), 50ms);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(OtherBackendTest, DrainOnABackendThatReportsWhatIsHeard)
{
    // 21.3 ms of sound, 15 ms of latency, and a repeated report for each period of that.
    EXPECT_LE(drained(1000, 700), 80ms);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
    EXPECT_TRUE(complaints().empty());
}

// It has taken note of what period it was to report by, and has its own.
TEST_F(OtherBackendTest, DrainOnABackendOfOtherPeriods)
{
    auto file = prepared();
    EXPECT_EQ(file->write(make_audio(768 * frame_bytes)), 768);
    std::function<void()> play = [&] {
        const uint64_t next = stream().position() / frame_bytes + 200;
        if (next <= written_frames(*file) && stream().is_running())
            stream().report_position(next * frame_bytes);
        kernel.timeline.after(4ms, [&] { play(); });
    };
    play();
    EXPECT_LE(duration_of([&] { EXPECT_EQ(file->drain(), 0); }), 600ms);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
    EXPECT_TRUE(complaints().empty());
    play = [] {
    };
    kernel.timeline.pass(10ms);
}

// sndif.h: "front may confirm its reception for either each event, group of events or none".
TEST_F(OtherBackendTest, EventsThatWereNotTakenMayBeOverwritten)
{
    auto file = running();
    wire::EventPage &page = stream().event_page();
    for (uint64_t i = 1; i <= 100; i++) {
        wire::Event event = {};
        event.type = wire::event_current_position;
        event.position = 5 * i * frame_bytes;
        page.events[page.in_prod % wire::event_ring_size] = event;
        page.in_prod++;
    }
    stream().interrupt_events();
    file->hwsync();
    EXPECT_EQ(file->runtime().hw_ptr, 500u);
    EXPECT_EQ(page.in_cons, page.in_prod);
    EXPECT_TRUE(complaints().empty());
}

// The ring has 32 slots, and each OPEN makes four such requests due.
TEST_F(OtherBackendTest, BackendThatDoesNotAnswerWhatItDoesNotKnow)
{
    set_volume(100);
    stream().before_answer = [](const wire::Request &request, wire::Response &) {
        return request.operation < Operation::SetVolume || request.operation > Operation::Unmute;
    };
    for (int round = 0; round < 40; round++) {
        auto file = prepared();
        EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
        EXPECT_EQ(duration_of([&] { EXPECT_EQ(file->drop(), 0); }), 0ms);
    }
    kernel.timeline.pass(1ms);
    EXPECT_FALSE(has_volume());
    EXPECT_TRUE(complaints().empty());
}

TEST_F(OtherBackendTest, QueryThatIsNotAnsweredIsTheLast)
{
    stream().withheld = { Operation::HwParamQuery };
    EXPECT_NE(open_with(small_params), nullptr);
    EXPECT_EQ(stream().count(Operation::HwParamQuery), 1u);
    EXPECT_LT(duration_of([&] { EXPECT_NE(prepared(), nullptr); }), 1ms);
    EXPECT_EQ(stream().count(Operation::HwParamQuery), 1u);
    // Unless it was just late.
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_NE(open_with(small_params), nullptr);
    EXPECT_GT(stream().count(Operation::HwParamQuery), 1u);
}

// A client that only looks what there is.
TEST_F(OtherBackendTest, QueryThatIsNotAnsweredHarmsNoCard)
{
    stream().withheld = { Operation::HwParamQuery };
    {
        auto file = open();
        fake::PcmRanges ranges = fake::exactly(small_params);
        EXPECT_EQ(file->refine(ranges), 0);
    }
    kernel.timeline.pass(15s);
    EXPECT_EQ(kernel.sound.visible_cards().size(), 1u);
    EXPECT_NE(prepared(), nullptr);
}

} // namespace

} // namespace xen_front::test
