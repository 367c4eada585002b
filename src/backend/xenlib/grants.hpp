// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <atomic>

#include "server/session.hpp"

struct xengntdev_handle;

namespace sndback {

// Maps pages that one domain has granted, for reading and writing: one for all its streams.
class GrantMapper final : public GuestMemory {
  public:
    // Throws std::runtime_error if /dev/xen/gntdev cannot be used.
    explicit GrantMapper(unsigned domain);

    // How many pages may be mapped at a time.
    void set_limit(unsigned pages)
    {
        limit_ = pages;
    }

    // The mapping must not outlive the mapper.
    [[nodiscard]] std::unique_ptr<GuestPages> map(std::span<const grant_ref_t> grants) override;

  private:
    struct Closer {
        void operator()(xengntdev_handle *handle) const;
    };
    unsigned domain_;
    std::atomic<std::size_t> limit_ { 0 };
    std::atomic<std::size_t> mapped_ { 0 };
    std::unique_ptr<xengntdev_handle, Closer> handle_;
};

} // namespace sndback
