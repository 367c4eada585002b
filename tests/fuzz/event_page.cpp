// SPDX-License-Identifier: GPL-2.0-only
// The event page against a backend that writes anything into it.
#include "sndif/event_queue.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "fuzz/require.hpp"
#include "support/choices.hpp"

namespace xen_front::test {
namespace {

class EventFuzzer {
  public:
    explicit EventFuzzer(Choices &choices) : choices_(choices)
    {
        queue_.attach(page_.get());
    }
    void run()
    {
        while (choices_.has_more() && !is_broken_) {
            switch (choices_.pick(3)) {
            case 0:
                send();
                break;
            case 1:
                scribble();
                break;
            default:
                take_all();
                break;
            }
        }
    }

  private:
    void send();
    void scribble();
    void take_all();

    Choices &choices_;
    std::unique_ptr<wire::EventPage> page_ = std::make_unique<wire::EventPage>();
    EventQueue queue_;
    uint32_t acknowledged_ = 0;
    bool is_broken_ = false; // the queue said that the page must not be used any more
};

void EventFuzzer::send()
{
    wire::Event event = {};
    event.type = static_cast<uint8_t>(choices_.pick(2));
    event.position = choices_.pick(1u << 31);
    page_->events[page_->in_prod % wire::event_ring_size] = event;
    page_->in_prod++;
}

void EventFuzzer::scribble()
{
    const uint32_t value = choices_.pick(1u << 31);
    const size_t offset = choices_.pick(sizeof(wire::EventPage) / sizeof(value)) * sizeof(value);
    std::memcpy(reinterpret_cast<char *>(page_.get()) + offset, &value, sizeof(value));
}

void EventFuzzer::take_all()
{
    const uint32_t produced = page_->in_prod;
    const uint32_t ahead = produced - acknowledged_;
    Bytes position;
    Violation violation = Violation::None;
    uint32_t taken = 0;
    for (uint32_t left = queue_.look(violation); left > 0; left--) {
        (void)queue_.take(position);
        taken++;
    }
    is_broken_ = violation != Violation::None;
    require(is_broken_ == (ahead > INT32_MAX), "the index is refused when it runs backwards");
    require(taken == (is_broken_ ? 0 : std::min(ahead, wire::event_ring_size)),
            "each event that was not overwritten is taken once");
    queue_.acknowledge();
    const uint32_t before = acknowledged_;
    acknowledged_ = page_->in_cons;
    require(acknowledged_ == (is_broken_ ? before : produced), "what was seen is acknowledged");
}

} // namespace
} // namespace xen_front::test

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    xen_front::test::ByteChoices choices({ data, size });
    xen_front::test::EventFuzzer(choices).run();
    return 0;
}
