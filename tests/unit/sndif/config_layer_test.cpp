// SPDX-License-Identifier: GPL-2.0-only
// What card, device and stream state of the same setting.
#include <algorithm>

#include "config_fixture.hpp"

namespace xen_front::test {
namespace {

using Config = ConfigTest;

// A setting, a value that the layer above may state, and one within it for the layer below.
struct Layering {
    const char *node;
    const char *wide;
    const char *narrow;
    uint64_t (*get)(const PcmSettings &settings);
    uint64_t wide_result;
    uint64_t narrow_result;
    uint64_t default_result;
};

const Layering layerings[] = {
    { "channels-min", "1", "2",
      [](const PcmSettings &settings) -> uint64_t { return settings.channels_min; }, 1, 2, 1 },
    { "channels-max", "8", "4",
      [](const PcmSettings &settings) -> uint64_t { return settings.channels_max; }, 8, 4, 2 },
    { "sample-rates", "96000,44100,192000", "192000",
      [](const PcmSettings &settings) -> uint64_t { return settings.rates[0]; }, 44100, 192000,
      5512 },
    { "sample-formats", "s8,s32_le", "s8",
      [](const PcmSettings &settings) -> uint64_t { return settings.formats; }, 0x401, 0x1, 0x6 },
    { "buffer-size", "1000000", "4096",
      [](const PcmSettings &settings) -> uint64_t { return settings.buffer_bytes; }, 1000000, 4096,
      65536 },
};

class ConfigLayers : public ConfigTest, public testing::WithParamInterface<Layering> {
  protected:
    // Two devices with two streams each, so that what one states must not reach the others.
    ConfigLayers()
    {
        tree = ConfigTree(NodeMap {
            { "0/0/type", "p" },
            { "0/1/type", "c" },
            { "1/0/type", "p" },
            { "1/1/type", "c" },
        });
    }

    void expect(uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
    {
        accept();
        const uint64_t expected[] = { first, second, third, fourth };
        for (uint32_t i = 0; i < 4; i++)
            EXPECT_EQ(GetParam().get(settings(i)), expected[i]) << "stream " << i;
    }
};

TEST_P(ConfigLayers, InheritFromTheCard)
{
    const Layering &it = GetParam();
    tree[it.node] = it.wide;
    expect(it.wide_result, it.wide_result, it.wide_result, it.wide_result);
}

TEST_P(ConfigLayers, InheritFromTheDevice)
{
    const Layering &it = GetParam();
    tree[std::string("0/") + it.node] = it.wide;
    expect(it.wide_result, it.wide_result, it.default_result, it.default_result);
}

TEST_P(ConfigLayers, MayBeStatedByAStreamAlone)
{
    const Layering &it = GetParam();
    tree[std::string("0/1/") + it.node] = it.wide;
    expect(it.default_result, it.wide_result, it.default_result, it.default_result);
}

TEST_P(ConfigLayers, MayBeNarrowedByADevice)
{
    const Layering &it = GetParam();
    tree[it.node] = it.wide;
    tree[std::string("1/") + it.node] = it.narrow;
    expect(it.wide_result, it.wide_result, it.narrow_result, it.narrow_result);
}

TEST_P(ConfigLayers, MayBeNarrowedByAStream)
{
    const Layering &it = GetParam();
    tree[it.node] = it.wide;
    tree[std::string("0/0/") + it.node] = it.narrow;
    expect(it.narrow_result, it.wide_result, it.wide_result, it.wide_result);
}

TEST_P(ConfigLayers, MayBeNarrowedByAStreamOfADevice)
{
    const Layering &it = GetParam();
    tree[std::string("0/") + it.node] = it.wide;
    tree[std::string("0/1/") + it.node] = it.narrow;
    expect(it.wide_result, it.narrow_result, it.default_result, it.default_result);
}

TEST_P(ConfigLayers, MayRepeatWhatIsAbove)
{
    const Layering &it = GetParam();
    for (const char *layer : { "", "0/", "0/0/" })
        tree[std::string(layer) + it.node] = it.wide;
    expect(it.wide_result, it.wide_result, it.wide_result, it.wide_result);
}

INSTANTIATE_TEST_SUITE_P(EverySetting, ConfigLayers, testing::ValuesIn(layerings),
                         [](const auto &info) {
                             std::string name = info.param.node;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

TEST_F(Config, RaisesTheDefaultMostToAStatedLeast)
{
    tree["channels-min"] = "4";
    accept();
    EXPECT_EQ(settings().channels_min, 4u);
    EXPECT_EQ(settings().channels_max, 4u);
}

TEST_F(Config, DoesNotBindALowerLayerByARaisedDefault)
{
    tree["channels-min"] = "4";
    tree["0/0/channels-max"] = "6";
    accept();
    EXPECT_EQ(settings().channels_min, 4u);
    EXPECT_EQ(settings().channels_max, 6u);
}

TEST_F(Config, MayStateChannelsAtDifferentLayers)
{
    tree["channels-max"] = "8";
    tree["0/channels-min"] = "2";
    tree["0/0/channels-max"] = "2";
    accept();
    EXPECT_EQ(settings().channels_min, 2u);
    EXPECT_EQ(settings().channels_max, 2u);
}

} // namespace
} // namespace xen_front::test
