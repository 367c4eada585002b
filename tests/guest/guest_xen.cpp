// SPDX-License-Identifier: GPL-2.0-only
#include "guest_xen.h"

#include "ktap.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>

// The headers do not say that the libraries are C.
extern "C" {
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>
}

namespace selftest {

namespace {

constexpr std::uint32_t backend_domain = 0;
constexpr std::size_t page_bytes = 4096;

struct Free {
    void operator()(void *memory) const
    {
        std::free(memory);
    }
};

void require(bool condition, const std::string &what)
{
    expect(condition, what + ": " + std::strerror(errno));
}

} // namespace

void GuestXen::Closer::operator()(xs_handle *handle) const
{
    xs_close(handle);
}

void GuestXen::Closer::operator()(xenevtchn_handle *handle) const
{
    xenevtchn_close(handle);
}

void GuestXen::Closer::operator()(xengntdev_handle *handle) const
{
    xengntshr_close(handle);
}

GuestXen::GuestXen()
    : store_(xs_open(0)), channels_(xenevtchn_open(nullptr, 0)), grants_(xengntshr_open(nullptr, 0))
{
    require(store_ != nullptr, "cannot reach XenStore");
    require(channels_ != nullptr, "/dev/xen/evtchn");
    require(grants_ != nullptr, "/dev/xen/gntalloc");
    const int descriptor = xenevtchn_fd(channels_.get());
    require(fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0,
            "/dev/xen/evtchn cannot be made non-blocking");
}

unsigned GuestXen::domain()
{
    const std::optional<std::string> number = read("domid");
    require(number.has_value(), "XenStore does not tell which domain this is");
    return static_cast<unsigned>(std::stoul(*number));
}

void GuestXen::write(const std::string &path, const std::string &value)
{
    (void)xs_write(store_.get(), XBT_NULL, path.c_str(), value.data(),
                   static_cast<unsigned>(value.size()));
}

void GuestXen::remove(const std::string &path)
{
    (void)xs_rm(store_.get(), XBT_NULL, path.c_str());
}

std::optional<std::string> GuestXen::read(const std::string &path)
{
    unsigned length = 0;
    const std::unique_ptr<void, Free> value(xs_read(store_.get(), XBT_NULL, path.c_str(), &length));
    if (value == nullptr)
        return std::nullopt;
    return std::string(static_cast<const char *>(value.get()), length);
}

void GuestXen::introduce(unsigned, const std::string &)
{
}

void GuestXen::release(unsigned)
{
    throw Failure { "a domain that dies cannot report: this attack is one for the host" };
}

GuestXen::Page GuestXen::grant_page(unsigned)
{
    std::uint32_t grant = 0;
    auto *page = static_cast<std::byte *>(
        xengntshr_share_pages(grants_.get(), backend_domain, 1, &grant, 1));
    require(page != nullptr, "no page can be granted after " + std::to_string(pages_.size()) +
                                 " (/sys/module/xen_gntalloc/parameters/limit)");
    std::memset(page, 0, page_bytes);
    pages_[grant] = page;
    return { grant, page };
}

void GuestXen::revoke(unsigned, std::uint32_t grant)
{
    const auto page = pages_.find(grant);
    if (page == pages_.end())
        return;
    (void)xengntshr_unshare(grants_.get(), page->second, 1);
    // An attack that goes on to write there is not to die of it.
    void *memory = mmap(page->second, page_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    require(memory != MAP_FAILED, "no memory in place of a page that was revoked");
    pages_.erase(page);
}

std::uint32_t GuestXen::allocate_port(unsigned)
{
    const int port = xenevtchn_bind_unbound_port(channels_.get(), backend_domain);
    require(port >= 0, "no event channel can be allocated");
    return static_cast<std::uint32_t>(port);
}

void GuestXen::notify(std::uint32_t port)
{
    (void)xenevtchn_notify(channels_.get(), port);
}

bool GuestXen::wait(const std::function<bool()> &condition, std::chrono::milliseconds patience)
{
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end)
            return false;
        // Neither a ring that the backend does not announce nor a node without a watch wakes this
        // up: both are looked at again after a millisecond.
        pollfd descriptor { xenevtchn_fd(channels_.get()), POLLIN, 0 };
        poll(&descriptor, 1, 1);
        for (int port = 0; (port = xenevtchn_pending(channels_.get())) >= 0;)
            (void)xenevtchn_unmask(channels_.get(), static_cast<evtchn_port_t>(port));
    }
    return true;
}

} // namespace selftest
