// SPDX-License-Identifier: GPL-2.0-only
// The attacks of a hostile guest (tests/backend/system) from a real one, on the backend that serves
// other guests as well. What these hear of it, and what it costs Dom0, is judged there.
#include "backend/system/hostile_guest.h"
#include "guest_xen.h"
#include "ktap.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace selftest;
using sndback::fake::GuestAttack;
using sndback::fake::HostileGuest;
using std::chrono::milliseconds;

// A backend that has been provoked offers its next connection after half a minute at most.
constexpr milliseconds connect_patience(40'000);

constexpr int carried_out = 0;
constexpr int not_connected = 3;

int carry_out(const GuestAttack &attack, milliseconds duration)
{
    GuestXen xen;
    HostileGuest hostile(xen, xen.domain());
    if (!hostile.guest().connect(0, connect_patience))
        return not_connected;
    hostile.begin(duration);
    attack.run(hostile);
    return carried_out;
}

// In a process of its own, whose end takes all grants and event channels back.
void attack_and_leave(const GuestAttack &attack, milliseconds duration)
{
    std::fflush(stdout);
    const pid_t process = fork();
    expect(process >= 0, "fork failed");
    if (process == 0) {
        int status = 1;
        try {
            status = carry_out(attack, duration);
        } catch (const Failure &failure) {
            std::fprintf(stderr, "%s\n", failure.what.c_str());
        }
        _exit(status);
    }
    int status = 0;
    expect(waitpid(process, &status, 0) == process && WIFEXITED(status),
           "the attack ended by a signal");
    expect(WEXITSTATUS(status) != not_connected, "the backend offered no connection");
    expect(WEXITSTATUS(status) == carried_out, "the attack could not be carried out; see stderr");
}

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

int usage(const char *program)
{
    std::fprintf(
        stderr,
        "Usage: %s SECONDS ATTACK...\n\n"
        "Attacks the backend of this guest's card 0, which no driver may have bound, in each of\n"
        "these ways, for SECONDS in all; reports in KTAP. There are:\n",
        program);
    for (const GuestAttack &attack : sndback::fake::all_attacks_of_guest())
        std::fprintf(stderr, "  %-24s%s\n", std::string(attack.name).c_str(),
                     std::string(attack.description).c_str());
    return 2;
}

} // namespace

int main(int argc, char **argv)
{
    const long seconds = argc > 2 ? std::strtol(argv[1], nullptr, 10) : 0;
    if (seconds <= 0)
        return usage(argv[0]);
    const milliseconds duration(seconds * 1000 / (argc - 2));
    const std::vector<GuestAttack> all = sndback::fake::all_attacks_of_guest();
    std::vector<Test> tests;
    for (int i = 2; i < argc; i++) {
        const auto attack = std::find_if(
            all.begin(), all.end(), [&](const GuestAttack &one) { return one.name == argv[i]; });
        if (attack == all.end())
            return usage(argv[0]);
        tests.push_back({ std::string("hostile: ") + argv[i], [attack, duration] {
                             attack_and_leave(*attack, duration);
                         } });
    }
    const double start = now();
    const int status = run_tests(tests, "");
    // For the host, which sees whether the others were at it at the same time.
    if (const char *directory = std::getenv("LAB_OUT"))
        std::ofstream(std::string(directory) + "/duplex.span")
            << std::fixed << start << " " << now() << "\n";
    return status;
}
