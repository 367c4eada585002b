// SPDX-License-Identifier: GPL-2.0-only
// Backends that do not answer, refuse, or break the protocol: what the tests of it share.
#pragma once

#include "driver_test.hpp"

namespace xen_front::test {

// A playback stream whose backend fails it.
class StreamFailureTest : public DriverTest {
  protected:
    void SetUp() override
    {
        connect();
    }
    // Running with a full buffer.
    std::unique_ptr<PcmFile> running()
    {
        auto file = prepared();
        EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
        EXPECT_EQ(file->state(), PcmState::Running);
        return file;
    }
    fake::Duration duration_of(const std::function<void()> &body)
    {
        const auto start = kernel.timeline.now();
        body();
        return kernel.timeline.now() - start;
    }
    kshim_control *find_volume() const
    {
        return kernel.sound.visible_cards().at(0)->find_control("PCM Playback Volume");
    }
    bool has_volume() const
    {
        return find_volume() != nullptr;
    }
    void set_volume(uint32_t level)
    {
        ASSERT_TRUE(has_volume());
        EXPECT_EQ(find_volume()->write(std::vector<uint32_t>(8, level)), 0);
    }
    const kshim_event_channel &channel(bool is_events) const
    {
        const auto nodes = backend.transport("0/0");
        return *kernel.event_channels.find(
            device.backend_domain, is_events ? nodes.event_ring_channel : nodes.event_channel);
    }
};

} // namespace xen_front::test
