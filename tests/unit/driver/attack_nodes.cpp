// SPDX-License-Identifier: GPL-2.0-only
#include "attack_nodes.hpp"

#include <gtest/gtest.h>

namespace xen_front::test {

namespace {

bool is_live(const std::string &path)
{
    const std::string name = path.substr(path.rfind('/') + 1);
    return name == "state" || name == field::frontend_version || name == field::ring_reference ||
           name == field::event_channel || name == field::event_ring_reference ||
           name == field::event_ring_channel;
}

} // namespace

FakeCardNodes::FakeCardNodes(fake::Kernel &kernel, fake::XenbusDevice &device)
    : StoreTarget(device.backend_path, device.path),
      kernel_(kernel),
      device_(device),
      at_start_(kernel.store.below(device.path)),
      backend_at_start_(kernel.store.below(device.backend_path))
{
    for (const auto &[node, value] : at_start_) {
        if (!is_live(node))
            configuration_.push_back(device.path + "/" + node);
    }
}

void FakeCardNodes::tell_driver(const std::string &path)
{
    // The bus takes a device away whose directory is gone.
    if (path == device_.path && device_.is_bound)
        fake::remove(device_);
    else if (path.starts_with(device_.backend_path))
        fake::fire_backend_watch(device_);
}

void FakeCardNodes::write(const std::string &path, const std::string &value)
{
    changes_++;
    kernel_.store.set(path, value);
    tell_driver(path);
}

void FakeCardNodes::remove(const std::string &path)
{
    changes_++;
    kernel_.store.remove(path);
    tell_driver(path);
}

void FakeCardNodes::pause(unsigned milliseconds)
{
    kernel_.timeline.pass(std::chrono::milliseconds(milliseconds));
}

void FakeCardNodes::restore()
{
    // A listing has a limit: it shows some of a thousand nodes at a time.
    for (bool is_clean = false; !is_clean;) {
        is_clean = true;
        for (const auto &[node, value] : kernel_.store.below(device_.path)) {
            if (at_start_.contains(node) || is_live(node))
                continue;
            kernel_.store.remove(device_.path + "/" + node);
            is_clean = false;
        }
    }
    const auto put_back = [this](const std::string &directory, const fake::XenStore::Nodes &nodes) {
        for (const auto &[node, value] : nodes) {
            if (!is_live(node) || !kernel_.store.get(directory + "/" + node))
                kernel_.store.set(directory + "/" + node, value);
        }
    };
    put_back(device_.path, at_start_);
    put_back(device_.backend_path, backend_at_start_);
    if (!device_.is_bound) {
        kernel_.store.set(device_.path + "/state", "1");
        EXPECT_EQ(fake::probe(device_), 0);
    }
}

} // namespace xen_front::test
