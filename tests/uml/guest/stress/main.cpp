// SPDX-License-Identifier: GPL-2.0-only
// Applications use a card from several threads of several processes, while its backend is killed
// and replaced, and the driver unbound. The guest is not saved: Xen stops all processors for that,
// and fake-xen.ko does not. The kernel is the judge of all this; this program says whether calls
// return, and whether the card works afterwards.
#include <cstdio>
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

#include "stress/application.hpp"
#include "stress/other_end.hpp"

namespace {

constexpr unsigned int applications = 2;

pid_t start_application(unsigned int seed, unsigned int steps)
{
    const pid_t child = fork();
    if (child != 0)
        return child;
    const int status = xen_front::stress::run_application(seed, steps);
    std::fflush(stdout);
    _exit(status);
}

// Whether all that have ended so far have ended well; how many are left in @left.
bool reap(unsigned int &left)
{
    bool is_well = true;
    int status = 0;
    while (left > 0 && waitpid(-1, &status, WNOHANG) > 0) {
        left--;
        is_well = is_well && status == 0;
    }
    return is_well;
}

int stress(unsigned int seed, unsigned int steps)
{
    for (unsigned int i = 0; i < applications; i++)
        start_application(seed * applications + i, steps);
    bool is_well = true;
    xen_front::stress::OtherEnd other_end(seed);
    for (unsigned int left = applications; left > 0;) {
        other_end.step();
        is_well = reap(left) && is_well;
    }
    other_end.check();
    is_well = is_well && other_end.failures().empty();
    std::printf("%s stress-%u\n", is_well ? "ok" : "not ok", seed);
    for (const std::string &failure : other_end.failures())
        std::printf("# %s\n", failure.c_str());
    std::printf("# the backend was connected %u times\n", other_end.connections());
    std::fflush(stdout);
    return is_well ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: stress SEED STEPS\n");
        return 2;
    }
    return stress(static_cast<unsigned int>(std::atoi(argv[1])),
                  static_cast<unsigned int>(std::atoi(argv[2])));
}
