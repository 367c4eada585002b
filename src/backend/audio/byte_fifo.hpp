// SPDX-License-Identifier: GPL-2.0-only
//
// A bounded queue of octets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace sndback {

class ByteFifo {
  public:
    explicit ByteFifo(std::size_t capacity) : storage_(capacity)
    {
    }

    [[nodiscard]] std::size_t size() const
    {
        return size_;
    }
    [[nodiscard]] std::size_t room() const
    {
        return storage_.size() - size_;
    }
    [[nodiscard]] std::size_t capacity() const
    {
        return storage_.size();
    }

    // Appends data; there must be room for all of it.
    void push(std::span<const std::byte> data)
    {
        const std::size_t end = (begin_ + size_) % storage_.size();
        const std::size_t first = std::min(data.size(), storage_.size() - end);
        std::copy_n(data.begin(), first, storage_.begin() + static_cast<std::ptrdiff_t>(end));
        std::copy(data.begin() + static_cast<std::ptrdiff_t>(first), data.end(), storage_.begin());
        size_ += data.size();
    }

    // Copies data without removing it, `offset` octets behind the oldest; there must be that much.
    void peek(std::span<std::byte> target, std::size_t offset = 0) const
    {
        const std::size_t begin = (begin_ + offset) % storage_.size();
        const std::size_t first = std::min(target.size(), storage_.size() - begin);
        std::copy_n(storage_.begin() + static_cast<std::ptrdiff_t>(begin), first, target.begin());
        std::copy_n(storage_.begin(), target.size() - first,
                    target.begin() + static_cast<std::ptrdiff_t>(first));
    }

    // Removes the oldest data; there must be that much.
    void drop(std::size_t bytes)
    {
        begin_ = (begin_ + bytes) % storage_.size();
        size_ -= bytes;
    }

    void clear()
    {
        begin_ = size_ = 0;
    }

  private:
    std::vector<std::byte> storage_;
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
};

} // namespace sndback
