// SPDX-License-Identifier: GPL-2.0-only
//
// What supervisor and workers do with a card, a guest or a worker that is not as it should be.
#include "system/service.h"

namespace sndback::fake {
namespace {

class Supervision : public Service {
  protected:
    // The guest's frontend publishes a ring that is not granted, and says that it is ready.
    static void publish_nonsense(Guest &guest)
    {
        ASSERT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
        guest.stream(0).publish();
        guest.xen().write(guest.stream(0).path() + "/ring-ref", "4000000000");
        guest.set_state(XenbusStateInitialised);
        ASSERT_TRUE(guest.wait_for_backend(XenbusStateClosed));
    }
};

// It has 1 s until the next offer, and waits for the frontend after that.
TEST_F(Supervision, AFrontendThatDoesNotLetGoIsNotAskedWithoutEnd)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    publish_nonsense(guest);
    const std::uint64_t before = machine_.calls();
    EXPECT_FALSE(machine_.wait([&] { return machine_.calls() > before + 100; }, 2500ms));
    // The offer is not forgotten.
    guest.set_state(XenbusStateClosed);
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
}

} // namespace
} // namespace sndback::fake
