// SPDX-License-Identifier: GPL-2.0-only
#include "fake/backend.hpp"

#include <cstdlib>

#include "fake/fault.hpp"

namespace xen_front::fake {

Backend::~Backend()
{
    detach();
}

void Backend::publish(wire::XenbusState state)
{
    publish_backend_state(device_, state);
}

void Backend::wait_for_frontend()
{
    publish(wire::XenbusState::InitWait);
}

TransportNodes Backend::transport(const std::string &directory) const
{
    const auto number = [&](const char *node) -> uint32_t {
        const auto value = kernel_.store.get(device_.path + "/" + directory + "/" + node);
        if (value)
            return static_cast<uint32_t>(std::stoul(*value));
        report_fault("the frontend did not publish " + directory + "/" + node);
        return 0;
    };
    return { number(field::ring_reference), number(field::event_channel),
             number(field::event_ring_reference), number(field::event_ring_channel) };
}

void Backend::connect()
{
    const std::string suffix = std::string("/") + field::ring_reference;
    for (const auto &[node, value] : kernel_.store.below(device_.path)) {
        if (!node.ends_with(suffix))
            continue;
        const std::string directory = node.substr(0, node.size() - suffix.size());
        auto stream =
            std::make_unique<BackendStream>(kernel_, device_.backend_domain, transport(directory));
        if (on_attach)
            on_attach(*stream);
        streams_[directory] = std::move(stream);
    }
    publish(wire::XenbusState::Connected);
}

void Backend::detach()
{
    streams_.clear();
}

BackendStream &Backend::stream(unsigned int device, unsigned int number)
{
    const std::string directory = std::to_string(device) + "/" + std::to_string(number);
    const auto found = streams_.find(directory);
    if (found == streams_.end()) {
        report_fault("the backend has no stream " + directory);
        std::abort();
    }
    return *found->second;
}

} // namespace xen_front::fake
