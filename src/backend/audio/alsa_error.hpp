// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>

namespace sndback {

// A call of alsa-lib failed. The message names the PCM, the step, the reason and, of common
// failures, a remedy.
class AlsaError : public std::runtime_error {
  public:
    // `error`: a positive errno.
    AlsaError(const std::string &pcm, const std::string &step, int error);
    // Positive errno.
    [[nodiscard]] int error() const
    {
        return error_;
    }
    // An underrun or overrun, a suspension, or no more than bad timing: the PCM can go on.
    [[nodiscard]] bool is_recoverable() const
    {
        return is_recoverable(-error_);
    }
    // Likewise of what a call of alsa-lib returns.
    [[nodiscard]] static bool is_recoverable(long result)
    {
        return result == -EPIPE || result == -ESTRPIPE || result == -EAGAIN || result == -EINTR;
    }

  private:
    int error_;
};

} // namespace sndback
