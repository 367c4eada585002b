// SPDX-License-Identifier: GPL-2.0-only
// What a stream counts, and how /proc/asound/cardN/xen-front shows it.
#include "driver_test.hpp"

#include <sstream>

#include "driver/statistics.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

Response response_to(Operation operation, int32_t status = 0)
{
    return { RequestId(33), operation, wire::TriggerType::Start, status };
}

TEST(StatisticsTest, LastError)
{
    Statistics statistics;
    EXPECT_EQ(statistics.last_error.kind, LastError::Kind::None);
    statistics.on_response(response_to(Operation::Open));
    EXPECT_EQ(statistics.last_error.kind, LastError::Kind::None);
    EXPECT_EQ(statistics.refusals, 0u);
    statistics.on_response(response_to(Operation::Open, -5));
    EXPECT_EQ(statistics.last_error.kind, LastError::Kind::Refused);
    EXPECT_EQ(statistics.last_error.operation, Operation::Open);
    EXPECT_EQ(statistics.last_error.status, -5);
    EXPECT_EQ(statistics.refusals, 1u);
    statistics.on_violation(Violation::EventIndex);
    EXPECT_EQ(statistics.last_error.kind, LastError::Kind::Violation);
    EXPECT_EQ(statistics.violations[static_cast<uint8_t>(Violation::EventIndex)], 1u);
    statistics.on_xrun();
    EXPECT_EQ(statistics.last_error.kind, LastError::Kind::Xrun);
}

// The file of the card, line by line.
class ProcTest : public DriverTest {
  protected:
    std::string text()
    {
        return kernel.sound.all_cards().back()->read_proc("xen-front").value_or("");
    }
    // What follows "@what: " on its line; "(no such line)" when there is none.
    std::string line(const std::string &what)
    {
        std::istringstream lines(text());
        std::string one;
        while (std::getline(lines, one)) {
            one.erase(0, one.find_first_not_of(' '));
            if (one.starts_with(what + ":"))
                return one.substr(std::min(one.size(), what.size() + 2));
        }
        return "(no such line)";
    }
    // The number after @word on the line of @what.
    uint64_t number(const std::string &what, const std::string &word)
    {
        std::istringstream words(line(what));
        std::string one;
        while (words >> one) {
            uint64_t value = 0;
            if (words >> value && one == word)
                return value;
        }
        ADD_FAILURE() << "no " << word << " in " << what << ": " << line(what);
        return 0;
    }
    void play(PcmFile &file, size_t frames)
    {
        EXPECT_EQ(file.write(make_audio(frames * frame_bytes)), static_cast<int64_t>(frames));
    }
};

TEST_F(ProcTest, SaysWhereTheBackendIs)
{
    connect();
    EXPECT_EQ(line("device"), device.path);
    EXPECT_EQ(line("backend-path"), device.backend_path);
    EXPECT_EQ(line("backend-domain"), std::to_string(device.backend_domain));
    EXPECT_EQ(line("frontend"), "Connected");
    EXPECT_EQ(line("backend"), "Connected");
    EXPECT_EQ(line("protocol"), "2");
    EXPECT_EQ(line("run"), "idle");
    EXPECT_EQ(line("link"), "attached");
    EXPECT_EQ(line("session"), "closed");
    EXPECT_EQ(line("configuration"), "none");
    EXPECT_EQ(line("last-error"), "none");
    EXPECT_EQ(line("stream 0/0").substr(0, 9), "playback ");
}

TEST_F(ProcTest, CountsAgreeWithTheBackend)
{
    connect();
    stream().has_clock = true;
    auto file = prepared();
    EXPECT_EQ(line("run"), "prepared");
    EXPECT_EQ(line("session"), "open");
    EXPECT_EQ(line("configuration"), "rate 48000 format s16_le channels 2 period 256 buffer 1024");
    play(*file, 5000);
    EXPECT_EQ(line("run"), "running");
    EXPECT_EQ(number("position", "application"), 5000u);
    EXPECT_EQ(number("position", "hardware"), number("position", "shown"));
    EXPECT_EQ(file->drain(), 0);
    file.reset();

    EXPECT_EQ(line("run"), "idle");
    EXPECT_EQ(line("session"), "closed");
    uint64_t all = 0;
    for (uint32_t i = 0; i < wire::operation_count; i++) {
        const auto operation = static_cast<Operation>(i);
        const std::string names[] = {
            "OPEN",       "CLOSE", "READ",   "WRITE",   "SET_VOLUME",
            "GET_VOLUME", "MUTE",  "UNMUTE", "TRIGGER", "HW_PARAM_QUERY"
        };
        const uint64_t count = stream().count(operation);
        EXPECT_EQ(number("requests", names[i]), count) << names[i];
        all += count;
    }
    EXPECT_EQ(number("responses", "all"), all);
    EXPECT_EQ(number("responses", "refused"), 0u);
    EXPECT_EQ(number("events", "all"), stream().record.event_interrupts);
    EXPECT_EQ(number("notifications", "sent"), stream().record.notifications);
    EXPECT_EQ(line("xruns"), "0");
    EXPECT_EQ(line("stalls"), "0");
    EXPECT_EQ(line("last-error"), "none");
}

TEST_F(ProcTest, SaysWhereTheNextBackendIs)
{
    connect();
    const std::string path = line("backend-path");
    EXPECT_EQ(path, device.backend_path);
    backend.publish(XenbusState::Closed);
    auto file = prepared(); // the card stays
    backend.detach();
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(line("backend-path"), path);
}

TEST_F(ProcTest, WritesThatWaitAreCounted)
{
    connect();
    stream().withheld.insert(Operation::Write);
    auto file = prepared();
    for (int i = 0; i < 6; i++)
        play(*file, 10);
    EXPECT_EQ(number("requests", "WRITE"), 4u);
    EXPECT_EQ(line("coalesced-writes"), "2");
}

// They go with later frames because there is no backend, and not because four WRITEs are in flight.
TEST_F(ProcTest, WritesWithoutABackendAreNotCounted)
{
    connect();
    auto file = prepared();
    backend.publish(XenbusState::Closing);
    for (int i = 0; i < 6; i++)
        play(*file, 10);
    EXPECT_EQ(line("coalesced-writes"), "0");
}

TEST_F(ProcTest, UnderrunIsCountedOnce)
{
    connect();
    stream().has_clock = true;
    auto file = prepared();
    play(*file, 1024);
    kernel.timeline.pass(100ms);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_EQ(line("xruns"), "1");
    EXPECT_EQ(line("last-error"), "xrun");
}

TEST_F(ProcTest, WhatIsDroppedAtItsEndIsNoXrun)
{
    connect();
    auto file = prepared();
    // As a client that looks for underruns by itself: ALSA must not stop its stream.
    file->sw_params(1, file->params().boundary, 256);
    play(*file, 512);
    stream().play(512 * frame_bytes);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(line("xruns"), "0");
    EXPECT_EQ(line("last-error"), "none");
}

TEST_F(ProcTest, PositionsBackwardsAreCounted)
{
    connect();
    auto file = prepared();
    play(*file, 1024);
    for (const uint64_t frames : { 500, 499, 500, 0, 600 })
        stream().report_position(frames * frame_bytes);
    // Interrupts without news are throttled.
    kernel.timeline.pass(50ms);
    EXPECT_EQ(number("events", "all"), 5u);
    EXPECT_EQ(number("events", "backward"), 2u);
    EXPECT_EQ(number("position", "hardware"), 600u);
}

TEST_F(ProcTest, OverrunIsCountedOnce)
{
    configure({ { "0/0/type", "c" } });
    connect();
    stream().source = [](uint64_t) {
        return uint8_t { 1 };
    };
    stream().has_clock = true;
    auto file = open_with(small_params, KSHIM_CAPTURE);
    file->sw_params(1, 1024, 256);
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->start(), 0);
    kernel.timeline.pass(100ms);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_EQ(line("xruns"), "1");
}

TEST_F(ProcTest, RefusalIsTheLastError)
{
    connect();
    stream().statuses[Operation::Open] = -22;
    auto file = open_with(small_params);
    EXPECT_EQ(line("last-error"), "none");
    EXPECT_NE(file->prepare(), 0);
    EXPECT_EQ(line("last-error"), "OPEN was answered with status -22");
}

TEST_F(ProcTest, StandsWhileThereIsNoBackend)
{
    connect();
    stream().has_clock = true;
    auto file = prepared();
    play(*file, 2000);
    const uint64_t writes = number("requests", "WRITE");
    backend.publish(XenbusState::Closing);
    backend.detach();
    EXPECT_EQ(line("frontend"), "Closed");
    EXPECT_EQ(line("backend"), "Closing");
    EXPECT_EQ(line("run"), "running");
    EXPECT_EQ(line("link"), "absent");
    EXPECT_EQ(number("requests", "WRITE"), writes);

    backend.publish(XenbusState::Closed);
    backend.wait_for_frontend();
    EXPECT_EQ(line("link"), "published");
    backend.connect();
    EXPECT_EQ(line("frontend"), "Connected");
    EXPECT_EQ(line("link"), "attached");
    EXPECT_GT(number("requests", "WRITE"), writes);
    file.reset();
}

TEST_F(ProcTest, IsGoneWithTheCard)
{
    connect();
    auto file = prepared();
    kshim_card *card = kernel.sound.visible_cards().at(0);
    EXPECT_TRUE(card->read_proc("xen-front"));
    unplug();
    EXPECT_FALSE(card->read_proc("xen-front"));
    file.reset();
}

TEST_F(ProcTest, BackendStateIsAnyNumber)
{
    connect();
    backend.publish(static_cast<XenbusState>(77));
    EXPECT_EQ(line("backend"), "invalid");
}

} // namespace

} // namespace xen_front::test
