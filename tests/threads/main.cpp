// SPDX-License-Identifier: GPL-2.0-only
// Application, mixer, backend, interrupts and xenwatch, each a thread of its own, over the whole
// driver. ThreadSanitizer judges: an access to freed memory, or without its lock, ends the
// test.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "kshim/entry.h"
#include "threads/backend.hpp"
#include "threads/kernel.hpp"

namespace xen_front::threads {

namespace {

using wire::XenbusState;

constexpr uint32_t period = 64;
constexpr uint32_t buffer = 256;

class ThreadsTest : public ::testing::Test {
  protected:
    ThreadsTest()
    {
        const std::pair<const char *, const char *> nodes[] = {
            { "device/vsnd/0/sample-rates", "48000" }, { "device/vsnd/0/sample-formats", "s16_le" },
            { "device/vsnd/0/channels-max", "2" },     { "device/vsnd/0/buffer-size", "65536" },
            { "device/vsnd/0/0/name", "Device" },      { "device/vsnd/0/0/0/type", "p" },
            { "device/vsnd/0/0/0/unique-id", "x" },    { "backend/vsnd/1/0/versions", "2" },
        };
        for (const auto &[path, value] : nodes)
            kernel.set(path, value);
        EXPECT_EQ(xen_front_probe(&kernel.device, driver), 0);
        attach();
    }
    ~ThreadsTest() override
    {
        backend.reset();
        xen_front_remove(&kernel.device);
        xen_front_unload(driver);
    }

    // Waits until the frontend has answered: it takes a moment when states come too fast.
    void publish(XenbusState state, const std::vector<XenbusState> &answers)
    {
        xen_front_backend_changed(&kernel.device, static_cast<unsigned int>(state));
        const auto has_answered = [this](XenbusState answer) {
            return kernel.get("device/vsnd/0/state") ==
                   std::to_string(static_cast<unsigned int>(answer));
        };
        while (std::none_of(answers.begin(), answers.end(), has_answered))
            std::this_thread::yield();
    }
    void attach()
    {
        publish(XenbusState::InitWait, { XenbusState::Initialised });
        backend = std::make_unique<Backend>();
        publish(XenbusState::Connected, { XenbusState::Connected });
    }
    void detach()
    {
        publish(XenbusState::Closing, { XenbusState::Closed });
        backend.reset();
        publish(XenbusState::Closed, { XenbusState::Initialising, XenbusState::Reconfiguring });
    }

    Kernel &kernel = Kernel::instance();
    void *driver = xen_front_load();
    std::unique_ptr<Backend> backend;
};

// An application and the substream that it has open.
class Player {
  public:
    // False when there is no card, or it cannot be opened.
    bool open();
    // Plays @periods; false when it was stopped.
    bool play(uint64_t periods);
    void close();

  private:
    bool commit(uint64_t frames);

    kshim_card *card_ = nullptr;
    // As ALSA's: freed when it is closed.
    std::unique_ptr<kshim_substream> substream_;
};

bool Player::open()
{
    std::unique_lock<std::mutex> guard;
    card_ = Kernel::instance().lock_card(guard);
    if (card_ == nullptr)
        return false;
    substream_ = std::make_unique<kshim_substream>();
    substream_->params = { .format = 2, // S16_LE
                           .rate = 48000,
                           .channels = 2,
                           .frame_bits = 32,
                           .period_frames = period,
                           .buffer_frames = buffer,
                           .boundary = uint64_t { buffer } << 40,
                           .has_no_period_wakeup = false };
    if (xen_front_pcm_open(card_->pcm_context, KSHIM_PLAYBACK, 0, substream_.get(),
                           &substream_->stream) != 0) {
        substream_.reset();
        return false;
    }
    card_->substreams.push_back(substream_.get());
    card_->users++;
    return true;
}

bool Player::commit(uint64_t frames)
{
    const std::lock_guard guard(substream_->lock);
    substream_->application_pointer += frames;
    if (xen_front_pcm_ack(substream_->stream) == 0)
        return true;
    substream_->application_pointer -= frames;
    return false;
}

bool Player::play(uint64_t periods)
{
    void *stream = substream_->stream;
    if (xen_front_pcm_hw_params(stream, size_t { buffer } * 4) != 0 ||
        xen_front_pcm_prepare(stream) != 0 || !commit(buffer))
        return false;
    {
        const std::lock_guard guard(substream_->lock);
        if (card_->is_disconnected || xen_front_pcm_trigger(stream, KSHIM_TRIGGER_START) != 0)
            return false;
        substream_->is_running = true;
    }
    uint64_t seen = 0;
    while (seen < periods && !substream_->is_stopped) {
        const uint64_t elapsed = substream_->periods_elapsed;
        // A period that has elapsed makes room for one, unless ALSA was not shown it yet.
        if (elapsed == seen || !commit(period)) {
            std::this_thread::yield();
            continue;
        }
        seen++;
    }
    return seen == periods;
}

void Player::close()
{
    {
        const std::lock_guard guard(substream_->lock);
        if (std::exchange(substream_->is_running, false))
            xen_front_pcm_trigger(substream_->stream, KSHIM_TRIGGER_STOP);
    }
    {
        const std::lock_guard guard(card_->open_mutex);
        xen_front_pcm_sync_stop(substream_->stream);
        xen_front_pcm_hw_free(substream_->stream);
        xen_front_pcm_close(substream_->stream);
        std::erase(card_->substreams, substream_.get());
        substream_.reset();
    }
    put(card_);
}

TEST_F(ThreadsTest, PlayingAndClosing)
{
    for (int round = 0; round < 300; round++) {
        Player player;
        ASSERT_TRUE(player.open());
        EXPECT_TRUE(player.play(1 + round % 20)) << "round " << round;
        // Positions still come: the interrupts of this moment find the substream gone.
        player.close();
    }
    EXPECT_GT(backend->events(), 300u);
}

TEST_F(ThreadsTest, PlayingWhileTheBackendComesAndGoes)
{
    std::atomic<bool> is_done = false;
    std::atomic<unsigned int> rounds = 0;
    std::thread application([&] {
        while (!is_done) {
            Player player;
            if (!player.open()) {
                std::this_thread::yield();
                continue;
            }
            rounds += player.play(20);
            player.close();
        }
    });
    // The card may go at any time, but not while a thread reads its file.
    std::thread observer([&] {
        while (!is_done) {
            std::unique_lock<std::mutex> guard;
            kshim_proc_text text;
            if (kshim_card *card = kernel.lock_card(guard))
                xen_front_card_show(card->proc_context, &text);
            std::this_thread::yield();
        }
    });
    // As many connections as it takes for the application to have played between them.
    for (int connection = 0; connection < 50 || rounds < 50; connection++) {
        detach();
        attach();
        const unsigned int before = rounds;
        while (connection % 2 == 0 && rounds == before)
            std::this_thread::yield();
    }
    is_done = true;
    application.join();
    observer.join();
    EXPECT_GE(rounds, 50u);
}

TEST_F(ThreadsTest, MixingWhilePlaying)
{
    std::atomic<bool> is_done = false;
    std::thread mixer([&] {
        std::unique_lock<std::mutex> guard;
        kshim_card *card = kernel.lock_card(guard);
        guard.unlock();
        for (uint32_t value = 0; !is_done; value++) {
            for (const auto &[control, channels] : card->controls) {
                std::vector<uint32_t> values(channels, value % 2);
                xen_front_control_put(control, values.data());
                xen_front_control_get(control, values.data());
            }
        }
    });
    for (int round = 0; round < 100; round++) {
        Player player;
        ASSERT_TRUE(player.open());
        EXPECT_TRUE(player.play(10)) << "round " << round;
        player.close();
    }
    is_done = true;
    mixer.join();
}

} // namespace

} // namespace xen_front::threads
