// SPDX-License-Identifier: GPL-2.0-only
// When a configuration is the same as before, so that the card may stay.
#include <ostream>
#include <utility>

#include "config_fixture.hpp"

namespace xen_front::test {

namespace {

struct Change {
    const char *what;
    NodeMap nodes; // "" removes
};

std::ostream &operator<<(std::ostream &out, const Change &change)
{
    return out << change.what;
}

class ConfigCompareTest : public ConfigTest, public testing::WithParamInterface<Change> {
  protected:
    ConfigCompareTest()
    {
        tree = ConfigTree({
            { "short-name", "Card" },
            { "long-name", "Card in Dom0" },
            { "sample-rates", "8000,48000" },
            { "sample-formats", "s16_le" },
            { "channels-min", "1" },
            { "channels-max", "2" },
            { "buffer-size", "65536" },
            { "0/name", "First" },
            { "0/0/type", "p" },
            { "0/0/unique-id", "speaker" },
            { "0/1/type", "c" },
            { "1/0/type", "p" },
        });
        accept();
        std::swap(before, card);
    }

    std::unique_ptr<CardConfig> before = std::make_unique<CardConfig>();
};

TEST_P(ConfigCompareTest, AnyDifferenceIsSeen)
{
    accept();
    EXPECT_TRUE(*card == *before);
    for (const auto &[node, value] : GetParam().nodes) {
        if (value.empty())
            tree.remove(node);
        else
            tree[node] = value;
    }
    accept();
    EXPECT_FALSE(*card == *before);
    EXPECT_FALSE(*before == *card);
}

INSTANTIATE_TEST_SUITE_P(
    Changes, ConfigCompareTest,
    testing::Values(
        Change { "short name", { { "short-name", "Other" } } },
        Change { "long name", { { "long-name", "Other" } } },
        Change { "name of a device", { { "0/name", "Other" } } },
        Change { "one device more", { { "2/0/type", "p" } } },
        Change { "one stream more", { { "0/2/type", "p" } } },
        Change { "capture stream in another device", { { "0/1/type", "" }, { "1/1/type", "c" } } },
        Change { "stream in another device",
                 { { "0/1/type", "" }, { "1/0/type", "c" }, { "1/1/type", "p" } } },
        Change { "capture instead of playback", { { "1/0/type", "c" } } },
        Change { "another capture stream", { { "0/0/type", "c" }, { "0/1/type", "p" } } },
        Change { "name of a stream", { { "0/0/unique-id", "headphone" } } },
        Change { "rate", { { "sample-rates", "8000,44100" } } },
        Change { "first rate", { { "sample-rates", "11025,48000" } } },
        Change { "number of rates", { { "0/1/sample-rates", "8000" } } },
        Change { "format", { { "sample-formats", "s16_be" } } },
        Change { "fewest channels", { { "channels-min", "2" } } },
        Change { "most channels", { { "1/0/channels-max", "1" } } },
        Change { "buffer size", { { "buffer-size", "32768" } } }));

} // namespace

} // namespace xen_front::test
