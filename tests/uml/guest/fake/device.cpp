// SPDX-License-Identifier: GPL-2.0-only
#include "fake/device.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace xen_front::fake {

FakeXen::FakeXen() : descriptor_(::open("/dev/fake-xen", O_RDWR | O_CLOEXEC))
{
    if (descriptor_ < 0) {
        std::perror("/dev/fake-xen; is fake-xen.ko loaded?");
        std::abort();
    }
}

FakeXen::~FakeXen()
{
    close(descriptor_);
}

int FakeXen::call(unsigned long command, void *argument) const
{
    return ioctl(descriptor_, command, argument) < 0 ? -errno : 0;
}

} // namespace xen_front::fake
