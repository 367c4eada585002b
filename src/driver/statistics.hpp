// SPDX-License-Identifier: GPL-2.0-only
// What a stream counts, from the making of its card on. Plain numbers without a lock of their own:
// the ring lock covers every use.
#pragma once

#include "sndif/request_ring.hpp"

namespace xen_front {

// What went wrong last.
struct LastError {
    enum class Kind : uint8_t {
        None,
        Xrun,
        Refused, // operation, status
        Unanswered, // operation
        Stalled,
        Violation, // violation
    };

    Kind kind = Kind::None;
    wire::Operation operation = wire::Operation::Open;
    int32_t status = 0;
    Violation violation = Violation::None;
};

struct Statistics {
    static constexpr uint32_t violation_count = static_cast<uint8_t>(Violation::EventIndex) + 1;

    uint64_t requests[wire::operation_count] = {}; // by operation
    uint64_t responses = 0;
    uint64_t refusals = 0; // of them, those with a status other than 0
    uint64_t events = 0; // positions the backend has reported
    uint64_t backward_positions = 0; // of them
    uint64_t interrupts = 0;
    uint64_t spurious_interrupts = 0; // of them, those without news, or more than periods call for
    uint64_t notifications_sent = 0;
    uint64_t notifications_held_off = 0; // because the backend was busy anyway
    uint64_t coalesced_writes = 0; // times the application wrote what had to go with later frames
    uint64_t xruns = 0;
    uint64_t stalls = 0;
    uint64_t violations[violation_count] = {}; // by kind
    LastError last_error;

    void on_request(wire::Operation operation)
    {
        requests[static_cast<uint8_t>(operation)]++;
    }
    void on_response(const Response &response)
    {
        responses++;
        if (response.status == 0)
            return;
        refusals++;
        last_error = { LastError::Kind::Refused, response.operation, response.status,
                       Violation::None };
    }
    void on_notification(bool is_sent)
    {
        (is_sent ? notifications_sent : notifications_held_off)++;
    }
    void on_xrun()
    {
        xruns++;
        last_error = LastError();
        last_error.kind = LastError::Kind::Xrun;
    }
    void on_stall()
    {
        stalls++;
        last_error = LastError();
        last_error.kind = LastError::Kind::Stalled;
    }
    void on_time_out(wire::Operation operation)
    {
        last_error = { LastError::Kind::Unanswered, operation, 0, Violation::None };
    }
    void on_violation(Violation violation)
    {
        violations[static_cast<uint8_t>(violation)]++;
        last_error = LastError();
        last_error.kind = LastError::Kind::Violation;
        last_error.violation = violation;
    }
};

} // namespace xen_front
