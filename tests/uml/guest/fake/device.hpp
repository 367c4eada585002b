// SPDX-License-Identifier: GPL-2.0-only
// One open file of /dev/fake-xen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../xen/fake_xen.h"

namespace xen_front::fake {

class FakeXen {
  public:
    // Aborts without the device.
    FakeXen();
    ~FakeXen();
    FakeXen(const FakeXen &) = delete;
    FakeXen &operator=(const FakeXen &) = delete;

    int descriptor() const
    {
        return descriptor_;
    }
    // 0 or a negative errno.
    template <typename T> int call(unsigned long command, T &argument) const
    {
        return call(command, static_cast<void *>(&argument));
    }
    int call(unsigned long command, void *argument = nullptr) const;

  private:
    int descriptor_;
};

} // namespace xen_front::fake
