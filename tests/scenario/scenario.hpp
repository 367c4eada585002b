// SPDX-License-Identifier: GPL-2.0-only
// A scenario: a line of steps that an application and a backend take, as text. It runs over the
// fake kernel of tests/fake and over a real one in tests/uml, and tells what the application saw.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake/backend.hpp"
#include "fake/pcm_file.hpp"

namespace xen_front::test {

// The steps are described in README.md.
class Scenario {
  public:
    Scenario();
    ~Scenario();
    Scenario(const Scenario &) = delete;
    Scenario &operator=(const Scenario &) = delete;

    // Makes the fake core behave as that of the kernel in tests/uml, and the backend serve when it
    // does there: when the call that notified it is over, or waits.
    void imitate_real_kernel();
    // Takes the steps of @script, which are separated by semicolons.
    void run(std::string_view script);
    // Takes one step.
    void step(std::string_view text);
    // The application closes what it has open, and the toolstack takes the card away: what is left
    // then was leaked.
    void end();

    // One line for each step: the step, its result, and where the streams are.
    const std::vector<std::string> &transcript() const
    {
        return transcript_;
    }
    // What was not as the steps said, or broke a rule; empty if nothing.
    const std::vector<std::string> &failures() const
    {
        return failures_;
    }

  private:
    struct Words;
    struct Side {
        std::unique_ptr<fake::PcmFile> file;
        uint64_t moved = 0; // frames since prepare
        bool has_jumped = false; // appl_ptr, since then, without frames being moved
        // Frames that are not read in time are lost without an error.
        bool is_free_wheeling = false;
        unsigned int frame_bits = 0;
        unsigned int buffer_frames = 0;
        bool is_nonblocking = false;
        bool has_no_wakeups = false;
        bool wants_mmap = false;
    };
    using Step = int64_t (Scenario::*)(Words &);
    struct Row {
        std::string_view name;
        Step step;
    };
    // nullptr: there is no such step.
    static const Row *row_of(std::string_view name);

    void fail(const std::string &what);
    // Lets the driver do what it does when a call, or a change of the backend's state, is over, and
    // lets it and the backend answer each other.
    void settle();
    void publish(wire::XenbusState state);
    void connect();
    Side &side()
    {
        return sides_[direction_];
    }
    fake::BackendStream *stream();
    uint64_t interrupts();
    uint64_t bytes(uint64_t frames)
    {
        return frames * side().frame_bits / 8;
    }
    std::string pointers() const;

    // ---- the application ----
    int64_t open(Words &);
    int64_t close(Words &);
    int64_t use(Words &);
    int64_t params(Words &);
    int64_t thresholds(Words &);
    int64_t free(Words &);
    int64_t prepare(Words &);
    int64_t start(Words &);
    int64_t pause(Words &);
    int64_t release(Words &);
    int64_t drop(Words &);
    int64_t drain(Words &);
    int64_t sync(Words &);
    int64_t write(Words &);
    int64_t read(Words &);
    int64_t mix(Words &);
    int64_t move(Words &);
    int64_t nonblocking(Words &);
    int64_t wakeups(Words &);
    int64_t mmap(Words &);
    int64_t forward(Words &);
    int64_t reset(Words &);
    int64_t link(Words &);
    int64_t unlink(Words &);
    int64_t rewind(Words &);
    int64_t skip(Words &);
    int64_t delay(Words &);
    int64_t ready(Words &);
    int64_t serve(Words &);
    // ---- the backend ----
    int64_t clock(Words &);
    int64_t play(Words &);
    int64_t report(Words &);
    int64_t hold(Words &);
    int64_t answer(Words &);
    int64_t refuse(Words &);
    int64_t accept(Words &);
    int64_t latency(Words &);
    int64_t poke(Words &);
    int64_t poll(Words &);
    int64_t leave(Words &);
    int64_t vanish(Words &);
    int64_t come_back(Words &);
    int64_t unbind(Words &);
    int64_t bind(Words &);
    int64_t restore(Words &);
    int64_t lose(Words &);
    int64_t attach(Words &);
    // ---- time, and what must be ----
    int64_t pass(Words &);
    int64_t expect_state(Words &);
    int64_t expect_appl(Words &);
    int64_t expect_hw(Words &);
    int64_t expect_heard(Words &);
    int64_t expect_mixed(Words &);
    int64_t expect_played(Words &);
    int64_t expect_requests(Words &);
    int64_t expect_quiet(Words &);
    int64_t expect_cards(Words &);

    fake::Kernel kernel_;
    fake::XenbusDevice &device_;
    fake::Backend backend_;
    Side sides_[2]; // by kshim_direction
    kshim_direction direction_ = KSHIM_PLAYBACK;
    bool has_clock_ = true;
    fake::Duration latency_ { 0 }; // of the backend, unless the script says otherwise
    uint64_t interrupts_ = 0; // at the last quiet
    fake::XenStore::Nodes lost_nodes_; // of a device that was lost
    std::vector<std::pair<uint64_t, uint64_t>> mixed_; // from where to where, in bytes
    std::vector<std::string> transcript_;
    std::vector<std::string> failures_;
};

} // namespace xen_front::test
