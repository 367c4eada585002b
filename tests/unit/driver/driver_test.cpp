// SPDX-License-Identifier: GPL-2.0-only
#include "driver_test.hpp"

namespace xen_front::test {

std::vector<uint8_t> make_audio(size_t bytes, uint32_t seed)
{
    std::vector<uint8_t> audio(bytes);
    uint32_t state = seed * 2654435761u + 1;
    for (uint8_t &byte : audio) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<uint8_t>(state >> 24);
    }
    return audio;
}

DriverTest::DriverTest() : device(kernel.add_device()), backend(kernel, device)
{
    configure(one_playback_stream());
    kernel.store.set(device.backend_path + "/versions", "1,2");
}

Nodes DriverTest::one_playback_stream()
{
    return {
        { "short-name", "Speaker" },
        { "long-name", "Speaker in Dom0" },
        { "sample-rates", "8000,44100,48000,192000" },
        { "sample-formats", "s8,u8,s16_le,s24_le,float_le,ima_adpcm" },
        { "channels-min", "1" },
        { "channels-max", "8" },
        { "buffer-size", "65536" },
        { "0/name", "Playback" },
        { "0/0/type", "p" },
        { "0/0/unique-id", "speaker" },
    };
}

void DriverTest::configure(const Nodes &nodes)
{
    for (const auto &[node, value] : nodes)
        kernel.store.set(device.path + "/" + node, value);
}

void DriverTest::connect()
{
    ASSERT_EQ(fake::probe(device), 0);
    backend.wait_for_frontend();
    ASSERT_EQ(state(), XenbusState::Initialised);
    backend.connect();
    ASSERT_EQ(state(), XenbusState::Connected);
}

void DriverTest::unplug()
{
    kernel.store.set(device.backend_path + "/online", "0");
    backend.publish(XenbusState::Closing);
    backend.detach();
    backend.publish(XenbusState::Closed);
    fake::remove(device);
}

void DriverTest::TearDown()
{
    if (device.is_bound)
        fake::remove(device);
    backend.detach();
    FakeKernelTest::TearDown();
    EXPECT_EQ(kernel.memory.lingering_count(), 0u);
}

std::unique_ptr<PcmFile> DriverTest::open(kshim_direction direction)
{
    const auto cards = kernel.sound.visible_cards();
    if (cards.size() != 1) {
        ADD_FAILURE() << "there are " << cards.size() << " cards";
        return nullptr;
    }
    int status = 0;
    auto file = PcmFile::open(*cards[0], 0, direction, status);
    EXPECT_EQ(status, 0);
    return file;
}

std::unique_ptr<PcmFile> DriverTest::open_with(const PcmParams &params, kshim_direction direction)
{
    auto file = open(direction);
    if (!file)
        return nullptr;
    EXPECT_EQ(file->hw_params(params), 0);
    // As aplay has it: playing begins with a full buffer.
    EXPECT_EQ(file->sw_params(params.buffer_frames, params.buffer_frames, params.period_frames), 0);
    return file;
}

std::unique_ptr<PcmFile> DriverTest::prepared(const PcmParams &params)
{
    auto file = open_with(params);
    if (file) {
        EXPECT_EQ(file->prepare(), 0);
    }
    return file;
}

std::vector<std::string> DriverTest::complaints() const
{
    std::vector<std::string> lines;
    for (const auto &line : fake::log_of(device)) {
        if (line.level != KSHIM_LOG_INFO)
            lines.push_back(line.text);
    }
    return lines;
}

} // namespace xen_front::test
