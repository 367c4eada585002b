// SPDX-License-Identifier: GPL-2.0-only
//
// The service as a whole: what it grants, what it survives, and how it ends.
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "system/service.h"

namespace sndback::fake {
namespace {

TEST_F(Service, PlaysForAGuestThatIsGrantedIt)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect()) << backend_->log();
    play(guest.stream(0));
    EXPECT_TRUE(machine_.wait([&] { return guest.stream(0).position() >= 61'440; }))
        << backend_->log();
    EXPECT_EQ(guest.stream(0).simple(XENSND_OP_CLOSE), 0);
}

TEST_F(Service, CaptureHasToBeGranted)
{
    configure(
        "[guest quiet]\nplayback = null\n[guest heard]\nplayback = null\ncapture = pattern\n");
    start();
    Guest quiet(machine_, 3, "quiet");
    Guest heard(machine_, 4, "heard");
    // The streams of its directory are what the guest says they are.
    quiet.add_card("pc");
    heard.add_card("pc");
    ASSERT_TRUE(quiet.connect());
    ASSERT_TRUE(heard.connect());
    EXPECT_EQ(quiet.stream(1).open({}), -XEN_EACCES);
    EXPECT_EQ(heard.stream(1).open({}), 0);
    EXPECT_TRUE(backend_->wait_log("capture is not granted"));
}

TEST_F(Service, DefaultOnTheCommandLineGrantsNoMicrophone)
{
    start({ "--default=alsa:hw:31,0" });
    Guest guest(machine_, 3, "desktop");
    guest.add_card("c");
    ASSERT_TRUE(guest.connect());
    EXPECT_EQ(guest.stream(0).open({}), -XEN_EACCES);
}

TEST_F(Service, NameAndUuidOfTheToolstackDecide)
{
    configure("[guest 00000000-0000-0000-0000-000000000014]\nplayback = null\n"
              "[guest web-*]\nplayback = null\n");
    start();
    Guest by_uuid(machine_, 4, "anything");
    Guest by_name(machine_, 5, "web-1--incoming");
    Guest stranger(machine_, 6, "other");
    for (Guest *guest : { &by_uuid, &by_name, &stranger })
        guest->add_card("p");
    EXPECT_TRUE(by_uuid.connect());
    EXPECT_TRUE(by_name.connect());
    EXPECT_TRUE(backend_->wait_log("dom6: not served: no [guest] section"));
    EXPECT_TRUE(machine_.read("/local/domain/0/error/backend/vsnd/6/0/error"));
}

TEST_F(Service, TakesAMicrophoneAwayFromAStreamThatIsOpen)
{
    configure("[guest *]\nplayback = null\ncapture = pattern\n");
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("pc");
    ASSERT_TRUE(guest.connect());
    ASSERT_EQ(guest.stream(1).open({}), 0);
    configure(speaker_for_all);
    backend_->send(SIGHUP);
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateClosed));
    EXPECT_TRUE(backend_->wait_log("a stream has lost the device that it was granted"));
    guest.set_state(XenbusStateClosed);
    guest.set_state(XenbusStateInitialising);
    ASSERT_TRUE(guest.connect());
    EXPECT_EQ(guest.stream(1).open({}), -XEN_EACCES);
    EXPECT_EQ(guest.stream(0).open({}), 0);
}

// Landlock shows a worker the directories that its rules named when it was started.
TEST_F(Service, RecordsInADirectoryThatAReloadNames)
{
    std::filesystem::create_directory(directory_ / "first");
    configure("[guest *]\nplayback = wav:" + (directory_ / "first").string() + "/%u.wav\n");
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    std::filesystem::create_directory(directory_ / "desktop");
    configure("[guest *]\nplayback = wav:" + directory_.path().string() + "/%n/%u.wav\n");
    backend_->send(SIGHUP);
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateClosed));
    guest.set_state(XenbusStateClosed);
    guest.set_state(XenbusStateInitialising);
    ASSERT_TRUE(guest.connect());
    play(guest.stream(0));
    EXPECT_TRUE(machine_.wait([&] { return !std::filesystem::is_empty(directory_ / "desktop"); }));
}

TEST_F(Service, ReloadsAndKeepsTheOldOneIfTheNewOneIsWrong)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("pc");
    ASSERT_TRUE(guest.connect());
    EXPECT_EQ(guest.stream(1).open({}), -XEN_EACCES);
    configure("[guest *]\nplayback = null\ncaptrue = null\n");
    backend_->send(SIGHUP);
    ASSERT_TRUE(backend_->wait_log(":3: 'captrue': unknown")) << backend_->log();
    EXPECT_EQ(guest.stream(1).open({}), -XEN_EACCES);
    std::filesystem::remove(directory_ / "conf");
    backend_->send(SIGHUP);
    ASSERT_TRUE(backend_->wait_log("cannot be read")) << backend_->log();
    EXPECT_EQ(guest.stream(1).open({}), -XEN_EACCES);
    configure("[guest *]\nplayback = null\ncapture = null\n");
    backend_->send(SIGHUP);
    ASSERT_TRUE(backend_->wait_log("configuration read again"));
    std::optional<int> status;
    for (unsigned tries = 0; status != 0 && tries < 200; ++tries) {
        status = guest.stream(1).open({});
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(backend_->is_running());
}

TEST_F(Service, OneGuestsWorkerDiesAlone)
{
    configure(speaker_for_all);
    start();
    Guest first(machine_, 3, "first");
    first.add_card("p");
    ASSERT_TRUE(first.connect());
    const std::vector<pid_t> before = backend_->workers();
    ASSERT_EQ(before.size(), 1U);
    Guest second(machine_, 4, "second");
    second.add_card("p");
    ASSERT_TRUE(second.connect());
    play(second.stream(0));
    kill(before[0], SIGKILL);
    EXPECT_TRUE(first.wait_for_backend(XenbusStateClosed));
    // The other one plays on, and this one gets a new worker.
    EXPECT_TRUE(machine_.wait([&] { return second.stream(0).position() >= 61'440; }));
    EXPECT_EQ(second.backend_state(), unsigned { XenbusStateConnected });
    first.set_state(XenbusStateInitialising);
    EXPECT_TRUE(first.connect());
}

// alsa-lib waits for its configuration, a pipe into which nothing is written, when the first PCM is
// opened.
TEST_F(Service, ADeviceThatDoesNotOpenDelaysItsGuestOnly)
{
    const std::string pipe = directory_ / "asound.conf";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    setenv("ALSA_CONFIG_PATH", pipe.c_str(), 1);
    configure("[guest slow]\nplayback = alsa:default\n[guest quick]\nplayback = null\n");
    // Landlock would keep the worker from the pipe.
    start({ "--config=" + (directory_ / "conf").string(), "--no-sandbox" });
    unsetenv("ALSA_CONFIG_PATH");
    Guest slow(machine_, 3, "slow");
    slow.add_card("p");
    ASSERT_TRUE(slow.connect());
    const std::uint16_t open = slow.stream(0).send(slow.stream(0).open_request({}));
    // Another one comes, connects and plays to the end while the first one waits.
    Guest quick(machine_, 4, "quick");
    quick.add_card("p");
    ASSERT_TRUE(quick.connect());
    play(quick.stream(0));
    EXPECT_TRUE(machine_.wait([&] { return quick.stream(0).position() >= 61'440; }));
    EXPECT_FALSE(slow.stream(0).await(open, 50ms));
    const auto took = backend_->terminate();
    ASSERT_TRUE(took);
    EXPECT_LE(*took, 1000ms);
}

TEST_F(Service, DoesNotRunAsRootBecauseAUserIsMissing)
{
    configure("[backend]\nuser = missing-user\n[guest *]\nplayback = null\n");
    backend_ = std::make_unique<BackendProcess>(
        machine_, directory_.path(),
        std::vector<std::string> { "--config=" + (directory_ / "conf").string() });
    const std::optional<int> status = backend_->wait_exit(20s);
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), EX_CONFIG);
    EXPECT_NE(backend_->log().find("there is no user missing-user"), std::string::npos);
}

// Root's shell lets no process run in real time.
TEST_F(Service, StreamsRunInRealTimeHoweverRootStartsIt)
{
    const rlimit some { 1, 1 };
    if (setrlimit(RLIMIT_RTPRIO, &some) != 0)
        GTEST_SKIP() << "root has no CAP_SYS_RESOURCE here; selftest-guests looks at it in Dom0";
    const rlimit none {};
    ASSERT_EQ(setrlimit(RLIMIT_RTPRIO, &none), 0);
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    play(guest.stream(0));
    ASSERT_EQ(backend_->workers().size(), 1U);
    const std::string worker = std::to_string(backend_->workers()[0]);
    unsigned in_real_time = 0;
    for (const auto &thread : std::filesystem::directory_iterator("/proc/" + worker + "/task"))
        in_real_time += sched_getscheduler(std::stoi(thread.path().filename())) == SCHED_FIFO;
    EXPECT_EQ(in_real_time, 1U) << backend_->log();
}

TEST_F(Service, RecordsAsTheUserThatItIsTold)
{
    const passwd *user = getpwnam("nobody");
    ASSERT_NE(user, nullptr);
    const std::string recordings = directory_ / "recordings";
    std::filesystem::create_directory(recordings);
    ASSERT_EQ(chown(recordings.c_str(), user->pw_uid, user->pw_gid), 0);
    // It has to look through the directories above.
    ASSERT_EQ(chmod(directory_.path().c_str(), 0711), 0);
    configure("[backend]\nuser = nobody\n[guest *]\nplayback = wav:" + recordings + "/%n-%u.wav\n");
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    play(guest.stream(0));
    EXPECT_TRUE(machine_.wait([&] { return guest.stream(0).position() >= 61'440; }));
    EXPECT_EQ(guest.stream(0).simple(XENSND_OP_CLOSE), 0);
    struct stat status {};
    ASSERT_EQ(stat((recordings + "/desktop-stream-0.wav").c_str(), &status), 0) << backend_->log();
    EXPECT_EQ(status.st_uid, user->pw_uid);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_GE(status.st_size, 61'440);
}

TEST_F(Service, ExitsWhenXenStoreIsLost)
{
    configure(speaker_for_all);
    start();
    machine_.break_store();
    const std::optional<int> status = backend_->wait_exit(20s);
    ASSERT_TRUE(status);
    EXPECT_TRUE(WIFEXITED(*status) && WEXITSTATUS(*status) == 1);
    EXPECT_NE(backend_->log().find("connection to XenStore is lost"), std::string::npos);
}

TEST_F(Service, RunsOnce)
{
    configure(speaker_for_all);
    start();
    BackendProcess second(machine_, directory_.path(),
                          { "--config=" + (directory_ / "conf").string() });
    const std::optional<int> status = second.wait_exit(20s);
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), 1);
    EXPECT_NE(second.log().find("xen-sndback runs already"), std::string::npos);
    EXPECT_TRUE(backend_->is_running());
}

TEST_F(Service, TellsTheServiceManagerWhenItIsReady)
{
    const int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address {};
    address.sun_family = AF_UNIX;
    const std::string path = directory_ / "notify";
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(manager, reinterpret_cast<sockaddr *>(&address), sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    configure(speaker_for_all);
    start();
    unsetenv("NOTIFY_SOCKET");
    std::array<char, 64> text {};
    EXPECT_GT(recv(manager, text.data(), text.size() - 1, 0), 0);
    EXPECT_STREQ(text.data(), "READY=1");
    close(manager);
}

TEST_F(Service, RefusesAWrongConfigurationWithItsLine)
{
    configure("[guest *]\nplayback = tape\n");
    backend_ = std::make_unique<BackendProcess>(
        machine_, directory_.path(),
        std::vector<std::string> { "--config=" + (directory_ / "conf").string() });
    const std::optional<int> status = backend_->wait_exit(20s);
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), EX_CONFIG);
    EXPECT_NE(backend_->log().find(":2: device 'tape': must be"), std::string::npos)
        << backend_->log();
}

TEST_F(Service, WritesStatisticsOfAllWorkers)
{
    configure(speaker_for_all);
    const std::string path = directory_ / "stats";
    start({ "--config=" + (directory_ / "conf").string(), "--stats=" + path });
    Guest first(machine_, 3, "first");
    Guest second(machine_, 4, "second");
    for (Guest *guest : { &first, &second }) {
        guest->add_card("p");
        ASSERT_TRUE(guest->connect());
    }
    const auto has_both = [&] {
        std::ifstream file(path);
        const std::string text { std::istreambuf_iterator<char>(file), {} };
        return text.find("\"dom\":3") != std::string::npos &&
               text.find("\"dom\":4") != std::string::npos;
    };
    backend_->send(SIGUSR1);
    EXPECT_TRUE(machine_.wait(has_both, 20s));
    std::filesystem::remove(path);
    ASSERT_TRUE(backend_->terminate());
    EXPECT_TRUE(has_both());
}

TEST_F(Service, KeepsTheStatisticsOfAWorkerThatHasEnded)
{
    configure(speaker_for_all);
    const std::string path = directory_ / "stats";
    start({ "--config=" + (directory_ / "conf").string(), "--stats=" + path });
    Guest guest(machine_, 3, "first");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    play(guest.stream(0));
    const auto tells_of_playing = [&] {
        std::ifstream file(path);
        const std::string text { std::istreambuf_iterator<char>(file), {} };
        return text.find("\"OPEN\":1,") != std::string::npos;
    };
    backend_->send(SIGUSR1);
    ASSERT_TRUE(machine_.wait(tells_of_playing, 20s));
    kill(backend_->workers()[0], SIGKILL);
    ASSERT_TRUE(guest.wait_for_backend(XenbusStateClosed));
    guest.set_state(XenbusStateInitialising);
    ASSERT_TRUE(guest.connect());
    std::filesystem::remove(path);
    ASSERT_TRUE(backend_->terminate());
    EXPECT_TRUE(tells_of_playing());
}

// A guest's kernel that was started by another, by kexec, waits for each of these.
TEST_F(Service, PassesThroughClosedAfterKexec)
{
    configure(speaker_for_all);
    start();
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    guest.set_state(XenbusStateClosing);
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateClosing));
    guest.set_state(XenbusStateClosed);
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateClosed));
    guest.set_state(XenbusStateInitialising);
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateInitWait));
}

} // namespace
} // namespace sndback::fake
