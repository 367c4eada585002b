// SPDX-License-Identifier: GPL-2.0-only
// What parse_config() refuses, and what it says then.
#include "config_fixture.hpp"

namespace xen_front::test {
namespace {

using ConfigRefusal = ConfigTest;

// ---- devices and streams ----

TEST_F(ConfigRefusal, OfACardWithoutDevice)
{
    tree = ConfigTree(NodeMap { { "short-name", "Card" } });
    refuse(": has no devices; there has to be at least the directory \"0\"");
}

TEST_F(ConfigRefusal, OfADeviceWithoutStream)
{
    tree["1/name"] = "HDMI";
    refuse("/1: has no streams; there has to be at least the directory \"0\"");
}

TEST_F(ConfigRefusal, OfTooManyDevices)
{
    for (uint32_t i = 0; i <= devices_max; i++)
        tree[std::to_string(i) + "/0/type"] = "p";
    refuse(": has 33 devices; at most 32 are allowed in a card", Error::NoSpace);
}

TEST_F(ConfigRefusal, OfAThousandDevices)
{
    for (uint32_t i = 0; i < 1000; i++)
        tree[std::to_string(i) + "/0/type"] = "p";
    refuse(": has 1000 devices; at most 32 are allowed in a card", Error::NoSpace);
}

// XenStore answers E2BIG when it cannot list a directory in one message.
TEST_F(ConfigRefusal, OfMoreDevicesThanXenStoreLists)
{
    for (uint32_t i = 0; i < 2000; i++)
        tree[std::to_string(i) + "/0/type"] = "p";
    refuse(": has more nodes than XenStore can list; at most 32 devices are allowed in a card",
           Error::NoSpace);
}

TEST_F(ConfigRefusal, OfTooManyStreamsInADevice)
{
    for (uint32_t i = 0; i <= streams_max; i++)
        tree["0/" + std::to_string(i) + "/type"] = "p";
    refuse("/0: has 65 streams; at most 64 are allowed in all devices of a card together",
           Error::NoSpace);
}

TEST_F(ConfigRefusal, OfTooManyStreamsInAllDevices)
{
    for (uint32_t i = 0; i < 40; i++) {
        tree["0/" + std::to_string(i) + "/type"] = "p";
        tree["1/" + std::to_string(i) + "/type"] = "p";
    }
    refuse("/1: has 40 streams; at most 64 are allowed in all devices of a card together",
           Error::NoSpace);
}

TEST_F(ConfigRefusal, OfMoreStreamsThanXenStoreLists)
{
    for (uint32_t i = 0; i < 2000; i++)
        tree["0/" + std::to_string(i) + "/type"] = "p";
    refuse("/0: has more nodes than XenStore can list; at most 64 streams are allowed in all "
           "devices of a card together",
           Error::NoSpace);
}

TEST_F(ConfigRefusal, OfGapsBetweenDevices)
{
    tree["2/0/type"] = "p";
    refuse(": has \"2\" but not \"1\"; devices have to be numbered from 0 without gaps");
    tree["5/0/type"] = "p";
    refuse(": has \"2\" but not \"1\"; devices have to be numbered from 0 without gaps");
}

TEST_F(ConfigRefusal, OfADeviceFarAway)
{
    tree["4000000000/0/type"] = "p";
    tree["64/0/type"] = "p";
    refuse(": has \"64\" but not \"1\"; devices have to be numbered from 0 without gaps");
}

TEST_F(ConfigRefusal, OfDevicesThatDoNotStartAtZero)
{
    tree = ConfigTree(NodeMap { { "1/0/type", "p" } });
    refuse(": has \"1\" but not \"0\"; devices have to be numbered from 0 without gaps");
}

TEST_F(ConfigRefusal, OfGapsBetweenStreams)
{
    tree["0/1/type"] = "p";
    tree["0/3/type"] = "p";
    refuse("/0: has \"3\" but not \"2\"; streams have to be numbered from 0 without gaps");
}

// ---- type ----

TEST_F(ConfigRefusal, OfAMissingType)
{
    tree["0/1/unique-id"] = "x";
    refuse("/0/1/type: is missing; it has to be \"p\" (playback) or \"c\" (capture)");
}

TEST_F(ConfigRefusal, OfAnUnknownType)
{
    for (const char *type : { "x", "", "playback", "pc", "p,c", "0" }) {
        tree["0/0/type"] = type;
        refuse("/0/0/type: \"" + std::string(type) +
               "\" is neither \"p\" (playback) nor \"c\" (capture)");
    }
    tree["0/0/type"] = std::string("p\0", 2);
    refuse("/0/0/type: \"p?\" is neither \"p\" (playback) nor \"c\" (capture)");
}

// ---- numbers ----

TEST_F(ConfigRefusal, OfWhatIsNoNumberOfChannels)
{
    for (const char *node : { "channels-min", "0/channels-max", "0/0/channels-min" }) {
        for (const char *value :
             { "", "0", "256", "-1", "two", "2.0", "0x2", "1 2", "4294967297" }) {
            tree[node] = value;
            refuse("/" + std::string(node) + ": \"" + value +
                   "\" is not a decimal number from 1 to 255");
        }
        tree.remove(node);
    }
}

TEST_F(ConfigRefusal, OfAnAbsurdBuffer)
{
    for (const char *value : { "", "0", "127", "67108865", "4294967296", "64k", "-65536" }) {
        tree["buffer-size"] = value;
        refuse("/buffer-size: \"" + std::string(value) +
               "\" is not a decimal number from 128 to 67108864");
    }
}

TEST_F(ConfigRefusal, OfBytesThatAreNotPrintable)
{
    tree["0/channels-max"] = std::string("\n2\0\x1b[31m\xff", 9);
    refuse("/0/channels-max: \"2??[31m?\" is not a decimal number from 1 to 255");
}

TEST_F(ConfigRefusal, OfFewerChannelsAtMostThanAtLeast)
{
    tree["channels-min"] = "4";
    tree["channels-max"] = "2";
    refuse("/channels-min: \"4\" is above channels-max \"2\" of device/vsnd/0");

    tree.remove("channels-min");
    tree.remove("channels-max");
    tree["0/0/channels-min"] = "4";
    tree["0/0/channels-max"] = "3";
    refuse("/0/0/channels-min: \"4\" is above channels-max \"3\" of device/vsnd/0/0/0");
}

// ---- rates ----

TEST_F(ConfigRefusal, OfWhatIsNoRate)
{
    for (const char *item : { "0", "768001", "44100Hz", "-8000", "44.1", "8000 16000" }) {
        tree["sample-rates"] = "48000, " + std::string(item) + " ,96000";
        refuse("/sample-rates: \"" + std::string(item) +
               "\" is not a decimal number from 1 to 768000");
    }
}

TEST_F(ConfigRefusal, OfAListWithoutRate)
{
    for (const char *list : { "", ",", ", ,," }) {
        tree["0/sample-rates"] = list;
        refuse("/0/sample-rates: \"" + std::string(list) +
               "\" names no rate; a list such as 44100,48000 is expected");
    }
}

TEST_F(ConfigRefusal, OfTooManyRates)
{
    std::string list;
    for (uint32_t i = 1; i <= rates_max + 1; i++)
        list += std::to_string(i) + ",";
    tree["0/0/sample-rates"] = list;
    refuse("/0/0/sample-rates: \"65\" is one too many; at most 64 different rates are allowed",
           Error::NoSpace);
}

// ---- formats ----

TEST_F(ConfigRefusal, OfAnUnknownFormat)
{
    for (const char *item : { "s17_le", "s16", "float", "s16_le s16_be", "*" }) {
        tree["0/0/sample-formats"] = "s8," + std::string(item);
        refuse("/0/0/sample-formats: \"" + std::string(item) +
               "\" is not one of the 25 sndif formats (such as s16_le)");
    }
}

TEST_F(ConfigRefusal, OfAListWithoutFormat)
{
    for (const char *list : { "", "," }) {
        tree["sample-formats"] = list;
        refuse("/sample-formats: \"" + std::string(list) +
               "\" names no format; a list such as u8,s16_le is expected");
    }
}

TEST_F(ConfigRefusal, ShowsNoMoreThanTheBeginningOfAValue)
{
    tree["sample-formats"] = std::string(500, 'x');
    refuse("/sample-formats: \"" + std::string(40, 'x') +
           "...\" is not one of the 25 sndif formats (such as s16_le)");
}

// ---- what is longer than any value ----

TEST_F(ConfigRefusal, OfFourKibibytesOfGarbageAnywhere)
{
    const std::string garbage(4096, '\xff');
    for (const char *node :
         { "short-name", "long-name", "channels-min", "channels-max", "sample-rates",
           "sample-formats", "buffer-size", "0/name", "0/channels-min", "0/sample-rates",
           "0/0/type", "0/0/unique-id", "0/0/sample-formats", "0/0/buffer-size" }) {
        tree = ConfigTree(NodeMap { { "0/0/type", "p" } });
        tree[node] = garbage;
        refuse("/" + std::string(node) + ": \"" + std::string(40, '?') +
               "...\" is too long with 4096 bytes; at most 1024 are allowed");
    }
}

TEST_F(ConfigRefusal, OfOneByteTooMuch)
{
    tree["short-name"] = std::string(1025, 'a');
    refuse("/short-name: \"" + std::string(40, 'a') +
           "...\" is too long with 1025 bytes; at most 1024 are allowed");
}

// ---- subsets of the layer above ----

TEST_F(ConfigRefusal, OfChannelsBeyondTheCard)
{
    tree["channels-min"] = "2";
    tree["channels-max"] = "6";
    const struct {
        const char *name;
        const char *value;
        const char *complaint;
    } cases[] = {
        { "channels-min", "1", "is below channels-min \"2\"" },
        { "channels-min", "7", "is above channels-max \"6\"" },
        { "channels-max", "1", "is below channels-min \"2\"" },
        { "channels-max", "7", "is above channels-max \"6\"" },
    };
    for (const char *layer : { "0/", "0/0/" }) {
        for (const auto &it : cases) {
            const std::string node = std::string(layer) + it.name;
            tree[node] = it.value;
            refuse("/" + node + ": \"" + it.value + "\" " + it.complaint + " of device/vsnd/0");
            tree.remove(node);
        }
    }
}

TEST_F(ConfigRefusal, OfChannelsBeyondTheDevice)
{
    tree["channels-max"] = "8";
    tree["0/channels-max"] = "4";
    tree["0/0/channels-max"] = "6";
    refuse("/0/0/channels-max: \"6\" is above channels-max \"4\" of device/vsnd/0/0");
}

TEST_F(ConfigRefusal, OfALeastThatOnlyConflictsWithAnotherLayer)
{
    tree["0/channels-max"] = "2";
    tree["0/0/channels-min"] = "3";
    refuse("/0/0/channels-min: \"3\" is above channels-max \"2\" of device/vsnd/0/0");
}

TEST_F(ConfigRefusal, OfABufferBeyondTheLayerAbove)
{
    tree["buffer-size"] = "65536";
    tree["0/0/buffer-size"] = "65537";
    refuse("/0/0/buffer-size: \"65537\" is above buffer-size \"65536\" of device/vsnd/0");
    tree["0/buffer-size"] = "4096";
    tree["0/0/buffer-size"] = "8192";
    refuse("/0/0/buffer-size: \"8192\" is above buffer-size \"4096\" of device/vsnd/0/0");
    tree["0/buffer-size"] = "131072";
    refuse("/0/buffer-size: \"131072\" is above buffer-size \"65536\" of device/vsnd/0");
}

TEST_F(ConfigRefusal, OfRatesThatTheLayerAboveLacks)
{
    tree["sample-rates"] = "48000,44100";
    tree["0/sample-rates"] = "44100,96000";
    refuse("/0/sample-rates: \"96000\" is not among the sample-rates of device/vsnd/0: "
           "44100,48000");
    tree["0/sample-rates"] = "44100";
    tree["0/0/sample-rates"] = "48000";
    refuse("/0/0/sample-rates: \"48000\" is not among the sample-rates of device/vsnd/0/0: 44100");
    tree.remove("0/sample-rates");
    tree["0/0/sample-rates"] = "8000";
    refuse("/0/0/sample-rates: \"8000\" is not among the sample-rates of device/vsnd/0: "
           "44100,48000");
}

TEST_F(ConfigRefusal, OfFormatsThatTheLayerAboveLacks)
{
    tree["sample-formats"] = "s16_le,u8";
    tree["0/sample-formats"] = "u8,s8";
    refuse("/0/sample-formats: \"s8\" is not among the sample-formats of device/vsnd/0: u8,s16_le");
    tree["0/sample-formats"] = "u8";
    tree["0/0/sample-formats"] = "s16_le";
    refuse("/0/0/sample-formats: \"s16_le\" is not among the sample-formats of device/vsnd/0/0: "
           "u8");
}

TEST_F(ConfigRefusal, ShortensTheListOfWhatIsAllowed)
{
    tree["sample-rates"] = "1,2,3,4,5,6,7,8,9,10,11,12";
    tree["0/sample-rates"] = "13";
    refuse("/0/sample-rates: \"13\" is not among the sample-rates of device/vsnd/0: "
           "1,2,3,4,5,6,7,8,9,10,11,12");
    tree["sample-rates"] = "1,2,3,4,5,6,7,8,9,10,11,12,14";
    refuse("/0/sample-rates: \"13\" is not among the sample-rates of device/vsnd/0: "
           "1,2,3,4,5,6,7,8,9,10,11,12,...");
    tree.remove("0/sample-rates");

    tree["sample-formats"] = "s8,u8,s16_le,s16_be,u16_le,u16_be,s24_le,s24_be,u24_le,u24_be,"
                             "s32_le,s32_be,gsm";
    tree["0/sample-formats"] = "mpeg";
    refuse("/0/sample-formats: \"mpeg\" is not among the sample-formats of device/vsnd/0: "
           "s8,u8,s16_le,s16_be,u16_le,u16_be,s24_le,s24_be,u24_le,u24_be,s32_le,s32_be,...");
}

// A default binds no layer below: there is no node that a message could name.
TEST_F(ConfigRefusal, IsNotForWhatADefaultLacks)
{
    tree["0/0/sample-rates"] = "192000";
    tree["0/0/sample-formats"] = "s32_le";
    tree["0/0/channels-max"] = "8";
    tree["0/0/buffer-size"] = "1048576";
    accept();
}

// ---- a source that fails ----

TEST_F(ConfigRefusal, OfWhatCannotBeRead)
{
    tree["short-name"] = "Card";
    tree["0/1/type"] = "c";
    accept();
    const unsigned calls = tree.calls();
    ASSERT_GT(calls, 20u);
    for (const Error error : { Error::Io, Error::NoMemory }) {
        for (unsigned call = 0; call < calls; call++) {
            tree = ConfigTree(tree.nodes());
            tree.fail_call(call, error);
            const auto result = parse();
            ASSERT_TRUE(result.is_error()) << "call " << call;
            EXPECT_EQ(result.error(), error);
            const std::string node = tree.failed_node();
            std::string expected = "device/vsnd/0";
            if (!node.empty())
                expected.append("/").append(node);
            const bool is_directory = node.empty() || node == "0";
            expected.append(is_directory ? ": cannot be listed" : ": cannot be read");
            expected.append(error == Error::Io ? " (error 5)" : " (error 12)");
            EXPECT_EQ(why.c_string(), expected);
        }
    }
}

} // namespace
} // namespace xen_front::test
