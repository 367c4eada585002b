// SPDX-License-Identifier: GPL-2.0-only
//
// The service in a domain that is not the toolstack's: it cannot read what guests are called, nor
// whether they are alive, and the toolstack leaves it to remove the backend's directories.
#include "system/service.h"

namespace sndback::fake {
namespace {

constexpr unsigned own_domain = 1;
constexpr const char *root = "/local/domain/1/backend/vsnd";

class DriverDomain : public Service {
  protected:
    DriverDomain()
    {
        machine_.write("domid", std::to_string(own_domain));
    }
    Guest make_guest(unsigned domain)
    {
        Guest guest(machine_, domain, "", own_domain);
        machine_.remove("/local/domain/" + std::to_string(domain) + "/name");
        machine_.remove("/local/domain/" + std::to_string(domain) + "/vm");
        // As libxl does: only the directories of cards are this domain's.
        machine_.keep(std::string(root) + "/" + std::to_string(domain));
        return guest;
    }
    static void connect_two_cards(Guest &guest)
    {
        guest.add_card("p");
        guest.add_card("p", 1);
        ASSERT_TRUE(guest.connect(0));
        ASSERT_TRUE(guest.connect(1));
    }
    // As libxl does when a guest ends, or its card is detached.
    static void take_away(Guest &guest)
    {
        guest.xen().write(guest.backend() + "/online", "0");
        if (guest.backend_state() != XenbusStateClosed)
            guest.xen().write(guest.backend() + "/state", "5");
        ASSERT_TRUE(guest.wait_for_backend(XenbusStateClosed, 0, 10s));
    }
};

// 128 watches are what xenstored lets such a domain have.
TEST_F(DriverDomain, NothingIsLeftOfADeadGuest)
{
    configure(speaker_for_all);
    start();
    for (unsigned domain = 3; domain < 6; ++domain) {
        Guest guest = make_guest(domain);
        connect_two_cards(guest);
        EXPECT_EQ(machine_.watches("/local/domain/" + std::to_string(domain)), 2U);
        guest.xen().write(guest.backend(1) + "/online", "0");
        guest.xen().write(guest.backend(1) + "/state", "5");
        take_away(guest);
        machine_.remove("/local/domain/" + std::to_string(domain));
    }
    EXPECT_TRUE(machine_.wait([&] { return backend_->workers().empty(); }, 10s));
    for (unsigned domain = 3; domain < 6; ++domain) {
        const std::string directory = std::string(root) + "/" + std::to_string(domain);
        for (const char *card : { "/0", "/1" })
            EXPECT_TRUE(machine_.wait([&] { return !machine_.read(directory + card); }, 10s))
                << directory << card;
    }
    EXPECT_TRUE(machine_.wait([&] { return machine_.watches("/local/domain") == 1; }, 10s));
    EXPECT_TRUE(backend_->is_running());
}

// It has ended while the service did not run.
TEST_F(DriverDomain, NothingIsLeftOfAGuestThatDiedBefore)
{
    configure(speaker_for_all);
    Guest guest = make_guest(3);
    guest.add_card("p");
    machine_.write(guest.backend() + "/online", "0");
    machine_.write(guest.backend() + "/state", "5");
    machine_.remove("/local/domain/3");
    start();
    EXPECT_TRUE(machine_.wait([&] { return !machine_.read(guest.backend()); }, 10s));
    EXPECT_TRUE(machine_.wait([&] { return backend_->workers().empty(); }, 10s));
}

TEST_F(DriverDomain, ACardThatIsDetachedLeavesTheOthersAlone)
{
    configure(speaker_for_all);
    start();
    Guest guest = make_guest(3);
    connect_two_cards(guest);
    const std::vector<pid_t> before = backend_->workers();
    take_away(guest);
    EXPECT_TRUE(machine_.wait([&] { return !machine_.read(guest.backend()); }, 10s));
    machine_.remove(guest.frontend());
    EXPECT_EQ(guest.backend_state(1), unsigned { XenbusStateConnected });
    EXPECT_EQ(backend_->workers(), before);
    guest.add_card("p");
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
}

// The guest connects its other card all the time.
TEST_F(DriverDomain, ACardThatIsDetachedIsRemovedFromABusyGuest)
{
    configure(speaker_for_all);
    start();
    Guest guest = make_guest(3);
    connect_two_cards(guest);
    take_away(guest);
    const auto is_gone = [&] {
        return !machine_.read(guest.backend());
    };
    // Ten seconds are what libxl waits.
    for (unsigned count = 0; count < 100 && !is_gone(); ++count) {
        for (const unsigned state : { XenbusStateClosed, XenbusStateInitialising }) {
            guest.xen().write(guest.frontend(1) + "/state", std::to_string(state));
            (void)machine_.wait(is_gone, 50ms);
        }
    }
    EXPECT_TRUE(is_gone()) << backend_->log();
}

// Before its directory has been removed.
TEST_F(DriverDomain, ACardThatIsAttachedAgainAtOnceStays)
{
    configure(speaker_for_all);
    start();
    Guest guest = make_guest(3);
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    for (unsigned count = 0; count < 3; ++count) {
        take_away(guest);
        machine_.remove(guest.frontend());
        guest.add_card("p");
        ASSERT_TRUE(guest.wait_for_backend(XenbusStateInitWait)) << backend_->log();
    }
    // Longer than leftovers stay.
    EXPECT_FALSE(
        machine_.wait([&] { return !machine_.read(guest.backend() + "/online"); }, 1500ms));
    EXPECT_EQ(guest.backend_state(), unsigned { XenbusStateInitWait });
}

// libxl would wait for it ten seconds.
TEST_F(DriverDomain, ACardThatIsRefusedIsClosedWhenItIsTakenAway)
{
    configure("[guest other]\nplayback = null\n");
    start();
    Guest guest = make_guest(3);
    guest.add_card("p");
    ASSERT_TRUE(backend_->wait_log("dom3: not served"));
    EXPECT_EQ(machine_.watches("/local/domain/3"), 0U);
    take_away(guest);
    EXPECT_TRUE(machine_.wait([&] { return !machine_.read(guest.backend()); }, 10s));
}

} // namespace
} // namespace sndback::fake
