// SPDX-License-Identifier: GPL-2.0-only
// Classifies the events of a backend, and limits how often it may interrupt for each class. Beyond
// that interrupts count as spurious, as those without any event, and the shim throttles them.
#pragma once

#include "driver/rate_limit.hpp"

namespace xen_front {

enum class EventNews : uint8_t {
    None,
    Repeated, // a position that is known already: the device stands still, or is paused
    Moved,
};

// When events interrupt.
enum class EventDelivery : uint8_t {
    AtOnce,
    Late, // the last interrupt was one too many: the next is held back
    Never, // the event channel is masked
};

class InterruptLimits {
  public:
    void prepare(uint32_t rate, uint32_t period_frames)
    {
        // Some at once, and for each period two responses and two events, or positions inside it.
        // An application may write pieces far smaller than a period, of which each has a response.
        periods_.set_burst(max(burst + 4 * rate / period_frames, periods_min));
        const uint32_t positions = burst + 12 * rate / period_frames;
        partial_.set_burst(min(positions, partial_max));
        repeated_.set_burst(min(positions, repeated_max));
    }
    // For the end of a period, or a response of a stream that moves: what the application asks for
    // before that limits itself. It may read, or write, as fast as the backend can, and has to
    // sleep now and then: the kernel kills a thread in real time that does not.
    bool allow_period()
    {
        return periods_.allow();
    }
    // For anything else.
    bool allow(EventNews news)
    {
        return news == EventNews::Moved ? partial_.allow()
                                        : news == EventNews::Repeated && repeated_.allow();
    }

  private:
    // A second, at most. Repetitions are those of a timer with a period of 5 ms, and some.
    static constexpr uint32_t burst = 64;
    static constexpr uint32_t periods_min = 800;
    static constexpr uint32_t partial_max = 1200;
    static constexpr uint32_t repeated_max = 250;

    RateLimit partial_ { partial_max, 1000 }; // positions inside a period
    RateLimit repeated_ { repeated_max, 1000 };
    RateLimit periods_ { periods_min, 1000 };
};

} // namespace xen_front
