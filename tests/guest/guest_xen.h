// SPDX-License-Identifier: GPL-2.0-only
// The real Xen, as a program of a guest reaches it: for a frontend of its own in the kernel's
// place.
#pragma once

#include "backend/machine/xen.h"

#include <map>
#include <memory>

struct xs_handle;
struct xenevtchn_handle;
struct xengntdev_handle;

namespace selftest {

// The backend is in domain 0. Of what has to succeed, functions throw Failure if it does not.
class GuestXen final : public sndback::fake::Xen {
  public:
    GuestXen();

    // The number of this domain.
    [[nodiscard]] unsigned domain();

    // What XenStore does not let this guest write or remove stays as it is.
    void write(const std::string &path, const std::string &value) override;
    void remove(const std::string &path) override;
    [[nodiscard]] std::optional<std::string> read(const std::string &path) override;
    // There is nothing to do: this program runs in the domain.
    void introduce(unsigned domain, const std::string &name) override;
    // Throws: with its domain the program would die, and could not report.
    void release(unsigned domain) override;
    [[nodiscard]] Page grant_page(unsigned domain) override;
    void revoke(unsigned domain, std::uint32_t grant) override;
    [[nodiscard]] std::uint32_t allocate_port(unsigned domain) override;
    void notify(std::uint32_t port) override;
    bool wait(const std::function<bool()> &condition, std::chrono::milliseconds patience) override;

  private:
    struct Closer {
        void operator()(xs_handle *handle) const;
        void operator()(xenevtchn_handle *handle) const;
        void operator()(xengntdev_handle *handle) const;
    };
    std::unique_ptr<xs_handle, Closer> store_;
    std::unique_ptr<xenevtchn_handle, Closer> channels_;
    std::unique_ptr<xengntdev_handle, Closer> grants_;
    std::map<std::uint32_t, std::byte *> pages_; // by grant
};

} // namespace selftest
