// SPDX-License-Identifier: GPL-2.0-only
#include "server/journal.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "server/log.hpp"
#include "unit/support.h"

namespace sndback {
namespace {

// Whatever number a guest gives its request.
TEST(Journal, CountsRequestsThatThereAreNot)
{
    const TemporaryDirectory directory;
    TraceFile trace(directory / "trace");
    StatisticsTable table;
    const auto statistics = table.add({ 1, 0, 0, 0, true, "" });
    Journal journal(trace, statistics);
    xensnd_req request {};
    for (const unsigned operation : { XENSND_OP_HW_PARAM_QUERY + 1, 255 }) {
        request.operation = static_cast<std::uint8_t>(operation);
        journal.request(request);
    }
    EXPECT_EQ(statistics->unknown_requests, 2U);
    for (const auto &count : statistics->requests)
        EXPECT_EQ(count, 0U);
    request.operation = XENSND_OP_TRIGGER;
    request.op.trigger.type = 200;
    journal.request(request);
    journal.flush();
    std::ifstream file(directory / "trace");
    const std::string text { std::istreambuf_iterator<char>(file), {} };
    EXPECT_NE(text.find(R"("trigger":200)"), std::string::npos) << text;
}

TEST(Journal, WritesJsonLinesAndCounts)
{
    const TemporaryDirectory directory;
    const std::string path = directory / "trace";
    TraceFile trace(path);
    StatisticsTable table;
    const auto statistics = table.add({ 1, 0, 0, 0, true, "quote\" and \n newline" });
    Journal journal(trace, statistics);
    xensnd_req request {};
    request.operation = XENSND_OP_WRITE;
    request.op.rw.length = 8;
    journal.request(request);
    journal.response({}, 16, true);
    journal.event(8, 0, EventPage::Put::sent);
    journal.violation("bad");
    journal.flush();

    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    EXPECT_NE(
        line.find(
            R"("type":"request","dom":1,"card":0,"stream":"0/0","dir":"p","uid":"quote\" and \u000a newline")"
            R"(,"op":"WRITE","code":3,"id":0,"offset":0,"length":8})"),
        std::string::npos)
        << line;
    EXPECT_EQ(std::count(std::istreambuf_iterator<char>(file), {}, '\n'), 3);
    EXPECT_EQ(statistics->requests[XENSND_OP_WRITE], 1U);
    EXPECT_EQ(statistics->events, 1U);
    EXPECT_EQ(statistics->violations, 1U);
    save_statistics(directory / "stats", table.rows());
    EXPECT_TRUE(std::filesystem::exists(directory / "stats"));
    EXPECT_THROW(save_statistics(directory / "none/stats", {}), std::runtime_error);
    EXPECT_THROW(TraceFile(directory / "none/trace"), std::runtime_error);
}

// A guest may have it happen without end.
TEST(Journal, LogsTheFirstTimesThatRealTimeIsExceeded)
{
    unsigned logged = 0;
    set_log(LogLevel::info, [&](LogLevel, std::string_view) { ++logged; });
    TraceFile trace("");
    StatisticsTable table;
    const auto statistics = table.add({ 1, 0, 0, 0, true, "" });
    Journal journal(trace, statistics);
    for (unsigned count = 0; count < 31; ++count)
        journal.real_time_exceeded();
    EXPECT_EQ(statistics->real_time_exceeded, 31U);
    EXPECT_EQ(logged, 11U);
    EXPECT_NE(table.rows().at(0).find(R"("real_time_exceeded":31,)"), std::string::npos);
    set_log(LogLevel::off, {});
}

TEST(Journal, SaysWhoIsLate)
{
    std::string logged;
    set_log(LogLevel::info, [&](LogLevel, std::string_view line) { logged = line; });
    TraceFile trace("");
    StatisticsTable table;
    for (const bool plays : { true, false }) {
        const auto statistics = table.add({ 1, 0, 0, 0, plays, "" });
        Journal journal(trace, statistics);
        plays ? journal.on_underrun(8) : journal.on_overrun(8, 4);
        EXPECT_NE(logged.find("the guest"), std::string::npos) << logged;
        journal.on_card_stopped(8);
        EXPECT_NE(logged.find(plays ? "underrun 2 at octet 8" : "overrun 2 at octet 8"),
                  std::string::npos)
            << logged;
        EXPECT_NE(logged.find("this domain serves the card late"), std::string::npos) << logged;
        EXPECT_EQ(logged.find("lost"), std::string::npos) << logged;
        EXPECT_EQ(plays ? statistics->underruns : statistics->overruns, 2U);
    }
    set_log(LogLevel::off, {});
}

// The log cuts lines, and a guest chooses its unique-ids.
TEST(Journal, ALongNameLeavesRoomForTheText)
{
    std::string logged;
    set_log(LogLevel::info, [&](LogLevel, std::string_view line) { logged = line; });
    TraceFile trace("");
    StatisticsTable table;
    for (const char letter : { 'x', '\x01' }) {
        Journal journal(trace, table.add({ 1, 0, 0, 0, true, std::string(4000, letter) }));
        journal.on_note("stream connected");
        EXPECT_TRUE(logged.ends_with(": stream connected")) << logged;
    }
    set_log(LogLevel::off, {});
}

} // namespace
} // namespace sndback
