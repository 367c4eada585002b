// SPDX-License-Identifier: GPL-2.0-only
#include "threads/backend.hpp"

#include <algorithm>
#include <string>

#include "threads/kernel.hpp"

namespace xen_front::threads {

namespace {

uint32_t published(const std::string &node)
{
    const std::string value = Kernel::instance().get("device/vsnd/0/0/0/" + node);
    return static_cast<uint32_t>(std::stoul(value));
}

} // namespace

Backend::Backend()
    : ring_reference_(published(field::ring_reference)),
      page_reference_(published(field::event_ring_reference)),
      ring_(static_cast<wire::RingPage *>(Kernel::instance().map(ring_reference_))),
      page_(static_cast<wire::EventPage *>(Kernel::instance().map(page_reference_))),
      request_port_(published(field::event_channel)),
      event_port_(published(field::event_ring_channel))
{
    request_thread_ = std::thread([this] { serve_requests(); });
    event_thread_ = std::thread([this] { report_positions(); });
}

Backend::~Backend()
{
    is_stopping_ = true;
    request_thread_.join();
    event_thread_.join();
    Kernel::instance().unmap(ring_reference_);
    Kernel::instance().unmap(page_reference_);
}

void Backend::answer(const wire::Request &request)
{
    switch (request.operation) {
    case wire::Operation::Open:
        is_running_ = false;
        written_ = 0;
        period_bytes_ = request.open.period_sz;
        opened_++;
        break;
    case wire::Operation::Close:
        is_running_ = false;
        break;
    case wire::Operation::Write:
        written_ += request.transfer.length;
        break;
    case wire::Operation::Trigger:
        is_running_ = request.trigger.type == wire::TriggerType::Start ||
                      request.trigger.type == wire::TriggerType::Resume;
        break;
    default:
        break;
    }
    wire::Response response = {};
    response.id = request.id;
    response.operation = static_cast<uint8_t>(request.operation);
    response.hw_param = request.hw_param;
    const uint32_t produced = ring_->rsp_prod;
    ring_->slots[produced % wire::ring_size].response = response;
    __atomic_store_n(&ring_->rsp_prod, produced + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ring_->rsp_event, __ATOMIC_SEQ_CST) == produced + 1)
        Kernel::instance().raise(request_port_);
}

void Backend::serve_requests()
{
    while (!is_stopping_) {
        if (__atomic_load_n(&ring_->req_prod, __ATOMIC_ACQUIRE) == consumed_) {
            std::this_thread::yield();
            continue;
        }
        const wire::Request request = ring_->slots[consumed_++ % wire::ring_size].request;
        answer(request);
    }
}

void Backend::report_positions()
{
    uint64_t position = 0;
    uint32_t opened = 0;
    while (!is_stopping_) {
        if (opened != opened_) {
            opened = opened_;
            position = 0;
        }
        const uint64_t written = written_;
        const uint32_t produced = page_->in_prod;
        if (!is_running_ || position >= written ||
            produced - __atomic_load_n(&page_->in_cons, __ATOMIC_ACQUIRE) ==
                wire::event_ring_size) {
            std::this_thread::yield();
            continue;
        }
        position += std::min<uint64_t>(period_bytes_, written - position);
        wire::Event event = {};
        event.type = wire::event_current_position;
        event.position = position;
        page_->events[produced % wire::event_ring_size] = event;
        __atomic_store_n(&page_->in_prod, produced + 1, __ATOMIC_RELEASE);
        events_++;
        Kernel::instance().raise(event_port_);
    }
}

} // namespace xen_front::threads
