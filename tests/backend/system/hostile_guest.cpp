// SPDX-License-Identifier: GPL-2.0-only
#include "system/hostile_guest.h"

namespace sndback::fake {

HostileGuest::HostileGuest(Xen &xen, unsigned domain) : guest_(xen, domain, "hostile")
{
    guest_.add_card("ppc");
}

void HostileGuest::open_and_start()
{
    provoke(stream().open_request({}));
    xensnd_req write = request_of(XENSND_OP_WRITE);
    write.op.rw.length = 61'440;
    provoke(write);
    provoke(request_of(XENSND_OP_TRIGGER));
}

void HostileGuest::reconnect()
{
    guest_.set_state(XenbusStateClosed);
    guest_.set_state(XenbusStateInitialising);
    (void)guest_.connect(0, std::chrono::milliseconds(200));
}

std::vector<GuestAttack> all_attacks_of_guest()
{
    std::vector<GuestAttack> all;
    for (const auto table : { ring_attacks_of_guest(), request_attacks_of_guest(),
                              memory_attacks_of_guest(), store_attacks_of_guest() })
        all.insert(all.end(), table.begin(), table.end());
    return all;
}

} // namespace sndback::fake
