// SPDX-License-Identifier: GPL-2.0-only
// An application that uses a sound card whose backend is hostile, and does not give up.
#pragma once

#include "pcm.h"

#include <atomic>
#include <thread>

namespace selftest {

// "hw:N,DEVICE" of any card there is now; empty when there is none.
std::string any_pcm(unsigned int device);

class Victim {
  public:
    // Opens, plays or records, and after any error begins again, from now until stop().
    Victim(snd_pcm_stream_t direction, const Setup &setup);
    ~Victim();
    Victim(const Victim &) = delete;
    Victim &operator=(const Victim &) = delete;

    // Ends it; false when it hangs in a call.
    bool stop();
    // What it did, for people.
    std::string report() const;

  private:
    void run();
    void use();
    void move_frames(Pcm &pcm);

    snd_pcm_stream_t direction_;
    Setup setup_;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> has_ended_ = false;
    std::atomic<unsigned int> opens_ = 0;
    std::atomic<unsigned int> errors_ = 0;
    std::atomic<unsigned long> frames_ = 0;
    std::thread thread_;
};

} // namespace selftest
