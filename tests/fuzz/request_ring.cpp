// SPDX-License-Identifier: GPL-2.0-only
// The request ring against a backend that writes anything into the page it shares.
#include "sndif/request_ring.hpp"

#include <cstring>
#include <map>
#include <memory>

#include "fuzz/require.hpp"
#include "support/choices.hpp"

namespace xen_front::test {
namespace {

using wire::Operation;

class RingFuzzer {
  public:
    explicit RingFuzzer(Choices &choices) : choices_(choices)
    {
        ring_.attach(page_.get());
    }
    void run()
    {
        while (choices_.has_more() && !is_broken_) {
            step();
            require(ring_.in_flight() == pending_.size(), "every request is counted");
            require(ring_.in_flight() <= wire::ring_size, "no more requests than slots");
        }
    }

  private:
    void step();
    void push();
    void answer();
    void scribble();
    void take();

    Choices &choices_;
    std::unique_ptr<wire::RingPage> page_ = std::make_unique<wire::RingPage>();
    RequestRing ring_;
    std::map<uint16_t, Operation> pending_;
    bool is_broken_ = false; // the ring said that it must not be used any more
};

void RingFuzzer::push()
{
    wire::Request request = {};
    request.operation = static_cast<Operation>(choices_.pick(10));
    auto id = ring_.push(request);
    if (id.is_error()) {
        require(pending_.size() + RequestRing::reserved_slots >= wire::ring_size,
                "a ring with room takes a request");
        return;
    }
    require(pending_.emplace(id.value().value(), request.operation).second,
            "an id names one request in flight");
}

// As an honest backend does, to any request in flight.
void RingFuzzer::answer()
{
    if (pending_.empty())
        return;
    auto chosen = pending_.begin();
    std::advance(chosen, choices_.pick(static_cast<unsigned int>(pending_.size())));
    wire::Response response = {};
    response.id = chosen->first;
    response.operation = static_cast<uint8_t>(chosen->second);
    page_->slots[page_->rsp_prod % wire::ring_size].response = response;
    page_->rsp_prod++;
}

void RingFuzzer::scribble()
{
    const uint32_t value = choices_.pick(1u << 31);
    const size_t offset = choices_.pick(sizeof(wire::RingPage) / sizeof(value)) * sizeof(value);
    std::memcpy(reinterpret_cast<char *>(page_.get()) + offset, &value, sizeof(value));
}

void RingFuzzer::take()
{
    Response answer = {};
    Violation violation = Violation::None;
    const bool is_taken = ring_.take(answer, violation);
    require(!is_taken || violation == Violation::None, "an answer is no violation");
    is_broken_ = violation != Violation::None;
    if (!is_taken)
        return;
    const auto found = pending_.find(answer.id.value());
    require(found != pending_.end(), "an answer belongs to a request in flight");
    require(found->second == answer.operation, "an answer is to what was asked");
    pending_.erase(found);
}

void RingFuzzer::step()
{
    switch (choices_.pick(8)) {
    case 0:
    case 1:
        push();
        break;
    case 2:
        (void)ring_.publish();
        break;
    case 3:
    case 4:
        answer();
        break;
    case 5:
        take();
        break;
    case 6:
        (void)ring_.request_notification();
        ring_.hold_off_notifications();
        break;
    default:
        scribble();
        break;
    }
}

} // namespace
} // namespace xen_front::test

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    xen_front::test::ByteChoices choices({ data, size });
    xen_front::test::RingFuzzer(choices).run();
    return 0;
}
