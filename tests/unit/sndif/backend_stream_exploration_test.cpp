// SPDX-License-Identifier: GPL-2.0-only
// Every order in which backends come and go, applications want a stream or not, and requests are
// sent and answered: what the backend sees is legal, and in the end it has what was wanted last.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "sndif/backend_stream.hpp"
#include "support/explorer.hpp"

namespace xen_front::test {

namespace {

enum class Step : uint8_t {
    Meet, // a backend that is to open the stream at once
    MeetIdle,
    Lose,
    Prepare,
    Close,
    Reopen, // after a stall
    Start,
    Pause,
    Stop,
    Send, // what is due next
    Transfer,
    Answer,
    Refuse,
    RefuseForLess, // another OPEN may succeed
    Steps
};

std::string name_of(const Step &step)
{
    constexpr const char *names[] = {
        "meet",  "meet-idle", "lose", "prepare",  "close",  "reopen", "start",
        "pause", "stop",      "send", "transfer", "answer", "refuse", "refuse-for-less",
    };
    static_assert(std::size(names) == static_cast<size_t>(Step::Steps));
    return names[static_cast<size_t>(step)];
}

constexpr auto all_steps = [] {
    std::array<Step, static_cast<size_t>(Step::Steps)> steps {};
    for (size_t i = 0; i < steps.size(); i++)
        steps[i] = static_cast<Step>(i);
    return steps;
}();

void promise(bool is_kept, const char *text)
{
    if (!is_kept)
        throw std::logic_error(text);
}

enum class Kind : uint8_t {
    None,
    Open,
    Close,
    CloseRefused, // after a refused OPEN
    Start,
    Pause,
    Resume,
    Stop,
    Transfer
};

// The stream, and a backend that is sent what is due and answers in order. Ids are used again, the
// lowest first, so that there are only so many states.
class BackendStreamWalk {
  public:
    void step(Step step);
    void check_end() const;

  private:
    struct Sent {
        Kind kind;
        uint8_t id;
    };
    static constexpr uint32_t ring = 4;

    bool is_sent(Kind kind) const
    {
        return std::any_of(sent_, sent_ + count_,
                           [&](const Sent &sent) { return sent.kind == kind; });
    }
    RequestId put(Kind kind);
    bool send();
    void send_trigger(const TriggerTransition &trigger);
    void answer(Step how);
    void answer_trigger(Kind kind, RequestId id, bool is_refused);
    void check() const;

    xen_front::BackendStream stream_;
    bool has_backend_ = false;
    bool is_wanted_ = false; // open, in the end
    bool is_opened_ = false; // as sent: OPEN without CLOSE behind it
    bool is_open_ = false; // and OPEN was answered with success
    bool is_used_ = false; // anything was sent since OPEN, or it continues
    bool is_new_wanted_ = false; // prepared since it was used
    bool is_refused_ = false; // the OPEN that was sent last
    bool is_open_wanted_ = false; // and not sent
    bool is_close_wanted_ = false; // and not sent
    bool was_opened_ = false; // by any backend, since it was prepared
    bool was_started_ = false; // likewise
    bool is_continuing_ = false; // what another backend has opened
    bool is_reopened_ = false; // what this one has
    TriggerState wanted_ = TriggerState::Stopped;
    TriggerState trigger_ = TriggerState::Prepared; // as sent
    uint32_t count_ = 0;
    Sent sent_[ring] = {};
};

RequestId BackendStreamWalk::put(Kind kind)
{
    uint8_t id = 1;
    while (std::any_of(sent_, sent_ + count_, [&](const Sent &sent) { return sent.id == id; }))
        id++;
    sent_[count_++] = { kind, id };
    return RequestId(id);
}

bool BackendStreamWalk::send()
{
    if (!has_backend_ || count_ == ring)
        return false;
    if (stream_.is_close_due()) {
        const bool is_running =
            trigger_ == TriggerState::Started || trigger_ == TriggerState::Paused;
        promise(stream_.is_stop_due() == is_running, "what was started is stopped before CLOSE");
        if (stream_.is_stop_due()) {
            stream_.on_stop_sent(put(Kind::Stop));
            trigger_ = TriggerState::Stopped;
            return true;
        }
        promise(is_opened_, "CLOSE is sent to a backend that has nothing open");
        stream_.on_close_sent(put(is_refused_ ? Kind::CloseRefused : Kind::Close));
        is_refused_ = is_close_wanted_ = false;
        is_opened_ = is_open_ = is_new_wanted_ = false;
        trigger_ = TriggerState::Prepared;
        return true;
    }
    if (stream_.is_open_due()) {
        promise(!is_opened_, "OPEN is sent only once");
        stream_.on_open_sent(put(Kind::Open));
        is_opened_ = true;
        is_open_wanted_ = false;
        is_used_ = false;
        promise(!is_close_wanted_, "CLOSE comes first");
        trigger_ = TriggerState::Prepared;
        return true;
    }
    const TriggerTransition *due = stream_.due_trigger(wanted_);
    if (due != nullptr)
        send_trigger(*due);
    return due != nullptr;
}

void BackendStreamWalk::send_trigger(const TriggerTransition &trigger)
{
    using enum TriggerState;
    promise(is_open_, "only an open stream is triggered");
    Kind kind = Kind::None;
    switch (trigger.type) {
    case wire::TriggerType::Start:
        promise(trigger_ == Prepared, "START is the first trigger");
        kind = Kind::Start;
        break;
    case wire::TriggerType::Pause:
        promise(trigger_ == Started, "PAUSE is of a started stream");
        kind = Kind::Pause;
        break;
    case wire::TriggerType::Resume:
        promise(trigger_ == Paused, "RESUME is of a paused stream");
        kind = Kind::Resume;
        break;
    case wire::TriggerType::Stop:
        promise(trigger_ == Started || trigger_ == Paused, "STOP is of a started stream");
        kind = Kind::Stop;
        break;
    }
    stream_.on_trigger_sent(trigger, put(kind));
    trigger_ = wanted_;
    is_used_ = was_started_ = true;
}

void BackendStreamWalk::answer(Step how)
{
    if (count_ == 0)
        return;
    const Sent first = sent_[0];
    std::copy(sent_ + 1, sent_ + count_, sent_);
    sent_[--count_] = {};
    const RequestId id(first.id);
    const bool is_refused = how != Step::Answer;
    switch (first.kind) {
    case Kind::Open: {
        const bool is_last = is_opened_ && !is_sent(Kind::Open) && !is_close_wanted_;
        promise(stream_.is_answer_to_open(id) == is_last, "an answer is to the last OPEN");
        if (is_last && is_refused) {
            stream_.on_open_refused();
            is_refused_ = is_close_wanted_ = true;
            if (how == Step::RefuseForLess && is_wanted_)
                stream_.want_another_open();
            else
                is_wanted_ = false;
            is_open_wanted_ = is_wanted_;
        } else if (is_last) {
            is_open_ = true;
            was_opened_ = true;
            is_used_ = (is_continuing_ || is_reopened_) && was_started_;
            is_continuing_ = is_reopened_ = false;
            stream_.on_opened(is_used_);
        }
        break;
    }
    case Kind::Close:
        promise(stream_.on_close_answered(id) == !is_sent(Kind::Close),
                "an answer to the last CLOSE is expected");
        break;
    case Kind::CloseRefused:
        promise(!stream_.on_close_answered(id), "of CLOSE after a refusal nothing is expected");
        break;
    case Kind::Transfer:
    case Kind::None:
        break;
    default:
        answer_trigger(first.kind, id, is_refused);
    }
}

void BackendStreamWalk::answer_trigger(Kind kind, RequestId id, bool is_refused)
{
    const TriggerResult result = stream_.on_trigger_answered(id, is_refused ? -1 : 0);
    promise(is_refused || result == TriggerResult::Harmless, "success is harmless");
    promise(result != TriggerResult::PauseRefused || kind == Kind::Pause, "it was a PAUSE");
    promise(result != TriggerResult::StartRefused || kind == Kind::Start || kind == Kind::Resume,
            "it was START or RESUME");
    const bool is_to_run = trigger_ == TriggerState::Started || trigger_ == TriggerState::Paused;
    promise(kind != Kind::Start || !is_refused || !is_open_ || is_close_wanted_ || !is_to_run ||
                result == TriggerResult::StartRefused,
            "a refused START is noticed, unless it was stopped since");
}

void BackendStreamWalk::step(Step step)
{
    switch (step) {
    case Step::Meet:
    case Step::MeetIdle:
        if (has_backend_)
            break;
        has_backend_ = true;
        is_wanted_ = step == Step::Meet;
        is_continuing_ = is_wanted_ && was_opened_;
        is_open_wanted_ = is_wanted_;
        stream_.meet_backend(is_wanted_);
        break;
    case Step::Lose:
        stream_.lose_backend();
        has_backend_ = is_wanted_ = is_opened_ = is_open_ = is_used_ = is_new_wanted_ = false;
        is_refused_ = is_close_wanted_ = is_open_wanted_ = is_reopened_ = false;
        trigger_ = TriggerState::Prepared;
        std::fill(sent_, sent_ + ring, Sent {});
        count_ = 0;
        break;
    case Step::Prepare:
        stream_.want_prepared(has_backend_);
        wanted_ = TriggerState::Stopped;
        is_wanted_ = has_backend_;
        is_new_wanted_ = is_opened_ && is_used_;
        is_close_wanted_ |= is_new_wanted_;
        is_open_wanted_ = has_backend_ && (!is_opened_ || is_close_wanted_);
        was_opened_ = is_open_ && !is_close_wanted_;
        is_continuing_ = is_reopened_ = was_started_ = false;
        break;
    case Step::Close:
        stream_.want_closed();
        is_wanted_ = is_new_wanted_ = false;
        is_close_wanted_ |= is_opened_;
        is_open_wanted_ = false;
        break;
    case Step::Reopen:
        if (!stream_.was_started())
            break;
        is_reopened_ |= !(is_wanted_ && is_close_wanted_);
        is_close_wanted_ = is_open_wanted_ = true;
        stream_.want_reopened();
        is_wanted_ = true;
        is_new_wanted_ = true;
        break;
    case Step::Start:
        wanted_ = TriggerState::Started;
        break;
    case Step::Pause:
        wanted_ = TriggerState::Paused;
        break;
    case Step::Stop:
        wanted_ = TriggerState::Stopped;
        break;
    case Step::Send:
        (void)send();
        break;
    case Step::Transfer:
        if (!stream_.is_usable() || count_ == ring)
            break;
        promise(is_open_, "only an open stream is used");
        promise(!is_new_wanted_, "what is to be closed is not used any more");
        (void)put(Kind::Transfer);
        stream_.on_transfer_sent();
        is_used_ = true;
        break;
    case Step::Answer:
    case Step::Refuse:
    case Step::RefuseForLess:
        answer(step);
        break;
    case Step::Steps:
        break;
    }
    check();
}

void BackendStreamWalk::check() const
{
    promise(stream_.is_open() == is_open_, "it is open once OPEN has succeeded, until CLOSE");
    promise(stream_.is_opening() == (is_open_wanted_ || (is_opened_ && !is_open_ && !is_refused_)),
            "it is opening while OPEN is due, or not answered");
    promise(stream_.is_starting() == (is_sent(Kind::Start) || is_sent(Kind::Resume)),
            "it is starting while START or RESUME are not answered");
    promise(stream_.is_stopping() == is_sent(Kind::Stop),
            "it is stopping while STOP is not answered");
    promise(stream_.is_close_due() == is_close_wanted_, "CLOSE is due while it is wanted");
    promise(stream_.is_closing() == ((is_close_wanted_ && !is_refused_) || is_sent(Kind::Close)),
            "it is closing while CLOSE is due, or not answered");
    promise(!stream_.is_opening() || stream_.is_continuing() == is_continuing_,
            "it is continued if another backend has opened it since it was prepared");
    promise(!is_new_wanted_ || stream_.is_close_due(), "a used stream is opened anew");
    promise(!stream_.was_started() || trigger_ != TriggerState::Prepared,
            "what was started was sent");
}

// A good backend answers everything.
void BackendStreamWalk::check_end() const
{
    BackendStreamWalk rest(*this);
    uint32_t rounds = 0;
    while (rest.send() || rest.count_ > 0) {
        promise(rounds++ < 20, "there is an end");
        rest.answer(Step::Answer);
        rest.check();
    }
    if (!rest.has_backend_)
        return;
    const xen_front::BackendStream &stream = rest.stream_;
    promise(stream.is_open() == is_wanted_, "what was wanted last is so");
    promise(!stream.is_opening() && !stream.is_closing() && !stream.is_starting() &&
                !stream.is_stopping(),
            "nothing is left to be done");
    const bool is_as_wanted =
        rest.trigger_ == rest.wanted_ || rest.trigger_ == TriggerState::Stopped ||
        (rest.trigger_ == TriggerState::Prepared && rest.wanted_ != TriggerState::Started);
    promise(!is_wanted_ || is_as_wanted, "it is started, or paused, as wanted");
}

TEST(BackendStreamExplorationTest, EveryState)
{
    Explorer<BackendStreamWalk, Step> explorer(all_steps, name_of);
    explorer.explore(BackendStreamWalk(), 1'000'000);
    EXPECT_TRUE(explorer.is_complete());
}

} // namespace

} // namespace xen_front::test
