// SPDX-License-Identifier: GPL-2.0-only
// The buffer of a stream, shared with the backend.
#pragma once

#include "base/span.hpp"
#include "driver/deferred_list.hpp"
#include "kernel/granted_page.hpp"
#include "sndif/volume.hpp"

namespace xen_front {

// Pages of audio with the rows of values behind it (sndif/volume.hpp), contiguous for the kernel,
// and the directory that lists them for the backend.
class SharedBuffer {
  public:
    // @bytes of audio, not zero, and values of up to @channels channels. NoMemory, or NoSpace when
    // the grant table is full. Context: may sleep.
    static Result<Box<SharedBuffer>> create(DomainId domain, uint32_t bytes, uint32_t channels);

    // Grants all of it again, to @domain, after the guest was restored; then as show_values(). On
    // failure, as of create() and Busy when the old backend still maps it, it may be tried again.
    // Context: may sleep.
    Result<void> renew(DomainId domain);

    void *address() const
    {
        return mapping_.address();
    }
    // Of audio alone.
    uint32_t bytes() const
    {
        return bytes_;
    }
    bool has_values() const
    {
        return has_values_;
    }
    // The row of @operation in an open stream of @channels channels, which create() allowed for.
    Span<uint32_t> values(wire::Operation operation, uint32_t channels) const;
    // Leaves the rows out of what the backend is shown from the next OPEN on, for one that refuses
    // them. The backend does not have the stream open. Context: any.
    void hide_values();
    // Has the rows again, for another backend. As hide_values().
    void show_values();
    // Has a live migration transfer what the backend has written so far. Context: any.
    void touch();
    // Frees the pages that the backend no longer maps; false when it still maps one, or when they
    // are kept. After this, nothing but that and destroying is possible. Context: may sleep.
    bool try_end();
    // Its stream, which no longer uses it, may still have the backend write to it: see
    // DeferredGrants. nullptr: no longer.
    void keep_for(const void *stream)
    {
        kept_for_ = stream;
    }
    bool is_kept_for(const void *stream) const
    {
        return kept_for_ == stream;
    }
    // Of audio, values and directory.
    size_t grant_count() const
    {
        return pages_.size() + directory_.size();
    }
    const DeferredLink<SharedBuffer> &deferred() const
    {
        return deferred_;
    }
    // For OPEN.gref_directory.
    GrantRef directory() const
    {
        return directory_[0].reference();
    }
    // An OPEN in the ring names it.
    void set_offered()
    {
        was_offered_ = true;
    }
    bool was_offered() const
    {
        return was_offered_;
    }

  private:
    friend class DeferredList<SharedBuffer>;

    void read_references();
    // Lists the first @page_count pages.
    void write_directory(uint32_t page_count);

    DeferredLink<SharedBuffer> deferred_;
    uint32_t bytes_ = 0;
    bool has_values_ = true;
    bool was_offered_ = false;
    const void *kept_for_ = nullptr;
    Array<GrantedPage> pages_;
    Array<GrantedPage> directory_;
    Array<GrantRef> page_references_; // as the directory lists them
    Array<GrantRef> directory_references_;
    PageMapping mapping_; // gone before the pages are
};

} // namespace xen_front
