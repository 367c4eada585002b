// SPDX-License-Identifier: GPL-2.0-only
// Which device a stream gets, and which are refused.
#include "server/device_rules.hpp"

#include <map>

#include "audio/wav.hpp"
#include "unit/support.h"

namespace sndback {
namespace {

const StreamName music { 3, 0, 1, 2, true, "music" };

TEST(DeviceRules, Match)
{
    EXPECT_TRUE(parse_device_rule("music=null").matches(music));
    EXPECT_TRUE(parse_device_rule("mu*=null").matches(music));
    EXPECT_TRUE(parse_device_rule("3/0/1/2=null").matches(music));
    EXPECT_TRUE(parse_device_rule("3/*=null").matches(music));
    EXPECT_TRUE(parse_device_rule("*:p=null").matches(music));
    EXPECT_FALSE(parse_device_rule("*:c=null").matches(music));
    EXPECT_FALSE(parse_device_rule("musi=null").matches(music));
    const DeviceRule rule = parse_device_rule("music=alsa:hw:CARD=PCH,DEV=0");
    EXPECT_EQ(rule.device.kind, DeviceSpec::Kind::alsa);
    EXPECT_EQ(rule.device.argument, "hw:CARD=PCH,DEV=0");
}

TEST(DeviceRules, BackslashTakesTheMeaning)
{
    StreamName stream = music;
    stream.unique_id = "pulse<>media.role:p";
    EXPECT_TRUE(parse_device_rule("pulse<>media.role\\:p=null").matches(stream));
    EXPECT_FALSE(parse_device_rule("pulse<>media.role:p=null").matches(stream));
    EXPECT_TRUE(parse_device_rule("pulse<>media.role\\:p:p=null").matches(stream));
    EXPECT_FALSE(parse_device_rule("pulse<>media.role\\:p:c=null").matches(stream));
    stream.unique_id = "a=b\\";
    EXPECT_TRUE(parse_device_rule("a\\=b\\\\:p=null").matches(stream));
}

TEST(GuestRules, CaptureNeedsARuleForIt)
{
    StreamName capture = music;
    capture.playback = false;
    GuestRules rules;
    rules.playback = parse_device_spec("alsa:default");
    EXPECT_NE(rules.choose(music), nullptr);
    EXPECT_EQ(rules.choose(capture), nullptr);
    for (const char *rule : { "*=alsa:default", "*=wav:/x/%u", "*:p=alsa:default" }) {
        rules.rules = { parse_device_rule(rule) };
        EXPECT_EQ(rules.choose(capture), nullptr) << rule;
    }
    for (const char *rule : { "*:c=alsa:default", "*=pattern", "*:c=wav:/x" }) {
        rules.rules = { parse_device_rule(rule) };
        EXPECT_NE(rules.choose(capture), nullptr) << rule;
    }
}

TEST(DeviceFactory, RefusesPcmsWithoutAClock)
{
    for (const char *pcm : { "alsa:null", "alsa:plug:null" }) {
        DeviceFactory devices(all_on(pcm));
        try {
            (void)devices.limits(music);
            FAIL() << pcm;
        } catch (const Refusal &refusal) {
            EXPECT_NE(std::string(refusal.what()).find("has no clock"), std::string::npos)
                << refusal.what();
        }
    }
}

TEST(DeviceRules, RejectNonsense)
{
    for (const char *text : { "", "music", "=null", "music=", "music=tape",
                              "music=wav:", "music=alsa:", "music=wav:/a%x", "music=wav:/a%" })
        EXPECT_THROW((void)parse_device_rule(text), std::invalid_argument) << text;
}

TEST(DeviceRules, ExpandPathsSafely)
{
    EXPECT_EQ(expand_path("/x/%d-%c-%p-%s-%u%%.wav", music), "/x/3-0-1-2-music%.wav");
    StreamName evil = music;
    evil.unique_id = "../../etc/passwd\n";
    EXPECT_EQ(expand_path("/x/%u", evil), "/x/_.._.._etc_passwd_");
    for (const auto &[uid, component] : std::map<std::string, std::string> {
             { "..", "_.." }, { ".", "_." }, { "", "_" }, { ".hidden", "_.hidden" } }) {
        evil.unique_id = uid;
        EXPECT_EQ(expand_path("/x/%u/a.wav", evil), "/x/" + component + "/a.wav");
    }
    evil.unique_id = std::string(4000, 'x');
    EXPECT_LE(expand_path("%u", evil).size(), 64U);
    EXPECT_EQ(expand_path("%n-%i", evil, { 3, "my guest", "12-34" }), "my_guest-12-34");
    EXPECT_EQ(expand_path("%n/%i", evil, { 3, "../a", "../b" }), "_.._a/_.._b");
}

// What a worker gets at, before it is known which streams there are.
TEST(DeviceFactory, KnowsTheDirectoriesOfItsRules)
{
    const auto directory = [](const std::string &path) {
        GuestRules rules;
        rules.playback = parse_device_spec("wav:" + path);
        return DeviceFactory(rules, { 3, "../a", "../b" }).directories().at(0);
    };
    EXPECT_EQ(directory("/x/%n/%i/%d-%u.wav"), "/x/_.._a/_.._b/");
    EXPECT_EQ(directory("/x/y-%u/%s.wav"), "/x/");
    EXPECT_EQ(directory("a.wav"), ".");
}

TEST(DeviceFactory, CapturesFromAFileOfTheVeryFormatOnly)
{
    const TemporaryDirectory directory;
    RecordingListener listener;
    const Gain gain;
    const std::string path = directory / "a.wav";
    {
        AmpleQuota quota;
        WavSink(path, { find_format("s16_le"), 48000, 2 }, quota, listener).render(numbered(400));
    }
    DeviceFactory devices(all_on("wav:" + path));
    StreamName capture = music;
    capture.playback = false;
    const auto opens = [&](const char *format, unsigned rate, unsigned channels) {
        try {
            (void)devices.open(capture, { { find_format(format), rate, channels }, 8192, 1024, {} },
                               gain, listener);
            return true;
        } catch (const Refusal &refusal) {
            EXPECT_EQ(refusal.status(), -XEN_EINVAL);
            return false;
        }
    };
    EXPECT_TRUE(opens("s16_le", 48000, 2));
    EXPECT_FALSE(opens("s16_be", 48000, 2));
    EXPECT_FALSE(opens("s16_le", 44100, 2));
    EXPECT_FALSE(opens("s16_le", 48000, 1));
}

TEST(DeviceFactory, ReportsADeviceThatIsNotThere)
{
    RecordingListener listener;
    const Gain gain;
    const OpenParameters parameters { { find_format("s16_le"), 48000, 2 }, 8192, 1024, {} };
    DeviceFactory alsa(all_on("alsa:hw:31,0"));
    EXPECT_THROW((void)alsa.limits(music), Refusal);
    EXPECT_THROW((void)alsa.open(music, parameters, gain, listener), Refusal);
    DeviceFactory wav(all_on("wav:/nonexistent/%u.wav"));
    StreamName capture = music;
    capture.playback = false;
    EXPECT_THROW((void)wav.open(capture, parameters, gain, listener), Refusal);
}

} // namespace
} // namespace sndback
