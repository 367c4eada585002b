// SPDX-License-Identifier: GPL-2.0-only
#include "fake/heap.hpp"

#include <cstdlib>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "kshim/memory.h"

namespace xen_front::fake {

Heap::~Heap()
{
    for (const auto &[memory, block] : blocks_)
        std::free(const_cast<void *>(memory));
}

void *Heap::allocate(size_t size, const std::string &purpose)
{
    void *memory = std::calloc(1, size);
    if (memory != nullptr)
        blocks_[memory] = { size, ++last_number_, purpose };
    return memory;
}

size_t Heap::size_of(const void *memory) const
{
    const auto found = blocks_.find(memory);
    return found == blocks_.end() ? 0 : found->second.size;
}

bool Heap::free(const void *memory)
{
    if (blocks_.erase(memory) == 0) {
        report_fault("kshim_free() of memory that is not allocated: freed twice, or never");
        return false;
    }
    std::free(const_cast<void *>(memory));
    return true;
}

std::string Heap::leaks() const
{
    std::string text;
    for (const auto &[memory, block] : blocks_)
        text += "memory: " + block.purpose + ", " + std::to_string(block.size) +
                " bytes, allocation number " + std::to_string(block.number) + "\n";
    return text;
}

} // namespace xen_front::fake

using namespace xen_front::fake;

void *kshim_alloc(size_t size)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_alloc()");
    if (kernel.injector.is_failing("kshim_alloc", -ENOMEM))
        return nullptr;
    return kernel.heap.allocate(size, "kshim_alloc()");
}

void kshim_free(const void *memory)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_free()");
    if (memory == nullptr)
        return;
    const size_t size = kernel.heap.size_of(memory);
    if (kernel.context.is_lock_held_in(memory, size))
        report_fault("kshim_free() of memory with a lock in it that is held");
    kernel.locks.on_memory_freed(memory, size);
    kernel.works.on_memory_freed(memory, size);
    kernel.heap.free(memory);
}
