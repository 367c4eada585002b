// SPDX-License-Identifier: GPL-2.0-only
// Volume and mute as they go over the wire: sndif.h, "Request set/get volume" and "Request
// mute/unmute".
#pragma once

#include "base/checked.hpp"
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"

namespace xen_front {

// A volume as applications see it: a level from 0 to level_max in steps of 0.01 dB, of which the
// highest is 0 dB. sndif counts steps of 0.001 dB, 0 being 0 dB.
inline constexpr uint32_t level_max = 9600;
inline constexpr int32_t volume_per_level = 10;

// @level is at most level_max.
constexpr int32_t to_volume(uint32_t level)
{
    return (static_cast<int32_t>(level) - static_cast<int32_t>(level_max)) * volume_per_level;
}

// Of any @volume: rounded to the nearest level, and to the end of the range that it lies beyond.
constexpr uint32_t to_level(int32_t volume)
{
    const int32_t lowest = to_volume(0);
    const int32_t inside = volume < lowest ? lowest : volume > 0 ? 0 : volume;
    return static_cast<uint32_t>((inside - lowest + volume_per_level / 2) / volume_per_level);
}

static_assert(to_volume(level_max) == 0 && to_level(0) == level_max);
static_assert(to_level(-0x7fffffff - 1) == 0 && to_level(0x7fffffff) == level_max);
static_assert(to_level(-6019) == to_level(-6020) && to_volume(to_level(-6020)) == -6020);

// The values stand in the shared buffer, behind the audio and in a page of their own, since
// applications can map those of the audio. Each operation has a row, so that one which is carried
// out late finds, and leaves, values of no other kind. A row has a word for each channel; of mute
// and unmute only its first byte counts.
inline constexpr uint32_t value_rows = 4;
inline constexpr uint32_t word_bytes = sizeof(uint32_t);

// Where the rows begin behind @audio_bytes of audio.
constexpr uint32_t value_rows_offset(uint32_t audio_bytes)
{
    return static_cast<uint32_t>(round_up(audio_bytes, wire::page_size));
}

// How large a buffer is with the rows of @channels channels.
constexpr uint32_t bytes_with_values(uint32_t audio_bytes, uint32_t channels)
{
    return value_rows_offset(audio_bytes) + value_rows * word_bytes * channels;
}

// The number of the row of @operation, SetVolume to Unmute.
constexpr uint32_t value_row_index(wire::Operation operation)
{
    return static_cast<uint32_t>(operation) - static_cast<uint32_t>(wire::Operation::SetVolume);
}

static_assert(value_row_index(wire::Operation::Unmute) == value_rows - 1);

// Where in the buffer that row is.
constexpr wire::TransferRequest value_row(wire::Operation operation, uint32_t audio_bytes,
                                          uint32_t channels)
{
    const uint32_t length = word_bytes * channels;
    return { value_rows_offset(audio_bytes) + value_row_index(operation) * length, length };
}

// A word of a row, which the backend may change at any moment.
class SharedValue {
  public:
    explicit SharedValue(uint32_t *word) : word_(word)
    {
    }
    void store(uint32_t value) const
    {
        SharedIndex(word_).store(value);
    }
    // What GET_VOLUME left there, read once. There is no wrong one: see to_level().
    uint32_t load_level() const
    {
        uint32_t level = 0;
        (void)SharedIndex(word_).load().validate([&](uint32_t value) {
            level = to_level(static_cast<int32_t>(value));
            return true;
        });
        return level;
    }

  private:
    uint32_t *word_;
};

} // namespace xen_front
