// SPDX-License-Identifier: GPL-2.0-only
// What ALSA says about a stream's position: delay, avail and timestamps agree with each other and
// with the clock, which the backend's positions follow, and begin at zero after every prepare.
#include "pcm.h"
#include "tests.h"

#include <cmath>

namespace selftest {

namespace {

constexpr int rounds = 3;
constexpr size_t periods = 40;
// How much later than the backend reached it ALSA may learn of a position: events, requests and
// interrupts on the way.
constexpr double latency_max = 0.005;

double seconds_of(const snd_htimestamp_t &time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Timestamps at each status, of the clock that trigger timestamps have.
void enable_timestamps(const Pcm &pcm)
{
    snd_pcm_sw_params_t *sw;
    snd_pcm_sw_params_alloca(&sw);
    check(snd_pcm_sw_params_current(pcm.get(), sw), "sw_params_current");
    check(snd_pcm_sw_params_set_tstamp_mode(pcm.get(), sw, SND_PCM_TSTAMP_ENABLE), "tstamp_mode");
    check(snd_pcm_sw_params_set_tstamp_type(pcm.get(), sw, SND_PCM_TSTAMP_TYPE_MONOTONIC),
          "tstamp_type");
    check(snd_pcm_sw_params(pcm.get(), sw), "sw_params");
}

// One snd_pcm_status(), as numbers.
struct Status {
    snd_pcm_state_t state;
    long avail;
    long delay;
    double since_trigger; // seconds until ALSA learnt of the position
    double audio; // seconds of the stream that have passed

    static Status read(const Pcm &pcm)
    {
        snd_pcm_status_t *status;
        snd_pcm_status_alloca(&status);
        snd_pcm_audio_tstamp_config_t config = {};
        config.type_requested = SND_PCM_AUDIO_TSTAMP_TYPE_DEFAULT;
        snd_pcm_status_set_audio_htstamp_config(status, &config);
        check(snd_pcm_status(pcm.get(), status), "status");
        snd_htimestamp_t now;
        snd_htimestamp_t trigger;
        snd_htimestamp_t audio;
        snd_pcm_status_get_htstamp(status, &now);
        snd_pcm_status_get_trigger_htstamp(status, &trigger);
        snd_pcm_status_get_audio_htstamp(status, &audio);
        return { snd_pcm_status_get_state(status),
                 static_cast<long>(snd_pcm_status_get_avail(status)),
                 snd_pcm_status_get_delay(status), seconds_of(now) - seconds_of(trigger),
                 seconds_of(audio) };
    }
};

// Positions as a stream's status shows them, from one prepare to the next.
class Observer {
  public:
    explicit Observer(const Setup &setup) : setup_(setup)
    {
    }

    void observe(long position, const Status &status)
    {
        const std::string at = " at position " + std::to_string(position);
        expect(status.state == SND_PCM_STATE_RUNNING,
               std::string("the stream is ") + snd_pcm_state_name(status.state) + at);
        expect(position >= last_, "the position went back from " + std::to_string(last_) + at);
        expect(position % static_cast<long>(setup_.period) == 0,
               "the backend reports whole periods only, not" + at);
        const double rate = setup_.rate;
        expect(std::abs(status.audio - static_cast<double>(position) / rate) < 1e-6,
               "the audio timestamp is " + std::to_string(status.audio) + " s" + at);
        // Before the first move, ALSA has no time to show.
        if (position != 0) {
            const double late = status.since_trigger - static_cast<double>(position) / rate;
            expect(late >= 0, "ALSA knew of it before the clock had reached it" + at);
            expect_in_time(late < latency_max, "seen " + std::to_string(late) +
                                                   " s after the clock had reached it" + at);
        }
        moves_ += position != last_;
        last_ = position;
    }

    // How often the position was another than before.
    size_t moves() const
    {
        return moves_;
    }

  private:
    const Setup &setup_;
    long last_ = 0;
    size_t moves_ = 0;
};

void expect_at_zero(const Pcm &pcm, long avail)
{
    const Status status = Status::read(pcm);
    expect(status.state == SND_PCM_STATE_PREPARED,
           std::string("after prepare the stream is ") + snd_pcm_state_name(status.state));
    expect(status.avail == avail && status.delay == 0 && status.audio == 0,
           "after prepare: avail " + std::to_string(status.avail) + ", delay " +
               std::to_string(status.delay) + ", audio timestamp " + std::to_string(status.audio));
}

void playback_positions()
{
    const Setup setup;
    Pcm pcm(free_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    enable_timestamps(pcm);
    const std::vector<uint8_t> period(pcm.bytes(setup.period));
    for (int round = 0; round < rounds; round++) {
        expect_at_zero(pcm, static_cast<long>(setup.buffer));
        Observer observer(setup);
        long written = 0;
        for (size_t i = 0; i < periods; i++) {
            expect(pcm.write(period) == 0, "underrun");
            written += static_cast<long>(setup.period);
            if (written < static_cast<long>(setup.buffer))
                continue;
            const Status status = Status::read(pcm);
            expect(status.avail + status.delay == static_cast<long>(setup.buffer),
                   "avail and delay are not the buffer together");
            observer.observe(written - status.delay, status);
        }
        expect(observer.moves() >= periods / 2, "the position hardly moved");
        check(snd_pcm_drop(pcm.get()), "drop");
        check(snd_pcm_prepare(pcm.get()), "prepare");
    }
}

void capture_positions()
{
    const Setup setup;
    Pcm pcm(free_pcm, SND_PCM_STREAM_CAPTURE, setup);
    enable_timestamps(pcm);
    for (int round = 0; round < rounds; round++) {
        expect_at_zero(pcm, 0);
        Observer observer(setup);
        std::vector<uint8_t> samples;
        long read = 0;
        for (size_t i = 0; i < periods; i++) {
            // Not in step with the periods.
            const size_t frames = i % 2 == 0 ? 300 : 660;
            pcm.read(samples, frames);
            read += static_cast<long>(frames);
            const Status status = Status::read(pcm);
            expect(status.avail == status.delay, "avail is " + std::to_string(status.avail) +
                                                     ", delay " + std::to_string(status.delay));
            observer.observe(read + status.delay, status);
        }
        expect(observer.moves() >= periods / 2, "the position hardly moved");
        check(snd_pcm_drop(pcm.get()), "drop");
        check(snd_pcm_prepare(pcm.get()), "prepare");
    }
}

// Of all types but LINK, an application gets what the core computes from the position, and is told
// so.
void timestamp_types()
{
    const Setup setup;
    Pcm pcm(free_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    enable_timestamps(pcm);
    snd_pcm_hw_params_t *hw;
    snd_pcm_hw_params_alloca(&hw);
    check(snd_pcm_hw_params_current(pcm.get(), hw), "hw_params_current");
    expect(pcm.write(std::vector<uint8_t>(pcm.bytes(setup.buffer * 2))) == 0, "underrun");
    snd_pcm_status_t *status;
    snd_pcm_status_alloca(&status);
    for (const int type :
         { SND_PCM_AUDIO_TSTAMP_TYPE_DEFAULT, SND_PCM_AUDIO_TSTAMP_TYPE_LINK_ABSOLUTE,
           SND_PCM_AUDIO_TSTAMP_TYPE_LINK_ESTIMATED,
           SND_PCM_AUDIO_TSTAMP_TYPE_LINK_SYNCHRONIZED }) {
        const std::string name = "audio timestamp type " + std::to_string(type);
        const bool is_default = type == SND_PCM_AUDIO_TSTAMP_TYPE_DEFAULT;
        expect(is_default || snd_pcm_hw_params_supports_audio_ts_type(hw, type) == 0,
               name + " is claimed");
        snd_pcm_audio_tstamp_config_t config = {};
        config.type_requested = static_cast<unsigned int>(type) & 0xf;
        config.report_delay = 1;
        snd_pcm_status_set_audio_htstamp_config(status, &config);
        check(snd_pcm_status(pcm.get(), status), "status");
        snd_pcm_audio_tstamp_report_t report = {};
        snd_pcm_status_get_audio_htstamp_report(status, &report);
        expect(report.valid == 1 && report.actual_type <= SND_PCM_AUDIO_TSTAMP_TYPE_DEFAULT,
               name + " was answered with " + std::to_string(report.actual_type));
        snd_htimestamp_t audio;
        snd_pcm_status_get_audio_htstamp(status, &audio);
        expect(seconds_of(audio) > 0, name + ": no time has passed");
    }
}

// LINK: where the backend's device was, and when the guest learnt of it, to a period.
void link_timestamps(snd_pcm_stream_t direction)
{
    const Setup setup;
    Pcm pcm(free_pcm, direction, setup);
    enable_timestamps(pcm);
    snd_pcm_hw_params_t *hw;
    snd_pcm_hw_params_alloca(&hw);
    check(snd_pcm_hw_params_current(pcm.get(), hw), "hw_params_current");
    expect(snd_pcm_hw_params_supports_audio_ts_type(hw, SND_PCM_AUDIO_TSTAMP_TYPE_LINK) == 1,
           "timestamps of the link are not claimed");
    std::vector<uint8_t> samples(pcm.bytes(setup.buffer * 2));
    if (direction == SND_PCM_STREAM_PLAYBACK)
        expect(pcm.write(samples) == 0, "underrun");
    else
        pcm.read(samples, setup.buffer);

    snd_pcm_status_t *status;
    snd_pcm_status_alloca(&status);
    snd_pcm_audio_tstamp_config_t config = {};
    config.type_requested = SND_PCM_AUDIO_TSTAMP_TYPE_LINK;
    snd_pcm_status_set_audio_htstamp_config(status, &config);
    check(snd_pcm_status(pcm.get(), status), "status");
    snd_pcm_audio_tstamp_report_t report = {};
    snd_pcm_status_get_audio_htstamp_report(status, &report);
    expect(report.valid == 1 && report.actual_type == SND_PCM_AUDIO_TSTAMP_TYPE_LINK,
           "it was answered with type " + std::to_string(report.actual_type));
    const auto period_ns = static_cast<unsigned int>(setup.period * 1'000'000'000 / setup.rate);
    expect(report.accuracy_report == 1 && report.accuracy == period_ns,
           "the accuracy is " + std::to_string(report.accuracy) + " ns");
    snd_htimestamp_t system;
    snd_htimestamp_t trigger;
    snd_htimestamp_t audio;
    snd_pcm_status_get_htstamp(status, &system);
    snd_pcm_status_get_trigger_htstamp(status, &trigger);
    snd_pcm_status_get_audio_htstamp(status, &audio);
    const double late = seconds_of(system) - seconds_of(trigger) - seconds_of(audio);
    expect(seconds_of(audio) > 0, "no time has passed");
    expect(late >= 0, "the guest knew of it before the clock had reached it");
    expect_in_time(late < latency_max,
                   "it came " + std::to_string(late) + " s after the clock had reached it");
}

} // namespace

std::vector<Test> status_tests()
{
    return {
        { "status: playback positions", playback_positions },
        { "status: capture positions", capture_positions },
        { "status: audio timestamp types", timestamp_types },
        { "status: timestamps of the link, playback",
          [] {
              link_timestamps(SND_PCM_STREAM_PLAYBACK);
          } },
        { "status: timestamps of the link, capture",
          [] {
              link_timestamps(SND_PCM_STREAM_CAPTURE);
          } },
    };
}

} // namespace selftest
