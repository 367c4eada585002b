// SPDX-License-Identifier: GPL-2.0-only
//
// What supervisor and workers do with a card, a guest or a worker that is not as it should be.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "audio/file.hpp"
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
    // Its worker is in its hands when it connects, and has done what it is to do.
    void have_taken_over(Guest &guest, Intrusion intrusion)
    {
        machine_.take_over(guest.domain(), intrusion);
        ASSERT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
        guest.stream(0).publish();
        guest.set_state(XenbusStateInitialised);
        const std::string error =
            "/local/domain/0/error/backend/vsnd/" + std::to_string(guest.domain()) + "/0/error";
        ASSERT_TRUE(machine_.wait([&] { return machine_.read(error) == "taken over"; }));
    }
    [[nodiscard]] unsigned count_log(const std::string &text) const
    {
        const std::string log = backend_->log();
        unsigned count = 0;
        for (std::size_t at = 0; (at = log.find(text, at)) != std::string::npos; ++at)
            ++count;
        return count;
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

// The backend offers it a new connection some times, and then waits for another state.
TEST_F(Supervision, AFrontendThatStaysInClosingIsNotAnsweredWithoutEnd)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    guest.set_state(XenbusStateClosing);
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateClosing));
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
    std::uint64_t before = 0;
    for (unsigned seconds = 0; seconds < 10 && machine_.calls() > before + 20; ++seconds) {
        before = machine_.calls();
        (void)machine_.wait([] { return false; }, 1s);
    }
    EXPECT_LE(machine_.calls(), before + 20);
    EXPECT_EQ(guest.backend_state(), unsigned { XenbusStateInitWait });
    // The next time is another one.
    guest.set_state(XenbusStateInitialising);
    ASSERT_TRUE(guest.connect());
    guest.set_state(XenbusStateClosing);
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateClosing));
}

// Linux's in-tree driver, when it is unbound, stays in Closing and looks for it every 10 ms.
TEST_F(Supervision, AFrontendInClosingHasTheTimeToSeeTheOffer)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    guest.set_state(XenbusStateClosing);
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateClosing));
    const std::string state = guest.backend() + "/state";
    Time offered {};
    Time withdrawn {};
    machine_.before_write(state, [&] {
        offered = monotonic_now();
        machine_.before_write(state, [&] { withdrawn = monotonic_now(); });
    });
    ASSERT_TRUE(machine_.wait([&] { return withdrawn != Time {}; }));
    EXPECT_GE(withdrawn - offered, 200ms);
}

// What XenStore refuses for a while is written when it may be.
TEST_F(Supervision, AnOfferThatWasRefusedIsMadeAgain)
{
    configure(speaker_for_all);
    start();
    for (const char *node : { "state", "versions" }) {
        Guest guest(machine_, *node == 's' ? 3 : 4, "desktop");
        machine_.refuse_writes(guest.backend() + "/" + node);
        guest.add_card("p");
        ASSERT_TRUE(backend_->wait_log("XenStore node " + guest.backend() + "/" + node))
            << backend_->log();
        machine_.refuse_writes("");
        EXPECT_TRUE(guest.wait_for_backend(XenbusStateInitWait)) << node;
        EXPECT_TRUE(guest.connect()) << node;
    }
}

// Started by hand, the service has a terminal, where a worker has nothing to read or to write.
TEST_F(Supervision, AWorkerHasNoTerminal)
{
    configure(speaker_for_all);
    const File input(dup(STDIN_FILENO));
    const File terminal(open((directory_ / "terminal").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600),
                        "terminal");
    ASSERT_EQ(dup2(terminal.get(), STDIN_FILENO), STDIN_FILENO);
    start();
    (void)(input.get() < 0 ? close(STDIN_FILENO) : dup2(input.get(), STDIN_FILENO));
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    ASSERT_EQ(backend_->workers().size(), 1U);
    const std::string worker = "/proc/" + std::to_string(backend_->workers()[0]) + "/fd/";
    for (const char *descriptor : { "0", "1", "2" })
        EXPECT_EQ(std::filesystem::read_symlink(worker + descriptor), "/dev/null") << descriptor;
}

// Domains come and go, and in a driver domain XenStore has room for so many nodes only.
TEST_F(Supervision, LeavesNoErrorsOfGuestsThatAreGone)
{
    configure(speaker_for_all);
    start();
    const std::string error = "/local/domain/0/error/backend/vsnd/3/0/error";
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    publish_nonsense(guest);
    ASSERT_TRUE(machine_.wait([&] { return machine_.read(error).has_value(); }));
    machine_.remove("/local/domain/0/backend/vsnd/3");
    EXPECT_TRUE(machine_.wait([&] { return !machine_.read(error).has_value(); }));
}

// 20,000 questions at once are what it may ask, and 2,000 a second.
TEST_F(Supervision, AWorkerThatAsksWithoutEndIsAnsweredWithinItsShare)
{
    configure(speaker_for_all);
    start();
    Guest other(machine_, 4, "other");
    other.add_card("p");
    ASSERT_TRUE(other.connect());
    machine_.take_over(3, Intrusion::asks);
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
    guest.stream(0).publish();
    guest.set_state(XenbusStateInitialised);
    const std::uint64_t before = machine_.calls();
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(machine_.wait([&] { return machine_.calls() > before + 30'000; }));
    ASSERT_EQ(backend_->workers().size(), 2U);
    const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(lasted.count(), (30'000 - 20'000) / 2000 - 0.5);

    other.set_state(XenbusStateClosed);
    EXPECT_TRUE(other.wait_for_backend(XenbusStateInitWait, 0, 2s));
    other.set_state(XenbusStateInitialising);
    EXPECT_TRUE(other.connect(0, 2s));
    const auto took = backend_->terminate();
    ASSERT_TRUE(took);
    EXPECT_LE(*took, 1s);
}

// Of 64 streams, with two channels each. A connection counts as 32 requests for each stream, and
// the last one before the budget is used up is made as a whole.
TEST_F(Supervision, ACardIsConnectedAgainWithinTheBudgetOfRequests)
{
    constexpr unsigned requests = 3200;
    constexpr unsigned streams = 64;
    configure("[guest *]\nplayback = null\nrequests = " + std::to_string(requests) +
              "\nstreams = " + std::to_string(streams) + "\n");
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card(std::string(streams, 'p'));
    ASSERT_TRUE(guest.connect());
    const unsigned before = machine_.binds();
    EXPECT_EQ(before, 2 * streams);
    const auto begin = std::chrono::steady_clock::now();
    std::chrono::duration<double> lasted {};
    while (lasted < 3s) {
        guest.set_state(XenbusStateClosed);
        guest.set_state(XenbusStateInitialising);
        (void)guest.connect(0, 200ms);
        lasted = std::chrono::steady_clock::now() - begin;
    }
    EXPECT_LE(machine_.binds() - before, 2 * (lasted.count() * requests / 32 + streams));
    // It is not forgotten.
    guest.set_state(XenbusStateClosed);
    guest.set_state(XenbusStateInitialising);
    EXPECT_TRUE(guest.connect());
}

// The guest's name and UUID are watched by the supervisor, and the state of its card.
TEST_F(Supervision, AWorkerWatchesTheStatesOfItsCardsOnly)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    have_taken_over(guest, Intrusion::watches);
    EXPECT_EQ(machine_.watches("/local/domain/3"), 3U);
    EXPECT_EQ(machine_.watches("/local/domain/3/name"), 1U);
    EXPECT_EQ(machine_.watches(guest.frontend() + "/state"), 1U);
    EXPECT_TRUE(backend_->is_running());
}

TEST_F(Supervision, StatisticsThatNobodyWantsAreNotKept)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
    const std::uint64_t before = BackendProcess::resident_kib(backend_->process());
    have_taken_over(guest, Intrusion::reports);
    EXPECT_LT(BackendProcess::resident_kib(backend_->process()), before + 4096);
}

TEST_F(Supervision, AGuestIsServedWhoseGrantComesBackWhileItsWorkerEnds)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    const std::vector<pid_t> before = backend_->workers();
    ASSERT_EQ(before.size(), 1U);
    configure("[guest other]\nplayback = null\n");
    backend_->send(SIGHUP);
    // It waits for its frontend to notice, which does not.
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateClosed));
    configure(speaker_for_all);
    backend_->send(SIGHUP);
    EXPECT_TRUE(machine_.wait([&] { return backend_->workers() != before; }));
    guest.set_state(XenbusStateClosed);
    guest.set_state(XenbusStateInitialising);
    EXPECT_TRUE(guest.connect(0, 10s));
}

// What XenStore or a disk refuses is no reason to leave the guests, or to fill the log.
TEST_F(Supervision, GoesOnWhenXenStoreOrTheDiskRefuse)
{
    configure("[guest desktop]\nplayback = null\n");
    std::filesystem::create_directory(directory_ / "disk");
    start({ "--config=" + (directory_ / "conf").string(),
            "--stats=" + (directory_ / "disk" / "stats").string() });
    Guest served(machine_, 3, "desktop");
    served.add_card("p");
    ASSERT_TRUE(served.connect());
    machine_.refuse_writes("/local/domain/0/error");
    Guest refused(machine_, 4, "other");
    refused.add_card("p");
    ASSERT_TRUE(backend_->wait_log("dom4: cannot write"));
    configure("[guest nobody]\nplayback = null\n");
    backend_->send(SIGHUP);
    ASSERT_TRUE(backend_->wait_log("dom3: cannot write"));
    EXPECT_TRUE(served.wait_for_backend(XenbusStateClosed));
    std::filesystem::remove_all(directory_ / "disk");
    backend_->send(SIGUSR1);
    ASSERT_TRUE(backend_->wait_log("cannot write the statistics"));
    // Once for each guest, and not for each change of its nodes.
    for (unsigned count = 0; count < 5; ++count) {
        refused.set_state(XenbusStateInitialising);
        machine_.write(refused.backend() + "/online", "1");
        (void)machine_.wait([&] { return count_log("dom4: cannot write") > 1; }, 50ms);
    }
    EXPECT_EQ(count_log("dom4: cannot write"), 1U);
    const auto took = backend_->terminate();
    ASSERT_TRUE(took);
    EXPECT_EQ(backend_->wait_exit(0ms), 0);
}

// As when xl destroy and a write of the backend cross.
TEST_F(Supervision, ACardThatIsRemovedDoesNotComeBack)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    machine_.before_write(guest.backend() + "/state",
                          [&] { machine_.remove("/local/domain/0/backend/vsnd/3"); });
    guest.set_state(XenbusStateClosing);
    EXPECT_TRUE(machine_.wait([&] { return backend_->workers().empty(); }, 10s));
    EXPECT_FALSE(machine_.read("/local/domain/0/backend/vsnd/3"));
}

constexpr const char *microphone_for_the_first =
    "[guest first]\nplayback = null\ncapture = null\n[guest second]\nplayback = null\n";

TEST_F(Supervision, ADomainOfTheSameNumberDoesNotInheritGrants)
{
    configure(microphone_for_the_first);
    start();
    Guest first(machine_, 5, "first");
    first.add_card("pc");
    ASSERT_TRUE(first.connect());
    EXPECT_EQ(first.stream(1).open({}), 0);
    // Its directory in the backend's stays.
    machine_.release(5);
    EXPECT_TRUE(machine_.wait([&] { return backend_->workers().empty(); }));
    Guest second(machine_, 5, "second");
    second.add_card("pc");
    ASSERT_TRUE(second.connect());
    EXPECT_EQ(second.stream(1).open({}), -XEN_EACCES);
}

TEST_F(Supervision, ADomainThatIsRenamedHasTheGrantsOfItsNewName)
{
    configure(microphone_for_the_first);
    start();
    Guest guest(machine_, 5, "first");
    guest.add_card("pc");
    ASSERT_TRUE(guest.connect());
    ASSERT_EQ(guest.stream(1).open({}), 0);
    ASSERT_EQ(guest.stream(1).simple(XENSND_OP_CLOSE), 0);
    const std::vector<pid_t> before = backend_->workers();
    // xl renames a domain so that it has sent to another host, and back if that fails.
    machine_.write("/local/domain/5/name", "first--migratedaway");
    machine_.write(guest.backend() + "/online", "1");
    EXPECT_EQ(guest.stream(1).open({}), 0);
    machine_.write("/local/domain/5/name", "second");
    // A stream that is open when it loses its device costs the connection.
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateClosed));
    guest.set_state(XenbusStateClosed);
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
    guest.set_state(XenbusStateInitialising);
    ASSERT_TRUE(guest.connect());
    EXPECT_EQ(guest.stream(1).open({}), -XEN_EACCES);
    EXPECT_EQ(backend_->workers(), before);
}

TEST_F(Supervision, ACardAboveTheQuotaIsLoggedOnce)
{
    configure("[defaults]\ncards = 1\n[guest *]\nplayback = null\n");
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    guest.add_card("p", 1);
    ASSERT_TRUE(backend_->wait_log("dom3/1: not served"));
    for (unsigned count = 0; count < 5; ++count) {
        guest.set_state(XenbusStateClosed);
        ASSERT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
        guest.set_state(XenbusStateInitialising);
        ASSERT_TRUE(guest.connect());
    }
    EXPECT_EQ(count_log("dom3/1: not served"), 1U);
}

} // namespace
} // namespace sndback::fake
