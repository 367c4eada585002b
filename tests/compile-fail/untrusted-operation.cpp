// SPDX-License-Identifier: GPL-2.0-only
// A byte of the backend is taken for an operation.
// expected-error@*:* {{cannot initialize return object}}
#include "sndif/protocol.hpp"

xen_front::wire::Operation use(const xen_front::wire::Response &response)
{
    return response.operation;
}
