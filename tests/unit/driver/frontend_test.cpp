// SPDX-License-Identifier: GPL-2.0-only
// The connection to a backend: states, XenStore, and the card that applications see.
#include "driver_test.hpp"

#include "kshim/entry.h"

namespace xen_front::test {

namespace {

using States = std::vector<XenbusState>;

class FrontendTest : public DriverTest {
  protected:
    // Nodes that the driver wrote, without those of the configuration.
    fake::XenStore::Nodes published() const
    {
        auto nodes = kernel.store.below(device.path);
        for (const auto &[node, value] : one_playback_stream())
            nodes.erase(node);
        return nodes;
    }
};

TEST_F(FrontendTest, DeviceThatIsDisabledGetsNoCard)
{
    kernel.sound.disabled = { 0 };
    ASSERT_EQ(fake::probe(device), 0);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_TRUE(kernel.sound.visible_cards().empty());
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("the module parameter enable"), std::string::npos)
        << complaints()[0];
}

TEST_F(FrontendTest, DeviceForWhichAlsaHasNoSlotGetsNoCard)
{
    kernel.sound.has_no_slot = true;
    ASSERT_EQ(fake::probe(device), 0);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Closed);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("ALSA has no card left"), std::string::npos) << complaints()[0];
}

// The minors of more devices would be those of other devices, or of another card.
TEST_F(FrontendTest, CardHasNoMoreDevicesThanTheKernelHasRoomFor)
{
    kernel.sound.devices_max = 8;
    for (int number = 1; number < 9; number++)
        configure({ { (std::to_string(number) + "/0/type").c_str(), "p" } });
    ASSERT_EQ(fake::probe(device), 0);
    backend.wait_for_frontend();
    EXPECT_TRUE(kernel.sound.all_cards().empty());
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("9 PCM devices, but this kernel, without "
                                   "CONFIG_SND_DYNAMIC_MINORS, has room for 8"),
              std::string::npos)
        << complaints()[0];
}

// ALSA complains each time: it is not asked again and again, and modprobe does not wait.
TEST_F(FrontendTest, DeviceWhoseIndexIsTakenGetsNoCard)
{
    kernel.sound.taken = { 0 };
    fake::probe(device);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Closed);
    kernel.sound.taken.clear();
    kernel.timeline.pass(std::chrono::seconds(5));
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(complaints().size(), 1u);
}

// Each attempt has a line of ALSA's in the log. A backend that starts over again and again does
// not fill it; what is repaired still connects.
TEST_F(FrontendTest, AttemptsThatAreBoundToFailAreFew)
{
    kernel.sound.taken = { 0 };
    fake::probe(device);
    size_t attempts = 0;
    for (int i = 0; i < 1000; i++) {
        backend.wait_for_frontend();
        kernel.timeline.pass(std::chrono::milliseconds(30));
        backend.publish(XenbusState::Initialising);
        kernel.timeline.pass(std::chrono::milliseconds(30));
        attempts = kernel.sound.refused_cards;
    }
    // In sixty seconds.
    EXPECT_GE(attempts, 2u);
    EXPECT_LE(attempts, 7u);
    kernel.sound.taken.clear();
    backend.wait_for_frontend();
    kernel.timeline.pass(std::chrono::seconds(11));
    EXPECT_EQ(state(), XenbusState::Initialised);
}

TEST_F(FrontendTest, WaitsForTheBackend)
{
    ASSERT_EQ(fake::probe(device), 0);
    EXPECT_EQ(state(), XenbusState::Initialising);
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
    EXPECT_TRUE(device.log.empty());
}

TEST_F(FrontendTest, PublishesTransportAndVersion)
{
    fake::probe(device);
    backend.wait_for_frontend();
    EXPECT_EQ(device.states, (States { XenbusState::Initialised }));
    EXPECT_FALSE(has_card());

    const fake::TransportNodes nodes = backend.transport("0/0");
    const fake::XenStore::Nodes expected = {
        { "state", "3" },
        { "version", "2" },
        { "0/0/ring-ref", std::to_string(nodes.ring_reference) },
        { "0/0/event-channel", std::to_string(nodes.event_channel) },
        { "0/0/evt-ring-ref", std::to_string(nodes.event_ring_reference) },
        { "0/0/evt-event-channel", std::to_string(nodes.event_ring_channel) },
    };
    EXPECT_EQ(published(), expected);
    EXPECT_NE(nodes.ring_reference, nodes.event_ring_reference);
    EXPECT_NE(nodes.event_channel, nodes.event_ring_channel);
    EXPECT_EQ(kernel.memory.grant_count(), 2u);
    EXPECT_EQ(kernel.event_channels.open_count(), 2u);
}

TEST_F(FrontendTest, ConnectsAndRegistersTheCard)
{
    connect();
    EXPECT_EQ(device.states, (States { XenbusState::Initialised, XenbusState::Connected }));
    const auto cards = kernel.sound.visible_cards();
    ASSERT_EQ(cards.size(), 1u);
    EXPECT_EQ(cards[0]->short_name, "Speaker");
    EXPECT_EQ(cards[0]->long_name, "Speaker in Dom0");
    ASSERT_EQ(cards[0]->pcms.size(), 1u);
    const kshim_pcm &pcm = *cards[0]->pcms[0];
    EXPECT_EQ(pcm.index, 0u);
    EXPECT_EQ(pcm.name, "Playback");
    ASSERT_EQ(pcm.substreams[KSHIM_PLAYBACK].size(), 1u);
    EXPECT_TRUE(pcm.substreams[KSHIM_CAPTURE].empty());
    EXPECT_EQ(pcm.substreams[KSHIM_PLAYBACK][0]->name, "speaker");
    EXPECT_TRUE(complaints().empty());
}

TEST_F(FrontendTest, CardWithoutNamesHasSome)
{
    kernel.store.remove(device.path + "/short-name");
    kernel.store.remove(device.path + "/long-name");
    connect();
    const auto cards = kernel.sound.visible_cards();
    ASSERT_EQ(cards.size(), 1u);
    EXPECT_FALSE(cards[0]->short_name.empty());
    EXPECT_NE(cards[0]->long_name.find(device.path), std::string::npos);
}

TEST_F(FrontendTest, ManyDevicesAndStreams)
{
    configure({ { "0/1/type", "c" },
                { "0/2/type", "p" },
                { "1/name", "Second" },
                { "1/0/type", "c" },
                { "1/0/unique-id", "microphone" } });
    connect();
    EXPECT_EQ(backend.stream_count(), 4u);
    EXPECT_EQ(kernel.memory.grant_count(), 8u);
    const kshim_card &card = *kernel.sound.visible_cards().at(0);
    ASSERT_EQ(card.pcms.size(), 2u);
    EXPECT_EQ(card.pcms[0]->substreams[KSHIM_PLAYBACK].size(), 2u);
    EXPECT_EQ(card.pcms[0]->substreams[KSHIM_CAPTURE].size(), 1u);
    EXPECT_EQ(card.pcms[1]->name, "Second");
    EXPECT_EQ(card.pcms[1]->substreams[KSHIM_CAPTURE][0]->name, "microphone");

    // What /proc/interrupts shows.
    const auto name_of = [this](uint32_t port) {
        return kernel.event_channels.find(device.backend_domain, port)->name;
    };
    EXPECT_EQ(name_of(backend.transport("0/2").event_channel), "xen-front-0-0-2-req");
    EXPECT_EQ(name_of(backend.transport("1/0").event_ring_channel), "xen-front-0-1-0-evt");

    // Each substream is the stream that XenStore says.
    int status = 0;
    auto first = PcmFile::open(*kernel.sound.visible_cards()[0], 0, KSHIM_PLAYBACK, status);
    auto second = PcmFile::open(*kernel.sound.visible_cards()[0], 0, KSHIM_PLAYBACK, status);
    ASSERT_TRUE(second);
    ASSERT_EQ(second->hw_params(small_params), 0);
    ASSERT_EQ(second->prepare(), 0);
    EXPECT_FALSE(backend.stream(0, 0).opened());
    EXPECT_TRUE(backend.stream(0, 2).opened());
    auto third = PcmFile::open(*kernel.sound.visible_cards()[0], 1, KSHIM_CAPTURE, status);
    ASSERT_TRUE(third);
    ASSERT_EQ(third->hw_params(small_params), 0);
    ASSERT_EQ(third->prepare(), 0);
    EXPECT_FALSE(backend.stream(0, 1).opened());
    EXPECT_TRUE(backend.stream(1, 0).opened());
    void *none = nullptr;
    EXPECT_EQ(xen_front_pcm_open(card.pcms[1]->context, KSHIM_CAPTURE, 1, nullptr, &none), -ENODEV);
    EXPECT_EQ(none, nullptr);
}

TEST_F(FrontendTest, ComponentsTellDevicesChannelsAndControls)
{
    configure({ { "0/channels-min", "1" },
                { "0/channels-max", "8" },
                { "0/1/type", "c" },
                { "0/1/channels-max", "1" },
                { "0/2/type", "p" },
                { "1/0/type", "c" },
                { "1/0/channels-min", "1" },
                { "1/0/channels-max", "2" },
                { "2/0/type", "p" },
                { "2/0/channels-min", "6" },
                { "2/0/channels-max", "8" } });
    connect();
    EXPECT_EQ(kernel.sound.visible_cards().at(0)->components,
              "pcm0p:2:0 pcm0c:1:0 pcm1c:2:1 pcm2p:6:2");
}

TEST_F(FrontendTest, ComponentsEndWithAWholeWord)
{
    for (int device = 1; device < 32; device++)
        configure({ { (std::to_string(device) + "/0/type").c_str(), "p" } });
    connect();
    const std::string &components = kernel.sound.visible_cards().at(0)->components;
    EXPECT_LT(components.size(), 127u);
    EXPECT_EQ(components.substr(components.rfind(' ')), " pcm11p:2:11");
}

// Words of 127 characters in all, of which ALSA takes 126.
TEST_F(FrontendTest, ComponentsThatWouldJustFillAlsasArrayAreLeftOut)
{
    for (int number = 0; number < 5; number++)
        configure({ { ("0/" + std::to_string(number) + "/type").c_str(), "p" } });
    for (int number = 1; number < 12; number++)
        configure({ { (std::to_string(number) + "/0/type").c_str(), "p" } });
    connect();
    const std::string &components = kernel.sound.visible_cards().at(0)->components;
    EXPECT_EQ(components.size(), 127u - std::string(" pcm11p:2:15").size());
    EXPECT_EQ(components.substr(components.rfind(' ')), " pcm10p:2:14");
}

TEST_F(FrontendTest, PublishesAgainWhenTheTransactionCollides)
{
    kernel.store.collide_commits(3);
    connect();
    EXPECT_EQ(published().at("version"), "2");
    EXPECT_TRUE(complaints().empty());
}

// A domain that writes to the same nodes without end keeps this device from connecting, and no
// other one.
TEST_F(FrontendTest, TransactionsThatCollideWithoutEndAreGivenUp)
{
    kernel.store.collide_commits(1000);
    fake::probe(device);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Initialising);
    kernel.timeline.pass(std::chrono::seconds(5));
    EXPECT_EQ(state(), XenbusState::Initialising);
    EXPECT_EQ(complaints().size(), 1u);
    kernel.store.collide_commits(0);
    kernel.timeline.pass(std::chrono::seconds(2));
    backend.connect();
    EXPECT_EQ(state(), XenbusState::Connected);
}

// Ids do not depend on which backend comes first.
TEST_F(FrontendTest, CardsOfOneNameAreToldApartByTheirNumbers)
{
    fake::XenbusDevice &second = kernel.add_device(12);
    for (const auto &[node, value] : one_playback_stream())
        kernel.store.set(second.path + "/" + node, value);
    const auto name_card = [this](const fake::XenbusDevice &one, const char *name) {
        if (name == nullptr)
            kernel.store.remove(one.path + "/short-name");
        else
            kernel.store.set(one.path + "/short-name", name);
    };
    const auto id_of_second = [&](const char *name, const char *second_name) {
        name_card(device, name);
        name_card(second, second_name);
        for (const std::string &path : { second.path, second.backend_path })
            kernel.store.set(path + "/state", "1");
        Backend its_backend(kernel, second);
        EXPECT_EQ(fake::probe(second), 0);
        its_backend.wait_for_frontend();
        its_backend.connect();
        const std::string id = kernel.sound.visible_cards().at(0)->id;
        fake::remove(second);
        return id;
    };
    EXPECT_EQ(id_of_second("My Speaker", "Microphone"), "");
    EXPECT_EQ(id_of_second("My Speaker", nullptr), ""); // numbers 1 to 11 are of no device
    EXPECT_EQ(id_of_second("My Speaker", "A Speaker"), "Speaker12");
    EXPECT_EQ(id_of_second("My Speaker\n", "A Speaker"), "Speaker12");
    EXPECT_EQ(id_of_second(nullptr, nullptr), "sound12");
    EXPECT_EQ(id_of_second("", "Xen sound"), "sound12");
    EXPECT_EQ(id_of_second("ALongNameOfACard", "ALongNameOfACard"), "ALongNameOfAC12");
}

TEST_F(FrontendTest, BackendInAnotherDomain)
{
    fake::XenbusDevice &other = kernel.add_device(7, 5);
    for (const auto &[node, value] : one_playback_stream())
        kernel.store.set(other.path + "/" + node, value);
    Backend driver_domain(kernel, other);
    ASSERT_EQ(fake::probe(other), 0);
    driver_domain.wait_for_frontend();
    driver_domain.connect();
    EXPECT_EQ(fake::frontend_state(other), XenbusState::Connected);
    fake::remove(other);
}

TEST_F(FrontendTest, BackendWithoutVersionsIsTakenAtItsWord)
{
    kernel.store.remove(device.backend_path + "/versions");
    connect();
}

TEST_F(FrontendTest, BackendWithoutOurVersionIsRefused)
{
    kernel.store.set(device.backend_path + "/versions", "1");
    fake::probe(device);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Closed);
    ASSERT_EQ(device.errors.size(), 1u);
    EXPECT_NE(device.errors[0].find(device.backend_path + "/versions"), std::string::npos);
    EXPECT_NE(device.errors[0].find("version 2"), std::string::npos);
}

TEST_F(FrontendTest, VersionsThatCannotBeReadAreReadAgain)
{
    kernel.store.set(device.backend_path + "/versions", "1");
    fake::probe(device);
    kernel.injector.fail_call(0);
    backend.wait_for_frontend();
    ASSERT_TRUE(kernel.injector.failed());
    EXPECT_EQ(kernel.injector.failed()->function, "kshim_xenstore_read");
    kernel.injector.stop();
    EXPECT_EQ(state(), XenbusState::Initialising);
    kernel.timeline.pass(std::chrono::seconds(1));
    EXPECT_EQ(state(), XenbusState::Closed);
}

} // namespace

} // namespace xen_front::test
