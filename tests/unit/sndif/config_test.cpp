// SPDX-License-Identifier: GPL-2.0-only
// What parse_config() accepts, and what it makes of it.
#include "sndif/config.hpp"

#include "config_fixture.hpp"
#include "sndif/formats.hpp"

namespace xen_front::test {
namespace {

using Config = ConfigTest;

uint64_t format_bits(std::initializer_list<const char *> names)
{
    uint64_t bits = 0;
    for (const char *name : names)
        bits |= uint64_t { 1 } << find_format_by_name(name)->sndif;
    return bits;
}

TEST_F(Config, NeedsNothingButAStreamWithItsType)
{
    accept();
    EXPECT_STREQ(card->short_name.c_string(), "");
    EXPECT_STREQ(card->long_name.c_string(), "");
    ASSERT_EQ(card->device_count, 1u);
    EXPECT_STREQ(card->devices[0].name.c_string(), "");
    EXPECT_EQ(card->devices[0].playback_count, 1u);
    EXPECT_EQ(card->devices[0].capture_count, 0u);
    ASSERT_EQ(card->stream_count, 1u);
    EXPECT_EQ(card->streams[0].type, StreamType::Playback);
    EXPECT_STREQ(card->streams[0].unique_id.c_string(), "");
}

TEST_F(Config, HasTheDefaultsOfTheInTreeDriver)
{
    accept();
    EXPECT_EQ(settings().channels_min, 1u);
    EXPECT_EQ(settings().channels_max, 2u);
    EXPECT_EQ(settings().formats, format_bits({ "u8", "s16_le" }));
    EXPECT_EQ(settings().buffer_bytes, 65536u);
    EXPECT_EQ(rates(),
              (Rates { 5512, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000 }));
}

// The example at the top of sndif.h, with a channels-max that only a device states.
TEST_F(Config, ReadsTheExampleOfSndif)
{
    tree = ConfigTree(NodeMap {
        { "backend-id", "0" },
        { "backend", "/local/domain/0/backend/vsnd/1/0" },
        { "state", "1" },
        { "short-name", "Card short name" },
        { "long-name", "Card long name" },
        { "sample-rates", "8000,32000,44100,48000,96000" },
        { "sample-formats", "s8,u8,s16_le,s16_be" },
        { "buffer-size", "262144" },
        { "0/name", "General analog" },
        { "0/channels-max", "5" },
        { "0/0/type", "p" },
        { "0/0/sample-formats", "s8,u8" },
        { "0/0/unique-id", "0" },
        { "0/1/type", "c" },
        { "0/1/channels-max", "2" },
        { "0/1/unique-id", "1" },
        { "1/name", "HDMI-0" },
        { "1/sample-rates", "8000,32000,44100" },
        { "1/0/type", "c" },
        { "1/0/unique-id", "2" },
        { "2/name", "SPDIF" },
        { "2/0/type", "p" },
        { "2/0/unique-id", "3" },
    });
    accept();

    EXPECT_STREQ(card->short_name.c_string(), "Card short name");
    EXPECT_STREQ(card->long_name.c_string(), "Card long name");
    ASSERT_EQ(card->device_count, 3u);
    EXPECT_STREQ(card->devices[0].name.c_string(), "General analog");
    EXPECT_STREQ(card->devices[1].name.c_string(), "HDMI-0");
    EXPECT_STREQ(card->devices[2].name.c_string(), "SPDIF");
    EXPECT_EQ(card->devices[0].playback_count, 1u);
    EXPECT_EQ(card->devices[0].capture_count, 1u);
    EXPECT_EQ(card->devices[1].capture_count, 1u);
    ASSERT_EQ(card->stream_count, 4u);

    const uint64_t card_formats = format_bits({ "s8", "u8", "s16_le", "s16_be" });
    EXPECT_EQ(card->streams[0].type, StreamType::Playback);
    EXPECT_EQ(settings(0).channels_max, 5u);
    EXPECT_EQ(settings(0).formats, format_bits({ "s8", "u8" }));
    EXPECT_EQ(card->streams[1].type, StreamType::Capture);
    EXPECT_EQ(settings(1).channels_max, 2u);
    EXPECT_EQ(settings(1).formats, card_formats);
    EXPECT_EQ(rates(1), (Rates { 8000, 32000, 44100, 48000, 96000 }));
    EXPECT_EQ(rates(2), (Rates { 8000, 32000, 44100 }));
    EXPECT_EQ(settings(2).channels_max, 2u);
    for (uint32_t i = 0; i < 4; i++) {
        EXPECT_EQ(card->streams[i].unique_id.c_string(), std::to_string(i));
        EXPECT_EQ(settings(i).buffer_bytes, 262144u);
    }
}

TEST_F(Config, NumbersStreamsByDeviceAndSubstreamsByType)
{
    tree["0/1/type"] = "c";
    tree["0/2/type"] = "p";
    tree["0/3/type"] = "c";
    tree["1/0/type"] = "c";
    accept();
    const struct {
        StreamType type;
        uint32_t device, number, substream;
    } expected[] = {
        { StreamType::Playback, 0, 0, 0 }, { StreamType::Capture, 0, 1, 0 },
        { StreamType::Playback, 0, 2, 1 }, { StreamType::Capture, 0, 3, 1 },
        { StreamType::Capture, 1, 0, 0 },
    };
    ASSERT_EQ(card->all_streams().size(), std::size(expected));
    for (size_t i = 0; i < std::size(expected); i++) {
        EXPECT_EQ(card->streams[i].type, expected[i].type) << i;
        EXPECT_EQ(card->streams[i].device, expected[i].device) << i;
        EXPECT_EQ(card->streams[i].number, expected[i].number) << i;
        EXPECT_EQ(card->streams[i].substream, expected[i].substream) << i;
    }
    ASSERT_EQ(card->device_count, 2u);
    EXPECT_EQ(card->devices[0].playback_count, 2u);
    EXPECT_EQ(card->devices[0].capture_count, 2u);
}

// xl hands on what libxl makes of the user's "P" or "p"; other toolstacks may not lower it.
TEST_F(Config, TakesTheTypeInAnyCase)
{
    tree["0/0/type"] = "P";
    tree["0/1/type"] = " C\n";
    accept();
    EXPECT_EQ(card->streams[0].type, StreamType::Playback);
    EXPECT_EQ(card->streams[1].type, StreamType::Capture);
}

TEST_F(Config, FillsTheSameCardAgain)
{
    tree["short-name"] = "First";
    tree["0/1/type"] = "c";
    accept();
    tree.remove("short-name");
    tree.remove("0/1/type");
    accept();
    EXPECT_STREQ(card->short_name.c_string(), "");
    EXPECT_EQ(card->stream_count, 1u);
    EXPECT_EQ(card->devices[0].capture_count, 0u);
}

// ---- names ----

TEST_F(Config, CutsNamesToFit)
{
    tree["short-name"] = std::string(32, 's');
    tree["long-name"] = std::string(200, 'l');
    tree["0/name"] = std::string(80, 'd');
    tree["0/0/unique-id"] = std::string(1024, 'u');
    accept();
    EXPECT_EQ(card->short_name.c_string(), std::string(31, 's'));
    EXPECT_EQ(card->long_name.c_string(), std::string(79, 'l'));
    EXPECT_EQ(card->devices[0].name.c_string(), std::string(79, 'd'));
    EXPECT_EQ(card->streams[0].unique_id.c_string(), std::string(79, 'u'));
}

TEST_F(Config, KeepsNamesThatJustFit)
{
    tree["short-name"] = std::string(31, 's');
    accept();
    EXPECT_EQ(card->short_name.c_string(), std::string(31, 's'));
}

TEST_F(Config, MakesNamesPrintable)
{
    tree["short-name"] = std::string(" a\0b\nc\x1b\xc3\xa4 ", 10);
    accept();
    EXPECT_STREQ(card->short_name.c_string(), "a?b?c???");
}

// ---- numbers and lists ----

TEST_F(Config, TakesNumbersUpToTheirLimits)
{
    tree["channels-min"] = "1";
    tree["channels-max"] = "255";
    tree["buffer-size"] = "67108864";
    accept();
    EXPECT_EQ(settings().channels_min, 1u);
    EXPECT_EQ(settings().channels_max, 255u);
    EXPECT_EQ(settings().buffer_bytes, 64u << 20);

    tree["channels-min"] = "255";
    tree["buffer-size"] = "128";
    accept();
    EXPECT_EQ(settings().channels_min, 255u);
    EXPECT_EQ(settings().buffer_bytes, 128u);
}

TEST_F(Config, ToleratesBlanksAroundNumbers)
{
    tree["channels-max"] = " 4\n";
    tree["buffer-size"] = "\t4096 ";
    accept();
    EXPECT_EQ(settings().channels_max, 4u);
    EXPECT_EQ(settings().buffer_bytes, 4096u);
}

TEST_F(Config, SortsAndMergesRates)
{
    tree["sample-rates"] = "48000, 88200,8000 ,384000,48000,1,768000,\t88200,176400\n";
    accept();
    EXPECT_EQ(rates(), (Rates { 1, 8000, 48000, 88200, 176400, 384000, 768000 }));
}

TEST_F(Config, SkipsEmptyItems)
{
    tree["sample-rates"] = ",48000,, 44100,";
    tree["sample-formats"] = "s8,, ,";
    accept();
    EXPECT_EQ(rates(), (Rates { 44100, 48000 }));
    EXPECT_EQ(settings().formats, format_bits({ "s8" }));
}

TEST_F(Config, TakesAsManyRatesAsThereIsRoomFor)
{
    std::string list;
    for (uint32_t i = rates_max; i > 0; i--)
        list += std::to_string(i * 1000) + ",";
    tree["sample-rates"] = list + "1000";
    accept();
    ASSERT_EQ(settings().rate_count, rates_max);
    EXPECT_EQ(settings().rates[0], 1000u);
    EXPECT_EQ(settings().rates[rates_max - 1], rates_max * 1000);
}

TEST_F(Config, KnowsAllFormats)
{
    std::string list;
    for (const SampleFormat &format : sample_formats) {
        tree["sample-formats"] = format.name;
        accept();
        EXPECT_EQ(settings().formats, uint64_t { 1 } << format.sndif) << format.name;
        list += std::string(list.empty() ? "" : ", ") + format.name;
    }
    tree["sample-formats"] = list;
    accept();
    EXPECT_EQ(settings().formats, (uint64_t { 1 } << sample_format_count) - 1);
}

TEST_F(Config, KnowsFormatsAsXlWritesThem)
{
    tree["sample-formats"] = "f32_le,f32_be,f64_le,f64_be";
    accept();
    EXPECT_EQ(settings().formats,
              format_bits({ "float_le", "float_be", "float64_le", "float64_be" }));
}

TEST_F(Config, TakesFormatsInAnyCaseAndMoreThanOnce)
{
    tree["sample-formats"] = "S16_LE,s16_le,Mu_Law";
    accept();
    EXPECT_EQ(settings().formats, format_bits({ "s16_le", "mu_law" }));
}

// ---- limits ----

TEST_F(Config, HoldsAsManyDevicesAsThereAreAllowed)
{
    for (uint32_t i = 0; i < devices_max; i++)
        tree[std::to_string(i) + "/0/type"] = "c";
    accept();
    EXPECT_EQ(card->device_count, devices_max);
    EXPECT_EQ(card->stream_count, devices_max);
}

TEST_F(Config, HoldsAsManyStreamsAsThereAreAllowed)
{
    for (uint32_t i = 0; i < streams_max; i++)
        tree["0/" + std::to_string(i) + "/type"] = "p";
    accept();
    EXPECT_EQ(card->stream_count, streams_max);
    EXPECT_EQ(card->streams[streams_max - 1].substream, streams_max - 1);
}

TEST_F(Config, HoldsAsManyStreamsOverSeveralDevices)
{
    for (uint32_t i = 0; i < streams_max; i++)
        tree[std::to_string(i % 4) + "/" + std::to_string(i / 4) + "/type"] = i % 2 ? "p" : "c";
    accept();
    EXPECT_EQ(card->stream_count, streams_max);
    EXPECT_EQ(card->device_count, 4u);
}

TEST_F(Config, IgnoresDirectoriesThatAreNotNumbers)
{
    tree["00/type"] = "x";
    tree["01/type"] = "x";
    tree["+1/type"] = "x";
    tree["0x1/type"] = "x";
    tree["stream/type"] = "x";
    tree["-1"] = "";
    accept();
    EXPECT_EQ(card->device_count, 1u);
}

} // namespace
} // namespace xen_front::test
