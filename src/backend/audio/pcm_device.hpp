// SPDX-License-Identifier: GPL-2.0-only
//
// What a stream is connected to between OPEN and CLOSE.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "audio/frame_clock.hpp"
#include "audio/gain.hpp"
#include "audio/progress.hpp"
#include "protocol/format.hpp"

namespace sndback {

// Told about what happens on a device. Called from the stream's thread.
class DeviceListener {
  public:
    // Playback reached the end of what the guest had written before it wrote more. `position`:
    // octets since OPEN.
    virtual void on_underrun(std::uint64_t position) = 0;
    // Captured octets were lost because the guest did not read them.
    virtual void on_overrun(std::uint64_t position, std::uint64_t lost) = 0;
    // The card stopped because this domain, and not the guest, was late: the stream had not given
    // it frames that waited, or had not fetched what it captured. ALSA does not tell how many
    // frames of capture are lost.
    virtual void on_card_stopped(std::uint64_t position) = 0;
    // Something worth a line in the log, or an error of the device that leaves the stream going.
    virtual void on_note(std::string_view text) = 0;
    virtual void on_device_error(std::string_view text) = 0;

  protected:
    ~DeviceListener() = default;
};

// A request that is answered with an error; nothing has changed.
class Refusal : public std::runtime_error {
  public:
    // `status` is what goes into the response: a negative XEN_E*.
    Refusal(int status, const std::string &text) : std::runtime_error(text), status_(status)
    {
    }
    [[nodiscard]] int status() const
    {
        return status_;
    }

  private:
    int status_;
};

// The parameters of XENSND_OP_OPEN, validated.
struct OpenParameters {
    StreamFormat format;
    std::uint32_t buffer_bytes;
    std::uint32_t period_bytes; // 0: no position is to be reported
    PositionPolicy policy;

    // Of a guest that has none: a quarter of its buffer.
    [[nodiscard]] std::uint32_t period() const
    {
        return period_bytes != 0 ? period_bytes : buffer_bytes / 4;
    }
};

// A frontend that notifies only when xen-sndback asks for it is heard so much later: its STOP, too.
inline constexpr Time longest_patience = std::chrono::milliseconds(50);

// PcmDevice::patience() of playback that has been given what lasts for `left`. None with periods so
// long that the wait would end before them: that would be one more wake-up.
constexpr Time patience_with(Time left, Time period)
{
    return period <= longest_patience && left >= 2 * period
               ? std::min(left - period, longest_patience)
               : Time {};
}

// Whether poll() has found any of them ready.
[[nodiscard]] inline bool is_signalled(std::span<const pollfd> descriptors)
{
    return std::any_of(descriptors.begin(), descriptors.end(),
                       [](const pollfd &descriptor) { return descriptor.revents != 0; });
}

// One open PCM, playback or capture. All calls come from the stream's thread; none waits. The
// transitions that arrive are valid ones: stopped -> running <-> paused, running or paused ->
// stopped.
class PcmDevice {
  public:
    virtual ~PcmDevice() = default;

    // start() and resume() throw Refusal if the device has failed.
    virtual void start(Time now) = 0;
    virtual void pause(Time now) = 0;
    virtual void resume(Time now) = 0;
    // Frames not played yet are dropped and the position stays where it is.
    virtual void stop(Time now) = 0;

    // Playback: takes all of `data`. Capture: fills all of it. Returns the offset of its first
    // octet in the stream since OPEN, or nothing if there is no room, or no data, yet. Throws
    // Refusal if there never will be.
    [[nodiscard]] virtual std::optional<std::uint64_t> transfer(std::span<std::byte> data,
                                                                Time now) = 0;

    // Octets that stop(), or the destructor, would go through. This takes time, as a request does.
    [[nodiscard]] virtual std::uint64_t left_to_render() const
    {
        return 0;
    }

    // Playback that has been stopped: whether what was played has also been heard. Until then the
    // device is not to be closed.
    [[nodiscard]] virtual bool is_silent(Time) const
    {
        return true;
    }

    // When service() has to be called next, if time alone decides that.
    [[nodiscard]] virtual std::optional<Time> deadline() const = 0;

    // How long the requests of a guest that waits for no answer may be left in the ring: of
    // playback, until less than a period is left to play; otherwise not at all. service() was just
    // called.
    [[nodiscard]] virtual Time patience(Time) const
    {
        return {};
    }

    // Adds the descriptors that call for service().
    virtual void add_descriptors(std::vector<pollfd> &) const
    {
    }

    // Does what is due; `ready` are this device's descriptors as poll() returned them. If none is
    // signalled, all that the guest has written so far has been transferred before. Returns the
    // position in octets since OPEN if it is to be reported now. Of a device that has failed, that
    // is where the guest makes its next request, which transfer() refuses.
    [[nodiscard]] virtual std::optional<std::uint64_t> service(Time now,
                                                               std::span<pollfd> ready) = 0;
};

} // namespace sndback
