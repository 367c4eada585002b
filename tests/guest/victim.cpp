// SPDX-License-Identifier: GPL-2.0-only
#include "victim.h"

#include "ktap.h"

#include <chrono>
#include <filesystem>

namespace selftest {

namespace {

using Clock = std::chrono::steady_clock;

// An application that tries again and again, but not as fast as it can.
constexpr auto retry_pause = std::chrono::milliseconds(100);
// Any call returns within this time, whatever the backend does: several time-outs of the driver.
constexpr auto hang_limit = std::chrono::seconds(10);

} // namespace

std::string any_pcm(unsigned int device)
{
    for (int card = -1; snd_card_next(&card) == 0 && card >= 0;) {
        const std::string node =
            "/dev/snd/pcmC" + std::to_string(card) + "D" + std::to_string(device) + "p";
        if (std::filesystem::exists(node))
            return "hw:" + std::to_string(card) + "," + std::to_string(device);
    }
    return "";
}

Victim::Victim(snd_pcm_stream_t direction, const Setup &setup)
    : direction_(direction), setup_(setup), thread_([this] { run(); })
{
}

Victim::~Victim()
{
    // It hangs: the process is about to end with it.
    if (thread_.joinable())
        thread_.detach();
}

bool Victim::stop()
{
    stopping_ = true;
    const auto end = Clock::now() + hang_limit;
    while (!has_ended_ && Clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (!has_ended_)
        return false;
    thread_.join();
    return true;
}

void Victim::run()
{
    while (!stopping_) {
        try {
            use();
        } catch (const Failure &) {
            errors_++;
            std::this_thread::sleep_for(retry_pause);
        }
    }
    has_ended_ = true;
}

void Victim::use()
{
    const std::string name = any_pcm(1);
    expect(!name.empty(), "no card");
    Pcm pcm(name, direction_, setup_);
    opens_++;
    while (!stopping_)
        move_frames(pcm);
}

void Victim::move_frames(Pcm &pcm)
{
    static const std::vector<uint8_t> noise = random_bytes(65536 * 4, 1);
    std::vector<uint8_t> into(pcm.bytes(setup_.period));
    // Waits so that it can end: a call that blocks for ever would be found by stop() all the same.
    const int ready = snd_pcm_wait(pcm.get(), 200);
    const bool is_playback = direction_ == SND_PCM_STREAM_PLAYBACK;
    if (ready == 0 && is_playback)
        return;
    const snd_pcm_sframes_t moved = is_playback
                                        ? snd_pcm_writei(pcm.get(), noise.data(), setup_.period)
                                        : snd_pcm_readi(pcm.get(), into.data(), setup_.period);
    if (moved == -EPIPE) {
        check(snd_pcm_prepare(pcm.get()), "prepare");
        errors_++;
        return;
    }
    check(static_cast<int>(moved), "transfer");
    frames_ += static_cast<unsigned long>(moved);
}

std::string Victim::report() const
{
    return std::string(snd_pcm_stream_name(direction_)) + ": " + std::to_string(opens_) +
           " opens, " + std::to_string(frames_) + " frames, " + std::to_string(errors_) + " errors";
}

} // namespace selftest
