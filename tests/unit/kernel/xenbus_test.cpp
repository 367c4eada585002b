// SPDX-License-Identifier: GPL-2.0-only
// XenStore values, listings and transactions, cards, and event channels, as the driver sees them.
#include "kernel/event_channel.hpp"
#include "kernel/sound_card.hpp"

#include "support/strings.hpp"
#include "unit/fake/kernel_test.hpp"

namespace xen_front::test {

namespace {

class KernelXenbusTest : public FakeKernelTest {
  protected:
    fake::XenbusDevice &device = kernel.add_device();
    XenbusDevice bus { &device };
};

TEST_F(KernelXenbusTest, DeviceKnowsItsPlace)
{
    EXPECT_STREQ(bus.path(), "device/vsnd/0");
    EXPECT_STREQ(bus.backend_path(), "/local/domain/0/backend/vsnd/1/0");
    EXPECT_EQ(bus.backend_domain().value(), 0u);
}

TEST_F(KernelXenbusTest, DeviceHasANumber)
{
    EXPECT_EQ(bus.number(), 0u);
    device.path = "device/vsnd/120";
    EXPECT_EQ(bus.number(), 120u);
    for (const char *path : { "device/vsnd/1st", "device/vsnd/1-2" }) {
        device.path = path;
        EXPECT_EQ(bus.number(), 0u);
    }
}

TEST_F(KernelXenbusTest, ReportGoesToLogAndXenStore)
{
    Diagnostic text;
    text << "something is wrong";
    bus.report(Error::Invalid, text);
    EXPECT_EQ(kernel.store.get("error/device/vsnd/0/error"), "-22 something is wrong");
    ASSERT_EQ(device.log.size(), 1u);
    EXPECT_EQ(device.log[0].level, KSHIM_LOG_ERROR);
}

TEST_F(KernelXenbusTest, ValueOfAnyBytes)
{
    const std::string bytes("a\0b\xff\n", 5);
    kernel.store.set("device/vsnd/0/node", bytes);
    auto value = XenStoreValue::read("device/vsnd/0", "node");
    ASSERT_FALSE(value.is_error());
    EXPECT_EQ(to_string(value.value().view()), bytes);
}

TEST_F(KernelXenbusTest, ValueThatIsNotThere)
{
    auto value = XenStoreValue::read("device/vsnd/0", "nothing");
    ASSERT_TRUE(value.is_error());
    EXPECT_EQ(value.error(), Error::NoEntry);
}

TEST_F(KernelXenbusTest, ListingNamesChildrenOnce)
{
    kernel.store.set("device/vsnd/0/0/1/type", "p");
    kernel.store.set("device/vsnd/0/0/0/type", "p");
    kernel.store.set("device/vsnd/0/0/0/unique-id", "x");
    auto listing = XenStoreListing::read("device/vsnd/0", "0");
    ASSERT_FALSE(listing.is_error());
    ASSERT_EQ(listing.value().size(), 2u);
    EXPECT_EQ(to_string(listing.value()[0]), "0");
    EXPECT_EQ(to_string(listing.value()[1]), "1");
}

TEST_F(KernelXenbusTest, ListingOfALeafIsEmpty)
{
    auto listing = XenStoreListing::read("device/vsnd/0", "state");
    ASSERT_FALSE(listing.is_error());
    EXPECT_EQ(listing.value().size(), 0u);
}

TEST_F(KernelXenbusTest, ListingThatIsTooLong)
{
    for (int i = 0; i < 1000; i++)
        kernel.store.set("device/vsnd/0/many/" + std::to_string(10000 + i), "");
    auto listing = XenStoreListing::read("device/vsnd/0", "many");
    ASSERT_TRUE(listing.is_error());
    EXPECT_EQ(listing.error(), Error::TooBig);
}

TEST_F(KernelXenbusTest, TransactionIsSeenWhenItIsCommitted)
{
    auto transaction = XenStoreTransaction::start();
    ASSERT_FALSE(transaction.is_error());
    EXPECT_FALSE(transaction.value().write("device/vsnd/0", "a", "text").is_error());
    EXPECT_FALSE(transaction.value().write("device/vsnd/0", "b", ~uint32_t { 0 }).is_error());
    EXPECT_FALSE(kernel.store.get("device/vsnd/0/a"));
    EXPECT_FALSE(transaction.value().commit().is_error());
    EXPECT_EQ(kernel.store.get("device/vsnd/0/a"), "text");
    EXPECT_EQ(kernel.store.get("device/vsnd/0/b"), "4294967295");
}

TEST_F(KernelXenbusTest, TransactionThatIsLeftIsAborted)
{
    {
        auto transaction = XenStoreTransaction::start();
        ASSERT_FALSE(transaction.is_error());
        EXPECT_FALSE(transaction.value().write("device/vsnd/0", "a", "text").is_error());
    }
    EXPECT_FALSE(kernel.store.get("device/vsnd/0/a"));
}

TEST_F(KernelXenbusTest, TransactionThatCollides)
{
    kernel.store.collide_commits(1);
    auto transaction = XenStoreTransaction::start();
    ASSERT_FALSE(transaction.is_error());
    EXPECT_FALSE(transaction.value().write("device/vsnd/0", "a", "text").is_error());
    auto result = transaction.value().commit();
    ASSERT_TRUE(result.is_error());
    EXPECT_EQ(result.error(), Error::TryAgain);
    EXPECT_FALSE(kernel.store.get("device/vsnd/0/a"));
}

// ---- cards ----

TEST_F(KernelXenbusTest, CardMovedToItselfIsKept)
{
    const kshim_card_names names = { .number = 0,
                                     .short_name = "Card",
                                     .long_name = "Card of a test",
                                     .id = nullptr,
                                     .components = "" };
    SoundCard card = SoundCard::create(bus, names, nullptr).release_value();
    SoundCard &same = card;
    card = move(same);
    EXPECT_TRUE(card);
    EXPECT_FALSE(kernel.sound.all_cards().at(0)->is_released);
}

// ---- event channels ----

struct Listener {
    static kshim_event_result on_event(void *context)
    {
        auto *listener = static_cast<Listener *>(context);
        listener->events++;
        return listener->result;
    }
    unsigned int events = 0;
    kshim_event_result result = KSHIM_EVENT_HANDLED;
};

class EventChannelTest : public KernelXenbusTest {
  protected:
    EventChannel make()
    {
        auto channel = EventChannel::create(bus, "test", Listener::on_event, &listener);
        EXPECT_FALSE(channel.is_error());
        return channel.release_value();
    }
    void raise(const EventChannel &channel)
    {
        kernel.event_channels.raise(0, channel.port());
    }

    Listener listener;
};

TEST_F(EventChannelTest, HandlerHearsEveryEvent)
{
    const EventChannel channel = make();
    raise(channel);
    raise(channel);
    EXPECT_EQ(listener.events, 2u);
}

TEST_F(EventChannelTest, NotifyReachesTheOtherEnd)
{
    const EventChannel channel = make();
    channel.notify();
    EXPECT_EQ(kernel.event_channels.find(0, channel.port())->notifications, 1u);
}

TEST_F(EventChannelTest, ClosedChannelIsSilent)
{
    uint32_t port = 0;
    {
        const EventChannel channel = make();
        port = channel.port();
        const EventChannel moved(make());
        EXPECT_EQ(kernel.event_channels.open_count(), 2u);
    }
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);
    kernel.event_channels.raise(0, port);
    EXPECT_EQ(listener.events, 0u);
}

TEST_F(EventChannelTest, MovedToItselfStaysOpen)
{
    EventChannel channel = make();
    EventChannel &same = channel;
    channel = move(same);
    raise(channel);
    EXPECT_EQ(listener.events, 1u);
}

TEST_F(EventChannelTest, BrokenIsFinal)
{
    const EventChannel channel = make();
    listener.result = KSHIM_EVENT_BROKEN;
    raise(channel);
    listener.result = KSHIM_EVENT_HANDLED;
    raise(channel);
    kernel.timeline.pass(std::chrono::seconds(10));
    EXPECT_EQ(listener.events, 1u);
}

TEST_F(EventChannelTest, SpuriousEventsAreHeldBack)
{
    const EventChannel channel = make();
    listener.result = KSHIM_EVENT_SPURIOUS;
    for (int i = 0; i < 1000; i++) {
        raise(channel);
        kernel.timeline.pass(std::chrono::milliseconds(1));
    }
    // Twice a tick, of which there are 250.
    EXPECT_LE(listener.events, 2 * 250u);
    EXPECT_GT(listener.events, 3u);
}

} // namespace

} // namespace xen_front::test
