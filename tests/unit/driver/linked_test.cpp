// SPDX-License-Identifier: GPL-2.0-only
// Linked streams of which one cannot start: snd_pcm_undo_start() stops those that have, and they
// stay prepared.
#include "driver_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;

class LinkedTest : public DriverTest {
  protected:
    void connect(const char *type)
    {
        configure({ { "0/1/type", type }, { "0/1/unique-id", "second" } });
        backend.on_attach = [](BackendStream &stream) {
            stream.has_clock = true;
            stream.source = captured;
        };
        DriverTest::connect();
        broken_ = prepared();
        ASSERT_EQ(broken_->write(make_audio(256 * frame_bytes)), 256);
    }
    static uint8_t captured(uint64_t at)
    {
        return static_cast<uint8_t>(at * 7);
    }
    BackendStream &other_stream()
    {
        return backend.stream(0, 1);
    }
    // Links @file with a stream that breaks as it starts, starts both, and takes them apart.
    void start_in_vain(PcmFile &file)
    {
        ASSERT_EQ(broken_->link(file), 0);
        stream().ring().rsp_prod += 100;
        ASSERT_EQ(file.start(), -ENODEV);
        ASSERT_EQ(file.state(), PcmState::Prepared);
        ASSERT_EQ(other_stream().count(Operation::Trigger), 2u); // START and STOP
        ASSERT_EQ(file.unlink(), 0);
        broken_.reset();
    }
    // The application has written @audio, and started the stream so.
    std::unique_ptr<PcmFile> written_and_stopped_again(const std::vector<uint8_t> &audio)
    {
        connect("p");
        auto file = prepared();
        EXPECT_EQ(file->write(audio), static_cast<int64_t>(file->frames(audio.size())));
        start_in_vain(*file);
        return file;
    }
    // All of it, by a backend that had to open the stream anew.
    void expect_played(PcmFile &file, const std::vector<uint8_t> &audio)
    {
        EXPECT_EQ(file.state(), PcmState::Setup);
        EXPECT_EQ(file.runtime().hw_ptr, file.frames(audio.size()));
        EXPECT_EQ(other_stream().record.written, audio);
        EXPECT_EQ(other_stream().count(Operation::Open), 2u);
    }

  private:
    std::unique_ptr<PcmFile> broken_;
};

TEST_F(LinkedTest, StreamThatWasStoppedAgainCanBeStarted)
{
    const auto audio = make_audio(512 * frame_bytes);
    auto file = written_and_stopped_again(audio);
    EXPECT_FALSE(other_stream().is_running());
    ASSERT_EQ(file->start(), 0);
    EXPECT_TRUE(other_stream().is_running());
    EXPECT_EQ(file->drain(), 0);
    expect_played(*file, audio);
}

TEST_F(LinkedTest, StreamThatWasStoppedAgainStartsWhenItIsFull)
{
    connect("p");
    auto file = prepared();
    const auto audio = make_audio(1024 * frame_bytes);
    const auto half = std::span(audio).first(512 * frame_bytes);
    ASSERT_EQ(file->write(half), 512);
    start_in_vain(*file);
    ASSERT_EQ(file->write(std::span(audio).last(512 * frame_bytes)), 512);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->drain(), 0);
    expect_played(*file, audio);
}

// ALSA does not look at what START in a drain returns. Nothing else would ever wake the caller.
TEST_F(LinkedTest, StreamThatWasStoppedAgainDrains)
{
    connect("p");
    auto file = open();
    file->wants_no_period_wakeup = true;
    ASSERT_EQ(file->hw_params(small_params), 0);
    ASSERT_EQ(file->sw_params(1024, 1024, 256), 0);
    ASSERT_EQ(file->prepare(), 0);
    const auto audio = make_audio(512 * frame_bytes);
    ASSERT_EQ(file->write(audio), 512);
    start_in_vain(*file);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
}

TEST_F(LinkedTest, CaptureThatWasStoppedAgainRecords)
{
    connect("c");
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->prepare(), 0);
    start_in_vain(*file);
    ASSERT_EQ(file->start(), 0);
    std::vector<uint8_t> audio(2000 * frame_bytes);
    ASSERT_EQ(file->read(audio), 2000);
    for (size_t at = 0; at < audio.size(); at++)
        ASSERT_EQ(audio[at], captured(at)) << "byte " << at;
}

TEST_F(LinkedTest, StreamThatWasStoppedAgainStartsOnTheNextBackend)
{
    const auto audio = make_audio(512 * frame_bytes);
    auto file = written_and_stopped_again(audio);
    backend.publish(XenbusState::Closed);
    backend.detach();
    ASSERT_EQ(file->start(), 0);
    EXPECT_EQ(file->state(), PcmState::Running);
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    EXPECT_EQ(other_stream().record.written, audio);
}

} // namespace

} // namespace xen_front::test
