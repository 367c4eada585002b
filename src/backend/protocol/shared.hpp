// SPDX-License-Identifier: GPL-2.0-only
//
// Access to memory that another domain may write at any moment: every word is read or written
// exactly once.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <type_traits>

#include "protocol/sndif.hpp"

namespace sndback {

using SharedPage = std::byte[page_size];

// An index that both sides see. `offset` is that of the field within the page.
class SharedIndex {
  public:
    SharedIndex(std::byte *page, std::size_t offset)
        : word_(*reinterpret_cast<std::uint32_t *>(page + offset))
    {
    }

    [[nodiscard]] std::uint32_t load() const
    {
        return word_.load(std::memory_order_acquire);
    }
    void store(std::uint32_t value)
    {
        word_.store(value, std::memory_order_release);
    }

  private:
    mutable std::atomic_ref<std::uint32_t> word_;
};

// Orders a store to one shared index before a load of another one: the hold-off handshake of ring.h
// needs it.
inline void full_barrier()
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

// A private copy of a packet in a shared page.
template <typename Packet> [[nodiscard]] Packet load_packet(std::byte *source)
{
    static_assert(std::is_trivially_copyable_v<Packet> &&
                  sizeof(Packet) % sizeof(std::uint64_t) == 0);
    std::array<std::uint64_t, sizeof(Packet) / sizeof(std::uint64_t)> words;
    auto *shared = reinterpret_cast<std::uint64_t *>(source);
    for (std::size_t index = 0; index < words.size(); ++index)
        words[index] =
            std::atomic_ref<std::uint64_t>(shared[index]).load(std::memory_order_relaxed);
    Packet packet;
    std::memcpy(&packet, words.data(), sizeof(packet));
    return packet;
}

// Puts a packet into a shared page; the index that publishes it is stored afterwards.
template <typename Packet> void store_packet(std::byte *target, const Packet &packet)
{
    static_assert(std::is_trivially_copyable_v<Packet> &&
                  sizeof(Packet) % sizeof(std::uint64_t) == 0);
    std::array<std::uint64_t, sizeof(Packet) / sizeof(std::uint64_t)> words;
    std::memcpy(words.data(), &packet, sizeof(packet));
    auto *shared = reinterpret_cast<std::uint64_t *>(target);
    for (std::size_t index = 0; index < words.size(); ++index)
        std::atomic_ref<std::uint64_t>(shared[index])
            .store(words[index], std::memory_order_relaxed);
}

} // namespace sndback
