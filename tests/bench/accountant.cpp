// SPDX-License-Identifier: GPL-2.0-only
// Runs in Dom0: tells, whenever a guest asks by an event channel, how much processor time the
// hypervisor has given each of the two domains. Without a guest: Dom0's, once.
#include "channel.h"
#include "clock.h"
#include "guest/ktap.h"

#include <cstdio>
#include <cstdlib>

extern "C" {
#include <xenctrl.h>
}

namespace {

struct Closer {
    void operator()(xc_interface *handle) const
    {
        xc_interface_close(handle);
    }
};
using Control = std::unique_ptr<xc_interface, Closer>;

long long used_ns(const Control &control, uint32_t domain)
{
    const long long used = xc_domain_get_cpu_usage(control.get(), domain, 0);
    selftest::expect(used >= 0, "cannot read the processor time of domain " +
                                    std::to_string(domain) + "; run this in Dom0, as root");
    return used;
}

Control open_control()
{
    Control control(xc_interface_open(nullptr, nullptr, 0));
    selftest::expect(control != nullptr, "cannot open the hypervisor's control interface");
    return control;
}

// "monotonic-ns processor-ticks guest-ns dom0-ns" for each time the guest asks. The guest's is
// taken first: everything else here is at Dom0's cost.
void serve(uint32_t domain)
{
    const Control control = open_control();
    const bench::Channel channel = bench::Channel::offer(domain);
    std::printf("%u\n", channel.port());
    std::fflush(stdout);
    for (;;) {
        channel.wait();
        const long long guest = used_ns(control, domain);
        const long long own = used_ns(control, 0);
        channel.notify();
        const bench::Moment moment = bench::now();
        std::printf("%lu %lu %lld %lld\n", moment.monotonic_ns, moment.processor_ticks, guest, own);
        std::fflush(stdout);
    }
}

} // namespace

int main(int argc, char **argv)
{
    char *end = nullptr;
    const unsigned long domain = argc == 2 ? std::strtoul(argv[1], &end, 10) : 0;
    if (argc > 1 && (domain == 0 || *end != '\0')) {
        std::fprintf(
            stderr,
            "Usage: %s [DOMAIN]\n\n"
            "Prints the nanoseconds that the first processor of Dom0 has run; or offers that\n"
            "domain an event channel, and prints its port. Whenever the domain\n"
            "notifies, prints nanoseconds since boot, the processor's counter, and the\n"
            "nanoseconds that the first processors of that domain and of Dom0 have run, and\n"
            "answers.\n",
            argv[0]);
        return 2;
    }
    try {
        if (argc == 1) {
            std::printf("%lld\n", used_ns(open_control(), 0));
            return 0;
        }
        serve(static_cast<uint32_t>(domain));
    } catch (const selftest::Failure &failure) {
        std::fprintf(stderr, "%s: %s\n", argv[0], failure.what.c_str());
    }
    return 1;
}
