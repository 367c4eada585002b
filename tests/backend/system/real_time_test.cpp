// SPDX-License-Identifier: GPL-2.0-only
//
// Streams run in real time as long as their guest keeps to its share of that.
#include <sched.h>
#include <sys/resource.h>

#include "system/hostile_guest.h"
#include "system/service.h"

namespace sndback::fake {
namespace {

class RealTime : public Service, public ::testing::WithParamInterface<const char *> {
  protected:
    // Streams can run in real time.
    [[nodiscard]] static bool is_permitted()
    {
        const rlimit some { 1, 1 };
        const rlimit none {};
        if (std::string(GetParam()).empty())
            return setrlimit(RLIMIT_RTPRIO, &some) == 0 && setrlimit(RLIMIT_RTPRIO, &none) == 0;
        bool is_permitted = false;
        std::thread([&] {
            const sched_param parameters { .sched_priority = 1 };
            is_permitted = sched_setscheduler(0, SCHED_FIFO, &parameters) == 0;
        }).join();
        return is_permitted;
    }
    // The worker of a guest, which connects.
    [[nodiscard]] pid_t connect(Guest &guest, const std::string &streams)
    {
        const std::vector<pid_t> before = backend_->workers();
        guest.add_card(streams);
        EXPECT_TRUE(guest.connect()) << backend_->log();
        for (const pid_t worker : backend_->workers())
            if (std::find(before.begin(), before.end(), worker) == before.end())
                return worker;
        ADD_FAILURE() << "no worker";
        return 0;
    }
    // How many of its threads run in real time.
    [[nodiscard]] static unsigned in_real_time(pid_t worker)
    {
        unsigned count = 0;
        for (const auto &thread :
             std::filesystem::directory_iterator("/proc/" + std::to_string(worker) + "/task"))
            count += sched_getscheduler(std::stoi(thread.path().filename())) == SCHED_FIFO;
        return count;
    }
    // Has 4 MB copied again and again, as much as the ring takes, until the condition holds.
    [[nodiscard]] static bool flood(GuestStream &stream, const std::function<bool()> &condition)
    {
        constexpr std::uint32_t octets = 4'000'000;
        EXPECT_EQ(stream.open({ .buffer_bytes = octets }), 0);
        const std::vector<xensnd_req> requests = write_start_stop(octets);
        const SharedIndex answered(stream.ring(), offsetof(xen_sndif_sring, rsp_prod));
        const auto until = std::chrono::steady_clock::now() + 60s;
        for (std::uint32_t sent = answered.load(); std::chrono::steady_clock::now() < until;) {
            for (; sent + 3 - answered.load() <= 32; sent += 3)
                for (const xensnd_req &request : requests)
                    (void)stream.post(request);
            if (condition())
                return true;
        }
        return false;
    }
};

INSTANTIATE_TEST_SUITE_P(WithAndWithoutSandbox, RealTime, ::testing::Values("", "--no-sandbox"),
                         [](const auto &info) {
                             return info.param[0] == '\0' ? "Sandbox" : "NoSandbox";
                         });

TEST_P(RealTime, IsLeftToOthersByAGuestThatFloods)
{
    if (!is_permitted())
        GTEST_SKIP() << "real time is not permitted here";
    const std::string statistics = directory_ / "stats";
    configure("[guest *]\nplayback = null\nrequests = 10000000\n");
    std::vector<std::string> arguments { "--config=" + (directory_ / "conf").string(),
                                         "--stats=" + statistics };
    if (GetParam()[0] != '\0')
        arguments.emplace_back(GetParam());
    start(arguments);
    Guest quiet(machine_, 3, "quiet");
    const pid_t worker_of_quiet = connect(quiet, "p");
    play(quiet.stream(0));
    Guest hostile(machine_, 4, "hostile");
    const pid_t worker_of_hostile = connect(hostile, "pp");
    ASSERT_TRUE(machine_.wait([&] { return in_real_time(worker_of_hostile) == 2; }))
        << backend_->log();

    // One of its streams takes the share of both, which the other sees when it wakes up.
    EXPECT_TRUE(flood(hostile.stream(0), [&] {
        hostile.stream(1).notify();
        return in_real_time(worker_of_hostile) == 0;
    })) << backend_->log();
    EXPECT_EQ(in_real_time(worker_of_quiet), 1U);
    // Nothing wakes them up any more.
    EXPECT_TRUE(machine_.wait([&] { return in_real_time(worker_of_hostile) == 2; }));
    EXPECT_EQ(in_real_time(worker_of_quiet), 1U);

    ASSERT_TRUE(backend_->terminate());
    std::ifstream file(statistics);
    for (std::string line; std::getline(file, line);)
        if (line.find("\"dom\":") != std::string::npos) {
            const bool has_left = line.find("\"real_time_exceeded\":0,") == std::string::npos;
            EXPECT_EQ(has_left, line.find("\"dom\":4") != std::string::npos) << line;
        }
}

} // namespace
} // namespace sndback::fake
