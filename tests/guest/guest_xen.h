// SPDX-License-Identifier: GPL-2.0-only
// The real Xen, as a program of a guest reaches it: for a frontend of its own beside the kernel's.
#pragma once

#include "backend/machine/xen.h"

#include <map>
#include <memory>

struct xs_handle;
struct xenevtchn_handle;
struct xengntdev_handle;

namespace selftest {

class GuestXen final : public sndback::fake::Xen {
  public:
    // Throws Failure.
    GuestXen();

    // The number of this domain.
    [[nodiscard]] unsigned domain();

    void write(const std::string &path, const std::string &value) override;
    void remove(const std::string &path) override;
    [[nodiscard]] std::optional<std::string> read(const std::string &path) override;
    void introduce(unsigned domain) override;
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
