// SPDX-License-Identifier: GPL-2.0-only
// A PCM device that an application has open, without alsa-lib between it and the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "fake/kernel.hpp"

namespace xen_front::fake {

enum class PcmState : uint8_t {
    Open,
    Setup,
    Prepared,
    Running,
    Xrun,
    Draining,
    Paused,
    Suspended,
    Disconnected,
};

// What an application asks for.
struct PcmParams {
    unsigned int format; // SNDRV_PCM_FORMAT_*
    unsigned int rate;
    unsigned int channels;
    unsigned int period_frames;
    unsigned int buffer_frames;
};

struct PcmPointers {
    PcmState state = PcmState::Open;
    uint64_t hw_ptr = 0;
    uint64_t appl_ptr = 0;
};

// int results are 0 or a negative errno; those that move frames return how many, or that.
class PcmFile {
  public:
    // Opens the first free substream of PCM device @device, or -errno in @status.
    static std::unique_ptr<PcmFile> open(kshim_card &card, unsigned int device,
                                         kshim_direction direction, int &status);
    ~PcmFile();
    PcmFile(const PcmFile &) = delete;
    PcmFile &operator=(const PcmFile &) = delete;

    int hw_params(const PcmParams &params);
    int sw_params(uint64_t start_threshold, uint64_t stop_threshold, uint64_t avail_min,
                  uint64_t silence_threshold = 0, uint64_t silence_size = 0);
    int hw_free();
    int prepare();
    int start();
    int pause(bool is_push);
    int drain();
    int drop();
    int reset();
    int link(PcmFile &other);
    int unlink();
    int64_t write(std::span<const uint8_t> data);
    int64_t read(std::span<uint8_t> data);
    // Mapped at the first call. Empty without wants_mmap.
    std::span<uint8_t> buffer();
    bool is_nonblocking = false;
    // Period wake-ups off, from the next hw_params on.
    bool wants_no_period_wakeup = false;
    // To map the buffer, and not to read or write, from the next hw_params on.
    bool wants_mmap = false;
    int hwsync();
    int move_appl_ptr(uint64_t appl_ptr);
    // Frames by which the pointer moved.
    int64_t rewind(uint64_t frames);
    int64_t forward(uint64_t frames);
    int delay(int64_t &frames);
    struct Poll {
        bool is_ready;
        bool is_error;
    };
    Poll poll() const;

    // As the kernel has them now; does not ask the driver.
    const PcmPointers &runtime() const;
    PcmState state() const
    {
        return runtime().state;
    }
    size_t bytes(uint64_t frames) const
    {
        return frames * frame_bits_ / 8;
    }
    uint64_t frames(size_t bytes) const
    {
        return frame_bits_ == 0 ? 0 : bytes * 8 / frame_bits_;
    }

  private:
    PcmFile(int descriptor, kshim_direction direction)
        : descriptor_(descriptor), direction_(direction)
    {
    }
    int call(unsigned long command, void *argument = nullptr) const;
    int call_with_number(unsigned long command, long number) const;
    int64_t move_by(unsigned long command, uint64_t frames) const;
    void set_blocking() const;

    const int descriptor_;
    const kshim_direction direction_;
    size_t frame_bits_ = 0;
    size_t buffer_bytes_ = 0;
    uint8_t *mapped_ = nullptr;
    mutable PcmPointers pointers_;
};

} // namespace xen_front::fake
