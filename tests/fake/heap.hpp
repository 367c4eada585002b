// SPDX-License-Identifier: GPL-2.0-only
// kshim_alloc() and kshim_free(): who allocated what, so that nothing is lost or freed twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace xen_front::fake {

class Heap {
  public:
    Heap() = default;
    Heap(const Heap &) = delete;
    Heap &operator=(const Heap &) = delete;
    ~Heap();

    // Zeroed; @purpose is named if it is leaked.
    void *allocate(size_t size, const std::string &purpose);
    // False, after a fault, when @memory is not allocated.
    bool free(const void *memory);
    // 0 when @memory is not the start of an allocation.
    size_t size_of(const void *memory) const;
    // One line for each allocation that is still there.
    std::string leaks() const;

  private:
    struct Block {
        size_t size;
        uint64_t number; // of the allocation, from 1
        std::string purpose;
    };
    std::map<const void *, Block> blocks_;
    uint64_t last_number_ = 0;
};

} // namespace xen_front::fake
