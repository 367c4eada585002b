// SPDX-License-Identifier: GPL-2.0-only
// kshim's locks and completions: which of them exist.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace xen_front::fake {

class Locks {
  public:
    void on_mutex_init(const void *mutex);
    void on_mutex_destroy(const void *mutex);
    // Mutexes have to be destroyed before their memory goes.
    void on_memory_freed(const void *memory, size_t size);
    std::string leaks() const;

  private:
    std::vector<const void *> mutexes_;
};

} // namespace xen_front::fake
