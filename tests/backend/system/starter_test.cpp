// SPDX-License-Identifier: GPL-2.0-only
//
// Signals and descriptors that the service inherits, and --check of its configuration.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "audio/file.hpp"
#include "system/service.h"

namespace sndback::fake {
namespace {

class Starter : public Service {
  protected:
    // Does not wait for a line of the log, which may go elsewhere.
    void start_with(const std::function<void()> &inherit)
    {
        configure(speaker_for_all);
        backend_ = std::make_unique<BackendProcess>(
            machine_, directory_.path(),
            std::vector<std::string> { "--config=" + (directory_ / "conf").string() }, inherit);
    }
    // Serves a guest, and writes what it does into the log.
    void expect_service(unsigned domain)
    {
        Guest guest(machine_, domain, "desktop");
        guest.add_card("p");
        ASSERT_TRUE(guest.connect(0, 10s)) << backend_->log();
    }
    [[nodiscard]] std::optional<int> check(const std::string &text)
    {
        configure(text);
        BackendProcess process(machine_, directory_.path(),
                               { "--check", "--config=" + (directory_ / "conf").string() });
        const std::optional<int> status = process.wait_exit(20s);
        return status && WIFEXITED(*status) ? std::optional(WEXITSTATUS(*status)) : std::nullopt;
    }
    [[nodiscard]] std::string log() const
    {
        std::ifstream file(directory_ / "log");
        return { std::istreambuf_iterator<char>(file), {} };
    }
};

TEST_F(Starter, AWorkerThatDiesIsNoticedThoughSigchldWasIgnored)
{
    start_with([] { (void)signal(SIGCHLD, SIG_IGN); });
    Guest guest(machine_, 3, "desktop");
    guest.add_card("p");
    ASSERT_TRUE(guest.connect());
    ASSERT_EQ(backend_->workers().size(), 1U);
    ASSERT_EQ(kill(backend_->workers()[0], SIGKILL), 0);
    EXPECT_TRUE(guest.wait_for_backend(XenbusStateClosed, 0, 5s));
    EXPECT_TRUE(machine_.wait([&] { return !backend_->workers().empty(); }, 5s));
}

TEST_F(Starter, OutlivesTheReaderOfItsLog)
{
    std::array<int, 2> pipe {};
    ASSERT_EQ(pipe2(pipe.data(), O_CLOEXEC), 0);
    const File writer(pipe[1]);
    close(pipe[0]);
    start_with([&] { dup2(writer.get(), STDERR_FILENO); });
    expect_service(3);
    expect_service(4);
    EXPECT_TRUE(backend_->is_running());
}

TEST_F(Starter, DoesNotWaitForAReaderOfItsLogThatStalls)
{
    std::array<int, 2> pipe {};
    ASSERT_EQ(pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK), 0);
    const File reader(pipe[0]);
    const File writer(pipe[1]);
    std::array<char, 4096> page {};
    while (write(writer.get(), page.data(), page.size()) > 0) {}
    ASSERT_EQ(fcntl(writer.get(), F_SETFL, 0), 0);
    start_with([&] { dup2(writer.get(), STDERR_FILENO); });
    expect_service(3);
    // What was dropped is counted when the reader is back.
    while (read(reader.get(), page.data(), page.size()) > 0) {}
    expect_service(4);
    std::string text;
    const auto is_counted = [&] {
        const ssize_t size = read(reader.get(), page.data(), page.size());
        text.append(page.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        return text.find("lines before this one were dropped") != std::string::npos;
    };
    EXPECT_TRUE(machine_.wait(is_counted, 10s)) << text;
}

// Without any, what it opens first would be taken for its log.
TEST_F(Starter, HasItsThreeDescriptors)
{
    start_with([] { close_range(0, 2, 0); });
    expect_service(3);
    const std::string own = "/proc/" + std::to_string(backend_->process()) + "/fd/";
    for (const char *descriptor : { "0", "1", "2" })
        EXPECT_EQ(std::filesystem::read_symlink(own + descriptor), "/dev/null") << descriptor;
    std::ifstream lock(directory_ / "lock");
    const std::string text { std::istreambuf_iterator<char>(lock), {} };
    EXPECT_EQ(text, std::to_string(backend_->process()) + "\n");
}

TEST_F(Starter, SaysWhetherAConfigurationIsRight)
{
    EXPECT_EQ(check(speaker_for_all), 0);
    EXPECT_EQ(log(), "");
    EXPECT_EQ(check("[guest *]\nplayback = tape\n"), EX_CONFIG);
    EXPECT_NE(log().find(":2: device 'tape': must be"), std::string::npos) << log();
    EXPECT_EQ(check("[backend]\nuser = missing-user\n"), EX_CONFIG);
    EXPECT_NE(log().find("there is no user missing-user"), std::string::npos) << log();
}

} // namespace
} // namespace sndback::fake
