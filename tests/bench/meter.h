// SPDX-License-Identifier: GPL-2.0-only
// What a stretch of time costs the guest.
#pragma once

#include "channel.h"
#include "clock.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bench {

struct Reading {
    uint64_t time_ns;
    uint64_t interrupts; // of the driver's event channels
    uint64_t guest_switches; // context switches of the whole guest
};

Reading operator-(const Reading &after, const Reading &before);

// The numbers of all interrupts that exist now, by /sys/kernel/irq.
std::set<unsigned int> interrupt_numbers();

class Meter {
  public:
    // The driver's interrupts are those that are not among @others: names do not tell, because
    // the in-tree driver frees those it gives its interrupts.
    explicit Meter(const std::set<unsigned int> &others);
    ~Meter();
    Meter(const Meter &) = delete;
    Meter &operator=(const Meter &) = delete;

    // Has Dom0 note the processor time of both domains at each begin and end: see accountant.cpp.
    void use_accountant(uint32_t port);

    // Has the kernel trace, by this file of tracefs, from begin to end.
    void use_tracing(const std::string &path);

    // Begin and end of what is measured: the work of reading counters is outside of it.
    Reading begin();
    Reading end();

  private:
    struct Interrupt {
        int descriptor; // an open file: opening it takes longer than reading it
        uint64_t count = 0; // read last
    };

    Reading count();
    void note_processor_time() const;
    void trace(bool is_on) const;

    std::vector<Interrupt> interrupts_;
    int processor_statistics_;
    std::optional<Channel> accountant_;
    int tracing_ = -1; // open file; -1: the caller wants no trace
};

} // namespace bench
