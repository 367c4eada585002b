// SPDX-License-Identifier: GPL-2.0-only
#include "server/guest_log.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/log.hpp"

namespace sndback {
namespace {

using namespace std::chrono_literals;

constexpr auto info = static_cast<std::uint32_t>(LogLevel::info);

class GuestLogTest : public ::testing::Test {
  protected:
    GuestLogTest()
    {
        set_log(LogLevel::debug, [this](LogLevel level, std::string_view text) {
            last_level_ = level;
            lines_.emplace_back(text);
        });
    }
    ~GuestLogTest() override
    {
        set_log(LogLevel::info, nullptr);
    }
    // What the log has been told since the last call.
    std::vector<std::string> take_lines()
    {
        return std::exchange(lines_, {});
    }

    GuestLog log_ { 3 };
    LogLevel last_level_ {};

  private:
    std::vector<std::string> lines_;
};

using Lines = std::vector<std::string>;

TEST_F(GuestLogTest, WritesInTheNameOfNoOtherGuest)
{
    log_.set_quota(60);
    for (const char *text : { "dom4/0: said", "dom33: said", "dom3", "said", "" }) {
        log_.take(info, text, 0s);
        EXPECT_EQ(take_lines(), Lines { std::string("dom3: ") + text });
    }
    for (const char *text : { "dom3/0: said", "dom3: said" }) {
        log_.take(info, text, 0s);
        EXPECT_EQ(take_lines(), Lines { text });
    }
    log_.take(77, "said", 0s);
    EXPECT_EQ(last_level_, LogLevel::critical);
}

TEST_F(GuestLogTest, SaysOnceAMinuteHowManyLinesWereDropped)
{
    constexpr unsigned a_minute = 60;
    log_.set_quota(a_minute);
    for (unsigned count = 0; count < 3 * a_minute + 2; ++count)
        log_.take(info, "dom3: a", 0s);
    EXPECT_EQ(take_lines(), Lines(std::size_t { 3 * a_minute }, "dom3: a"));
    log_.take(info, "dom3: b", 1s);
    log_.take(info, "dom3: dropped", 1s);
    EXPECT_EQ(
        take_lines(),
        (Lines { "dom3: 2 lines above the guest's quota of log-lines were dropped", "dom3: b" }));
    log_.take(info, "dom3: c", 2s);
    EXPECT_EQ(take_lines(), Lines { "dom3: c" });
    log_.take(info, "dom3: d", 61s);
    EXPECT_EQ(
        take_lines(),
        (Lines { "dom3: 1 lines above the guest's quota of log-lines were dropped", "dom3: d" }));
    log_.take(info, "dom3: e", 200s);
    EXPECT_EQ(take_lines(), Lines { "dom3: e" });
}

TEST_F(GuestLogTest, NoLineIsThatOfAnotherGuest)
{
    log_.set_quota(60);
    log_.take(info, "dom3/0/0/0: its own", 0s);
    log_.take(info, "dom30: another's", 0s);
    log_.take(0xffff'ffff, "the supervisor's", 0s);
    EXPECT_EQ(take_lines(), (Lines { "dom3/0/0/0: its own", "dom3: dom30: another's",
                                     "dom3: the supervisor's" }));
}

} // namespace
} // namespace sndback
