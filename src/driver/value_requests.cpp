// SPDX-License-Identifier: GPL-2.0-only
#include "driver/value_requests.hpp"

namespace xen_front {

using wire::Operation;

void ValueRequests::open(const SharedBuffer &buffer, uint32_t channels)
{
    buffer_ = &buffer;
    channels_ = channels;
    // This backend, with other parameters, may accept what it has refused before.
    is_without_rows_ = false;
    is_wait_over_ = false;
    for (Row &row : rows_) {
        // OPEN was answered, and this is not: each try would take another slot of the ring.
        row.state = row.is_unanswered() ? RowState::GivenUp : RowState::Settled;
        row.is_refused = row.is_unanswered();
    }
    on_put(KSHIM_CONTROL_VOLUME);
    on_put(KSHIM_CONTROL_SWITCH);
}

void ValueRequests::close(bool is_refused)
{
    buffer_ = nullptr;
    is_without_rows_ = is_refused;
    for (Row &row : rows_) {
        if (row.state != RowState::GivenUp)
            row.state = RowState::Settled;
    }
}

void ValueRequests::on_put(kshim_control_kind kind)
{
    if (buffer_ == nullptr)
        return;
    if (kind == KSHIM_CONTROL_SWITCH) {
        make_due(Operation::Mute);
        make_due(Operation::Unmute);
        return;
    }
    // A volume that no application has chosen is the backend's.
    if (mixer_.is_volume_chosen())
        make_due(Operation::SetVolume);
    make_due(Operation::GetVolume);
}

void ValueRequests::make_due(Operation operation)
{
    RowState &state = row_of(operation).state;
    if (state == RowState::GivenUp)
        return;
    const bool is_sent = state == RowState::Sent || state == RowState::SentAndDue;
    state = is_sent ? RowState::SentAndDue : RowState::Due;
}

bool ValueRequests::write_row(Operation operation)
{
    const Span<uint32_t> row = buffer_->values(operation, channels_);
    switch (operation) {
    case Operation::Mute:
        return mixer_.write_switches(row, false);
    case Operation::Unmute:
        return mixer_.write_switches(row, true);
    default:
        // GET_VOLUME leaves what the backend has; until then the row holds what is shown.
        const Mixer::Written written = mixer_.write_volumes(row);
        if (operation == Operation::GetVolume)
            asked_with_ = written;
        return true;
    }
}

bool ValueRequests::next(wire::Request &request)
{
    for (uint32_t i = 0; i < value_rows; i++) {
        const auto operation =
            static_cast<Operation>(static_cast<uint32_t>(Operation::SetVolume) + i);
        Row &row = rows_[i];
        if (row.state != RowState::Due)
            continue;
        // What is read back is what was set before.
        if (operation == Operation::GetVolume &&
            row_of(Operation::SetVolume).state == RowState::SentAndDue)
            continue;
        if (!write_row(operation)) {
            row.state = RowState::Settled;
            row.is_refused = false;
            continue;
        }
        request = {};
        request.operation = operation;
        request.transfer = value_row(operation, buffer_->bytes(), channels_);
        return true;
    }
    return false;
}

void ValueRequests::on_sent(Operation operation, RequestId id)
{
    Row &row = row_of(operation);
    row.state = RowState::Sent;
    row.id = id;
}

void ValueRequests::on_response(const Response &response)
{
    Row &row = row_of(response.operation);
    if (!(row.id == response.id))
        return;
    row.id = RequestId();
    if (row.state == RowState::GivenUp) {
        row.state = RowState::Settled;
        row.is_refused = false;
        if (buffer_ != nullptr)
            make_due(response.operation);
        return;
    }
    if (buffer_ == nullptr || (row.state != RowState::Sent && row.state != RowState::SentAndDue))
        return;
    row.state = row.state == RowState::SentAndDue ? RowState::Due : RowState::Settled;
    const bool is_refused = response.status != 0;
    row.was_accepted |= !is_refused;
    if (response.operation == Operation::GetVolume)
        on_volumes_read(is_refused);
    else
        row.is_refused = is_refused;
}

void ValueRequests::on_volumes_read(bool is_refused)
{
    // What an application has chosen stays its choice: another OPEN may have it.
    if (asked_with_.is_chosen && row_of(Operation::SetVolume).is_refused)
        return;
    if (!is_refused)
        have_volumes_changed_ |=
            mixer_.read_volumes(buffer_->values(Operation::GetVolume, channels_), asked_with_);
    else if (!asked_with_.is_chosen && row_of(Operation::SetVolume).state == RowState::Settled)
        // The backend does not tell; what the control shows can still be made true.
        make_due(Operation::SetVolume);
}

bool ValueRequests::are_settled() const
{
    for (const Row &row : rows_) {
        if (row.state != RowState::Settled && row.state != RowState::GivenUp)
            return false;
    }
    return true;
}

ValueRequests::Support ValueRequests::support(kshim_control_kind kind) const
{
    const bool is_volume = kind == KSHIM_CONTROL_VOLUME;
    // SET_VOLUME is not sent before there is a volume to set.
    const Operation one = is_volume ? Operation::SetVolume : Operation::Mute;
    const Operation other = is_volume ? Operation::GetVolume : Operation::Unmute;
    const bool is_accepted = row_of(one).was_accepted || row_of(other).was_accepted;
    // A backend that has answered the other request is late with this one.
    const auto is_denied = [&](const Row &row) {
        const bool is_refused = row.is_refused && !(row.is_unanswered() && is_accepted);
        return !row.was_accepted && (is_refused || is_without_rows_);
    };
    // What one OPEN refuses another one may accept: it shows when that has answered.
    const auto is_open_question = [](const Row &row) {
        return !row.was_accepted && row.state != RowState::Settled &&
               row.state != RowState::GivenUp;
    };
    if (is_denied(row_of(one)) || (!is_volume && is_denied(row_of(other))))
        return Support::Refused;
    if (is_open_question(row_of(one)) || (!is_volume && is_open_question(row_of(other))))
        return Support::Unknown;
    return is_accepted ? Support::Accepted : Support::Unknown;
}

bool ValueRequests::exchange_controls()
{
    bool have_changed = false;
    for (const kshim_control_kind kind : control_kinds) {
        const Support now = support(kind);
        if (now == Support::Unknown)
            continue;
        const bool is_shown = now == Support::Accepted;
        have_changed |= exchange(controls_.is_shown[kind], is_shown) != is_shown;
    }
    return have_changed;
}

bool ValueRequests::are_controls_due() const
{
    const bool are_known = support(KSHIM_CONTROL_VOLUME) != Support::Unknown &&
                           support(KSHIM_CONTROL_SWITCH) != Support::Unknown;
    return !is_wait_over_ &&
           (!(shown_ == controls_) || (buffer_ != nullptr && !are_known && !are_settled()));
}

} // namespace xen_front
