// SPDX-License-Identifier: GPL-2.0-only
//
// The list of grants that describes a stream's shared buffer (sndif.h, struct
// xensnd_page_directory).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <vector>

#include "protocol/sndif.hpp"

namespace sndback {

// A directory that cannot be used; the message says why.
class BadDirectory : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

using DirectoryPage = std::span<const std::uint32_t, page_size / sizeof(std::uint32_t)>;

// Gives access to one page of the directory for the duration of the call of the second argument.
// May throw.
using ReadDirectoryPage =
    std::function<void(grant_ref_t, const std::function<void(DirectoryPage)> &)>;

// Collects the grant references of a buffer of `buffer_bytes` octets in order. Reads each page
// once, visits only as many pages as the size needs and so ends on a chain that loops. Throws
// BadDirectory.
[[nodiscard]] std::vector<grant_ref_t> walk_page_directory(grant_ref_t first,
                                                           std::uint32_t buffer_bytes,
                                                           const ReadDirectoryPage &read_page);

} // namespace sndback
