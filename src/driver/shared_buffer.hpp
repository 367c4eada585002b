// SPDX-License-Identifier: GPL-2.0-only
// The audio buffer of a stream, shared with the backend.
#pragma once

#include "kernel/granted_page.hpp"

namespace xen_front {

// Pages of audio, contiguous for the kernel, and the directory that lists them for the backend.
class SharedBuffer {
  public:
    // @bytes is not zero. NoMemory, or NoSpace when the grant table is full. Context: may sleep.
    static Result<Box<SharedBuffer>> create(DomainId domain, uint32_t bytes);

    void *address() const
    {
        return mapping_.address();
    }
    uint32_t bytes() const
    {
        return bytes_;
    }
    // For OPEN.gref_directory.
    GrantRef directory() const
    {
        return directory_[0].reference();
    }

  private:
    Result<void> write_directory();

    uint32_t bytes_ = 0;
    Array<GrantedPage> pages_;
    Array<GrantedPage> directory_;
    PageMapping mapping_; // gone before the pages are
};

} // namespace xen_front
