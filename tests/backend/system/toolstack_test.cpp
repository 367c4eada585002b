// SPDX-License-Identifier: GPL-2.0-only
//
// What a toolstack does to domains and cards, and when.
#include <signal.h>

#include "system/service.h"

namespace sndback::fake {
namespace {

class Toolstack : public Service {
  protected:
    // A guest whose card is offered.
    Guest offered_guest()
    {
        configure(speaker_for_all);
        start();
        Guest guest(machine_, 3, "desktop");
        guest.add_card("p");
        EXPECT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
        return guest;
    }
};

TEST_F(Toolstack, AnOfferThatIsOverwrittenIsMadeAgain)
{
    Guest guest = offered_guest();
    machine_.write(guest.backend() + "/state", "1");
    EXPECT_TRUE(guest.connect(0, 5s));
}

// Removed by force, and made anew before the worker looks.
TEST_F(Toolstack, ACardThatIsMadeAnewUnseenIsOffered)
{
    Guest guest = offered_guest();
    ASSERT_EQ(backend_->workers().size(), 1U);
    const pid_t worker = backend_->workers()[0];
    ASSERT_EQ(kill(worker, SIGSTOP), 0);
    machine_.remove(guest.backend());
    machine_.remove(guest.frontend());
    guest.add_card("p");
    ASSERT_EQ(kill(worker, SIGCONT), 0);
    EXPECT_TRUE(guest.connect(0, 5s)) << backend_->log();
}

TEST_F(Toolstack, ACardIsDetachedAndAttachedAgainAtOnce)
{
    Guest guest = offered_guest();
    ASSERT_TRUE(guest.connect());
    const std::vector<pid_t> before = backend_->workers();
    for (unsigned round = 0; round < 3; ++round) {
        machine_.write(guest.backend() + "/online", "0");
        machine_.write(guest.backend() + "/state", "5");
        ASSERT_TRUE(guest.wait_for_backend(XenbusStateClosed));
        machine_.remove("/local/domain/0/backend/vsnd/3");
        machine_.remove("/local/domain/3/device");
        guest.add_card("p");
        ASSERT_TRUE(guest.connect(0, 10s)) << backend_->log();
    }
    EXPECT_EQ(backend_->workers(), before);
}

TEST_F(Toolstack, AUuidThatIsWrittenLaterIsSeen)
{
    configure("[guest 00000000-1111-0000-0000-000000000013]\nplayback = null\n");
    start();
    Guest guest(machine_, 3, "desktop");
    machine_.remove("/local/domain/3/vm");
    guest.add_card("p");
    ASSERT_TRUE(backend_->wait_log("dom3: not served"));
    machine_.write("/local/domain/3/vm", "/vm/00000000-1111-0000-0000-000000000013");
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateInitWait, 0, 5s));
}

TEST_F(Toolstack, EveryCardOfARefusedGuestHasTheReason)
{
    configure("[guest other]\nplayback = null\n");
    start();
    Guest guest(machine_, 3, "desktop");
    const std::string errors = "/local/domain/0/error/backend/vsnd/3";
    for (const unsigned card : { 0U, 1U }) {
        guest.add_card("p", card);
        EXPECT_TRUE(machine_.wait(
            [&] {
                return machine_.read(errors + "/" + std::to_string(card) + "/error").has_value();
            },
            5s))
            << card;
    }
    const std::string log = backend_->log();
    EXPECT_EQ(log.find("not served"), log.rfind("not served"));
}

TEST_F(Toolstack, ANameIsNotTakenForAnotherGuestsUuid)
{
    configure("[guest 11111111-1111-1111-1111-111111111111]\nplayback = null\n");
    start();
    Guest guest(machine_, 3, "11111111-1111-1111-1111-111111111111");
    guest.add_card("p");
    EXPECT_TRUE(backend_->wait_log("dom3: not served", 10s));
    EXPECT_TRUE(backend_->workers().empty());
}

} // namespace
} // namespace sndback::fake
