// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "server/session.h"

struct xengntdev_handle;

namespace sndback {

// Maps pages that one domain has granted, for reading and writing.
class GrantMapper final : public GuestMemory {
  public:
    // Throws std::runtime_error if /dev/xen/gntdev cannot be used.
    // @keeps_mappings, for attacks: nothing is unmapped, and KeptPages knows it.
    explicit GrantMapper(unsigned domain, bool keeps_mappings = false);

    // The mapping must not outlive the mapper.
    [[nodiscard]] std::unique_ptr<GuestPages> map(std::span<const grant_ref_t> grants) override;

  private:
    struct Closer {
        void operator()(xengntdev_handle *handle) const;
    };
    unsigned domain_;
    bool keeps_mappings_;
    std::unique_ptr<xengntdev_handle, Closer> handle_;
};

} // namespace sndback
