// SPDX-License-Identifier: GPL-2.0-only
// Tests of the whole driver: over the fake kernel, against the fake backend, as applications use
// it.
#pragma once

#include "fake/backend.hpp"
#include "fake/pcm_file.hpp"
#include "unit/fake/kernel_test.hpp"

namespace xen_front::test {

using fake::Backend;
using fake::BackendStream;
using fake::PcmFile;
using fake::PcmParams;
using fake::PcmState;
using wire::XenbusState;

using Nodes = std::vector<std::pair<const char *, const char *>>;

inline constexpr unsigned int format_s16_le = 2;

// Bytes that do not repeat within any buffer of a test.
std::vector<uint8_t> make_audio(size_t bytes, uint32_t seed = 1);

class DriverTest : public FakeKernelTest {
  protected:
    // A card with one playback stream, unless the test says otherwise.
    DriverTest();
    void TearDown() override;

    // Nodes below the frontend's directory.
    void configure(const Nodes &nodes);
    // Nodes of the stream that every test has, and of a card with names.
    static Nodes one_playback_stream();

    // Binds the driver, and goes with the backend to Connected.
    void connect();
    // Connected to Closed and unbound, as when the toolstack takes the device away.
    void unplug();

    // Opens stream 0/0; hw_params, sw_params with a start threshold of the buffer, prepare.
    std::unique_ptr<PcmFile> open(kshim_direction direction = KSHIM_PLAYBACK);
    std::unique_ptr<PcmFile> open_with(const PcmParams &params,
                                       kshim_direction direction = KSHIM_PLAYBACK);
    std::unique_ptr<PcmFile> prepared(const PcmParams &params = small_params);

    BackendStream &stream()
    {
        return backend.stream(0, 0);
    }
    // Errors and warnings in the log.
    std::vector<std::string> complaints() const;
    XenbusState state() const
    {
        return fake::frontend_state(device);
    }
    // Whether applications see one.
    bool has_card()
    {
        return !kernel.sound.visible_cards().empty();
    }
    size_t written_frames(const PcmFile &file)
    {
        return file.frames(stream().record.written_bytes);
    }

    // S16_LE, 48 kHz, stereo: frames of four bytes.
    static constexpr PcmParams small_params = { format_s16_le, 48000, 2, 256, 1024 };
    // The backend has played, or recorded, @frames since OPEN.
    void report(uint64_t frames)
    {
        stream().report_position(frames * frame_bytes);
    }
    // To a backend with one capture stream, which records what depends on the place.
    void connect_capture()
    {
        configure({ { "0/0/type", "c" } });
        connect();
        stream().source = [](uint64_t at) {
            return static_cast<uint8_t>(at * 7 + at / 256 + 1);
        };
    }

    static constexpr size_t frame_bytes = 4;

    fake::XenbusDevice &device;
    Backend backend;
};

} // namespace xen_front::test
