// SPDX-License-Identifier: GPL-2.0-only
// How a connection ends: the frontend is unbound, or its backend goes, restarts or talks nonsense.
#include "driver_test.hpp"

namespace xen_front::test {

namespace {

using ConnectionEndTest = DriverTest;

TEST_F(ConnectionEndTest, UnbindBeforeThereIsABackend)
{
    fake::probe(device);
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
}

TEST_F(ConnectionEndTest, UnbindWhileInitialised)
{
    fake::probe(device);
    backend.wait_for_frontend();
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);
}

TEST_F(ConnectionEndTest, UnbindWhileConnected)
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

TEST_F(ConnectionEndTest, UnbindingWaitsAMomentForTheBackendToLetGo)
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

TEST_F(ConnectionEndTest, UnbindingDoesNotWaitForADeadBackend)
{
    connect();
    const auto start = kernel.timeline.now();
    fake::remove(device);
    EXPECT_LE(kernel.timeline.now() - start, std::chrono::milliseconds(500));
}

TEST_F(ConnectionEndTest, OrderlyUnplug)
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

TEST_F(ConnectionEndTest, BackendThatRestartsGetsANewConnection)
{
    connect();
    const fake::TransportNodes before = backend.transport("0/0");
    backend.publish(XenbusState::Closing);
    EXPECT_EQ(state(), XenbusState::Closed);
    backend.detach();
    backend.publish(XenbusState::Closed);
    EXPECT_EQ(state(), XenbusState::Initialising); // the card waits for the next one
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

TEST_F(ConnectionEndTest, BackendThatStartsOverWithoutClosing)
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

TEST_F(ConnectionEndTest, BackendThatVanishes)
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
TEST_F(ConnectionEndTest, EveryBackendStateAtEveryStage)
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

TEST_F(ConnectionEndTest, FiftyConnectionsLeaveNothingBehind)
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

TEST_F(ConnectionEndTest, FiftyBindingsToTheSameBackend)
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

// The thread that tells of states serves all Xen devices: it is never held up for a pause.
TEST_F(ConnectionEndTest, StatesThatNeverStandStillAreFollowedAtLeisure)
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
    kernel.timeline.pass(std::chrono::milliseconds(600));
    EXPECT_EQ(state(), XenbusState::Initialising);
    backend.publish(XenbusState::InitWait);
    kernel.timeline.pass(std::chrono::milliseconds(600));
    EXPECT_EQ(state(), XenbusState::Initialised);
    EXPECT_EQ(device.believed_state, XenbusState::Initialised);
    backend.connect();
    EXPECT_EQ(device.believed_state, XenbusState::Connected);
}

// The bus compares what it has read in XenStore with what it believes, in its own thread only.
TEST_F(ConnectionEndTest, StateThatWasFollowedLateIsNewsForTheBus)
{
    fake::probe(device);
    for (int i = 0; i < 51; i++)
        backend.publish(i % 2 == 0 ? XenbusState::InitWait : XenbusState::Closed);
    kernel.timeline.pass(std::chrono::milliseconds(600));
    EXPECT_EQ(state(), XenbusState::Initialised);
    EXPECT_EQ(device.believed_state, XenbusState::Initialising);
    backend.connect();
    kernel.timeline.pass(std::chrono::milliseconds(600));
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_EQ(device.believed_state, XenbusState::Connected);
}

// It closes what it takes for Connected; the driver has closed this one.
TEST_F(ConnectionEndTest, StateThatWasFollowedLateIsKnownAtShutdown)
{
    fake::probe(device);
    for (int i = 0; i < 51; i++)
        backend.publish(i % 2 == 0 ? XenbusState::InitWait : XenbusState::Closed);
    kernel.timeline.pass(std::chrono::milliseconds(600));
    ASSERT_EQ(device.believed_state, XenbusState::Initialising);
    fake::shut_down(device);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(device.believed_state, XenbusState::Closed);
}

TEST_F(ConnectionEndTest, NoConnectionIsMadeAfterShutdown)
{
    connect();
    backend.publish(XenbusState::Closed);
    backend.detach();
    fake::shut_down(device);
    ASSERT_EQ(state(), XenbusState::Closed);
    backend.wait_for_frontend();
    EXPECT_EQ(state(), XenbusState::Closed);
}

// A backend in InitWait takes a frontend that says Initialising for one that is yet to connect, or
// one that has begun anew.
TEST_F(ConnectionEndTest, FromClosedItIsInitialisedAtOnce)
{
    connect();
    backend.publish(XenbusState::Closing);
    backend.detach();
    ASSERT_EQ(state(), XenbusState::Closed);
    const size_t before = device.states.size();
    backend.wait_for_frontend();
    ASSERT_EQ(device.states.size(), before + 1);
    EXPECT_EQ(device.states.back(), XenbusState::Initialised);
}

TEST_F(ConnectionEndTest, GoesWhileAStateWaitsToBeFollowed)
{
    fake::probe(device);
    for (int i = 0; i < 50; i++)
        backend.publish(i % 2 == 0 ? XenbusState::InitWait : XenbusState::Closed);
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
}

} // namespace

} // namespace xen_front::test
