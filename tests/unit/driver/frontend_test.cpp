// SPDX-License-Identifier: GPL-2.0-only
// The connection to a backend: states, XenStore, the card that applications see, and its end.
#include "driver_test.hpp"

#include <optional>
#include <ostream>

#include "fake/thread.hpp"
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
    bool has_card() const
    {
        return !kernel.sound.visible_cards().empty();
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
    EXPECT_LT(components.size(), 128u);
    EXPECT_EQ(components.substr(components.rfind(' ')), " pcm11p:2:11");
}

TEST_F(FrontendTest, PublishesAgainWhenTheTransactionCollides)
{
    kernel.store.collide_commits(3);
    connect();
    EXPECT_EQ(published().at("version"), "2");
    EXPECT_TRUE(complaints().empty());
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

// ---- the end of a connection ----

TEST_F(FrontendTest, UnbindBeforeThereIsABackend)
{
    fake::probe(device);
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
}

TEST_F(FrontendTest, UnbindWhileInitialised)
{
    fake::probe(device);
    backend.wait_for_frontend();
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);
}

TEST_F(FrontendTest, UnbindWhileConnected)
{
    connect();
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_FALSE(has_card());
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);
    // The backend still maps ring and event page; they go when it lets go.
    EXPECT_EQ(kernel.memory.grant_count(), 2u);
    backend.detach();
    kernel.timeline.pass(std::chrono::seconds(1));
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
}

TEST_F(FrontendTest, UnbindingWaitsAMomentForTheBackendToLetGo)
{
    connect();
    kernel.timeline.after(std::chrono::milliseconds(10), [this] { backend.detach(); });
    const auto start = kernel.timeline.now();
    fake::remove(device);
    const auto waited = kernel.timeline.now() - start;
    EXPECT_GE(waited, std::chrono::milliseconds(10));
    EXPECT_LE(waited, std::chrono::milliseconds(20));
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
}

TEST_F(FrontendTest, UnbindingDoesNotWaitForADeadBackend)
{
    connect();
    const auto start = kernel.timeline.now();
    fake::remove(device);
    EXPECT_LE(kernel.timeline.now() - start, std::chrono::milliseconds(500));
}

TEST_F(FrontendTest, OrderlyUnplug)
{
    connect();
    kernel.store.set(device.backend_path + "/online", "0");
    backend.publish(XenbusState::Closing);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_FALSE(has_card());
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);
    backend.detach();
    backend.publish(XenbusState::Closed);
    EXPECT_EQ(state(), XenbusState::Closed);
}

TEST_F(FrontendTest, BackendThatRestartsGetsANewConnection)
{
    connect();
    const fake::TransportNodes before = backend.transport("0/0");
    backend.publish(XenbusState::Closing);
    EXPECT_EQ(state(), XenbusState::Closed);
    backend.detach();
    backend.publish(XenbusState::Closed);
    EXPECT_EQ(state(), XenbusState::Reconfiguring); // the card waits for the next one
    backend.publish(XenbusState::Initialising);
    EXPECT_EQ(state(), XenbusState::Initialising);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Initialised);
    backend.connect();
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_TRUE(has_card());
    EXPECT_NE(backend.transport("0/0").event_channel, before.event_channel);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(FrontendTest, BackendThatStartsOverWithoutClosing)
{
    for (const XenbusState sign : { XenbusState::Initialising, XenbusState::InitWait }) {
        connect();
        backend.detach();
        backend.publish(sign);
        EXPECT_TRUE(has_card());
        if (sign == XenbusState::Initialising) {
            EXPECT_EQ(state(), XenbusState::Initialising);
            backend.wait_for_frontend();
        }
        EXPECT_EQ(state(), XenbusState::Initialised);
        backend.connect();
        EXPECT_EQ(state(), XenbusState::Connected);
        EXPECT_TRUE(has_card());
        backend.detach();
        fake::remove(device);
        kernel.store.set(device.path + "/state", "1");
        backend.publish(XenbusState::Initialising);
    }
}

TEST_F(FrontendTest, BackendThatVanishes)
{
    connect();
    backend.detach();
    kernel.store.remove(device.backend_path);
    fake::fire_backend_watch(device);
    EXPECT_TRUE(has_card());
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);
    EXPECT_EQ(state(), XenbusState::Reconfiguring);
    kernel.timeline.pass(std::chrono::seconds(11));
    EXPECT_FALSE(has_card());
    EXPECT_EQ(state(), XenbusState::Initialising);
}

// Any state at any time, twice, including those that there are not.
TEST_F(FrontendTest, EveryBackendStateAtEveryStage)
{
    for (uint32_t stage = 0; stage < 3; stage++) {
        for (uint32_t value = 0; value <= 9; value++) {
            kernel.store.set(device.path + "/state", "1");
            kernel.store.set(device.backend_path + "/state", "1");
            ASSERT_EQ(fake::probe(device), 0);
            if (stage > 0)
                backend.wait_for_frontend();
            if (stage > 1)
                backend.connect();
            backend.detach();
            const auto next = static_cast<XenbusState>(value);
            backend.publish(next);
            const XenbusState once = state();
            const size_t grants = kernel.memory.grant_count();
            fake::fire_backend_watch(device);
            EXPECT_EQ(kernel.memory.grant_count(), grants);
            // The transport is there exactly while it is published.
            const bool is_up =
                state() == XenbusState::Initialised || state() == XenbusState::Connected;
            EXPECT_EQ(kernel.memory.grant_count(), is_up ? 2u : 0u) << stage << " " << value;
            // A card that there was waits for the next backend.
            EXPECT_EQ(has_card(), stage == 2 || state() == XenbusState::Connected)
                << stage << " " << value;
            if (next != XenbusState::Closed) {
                EXPECT_EQ(state(), once) << stage << " " << value;
            }
            fake::remove(device);
            kernel.expect_no_leaks();
        }
    }
}

TEST_F(FrontendTest, FiftyConnectionsLeaveNothingBehind)
{
    for (int round = 0; round < 50; round++) {
        kernel.store.set(device.path + "/state", "1");
        kernel.store.set(device.backend_path + "/state", "1");
        connect();
        {
            stream().has_clock = true;
            auto file = prepared();
            ASSERT_TRUE(file);
            const auto audio = make_audio(2048 * frame_bytes, static_cast<uint32_t>(round));
            EXPECT_EQ(file->write(audio), 2048);
        }
        unplug();
        kernel.expect_no_leaks();
        EXPECT_EQ(kernel.memory.lingering_count(), 0u);
    }
    EXPECT_TRUE(device.log.empty());
}

TEST_F(FrontendTest, FiftyBindingsToTheSameBackend)
{
    for (int round = 0; round < 50; round++) {
        kernel.store.set(device.path + "/state", "1");
        connect();
        fake::remove(device);
        backend.detach();
        kernel.expect_no_leaks();
    }
    EXPECT_TRUE(device.log.empty());
}

// ---- configurations that are no good ----

struct BadConfig {
    const char *what;
    Nodes nodes; // "" removes
    const char *blamed; // node that the message names; "" for the card
};

std::ostream &operator<<(std::ostream &out, const BadConfig &bad)
{
    return out << bad.what;
}

class BadConfigTest : public FrontendTest, public ::testing::WithParamInterface<BadConfig> {
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
};

TEST_P(BadConfigTest, FailsTheDeviceAndSaysWhyOnce)
{
    spoil();
    ASSERT_EQ(fake::probe(device), 0);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Closed);
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
    for (const auto &[node, value] : GetParam().nodes)
        kernel.store.remove(device.path + "/" + node);
    configure(one_playback_stream());
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Initialised);
    backend.connect();
    EXPECT_EQ(state(), XenbusState::Connected);
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
        BadConfig { "garbage as type", { { "0/0/type", garbage() } }, "0/0/type" }));

// ---- the device goes while applications use it ----

class DisconnectTest : public FrontendTest {
  protected:
    void SetUp() override
    {
        connect();
        stream().has_clock = true;
    }
};

TEST_F(DisconnectTest, OpenRunningStreamIsDisconnectedAtOnce)
{
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    ASSERT_EQ(file->state(), PcmState::Running);
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
    EXPECT_EQ(file->prepare(), -ENODEV);
    // The memory of card and buffer is there until the last close.
    EXPECT_FALSE(kernel.leaks().empty());
    file.reset();
}

TEST_F(DisconnectTest, BlockedWriterWakes)
{
    auto file = prepared();
    kernel.timeline.after(std::chrono::milliseconds(12), [this] { fake::remove(device); });
    const auto start = kernel.timeline.now();
    const int64_t written = file->write(make_audio(1 << 20));
    EXPECT_GT(written, 0); // what it had written until then
    EXPECT_LT(kernel.timeline.now() - start, std::chrono::milliseconds(200));
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
}

TEST_F(DisconnectTest, DrainingEnds)
{
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    kernel.timeline.after(std::chrono::milliseconds(3), [this] { fake::remove(device); });
    EXPECT_EQ(file->drain(), -ENODEV);
}

// The thread that tells of states serves all Xen devices: it is never held up for a pause.
TEST_F(FrontendTest, StatesThatNeverStandStillAreFollowedAtLeisure)
{
    fake::probe(device);
    const auto start = kernel.timeline.now();
    for (int i = 0; i < 1000; i++) {
        backend.publish(i % 2 == 0 ? XenbusState::InitWait : XenbusState::Closed);
        kernel.timeline.pass(std::chrono::milliseconds(2));
    }
    const auto took = kernel.timeline.now() - start;
    EXPECT_LT(took, std::chrono::milliseconds(2100));
    // Those of a connection are two, at most.
    EXPECT_LT(device.states.size(), 60u);
    // The last state is not lost.
    backend.publish(XenbusState::Closed);
    kernel.timeline.pass(std::chrono::milliseconds(300));
    EXPECT_EQ(state(), XenbusState::Initialising);
    backend.publish(XenbusState::InitWait);
    kernel.timeline.pass(std::chrono::milliseconds(300));
    EXPECT_EQ(state(), XenbusState::Initialised);
    // That was not in the thread in which the bus compares what it has read with what it believes.
    EXPECT_EQ(device.believed_state, XenbusState::Initialising);
    backend.connect();
    EXPECT_EQ(device.believed_state, XenbusState::Connected);
}

TEST_F(FrontendTest, GoesWhileAStateWaitsToBeFollowed)
{
    fake::probe(device);
    for (int i = 0; i < 50; i++)
        backend.publish(i % 2 == 0 ? XenbusState::InitWait : XenbusState::Closed);
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
}

// The request's waiter is woken; unbinding waits for it, not for the backend's answer.
TEST_F(DisconnectTest, WhileARequestIsWaitedFor)
{
    for (const auto operation : { wire::Operation::Open, wire::Operation::HwParamQuery }) {
        std::optional<fake::Thread> toolstack;
        auto file = operation == wire::Operation::Open ? open_with(small_params) : open();
        stream().withheld = { operation };
        kernel.timeline.after(std::chrono::milliseconds(20), [&] {
            toolstack.emplace(kernel.context, [this] { fake::remove(device); });
            EXPECT_FALSE(toolstack->has_ended());
        });
        const auto start = kernel.timeline.now();
        const int status =
            operation == wire::Operation::Open ? file->prepare() : file->hw_params(small_params);
        EXPECT_EQ(status, -ENODEV);
        ASSERT_TRUE(toolstack);
        EXPECT_TRUE(toolstack->has_ended());
        EXPECT_LT(kernel.timeline.now() - start, std::chrono::milliseconds(300));
        EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
        EXPECT_TRUE(complaints().empty());
        file.reset();
        backend.detach();
        kernel.store.set(device.path + "/state", "1");
        connect();
    }
}

// The first stream has lost its backend for good, but ALSA does not know yet.
TEST_F(FrontendTest, StartWhileTheCardGoes)
{
    configure({ { "0/1/type", "p" } });
    connect();
    auto first = prepared();
    EXPECT_EQ(first->write(make_audio(256 * frame_bytes)), 256);
    auto second = open_with(small_params);
    backend.stream(0, 1).withheld = { wire::Operation::Open };
    std::optional<fake::Thread> toolstack;
    kernel.timeline.after(std::chrono::milliseconds(20), [&] {
        toolstack.emplace(kernel.context, [this] { fake::remove(device); });
        EXPECT_FALSE(toolstack->has_ended());
        EXPECT_EQ(first->start(), -ENODEV);
    });
    EXPECT_EQ(second->prepare(), -ENODEV);
    ASSERT_TRUE(toolstack);
    EXPECT_TRUE(toolstack->has_ended());
    EXPECT_EQ(first->state(), PcmState::Disconnected);
}

TEST_F(DisconnectTest, FileThatWasNeverPrepared)
{
    auto idle = open();
    fake::remove(device);
    idle.reset();
}

TEST_F(DisconnectTest, FileWithParametersOnly)
{
    auto file = open_with(small_params);
    fake::remove(device);
    file.reset();
}

} // namespace

} // namespace xen_front::test
