// SPDX-License-Identifier: GPL-2.0-only
#include "attack/saboteur.h"

#include <chrono>

namespace sndback {

namespace {

// Longer than the frontends under test wait. What comes behind the late answer waits as well.
constexpr std::chrono::milliseconds lateness { 600 };

// What has no pause of its own comes in bursts: tens of thousands a second, and yet the machine, an
// emulated one in the lab, has some time left for those who suffer.
constexpr unsigned burst_length = 50;
constexpr std::chrono::microseconds burst_pause { 1000 };

} // namespace

Saboteur::Saboteur(std::span<const Attack *const> attacks, std::byte *ring_page,
                   std::byte *event_page, StreamTarget::Actions actions)
    : attacks_(attacks), target_(ring_page, event_page, std::move(actions))
{
    for (const Attack *attack : attacks_)
        if (attack->background != nullptr)
            threads_.emplace_back([this, attack] { run(*attack); });
}

Saboteur::~Saboteur()
{
    stopping_ = true;
    // Those that wait for a START that does not come any more.
    target_.has_started = true;
    target_.has_started.notify_all();
    for (std::thread &thread : threads_)
        thread.join();
}

void Saboteur::run(const Attack &attack)
{
    if (attack.from == AttackPhase::started)
        target_.has_started.wait(false);
    // The pause comes first: what is to happen under a running stream finds it running.
    while (!stopping_) {
        const bool is_fast = attack.pause_us == 0;
        std::this_thread::sleep_for(is_fast ? burst_pause
                                            : std::chrono::microseconds(attack.pause_us));
        for (unsigned i = 0; i < (is_fast ? burst_length : 1) && !stopping_; ++i)
            attack.background(target_);
    }
}

bool Saboteur::lets_answer(const xensnd_req &request, xensnd_resp &response)
{
    if (request.operation == XENSND_OP_TRIGGER &&
        request.op.trigger.type == XENSND_OP_TRIGGER_START) {
        target_.has_started = true;
        target_.has_started.notify_all();
    }
    bool goes = true;
    for (const Attack *attack : attacks_)
        if (attack->late_operation == request.operation)
            std::this_thread::sleep_for(lateness);
    for (const Attack *attack : attacks_)
        if (attack->on_answer != nullptr)
            goes &= attack->on_answer(target_, request, response);
    return goes;
}

void Saboteur::answered(const xensnd_resp &response)
{
    for (const Attack *attack : attacks_)
        if (attack->after_answer != nullptr)
            attack->after_answer(target_, response);
}

bool Saboteur::lets_report(std::uint64_t &position)
{
    bool goes = true;
    for (const Attack *attack : attacks_)
        if (attack->on_position != nullptr)
            goes &= attack->on_position(target_, position);
    return goes;
}

} // namespace sndback
