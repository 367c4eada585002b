// SPDX-License-Identifier: GPL-2.0-only
//
// A worker that does not look at what it is told: it waits for a device, or does not listen at all.
#include <signal.h>

#include "system/service.h"

namespace sndback::fake {
namespace {

class BusyWorker : public Service {
  protected:
    // A guest whose connected worker has stopped, with this configuration.
    Guest guest_of_a_busy_worker(const std::string &configuration = speaker_for_all)
    {
        configure(configuration);
        start();
        Guest guest(machine_, 3, "desktop");
        guest.add_card("p");
        EXPECT_TRUE(guest.connect());
        EXPECT_EQ(backend_->workers().size(), 1U);
        EXPECT_EQ(kill(backend_->workers().at(0), SIGSTOP), 0);
        return guest;
    }
};

// A worker that a guest has taken over would not listen either.
TEST_F(BusyWorker, IsKilledIfItDoesNotObey)
{
    Guest guest = guest_of_a_busy_worker();
    configure("[guest other]\nplayback = null\n");
    backend_->send(SIGHUP);
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateClosed, 0, 10s));
    EXPECT_TRUE(machine_.wait([&] { return backend_->workers().empty(); }, 10s));
    EXPECT_TRUE(backend_->is_running());
}

// A worker that waits for a device has not said that it has looked at the last change.
TEST_F(BusyWorker, ADomainThatDiesWhileItsWorkerIsBusyIsNoticed)
{
    Guest guest = guest_of_a_busy_worker();
    guest.set_state(XenbusStateClosing);
    // The supervisor has looked when it asks nothing more, and waits for the worker to look.
    for (std::uint64_t seen = 0; machine_.wait([&] { return machine_.calls() != seen; }, 300ms);)
        seen = machine_.calls();
    machine_.release(3);
    EXPECT_TRUE(machine_.wait([&] { return backend_->workers().empty(); }, 10s));
}

TEST_F(BusyWorker, ABusyWorkerIsNotAskedWithoutEnd)
{
    Guest guest = guest_of_a_busy_worker();
    guest.set_state(XenbusStateClosing);
    machine_.write(guest.backend() + "/online", "1");
    const std::uint64_t before = machine_.calls();
    EXPECT_FALSE(machine_.wait([&] { return machine_.calls() > before + 100; }, 1s));
    ASSERT_EQ(kill(backend_->workers()[0], SIGCONT), 0);
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateClosing));
}

// At the level at which the log stands by default.
TEST_F(BusyWorker, TheLogSaysWhyItIsGivenUp)
{
    // A few messages with that fill the socket.
    std::string text = speaker_for_all;
    for (unsigned line = 0; line < 2000; ++line)
        text += "playback \"" + std::to_string(line) + "\" = null\n";
    const Guest guest = guest_of_a_busy_worker(text);
    bool is_given_up = false;
    for (unsigned count = 0; count < 50 && !is_given_up; ++count) {
        backend_->send(SIGHUP);
        is_given_up =
            backend_->wait_log("warn dom3: the worker is given up: it does not listen", 200ms);
    }
    EXPECT_TRUE(is_given_up) << backend_->log();
}

} // namespace
} // namespace sndback::fake
