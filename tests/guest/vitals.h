// SPDX-License-Identifier: GPL-2.0-only
// How the guest is: its memory, its processor and its kernel log.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace selftest {

// Memory with contents that only its owner changes.
class Canary {
  public:
    explicit Canary(size_t bytes);
    ~Canary();
    Canary(const Canary &) = delete;
    Canary &operator=(const Canary &) = delete;

    // How many words are not as they were.
    size_t damage() const;

  private:
    uint64_t *words_;
    size_t count_;
};

// Takes memory, looks after a while whether it is still its own, and gives it back, from its
// construction until stop(): pages that others have given back come by here.
class MemoryChurn {
  public:
    MemoryChurn();
    ~MemoryChurn();

    // Ends it. How many words were changed by others.
    size_t stop();

  private:
    void run(const std::stop_token &stopping);

    size_t damage_ = 0;
    std::jthread thread_;
};

// Interrupts of the driver under test so far.
uint64_t driver_interrupts();

// What the kernel logs from construction on.
class KernelLog {
  public:
    KernelLog();
    ~KernelLog();
    KernelLog(const KernelLog &) = delete;
    KernelLog &operator=(const KernelLog &) = delete;

    // The lines since the last call.
    std::vector<std::string> take();
    // Whether @line belongs to what the kernel says when something is wrong with it.
    static bool is_report(const std::string &line);

  private:
    int descriptor_;
};

} // namespace selftest
