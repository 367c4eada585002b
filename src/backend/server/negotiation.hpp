// SPDX-License-Identifier: GPL-2.0-only
//
// What OPEN and HW_PARAM_QUERY may ask for, by XenStore and by the guest's quota.
#pragma once

#include "protocol/hw_params.hpp"
#include "server/device_rules.hpp"

namespace sndback {

// A refusal that also breaks the protocol: a well-behaved frontend never causes it.
class Violation : public Refusal {
  public:
    explicit Violation(const std::string &text, int status = -XEN_EINVAL) : Refusal(status, text)
    {
    }
};

// What a stream is opened with. Throws Refusal, or Violation, for what it may not be.
[[nodiscard]] OpenParameters check_open(const xensnd_open_req &request, const Limits &configured,
                                        const Quota &quota, const PositionPolicy &positions);

// How often the stream's thread has to wake up, and what it moves. Without periods it moves frames
// on a few times a buffer.
[[nodiscard]] DeviceFactory::Load load_of(const OpenParameters &parameters);

// What is left of a question. Throws Refusal if nothing is.
[[nodiscard]] xensnd_query_hw_param answer_query(const xensnd_query_hw_param &question,
                                                 const Limits &configured, const Limits &device,
                                                 const Quota &quota);

} // namespace sndback
