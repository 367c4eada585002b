// SPDX-License-Identifier: GPL-2.0-only
// A PCM device that an application has open: what the system calls on it do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fake/pcm_params.hpp"
#include "fake/sound.hpp"
#include "fake/timeline.hpp"

namespace xen_front::fake {

// Results are 0 or a negative errno; of what moves frames, their number or a negative errno.
class PcmFile {
  public:
    // Opens the first free substream of PCM device @device, or -errno in @status.
    static std::unique_ptr<PcmFile> open(kshim_card &card, unsigned int device,
                                         kshim_direction direction, int &status);
    ~PcmFile();
    PcmFile(const PcmFile &) = delete;
    PcmFile &operator=(const PcmFile &) = delete;

    int refine(PcmRanges &ranges);
    int hw_params(const PcmParams &params)
    {
        return hw_params(exactly(params));
    }
    int hw_params(const PcmRanges &ranges);
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

    // Waits for room, or frames, unless is_nonblocking.
    int64_t write(std::span<const uint8_t> data);
    int64_t read(std::span<uint8_t> data);
    bool is_nonblocking = false;
    // A signal came: what blocks returns -ERESTARTSYS.
    bool is_signalled = false;
    // Whether the next hw_params has SNDRV_PCM_HW_PARAMS_NO_PERIOD_WAKEUP.
    bool wants_no_period_wakeup = false;
    // To map the buffer, and not to read or write, from the next hw_params on.
    bool wants_mmap = false;
    // The application uses OSS's interface, and may change the parameters of a mapped buffer.
    bool is_oss = false;
    void set_mapped(bool is_mapped)
    {
        substream_.is_mapped = is_mapped;
    }

    // For a client of mmap, which looks, writes into the buffer by itself, and moves the pointer.
    int hwsync();
    int move_appl_ptr(uint64_t appl_ptr);
    // SYNC_PTR, which does both.
    int sync_ptr(uint64_t appl_ptr);
    // Return the frames by which the pointer moved. A rewind that fails returns 0.
    int64_t rewind(uint64_t frames);
    int64_t forward(uint64_t frames);
    int delay(int64_t &frames);
    struct Poll {
        bool is_ready;
        bool is_error;
    };
    Poll poll();
    std::span<uint8_t> buffer() const;

    PcmState state() const
    {
        return substream_.runtime.state;
    }
    uint64_t avail() const
    {
        return substream_.avail();
    }
    const PcmRuntime &runtime() const
    {
        return substream_.runtime;
    }
    const kshim_pcm_params &params() const
    {
        return substream_.runtime.params;
    }
    kshim_substream &substream() const
    {
        return substream_;
    }
    size_t bytes(uint64_t frames) const
    {
        return frames * params().frame_bits / 8;
    }
    // Whole ones; none before there are parameters.
    uint64_t frames(size_t bytes) const
    {
        return params().frame_bits == 0 ? 0 : bytes * 8 / params().frame_bits;
    }

    // The kernel's; errno.h does not have it.
    static constexpr int ERESTARTSYS = 512;

  private:
    // How long the fake kernel waits where the core has no limit.
    static constexpr Duration endless = std::chrono::hours(24);

    explicit PcmFile(kshim_substream &substream) : substream_(substream)
    {
    }

    bool is_gone() const;
    // The errno of a call that the core refuses before it looks at the stream; 0: it does not.
    int refusal() const;
    int do_hw_params(const PcmRanges &ranges);
    void do_hw_free();
    int do_drop();
    void set_state(PcmState state);
    // Moves up to @frames from or to @data, as the direction of the stream says.
    int64_t transfer(uint8_t *data, uint64_t frames);
    // The same with the stream lock held; how much was moved in @done.
    int transfer_all(uint8_t *data, uint64_t frames, uint64_t &done);
    int begin_transfer(uint64_t frames, uint64_t &wakeups);
    int accessible() const;
    int transfer_some(uint8_t *data, uint64_t frames, uint64_t &done, uint64_t &wakeups);
    int wait_for_frames(uint64_t &available, uint64_t wakeups);
    int sync_position();
    int64_t move_by(uint64_t frames, int64_t limit, bool is_forward);
    // Waits until @wakeups is no longer what it was @before, or a signal comes. False when @limit
    // has passed.
    bool wait(const uint64_t &wakeups, uint64_t before, Duration limit);
    // How long a wait may last.
    Duration wait_limit(const PcmRuntime &runtime) const;
    const kshim_substream *find_draining() const;
    // Runs @body with the stream lock held, and returns what it returns.
    int locked(const std::function<int()> &body);

    kshim_substream &substream_;
    bool has_mmap_ = false;
};

} // namespace xen_front::fake
