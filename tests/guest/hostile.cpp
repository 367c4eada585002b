// SPDX-License-Identifier: GPL-2.0-only
// The attacks of a hostile guest (tests/backend/system), from a real guest, on a backend that
// serves other guests as well. Dom0 judges what they cost it (dom0-hostile.sh), the other guests
// what they hear of them.
#include "backend/system/hostile_guest.h"
#include "guest_xen.h"
#include "ktap.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace selftest;
using sndback::fake::GuestAttack;
using sndback::fake::HostileGuest;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

milliseconds left_until(Clock::time_point end)
{
    return std::chrono::duration_cast<milliseconds>(end - Clock::now());
}

void carry_out(const GuestAttack &attack, Clock::time_point end)
{
    GuestXen xen;
    HostileGuest hostile(xen, xen.domain());
    // After some attacks the backend waits before it offers a connection again. What is left has to
    // be an attack worth the name.
    expect(hostile.guest().connect(0, left_until(end) / 2), "the backend offered no connection");
    hostile.begin(left_until(end));
    attack.run(hostile);
}

// In a process of its own, whose end takes all grants and event channels back.
void attack_until(Clock::time_point end, const GuestAttack &attack)
{
    std::fflush(stdout);
    const pid_t process = fork();
    expect(process >= 0, "fork failed");
    if (process == 0) {
        int status = 0;
        try {
            carry_out(attack, end);
        } catch (const Failure &failure) {
            diagnose(failure.what);
            status = 1;
        }
        _exit(status);
    }
    int status = 0;
    expect(waitpid(process, &status, 0) == process && WIFEXITED(status),
           "the attack ended by a signal");
    expect(WEXITSTATUS(status) == 0, "the attack was not carried out");
}

int usage(const char *program)
{
    std::fprintf(
        stderr,
        "Usage: %s SECONDS ATTACK...\n\n"
        "Attacks the backend of this guest's card 0, which no driver may have bound, in each of\n"
        "these ways, one after the other, for SECONDS in all; reports in KTAP. There are:\n",
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
    const std::vector<GuestAttack> all = sndback::fake::all_attacks_of_guest();
    const Clock::time_point start = Clock::now();
    std::vector<Test> tests;
    for (int i = 2; i < argc; i++) {
        const auto attack = std::find_if(
            all.begin(), all.end(), [&](const GuestAttack &one) { return one.name == argv[i]; });
        if (attack == all.end())
            return usage(argv[0]);
        const Clock::time_point end = start + milliseconds(seconds * 1000) * (i - 1) / (argc - 2);
        tests.push_back({ std::string("hostile: ") + argv[i], [attack, end] {
                             attack_until(end, *attack);
                         } });
    }
    return run_tests(tests, "");
}
