// SPDX-License-Identifier: GPL-2.0-only
// Playback: what the tests of it share.
#pragma once

#include "driver_test.hpp"

namespace xen_front::test {

class PlaybackTest : public DriverTest {
  protected:
    void SetUp() override
    {
        connect();
    }
    size_t writes()
    {
        return stream().count(wire::Operation::Write);
    }
    wire::TransferRequest last_write()
    {
        return stream().record.requests.back().transfer;
    }
};

} // namespace xen_front::test
