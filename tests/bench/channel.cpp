// SPDX-License-Identifier: GPL-2.0-only
#include "channel.h"

#include "guest/ktap.h"

#include <cerrno>
#include <cstring>
#include <string>

extern "C" {
#include <xenevtchn.h>
}

namespace bench {

namespace {

int checked(int result, const std::string &what)
{
    selftest::expect(result >= 0, what + ": " + std::strerror(errno));
    return result;
}

} // namespace

void Channel::Closer::operator()(xenevtchn_handle *handle) const
{
    xenevtchn_close(handle);
}

Channel::Channel() : handle_(xenevtchn_open(nullptr, 0))
{
    selftest::expect(handle_ != nullptr, std::string("/dev/xen/evtchn: ") + std::strerror(errno) +
                                             "; load the module xen-evtchn, and run as root");
}

Channel Channel::offer(uint32_t domain)
{
    Channel channel;
    channel.port_ = static_cast<uint32_t>(
        checked(xenevtchn_bind_unbound_port(channel.handle_.get(), domain),
                "cannot offer an event channel to domain " + std::to_string(domain)));
    return channel;
}

Channel Channel::connect(uint32_t domain, uint32_t remote_port)
{
    Channel channel;
    channel.port_ = static_cast<uint32_t>(
        checked(xenevtchn_bind_interdomain(channel.handle_.get(), domain, remote_port),
                "cannot connect to event channel " + std::to_string(remote_port) + " of domain " +
                    std::to_string(domain)));
    // A new channel is notified at once.
    channel.wait();
    return channel;
}

void Channel::notify() const
{
    checked(xenevtchn_notify(handle_.get(), port_), "cannot notify");
}

void Channel::wait() const
{
    const int port = checked(xenevtchn_pending(handle_.get()), "cannot wait for an event");
    checked(xenevtchn_unmask(handle_.get(), static_cast<evtchn_port_t>(port)), "cannot unmask");
}

} // namespace bench
