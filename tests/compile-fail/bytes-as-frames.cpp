// SPDX-License-Identifier: GPL-2.0-only
// A position of the backend, in bytes, is taken for frames.
// expected-error@*:* {{no viable conversion}}
#include "base/strong.hpp"

xen_front::Frames use(xen_front::Bytes reported)
{
    return reported;
}
