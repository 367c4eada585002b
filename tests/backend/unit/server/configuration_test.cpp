// SPDX-License-Identifier: GPL-2.0-only
#include "server/configuration.hpp"

#include <fstream>

#include "unit/support.h"

namespace sndback {
namespace {

std::string error_of(const std::string &text)
{
    try {
        (void)parse_configuration(text, "conf");
    } catch (const BadConfiguration &error) {
        return error.what();
    }
    return "";
}

constexpr const char *complete = R"(
# a comment
[backend]
user = sound
realtime-priority = 5

[defaults]
streams = 4
bandwidth-mib = 8

[guest desk*]
playback = alsa:default
playback "music=loud" = wav:/srv/%n-%u.wav
capture = alsa:default
rate = 48000

[guest 12345678-1234-1234-1234-123456789ABC]
playback = null
)";

TEST(Configuration, SaysWhatEachGuestGets)
{
    const Configuration configuration = parse_configuration(complete, "conf");
    EXPECT_EQ(configuration.user, "sound");
    EXPECT_EQ(configuration.realtime_priority, 5U);
    const GuestRules *desk = configuration.find({ 1, "desktop", "" });
    ASSERT_NE(desk, nullptr);
    EXPECT_EQ(desk->quota.streams, 4U);
    EXPECT_EQ(desk->quota.bandwidth_mib, 8U);
    EXPECT_EQ(desk->quota.rate, 48000U);
    const StreamName loud { 1, 0, 0, 0, true, "music=loud" };
    EXPECT_EQ(desk->choose(loud)->kind, DeviceSpec::Kind::wav);
    const GuestRules *by_uuid =
        configuration.find({ 2, "x", "12345678-1234-1234-1234-123456789abc" });
    ASSERT_NE(by_uuid, nullptr);
    EXPECT_FALSE(by_uuid->capture);
    EXPECT_EQ(configuration.find({ 3, "other", "" }), nullptr);
    EXPECT_EQ(configuration.find({ 3, "", "" }), nullptr);
}

// A guest that has taken over its worker reads what the worker is told.
TEST(Configuration, TellsOfAGuestNothingOfOthers)
{
    const Configuration all = parse_configuration(complete, "conf");
    EXPECT_EQ(all.text_for({ 1, "desktop", "" }), R"([backend]
user = sound
realtime-priority = 5
[defaults]
streams = 4
bandwidth-mib = 8
[guest desk*]
playback = alsa:default
playback "music=loud" = wav:/srv/%n-%u.wav
capture = alsa:default
rate = 48000
)");
    const GuestIdentity second { 2, "x", "12345678-1234-1234-1234-123456789abc" };
    const Configuration its = parse_configuration(all.text_for(second).value(), "conf");
    EXPECT_EQ(its.user, "sound");
    ASSERT_EQ(its.guests.size(), 1U);
    ASSERT_NE(its.find(second), nullptr);
    EXPECT_EQ(its.find(second)->quota.streams, 4U);
    EXPECT_EQ(all.text_for({ 3, "other", "" }), all.common_text);
    EXPECT_EQ(Configuration().text_for(second), std::nullopt);
}

// [backend] may come last.
TEST(Configuration, TellsEveryGuestWhatIsOfAll)
{
    const Configuration all = parse_configuration("[guest a]\n# of b\nplayback = null\n[guest b]\n"
                                                  "capture = null\n[backend]\nuser = sound\n",
                                                  "conf");
    EXPECT_EQ(all.text_for({ 1, "a", "" }),
              "[backend]\nuser = sound\n[guest a]\nplayback = null\n");
}

TEST(Configuration, MatchesAGuestThatMigratesIn)
{
    const Configuration configuration = parse_configuration("[guest web]\nplayback = null\n", "c");
    EXPECT_NE(configuration.find({ 1, "web--incoming", "" }), nullptr);
    EXPECT_EQ(configuration.find({ 1, "web--incomin", "" }), nullptr);
}

TEST(Configuration, NamesLineAndRemedy)
{
    struct Wrong {
        const char *text;
        const char *message;
    };
    for (const Wrong &wrong :
         { Wrong { "playback = null\n", "conf:1: 'playback = null': comes before" },
           { "[guest]\n", "conf:1: [guest]: must be [backend]" },
           { "[guest a\n", "conf:1: '[guest a': a section ends with ']'" },
           { "[guest a]\n\nplayback\n", "conf:3: 'playback': must be KEY = VALUE" },
           { "[guest a]\nplayback =\n", "conf:2: 'playback =': there is no value" },
           { "[guest a]\nplayback \"x = null\n", "quotation mark is not closed" },
           { "[guest a]\ncapture = tape\n", "conf:2: device 'tape': must be" },
           { "[guest a]\nstreams = many\n", "conf:2: streams = many: must be a number from 1" },
           { "[guest a]\nstreams = 0\n", "must be a number from 1 to 256" },
           { "[guest a]\ncaptrue = null\n", "there are playback, capture, cards" },
           { "[guest a]\n[defaults]\n", "[defaults] must come before" },
           { "[backend]\nuser = x\ncolour = red\n", "knows user and realtime-priority" },
           { "[backend]\nrealtime-priority = 99\n", "from 0 to 50" },
           { "[guest a]\nplayback = alsa:default  # loud\n", "conf:2: 'playback = alsa" },
           { "[guest a]\nstreams = 2\t# few\n", "a comment takes a line of its own" },
           { "[guest a] # see [1]\n", "conf:1: [guest a] # see [1]: text behind" },
           { "[guest a] # see 1\n", "and nothing follows" },
           { "[guest a]\n[guest b]\n[guest a]\n", "conf:3: [guest a]: is there already" },
           { "[guest 12345678-1234-1234-1234-123456789ABC]\n"
             "[guest 12345678-1234-1234-1234-123456789abc]\n",
             "conf:2: [guest 12345678" },
           { "[guest *]\n[backend]\nuser = x\n[guest a]\n", "conf:4: [guest a]: comes after" },
           { "[guest a]\ncapture = null\ncapture = pattern\n", "conf:3: 'capture = pattern'" },
           { "[backend]\nuser = x\n[guest a]\n[backend]\nuser = y\n", "conf:5: 'user = y'" },
           { "[guest a]\nx\x1b[31m = 1\n", "x\\x1b[31m" } })
        EXPECT_NE(error_of(wrong.text).find(wrong.message), std::string::npos)
            << wrong.text << error_of(wrong.text);
}

TEST(Configuration, LeavesWhatLooksLikeACommentOrIsSaidOfOthers)
{
    const Configuration configuration =
        parse_configuration("[guest a]\nplayback = alsa:hw#1\nplayback \"x\" = null\n"
                            "playback \"y # z\" = null\n[guest web-[0-9]]\nplayback = null\n"
                            "[guest \"b [1] c\"]\nplayback = null\n",
                            "conf");
    EXPECT_NE(configuration.find({ 1, "web-3", "" }), nullptr);
    EXPECT_NE(configuration.find({ 1, "b 1 c", "" }), nullptr);
}

// Tenants may choose their guests' names.
TEST(Configuration, ANameIsNoUuid)
{
    constexpr const char *uuid = "12345678-1234-1234-1234-123456789ABC";
    const Configuration configuration = parse_configuration(complete, "conf");
    EXPECT_EQ(configuration.find({ 3, uuid, "" }), nullptr);
    EXPECT_EQ(configuration.find({ 3, uuid, "00000000-0000-0000-0000-000000000003" }), nullptr);
}

// A worker is sent its own section only.
TEST(Configuration, TheFileMayBeLongerThanWhatAGuestIsSent)
{
    constexpr unsigned lines = 2000;
    std::string text;
    for (const char *guest : { "a", "b", "c" }) {
        text += std::string("[guest ") + guest + "]\n";
        for (unsigned line = 0; line < lines; ++line)
            text += "playback \"" + std::to_string(line) + "\" = null\n";
    }
    ASSERT_GT(text.size(), 64U * 1024);
    EXPECT_EQ(error_of(text), "");
    const TemporaryDirectory directory;
    const std::string path = directory / "conf";
    std::ofstream(path) << text;
    EXPECT_EQ(read_configuration(path), text);
    for (unsigned line = lines; line < 3 * lines; ++line)
        text += "playback \"" + std::to_string(line) + "\" = null\n";
    EXPECT_NE(error_of(text).find("conf: what it says of [guest c]"), std::string::npos);
}

TEST(Configuration, ReadsItsFile)
{
    EXPECT_THROW((void)read_configuration("/nonexistent/conf"), BadConfiguration);
}

} // namespace
} // namespace sndback
