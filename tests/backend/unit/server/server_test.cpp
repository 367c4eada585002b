// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "server/config.hpp"
#include "server/device_rules.hpp"
#include "server/handshake.hpp"
#include "server/remote_store.hpp"
#include "unit/support.h"

namespace sndback {
namespace {

class FakeStore final : public StoreReader {
  public:
    [[nodiscard]] std::optional<std::string> read(const std::string &path) const override
    {
        const auto node = nodes.find(path);
        return node == nodes.end() ? std::nullopt : std::optional(node->second);
    }
    [[nodiscard]] std::vector<std::string> list(const std::string &path) const override
    {
        std::set<std::string> names;
        for (const auto &[node, value] : nodes)
            if (node.starts_with(path + "/"))
                names.insert(node.substr(path.size() + 1,
                                         node.find('/', path.size() + 1) - path.size() - 1));
        return { names.begin(), names.end() };
    }

    std::map<std::string, std::string> nodes;
};

class ConfigTest : public ::testing::Test {
  protected:
    ConfigTest()
    {
        set("sample-rates", "48000,44100,8000");
        set("sample-formats", "s16_le,float_le");
        set("channels-max", "6");
        set("buffer-size", "65536");
        add_stream("0/0", "p");
        add_stream("0/1", "c");
    }

    void set(const std::string &node, const std::string &value)
    {
        store_.nodes["/fe/" + node] = value;
    }
    void add_stream(const std::string &path, const std::string &type)
    {
        set(path + "/type", type);
        set(path + "/unique-id", "id" + path);
        set(path + "/ring-ref", "10");
        set(path + "/event-channel", "11");
        set(path + "/evt-ring-ref", "12");
        set(path + "/evt-event-channel", "13");
    }
    [[nodiscard]] CardConfig read() const
    {
        return read_card(store_, "/fe");
    }
    [[nodiscard]] std::string error() const
    {
        try {
            (void)read();
        } catch (const BadConfig &error) {
            return error.what();
        }
        return "";
    }

    FakeStore store_;
};

TEST_F(ConfigTest, InheritsAndOverrides)
{
    set("0/sample-rates", "8000,48000");
    set("0/1/channels-max", "2");
    set("0/1/sample-formats", "float_le");
    set("0/1/sample-rates", "8000");
    set("1/name", "empty device");
    add_stream("10/0", "p");
    const CardConfig card = read();
    ASSERT_EQ(card.streams.size(), 3U);
    EXPECT_TRUE(card.streams[0].playback);
    EXPECT_EQ(card.streams[0].limits.rates, (std::vector<std::uint32_t> { 8000, 48000 }));
    EXPECT_EQ(card.streams[0].limits.channels.max, 6U);
    EXPECT_EQ(card.streams[0].limits.buffer_bytes, 65536U);
    EXPECT_EQ(card.streams[0].transport, (Transport { 10, 11, 12, 13 }));
    EXPECT_FALSE(card.streams[1].playback);
    EXPECT_EQ(card.streams[1].limits.rates, std::vector<std::uint32_t> { 8000 });
    EXPECT_EQ(card.streams[1].limits.channels.max, 2U);
    EXPECT_EQ(card.streams[1].limits.formats, std::uint64_t { 1 } << XENSND_PCM_FORMAT_F32_LE);
    EXPECT_EQ(card.streams[2].device, 10U);
    EXPECT_EQ(card.streams[2].limits.rates.size(), 3U);
}

TEST_F(ConfigTest, LeavesOpenWhatIsNotConfigured)
{
    for (const char *node : { "sample-rates", "sample-formats", "channels-max", "buffer-size" })
        store_.nodes.erase(std::string("/fe/") + node);
    const Limits limits = read().streams[0].limits;
    EXPECT_TRUE(limits.rates.empty());
    EXPECT_EQ(limits.channels.max, 255U);
}

TEST_F(ConfigTest, NamesWhatIsWrong)
{
    const auto good = store_.nodes;
    const auto expect_error = [&](const std::string &node, const std::string &value) {
        store_.nodes = good;
        set(node, value);
        EXPECT_NE(error().find("/fe/" + node.substr(0, node.rfind('/'))), std::string::npos)
            << node << "=" << value;
    };
    expect_error("0/0/type", "x");
    expect_error("0/0/type", "");
    expect_error("0/0/ring-ref", "-1");
    expect_error("0/0/ring-ref", "4294967296");
    expect_error("0/0/sample-rates", "48000,abc");
    expect_error("0/0/sample-rates", "96000");
    expect_error("0/0/sample-formats", "s16_le,s16");
    expect_error("0/0/sample-formats", "u8");
    expect_error("0/0/channels-min", "0");
    expect_error("0/0/channels-min", "7");
    expect_error("0/0/channels-max", "256");
    expect_error("0/0/buffer-size", "0");
    expect_error("0/0/buffer-size", std::string(4096, 'x'));
    store_.nodes = good;
    store_.nodes.erase("/fe/0/1/evt-ring-ref");
    EXPECT_NE(error().find("/fe/0/1/evt-ring-ref"), std::string::npos);
    store_.nodes.clear();
    EXPECT_NE(error().find("/fe"), std::string::npos);
}

// As the driver does.
TEST_F(ConfigTest, TakesBlanksAndUpperCase)
{
    set("0/0/type", "P");
    set("0/1/type", " c\n");
    set("sample-rates", "44100, 48000 ,8000");
    set("sample-formats", "S16_LE, float_le");
    set("buffer-size", "65536 ");
    set("0/0/event-channel", "11\n");
    const CardConfig card = read();
    EXPECT_TRUE(card.streams[0].playback);
    EXPECT_FALSE(card.streams[1].playback);
    EXPECT_EQ(card.streams[0].limits.rates.size(), 3U);
    EXPECT_EQ(card.streams[0].limits.buffer_bytes, 65536U);
    EXPECT_EQ(card.streams[0].transport.event_channel, 11U);
}

TEST_F(ConfigTest, BoundsTheNumberOfChildren)
{
    for (int device = 0; device < 1000; ++device)
        add_stream(std::to_string(device) + "/0", "p");
    EXPECT_NE(error().find("1000"), std::string::npos);
}

TEST(Handshake, FollowsTheStateDiagram)
{
    EXPECT_EQ(decide(Phase::reset, XenbusStateInitialising, false), Action::offer);
    EXPECT_EQ(decide(Phase::offered, XenbusStateInitialising, false), Action::none);
    EXPECT_EQ(decide(Phase::offered, XenbusStateInitialised, false), Action::connect);
    EXPECT_EQ(decide(Phase::connected, XenbusStateInitialised, false), Action::check);
    EXPECT_EQ(decide(Phase::connected, XenbusStateConnected, false), Action::none);
}

TEST(Handshake, WaitsForAnAttachedFrontendToLetGo)
{
    EXPECT_EQ(decide(Phase::reset, XenbusStateConnected, false), Action::none);
    EXPECT_EQ(decide(Phase::reset, XenbusStateInitialised, false), Action::none);
    EXPECT_EQ(decide(Phase::reset, XenbusStateReconfiguring, false), Action::offer);
    EXPECT_EQ(decide(Phase::reset, XenbusStateClosed, false), Action::offer);
}

TEST(Handshake, OffersAgainWhenTheFrontendLeaves)
{
    for (const xenbus_state state :
         { XenbusStateUnknown, XenbusStateInitialising, XenbusStateInitWait, XenbusStateClosed,
           XenbusStateReconfiguring, XenbusStateReconfigured })
        EXPECT_EQ(decide(Phase::connected, state, false), Action::offer);
}

TEST(Handshake, ClosesWithAFrontendThatCloses)
{
    EXPECT_EQ(decide(Phase::connected, XenbusStateClosing, false), Action::close);
    EXPECT_EQ(decide(Phase::offered, XenbusStateClosing, false), Action::close);
    EXPECT_EQ(decide(Phase::closing, XenbusStateClosed, false), Action::settle);
    EXPECT_EQ(decide(Phase::closed, XenbusStateClosed, false), Action::offer);
    EXPECT_EQ(decide(Phase::closed, XenbusStateInitialising, false), Action::offer);
    // The one that stays there waits for InitWait.
    EXPECT_EQ(decide(Phase::closing, XenbusStateClosing, false), Action::offer);
}

TEST(Handshake, LeavesOnce)
{
    for (unsigned state = 0; state <= XenbusStateReconfigured; ++state) {
        const auto frontend = static_cast<xenbus_state>(state);
        for (const Phase phase : { Phase::reset, Phase::offered, Phase::connected, Phase::closing })
            EXPECT_EQ(decide(phase, frontend, true), Action::remove);
        EXPECT_EQ(decide(Phase::removed, frontend, true), Action::none);
    }
}

TEST(Handshake, ReadsStates)
{
    EXPECT_EQ(parse_state("4"), XenbusStateConnected);
    EXPECT_EQ(parse_state("8"), XenbusStateReconfigured);
    for (const char *text : { "", "9", "44", "x", "-1" })
        EXPECT_EQ(parse_state(text), XenbusStateUnknown);
    EXPECT_EQ(state_name(XenbusStateReconfiguring), "Reconfiguring");
}

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

TEST(RemoteStore, LettingGoOfAWatchNeedsNoSupervisor)
{
    auto [supervisor, worker] = MessageSocket::pair();
    {
        const MessageSocket gone = std::move(supervisor);
    }
    RemoteStore store(worker);
    EXPECT_THROW((void)store.read("/node"), SupervisorGone);
    // Destructors do so.
    EXPECT_NO_THROW(store.unwatch("/node"));
}

} // namespace
} // namespace sndback
