// SPDX-License-Identifier: GPL-2.0-only
#include "xenlib/event_channels.hpp"

#include <fcntl.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <fmt/core.h>

// The header does not say that the library is C.
extern "C" {
#include <xenevtchn.h>
}

namespace sndback {

namespace {

[[noreturn]] void fail(const std::string &what)
{
    throw std::runtime_error(fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

} // namespace

void EventChannels::Closer::operator()(xenevtchn_handle *handle) const
{
    xenevtchn_close(handle);
}

EventChannels::EventChannels(unsigned domain)
    : domain_(domain), handle_(xenevtchn_open(nullptr, 0)), restricted_(false)
{
    if (handle_ == nullptr)
        fail("cannot open /dev/xen/evtchn (is the module xen-evtchn loaded?)");
    // take() must return, not wait, when there is nothing.
    if (fcntl(descriptor(), F_SETFL, fcntl(descriptor(), F_GETFL) | O_NONBLOCK) < 0)
        fail("cannot make /dev/xen/evtchn non-blocking");
    restricted_ = xenevtchn_restrict(handle_.get(), static_cast<domid_t>(domain_)) == 0;
}

unsigned EventChannels::bind(std::uint32_t remote_port)
{
    const int port = xenevtchn_bind_interdomain(handle_.get(), domain_, remote_port);
    if (port < 0)
        fail(fmt::format("cannot bind event channel {} of domain {}", remote_port, domain_));
    return static_cast<unsigned>(port);
}

void EventChannels::notify(unsigned port)
{
    (void)xenevtchn_notify(handle_.get(), port);
}

void EventChannels::unbind(unsigned port)
{
    (void)xenevtchn_unbind(handle_.get(), port);
}

int EventChannels::descriptor() const
{
    return xenevtchn_fd(handle_.get());
}

std::optional<unsigned> EventChannels::take()
{
    const int port = xenevtchn_pending(handle_.get());
    if (port < 0)
        return std::nullopt;
    (void)xenevtchn_unmask(handle_.get(), static_cast<evtchn_port_t>(port));
    return static_cast<unsigned>(port);
}

} // namespace sndback
