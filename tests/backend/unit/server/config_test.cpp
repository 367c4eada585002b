// SPDX-License-Identifier: GPL-2.0-only
#include "server/config.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

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
    expect_error("0/0/ring-ref", "10x");
    expect_error("0/0/ring-ref", "");
    expect_error("0/0/sample-rates", "48000,abc");
    expect_error("0/0/sample-rates", "48000,0");
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
    set("version", " 2\n");
    const CardConfig card = read();
    EXPECT_TRUE(card.streams[0].playback);
    EXPECT_FALSE(card.streams[1].playback);
    EXPECT_EQ(card.streams[0].limits.rates.size(), 3U);
    EXPECT_EQ(card.streams[0].limits.buffer_bytes, 65536U);
    EXPECT_EQ(card.streams[0].transport.event_channel, 11U);
    EXPECT_EQ(card.version, "2");
}

TEST_F(ConfigTest, TakesTheSmallerBuffer)
{
    set("0/0/buffer-size", "4096");
    set("0/1/buffer-size", "131072");
    const CardConfig card = read();
    EXPECT_EQ(card.streams[0].limits.buffer_bytes, 4096U);
    EXPECT_EQ(card.streams[1].limits.buffer_bytes, 65536U);
}

// Two names of one number would be one stream twice.
TEST_F(ConfigTest, TakesIndicesByNumberAndAsTheyAreWrittenOnly)
{
    for (const char *path : { "2/0", "10/0", "01/0", "0/00", "0/1 ", "x/0" })
        add_stream(path, "p");
    std::vector<std::pair<unsigned, unsigned>> found;
    for (const StreamConfig &stream : read().streams)
        found.emplace_back(stream.device, stream.index);
    const std::vector<std::pair<unsigned, unsigned>> expected {
        { 0, 0 }, { 0, 1 }, { 2, 0 }, { 10, 0 }
    };
    EXPECT_EQ(found, expected);
}

TEST_F(ConfigTest, BoundsTheNumberOfStreams)
{
    const auto add_streams = [this](unsigned device, unsigned count) {
        for (unsigned index = 0; index < count; ++index)
            add_stream(fmt::format("{}/{}", device, index), "p");
    };
    add_streams(0, 128);
    add_streams(1, 128);
    EXPECT_EQ(read().streams.size(), 256U);
    add_streams(1, 129);
    EXPECT_NE(error(), "");
}

TEST_F(ConfigTest, BoundsTheNumberOfChildren)
{
    for (int device = 1; device < 256; ++device)
        set(std::to_string(device) + "/name", "empty");
    EXPECT_EQ(read().streams.size(), 2U);
    set("256/name", "empty");
    EXPECT_NE(error().find("257"), std::string::npos);
    for (int device = 0; device < 1000; ++device)
        add_stream(std::to_string(device) + "/0", "p");
    EXPECT_NE(error().find("1000"), std::string::npos);
}

} // namespace
} // namespace sndback
