// SPDX-License-Identifier: GPL-2.0-only
// Configurations that the frontend refuses.
#include "driver_test.hpp"

#include <ostream>

#include "sndif/config.hpp"

namespace xen_front::test {

namespace {

struct BadConfig {
    const char *what;
    Nodes nodes; // "" removes
    const char *blamed; // node that the message names; "" for the card
};

std::ostream &operator<<(std::ostream &out, const BadConfig &bad)
{
    return out << bad.what;
}

class BadConfigTest : public DriverTest, public ::testing::WithParamInterface<BadConfig> {
  protected:
    void spoil()
    {
        for (const auto &[node, value] : GetParam().nodes) {
            if (*value == '\0')
                kernel.store.remove(device.path + "/" + node);
            else
                kernel.store.set(device.path + "/" + node, value);
        }
    }
    void repair()
    {
        for (const auto &[node, value] : GetParam().nodes)
            kernel.store.remove(device.path + "/" + node);
        configure(one_playback_stream());
    }
};

TEST_P(BadConfigTest, FailsTheDeviceAndSaysWhyOnce)
{
    spoil();
    ASSERT_EQ(fake::probe(device), 0);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Closed);
    // Until the bus knows, insmod waits for the device.
    EXPECT_EQ(device.believed_state, XenbusState::Closed);
    EXPECT_FALSE(has_card());
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);
    ASSERT_EQ(device.errors.size(), 1u);
    EXPECT_EQ(device.log.size(), 1u);
    const std::string blamed =
        *GetParam().blamed == '\0' ? ":" : std::string("/") + GetParam().blamed;
    EXPECT_NE(device.errors[0].find(device.path + blamed), std::string::npos) << device.errors[0];
    EXPECT_LT(device.errors[0].size(), 400u);
    EXPECT_EQ(kernel.store.get("error/" + device.path + "/error"), device.errors[0]);

    // The backend gives up, and comes again: the same trouble is not reported again.
    backend.publish(XenbusState::Closed);
    EXPECT_EQ(state(), XenbusState::Closed);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(device.log.size(), 1u);
}

TEST_P(BadConfigTest, ConnectsOnceTheConfigurationIsRepaired)
{
    spoil();
    fake::probe(device);
    backend.wait_for_frontend();
    backend.publish(XenbusState::Closed);
    repair();
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Initialised);
    backend.connect();
    EXPECT_EQ(state(), XenbusState::Connected);
}

TEST_P(BadConfigTest, IsNewsAgainOnceItWasRepaired)
{
    spoil();
    fake::probe(device);
    backend.wait_for_frontend();
    backend.publish(XenbusState::Closed);
    repair();
    backend.wait_for_frontend();
    backend.connect();
    ASSERT_EQ(state(), XenbusState::Connected);
    kernel.timeline.pass(std::chrono::seconds(3));
    // It closes as any that was connected.
    backend.publish(XenbusState::Closing);
    EXPECT_EQ(state(), XenbusState::Closed);
    backend.publish(XenbusState::Closed);
    backend.detach();
    EXPECT_EQ(state(), XenbusState::Initialising);
    spoil();
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(device.errors.size(), 2u);
}

Nodes thousand_devices()
{
    static std::vector<std::string> names;
    for (int i = static_cast<int>(names.size()); i < 400; i++)
        names.push_back(std::to_string(i + 1) + "/0/type");
    Nodes nodes;
    for (const std::string &name : names)
        nodes.emplace_back(name.c_str(), "p");
    return nodes;
}

const char *garbage()
{
    static std::string text;
    for (int i = static_cast<int>(text.size()); i < 4096; i++)
        text.push_back(static_cast<char>(i * 7 % 255 + 1));
    return text.c_str();
}

const char *longer_than_a_value()
{
    static const std::string text(value_length_max + 1, 'x');
    return text.c_str();
}

INSTANTIATE_TEST_SUITE_P(
    Configurations, BadConfigTest,
    ::testing::Values(
        BadConfig { "no stream type", { { "0/0/type", "" } }, "0" },
        BadConfig { "unknown stream type", { { "0/0/type", "x" } }, "0/0/type" },
        BadConfig { "unknown format", { { "sample-formats", "s16_le,s17" } }, "sample-formats" },
        BadConfig { "channels the wrong way round",
                    { { "channels-min", "4" }, { "channels-max", "2" } },
                    "channels-m" },
        BadConfig { "zero buffer", { { "buffer-size", "0" } }, "buffer-size" },
        BadConfig { "no devices", { { "0", "" } }, "" },
        BadConfig { "hundreds of devices", thousand_devices(), "" },
        BadConfig { "garbage", { { "sample-rates", garbage() } }, "sample-rates" },
        BadConfig {
            "name of 1025 bytes", { { "short-name", longer_than_a_value() } }, "short-name" },
        BadConfig { "garbage as type", { { "0/0/type", garbage() } }, "0/0/type" }));

} // namespace

} // namespace xen_front::test
