// SPDX-License-Identifier: GPL-2.0-only
#include "audio/alsa_pcm.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace sndback {

namespace {

// sndif took its numbers from ALSA, so a cast converts.
static_assert(XENSND_PCM_FORMAT_S8 == static_cast<int>(SND_PCM_FORMAT_S8) &&
              XENSND_PCM_FORMAT_S24_LE == static_cast<int>(SND_PCM_FORMAT_S24_LE) &&
              XENSND_PCM_FORMAT_F64_BE == static_cast<int>(SND_PCM_FORMAT_FLOAT64_BE) &&
              XENSND_PCM_FORMAT_MU_LAW == static_cast<int>(SND_PCM_FORMAT_MU_LAW) &&
              XENSND_PCM_FORMAT_GSM == static_cast<int>(SND_PCM_FORMAT_GSM));

snd_pcm_format_t to_alsa(const Format &format)
{
    return static_cast<snd_pcm_format_t>(format.wire);
}

// Those of ALSA's SNDRV_PCM_RATE_*.
constexpr std::array<unsigned, 18> common_rates { 5512,  8000,   11025,  12000,  16000,  22050,
                                                  24000, 32000,  44100,  48000,  64000,  88200,
                                                  96000, 128000, 176400, 192000, 352800, 384000 };

// A rate that no device lists: what takes it takes any.
constexpr unsigned odd_rate_step = 7;

using HwParams = std::unique_ptr<snd_pcm_hw_params_t, decltype(&snd_pcm_hw_params_free)>;
using SwParams = std::unique_ptr<snd_pcm_sw_params_t, decltype(&snd_pcm_sw_params_free)>;

HwParams allocate_hw_params()
{
    snd_pcm_hw_params_t *params = nullptr;
    if (snd_pcm_hw_params_malloc(&params) < 0)
        throw std::bad_alloc();
    return { params, &snd_pcm_hw_params_free };
}

SwParams allocate_sw_params()
{
    snd_pcm_sw_params_t *params = nullptr;
    if (snd_pcm_sw_params_malloc(&params) < 0)
        throw std::bad_alloc();
    return { params, &snd_pcm_sw_params_free };
}

Interval channels_of(const snd_pcm_hw_params_t *params)
{
    Interval channels;
    snd_pcm_hw_params_get_channels_min(params, &channels.min);
    snd_pcm_hw_params_get_channels_max(params, &channels.max);
    return channels;
}

Interval rates_of(const snd_pcm_hw_params_t *params)
{
    Interval rates;
    snd_pcm_hw_params_get_rate_min(params, &rates.min, nullptr);
    snd_pcm_hw_params_get_rate_max(params, &rates.max, nullptr);
    return rates;
}

std::vector<std::uint32_t> listed_rates(snd_pcm_t *handle, snd_pcm_hw_params_t *params,
                                        Interval range)
{
    std::vector<std::uint32_t> rates;
    if (range.max - range.min <= odd_rate_step ||
        snd_pcm_hw_params_test_rate(handle, params, range.min + odd_rate_step, 0) == 0)
        return rates;
    for (const unsigned rate : common_rates)
        if (snd_pcm_hw_params_test_rate(handle, params, rate, 0) == 0)
            rates.push_back(rate);
    return rates;
}

} // namespace

AlsaPcm::AlsaPcm(const std::string &name, snd_pcm_stream_t direction)
    : name_(name), direction_(direction)
{
    snd_pcm_t *handle = nullptr;
    check(snd_pcm_open(&handle, name.c_str(), direction, SND_PCM_NONBLOCK), "open");
    handle_.reset(handle);

    snd_pcm_info_t *info = nullptr;
    if (snd_pcm_info_malloc(&info) < 0)
        throw std::bad_alloc();
    has_card_ = snd_pcm_info(handle, info) == 0 && snd_pcm_info_get_card(info) >= 0;
    snd_pcm_info_free(info);
}

Limits AlsaPcm::limits() const
{
    const HwParams params = allocate_hw_params();
    check(snd_pcm_hw_params_any(get(), params.get()), "no configuration available");
    check(snd_pcm_hw_params_set_access(get(), params.get(), SND_PCM_ACCESS_RW_INTERLEAVED),
          "interleaved access");

    Limits limits;
    limits.formats = 0;
    limits.channels = channels_of(params.get());
    limits.rate_range = rates_of(params.get());
    limits.rates = listed_rates(get(), params.get(), limits.rate_range);
    for (const Format &format : formats) {
        const HwParams of_format = allocate_hw_params();
        snd_pcm_hw_params_copy(of_format.get(), params.get());
        if (snd_pcm_hw_params_set_format(get(), of_format.get(), to_alsa(format)) < 0)
            continue;
        limits.formats |= std::uint64_t { 1 } << format.wire;
        const FormatLimits own { format.wire, rates_of(of_format.get()),
                                 channels_of(of_format.get()) };
        if (own.rates != limits.rate_range || own.channels != limits.channels)
            limits.of_formats.push_back(own);
    }

    // A period may be shorter than the card's smallest: positions are then reported less often.
    // Buffers are no limit at all, what the card has no room for waits in this process.
    return limits;
}

// Names each plugin down to the last one: alsa-lib has no other way to ask for those behind the
// first.
std::string AlsaPcm::description() const
{
    snd_output_t *output = nullptr;
    if (snd_output_buffer_open(&output) < 0)
        throw std::bad_alloc();
    (void)snd_pcm_dump(get(), output);
    char *text = nullptr;
    const std::size_t size = snd_output_buffer_string(output, &text);
    std::string copy(text, size);
    snd_output_close(output);
    return copy;
}

bool AlsaPcm::has_no_clock() const
{
    return description().find("Null PCM") != std::string::npos;
}

void AlsaPcm::configure(const OpenParameters &parameters)
{
    configure_hardware(parameters);
    configure_software();
    // A plug has made its converter by now, if it needs one.
    const std::string plugins = description();
    converts_rate_ = plugins.find("Rate conversion PCM") != std::string::npos;
    takes_back_ =
        has_card_ && !converts_rate_ && plugins.find("Direct Share PCM") == std::string::npos;
    require_room_for_periods(parameters);
}

// A converter needs, or brings, a whole period at a time. When it does, the guest can be as much as
// a period of its own away from having all of its buffer written, or read. That is the least: how
// much more it needs is a matter of how fast it answers.
void AlsaPcm::require_room_for_periods(const OpenParameters &parameters) const
{
    const std::uint64_t buffer = parameters.format.frames(parameters.buffer_bytes);
    const std::uint64_t period = parameters.format.frames(parameters.period());
    if (converts_rate_ && buffer < period_frames_ + period)
        throw Refusal(
            -XEN_EINVAL,
            fmt::format("ALSA PCM {} converts the rate in periods of {} frames: with periods of {} "
                        "the guest needs a buffer of at least {} frames, and has {}; it can choose "
                        "a larger one, or the rate that the card has",
                        name_, period_frames_, period, period_frames_ + period, buffer));
}

void AlsaPcm::configure_hardware(const OpenParameters &parameters)
{
    const StreamFormat &format = parameters.format;
    const HwParams params = allocate_hw_params();
    check(snd_pcm_hw_params_any(get(), params.get()), "no configuration available");
    check(snd_pcm_hw_params_set_access(get(), params.get(), SND_PCM_ACCESS_RW_INTERLEAVED),
          "interleaved access");
    check(snd_pcm_hw_params_set_format(get(), params.get(), to_alsa(*format.format)),
          fmt::format("format {}", format.format->name).c_str());
    check(snd_pcm_hw_params_set_channels(get(), params.get(), format.channels),
          fmt::format("{} channels", format.channels).c_str());
    check(snd_pcm_hw_params_set_rate(get(), params.get(), format.rate, 0),
          fmt::format("{} Hz", format.rate).c_str());

    // Positions can only be as fine as the card's periods, so these come first.
    period_frames_ = std::max<snd_pcm_uframes_t>(format.frames(parameters.period()), 1);
    check(snd_pcm_hw_params_set_period_size_near(get(), params.get(), &period_frames_, nullptr),
          "period size");
    buffer_frames_ =
        std::max<snd_pcm_uframes_t>(format.frames(parameters.buffer_bytes), 2 * period_frames_);
    check(snd_pcm_hw_params_set_buffer_size_near(get(), params.get(), &buffer_frames_),
          "buffer size");
    check(snd_pcm_hw_params(get(), params.get()), "hardware parameters");
    can_pause_ = snd_pcm_hw_params_can_pause(params.get()) == 1;
}

void AlsaPcm::configure_software()
{
    const SwParams params = allocate_sw_params();
    snd_pcm_uframes_t boundary = 0;
    check(snd_pcm_sw_params_current(get(), params.get()), "software parameters");
    check(snd_pcm_sw_params_get_boundary(params.get(), &boundary), "boundary");
    // Only TRIGGER starts, and the card stops when it has played, or filled, everything.
    check(snd_pcm_sw_params_set_start_threshold(get(), params.get(), boundary), "start threshold");
    check(snd_pcm_sw_params_set_stop_threshold(get(), params.get(), buffer_frames_),
          "stop threshold");
    if (direction_ == SND_PCM_STREAM_PLAYBACK) {
        // A card plays on until its next interrupt: let that be silence, not old sound.
        check(snd_pcm_sw_params_set_silence_threshold(get(), params.get(), 0), "silence threshold");
        check(snd_pcm_sw_params_set_silence_size(get(), params.get(), boundary), "silence size");
    }
    check(snd_pcm_sw_params(get(), params.get()), "software parameters");
}

void AlsaPcm::set_wakeup(snd_pcm_uframes_t frames)
{
    frames = std::clamp<snd_pcm_uframes_t>(frames, 1, buffer_frames_);
    if (frames == wakeup_)
        return;
    const SwParams params = allocate_sw_params();
    check(snd_pcm_sw_params_current(get(), params.get()), "software parameters");
    check(snd_pcm_sw_params_set_avail_min(get(), params.get(), frames), "wake-up threshold");
    check(snd_pcm_sw_params(get(), params.get()), "wake-up threshold");
    wakeup_ = frames;
}

snd_pcm_sframes_t AlsaPcm::available() const
{
    const snd_pcm_sframes_t frames = snd_pcm_avail(get());
    if (frames < 0)
        return frames;
    switch (snd_pcm_state(get())) {
    case SND_PCM_STATE_SUSPENDED:
        return -ESTRPIPE;
    case SND_PCM_STATE_DISCONNECTED:
        return -ENODEV;
    default:
        return frames;
    }
}

void AlsaPcm::add_descriptors(std::vector<pollfd> &descriptors) const
{
    const int count = snd_pcm_poll_descriptors_count(get());
    if (count <= 0)
        return;
    const std::size_t old_size = descriptors.size();
    descriptors.resize(old_size + static_cast<std::size_t>(count));
    snd_pcm_poll_descriptors(get(), &descriptors[old_size], static_cast<unsigned>(count));
}

bool AlsaPcm::acknowledge(std::span<pollfd> ready) const
{
    unsigned short events = 0;
    if (ready.empty())
        return false;
    const bool was_signalled = is_signalled(ready);
    snd_pcm_poll_descriptors_revents(get(), ready.data(), static_cast<unsigned>(ready.size()),
                                     &events);
    return events != 0 || (was_signalled && poll(ready.data(), ready.size(), 0) > 0);
}

snd_pcm_uframes_t AlsaPcm::take_back(snd_pcm_uframes_t frames) const
{
    if (!takes_back_ || frames == 0)
        return 0;
    return static_cast<snd_pcm_uframes_t>(
        std::max<snd_pcm_sframes_t>(snd_pcm_rewind(get(), frames), 0));
}

Time AlsaPcm::delay(unsigned rate, snd_pcm_uframes_t silence) const
{
    snd_pcm_sframes_t frames = 0;
    if (snd_pcm_delay(get(), &frames) < 0 || frames <= static_cast<snd_pcm_sframes_t>(silence))
        return {};
    return duration_of(std::min<std::uint64_t>(frames - silence, rate / 2), rate);
}

} // namespace sndback
