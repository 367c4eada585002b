// SPDX-License-Identifier: GPL-2.0-only
//
// However much a request asks for, its thread lets those of other streams run between two pieces. A
// sched_yield() of these tests counts how often.
#include "audio/pieces.hpp"

#include <dlfcn.h>

#include "audio/alsa_device.hpp"
#include "audio/clocked_device.hpp"
#include "unit/audio/parameters.h"
#include "unit/support.h"

namespace {

unsigned yields = 0;

} // namespace

extern "C" int sched_yield() noexcept
{
    ++yields;
    return reinterpret_cast<int (*)()>(dlsym(RTLD_NEXT, "sched_yield"))();
}

namespace sndback {
namespace {

using namespace std::chrono_literals;

// Frames of three octets, of which no number fills a piece.
const StreamFormat odd { find_format("u8"), 48000, 3 };
constexpr std::size_t piece = 64 * 1024 - 1;
constexpr std::size_t bytes = 3 * piece + 300;
const std::vector<std::size_t> pieces { piece, piece, piece, 300 };
const OpenParameters parameters { odd, bytes, 0, {} };

// What frames become that are asked for, or rendered, all at once.
std::vector<std::byte> scaled(const Gain &gain, const std::vector<std::byte> &frames)
{
    const std::size_t frame = odd.unit();
    std::vector<std::byte> all = frames;
    for (std::size_t at = 0; at < all.size(); at += frame)
        gain.apply(odd, std::span(all).subspan(at, frame));
    return all;
}

class PiecesTest : public ::testing::Test {
  protected:
    PiecesTest()
    {
        gain_.set_volume(0, -6020);
        gain_.set_volume(2, -1);
        yields = 0;
    }

    RecordingListener listener_;
    Gain gain_;
    std::vector<std::size_t> sizes_;
};

// Keeps what was played, and in which pieces it came.
class PiecewiseSink final : public Sink {
  public:
    PiecewiseSink(std::vector<std::byte> &played, std::vector<std::size_t> &sizes)
        : sink_(played), sizes_(sizes)
    {
    }
    [[nodiscard]] bool renders() const override
    {
        return true;
    }
    void render(std::span<const std::byte> frames) override
    {
        sizes_.push_back(frames.size());
        sink_.render(frames);
    }

  private:
    MemorySink sink_;
    std::vector<std::size_t> &sizes_;
};

class RenderedPiecesTest : public PiecesTest {
  protected:
    void write()
    {
        auto data = numbered(bytes);
        ASSERT_TRUE(device_->transfer(data, 0s));
        device_->start(0s);
        yields = 0;
    }
    void expect_pieces() const
    {
        EXPECT_EQ(sizes_, pieces);
        EXPECT_EQ(yields, 3U);
        EXPECT_EQ(played_, scaled(gain_, numbered(bytes)));
    }

    std::vector<std::byte> played_;
    std::optional<ClockedPlayback> device_ { std::in_place, parameters, gain_,
                                             std::make_unique<PiecewiseSink>(played_, sizes_),
                                             listener_ };
};

TEST_F(RenderedPiecesTest, OfStop)
{
    write();
    EXPECT_EQ(device_->left_to_render(), bytes);
    device_->stop(0s);
    EXPECT_EQ(device_->left_to_render(), 0U);
    expect_pieces();
}

TEST_F(RenderedPiecesTest, OfClose)
{
    write();
    device_.reset();
    expect_pieces();
}

TEST_F(RenderedPiecesTest, OfATickThatIsLate)
{
    write();
    (void)device_->service(100s, {});
    expect_pieces();
}

// A sink that no gain may be applied for: it drops what is played.
class DroppingSink final : public Sink {
  public:
    [[nodiscard]] bool renders() const override
    {
        return false;
    }
    void render(std::span<const std::byte>) override
    {
        ADD_FAILURE();
    }
};

TEST_F(PiecesTest, NoneForASinkThatDropsThem)
{
    ClockedPlayback device(parameters, gain_, std::make_unique<DroppingSink>(), listener_);
    auto data = numbered(bytes);
    for (unsigned count = 0; count < 2; ++count) {
        ASSERT_TRUE(device.transfer(data, 0s));
        EXPECT_EQ(device.left_to_render(), 0U);
        device.start(0s);
        device.stop(0s);
    }
    EXPECT_EQ(yields, 0U);
}

TEST_F(PiecesTest, OfRead)
{
    class PiecewiseSource final : public Source {
      public:
        explicit PiecewiseSource(std::vector<std::size_t> &sizes) : sizes_(sizes)
        {
        }
        void fill(std::uint64_t position, std::span<std::byte> target) override
        {
            sizes_.push_back(target.size());
            source_.fill(position, target);
        }

      private:
        PatternSource source_;
        std::vector<std::size_t> &sizes_;
    };
    ClockedCapture device(parameters, gain_, std::make_unique<PiecewiseSource>(sizes_), listener_);
    device.start(0s);
    std::vector<std::byte> data(bytes);
    EXPECT_TRUE(device.transfer(data, 100s));
    EXPECT_EQ(sizes_, pieces);
    EXPECT_EQ(yields, 3U);
    std::vector<std::byte> pattern(bytes);
    const std::uint64_t captured = 100ULL * odd.rate * odd.unit();
    PatternSource().fill(captured - bytes, pattern);
    EXPECT_EQ(data, scaled(gain_, pattern));
}

TEST_F(PiecesTest, OfGain)
{
    auto data = numbered(bytes);
    gain_.apply(odd, data);
    EXPECT_EQ(yields, 3U);
    EXPECT_EQ(data, scaled(gain_, numbered(bytes)));
}

// Of what a card has room for.
TEST_F(PiecesTest, OfWhatACardIsGiven)
{
    constexpr std::size_t most = 64 * 1024;
    AlsaPlayback device("null", { stereo, 4 * most, 4096, {} }, gain_, listener_);
    auto data = numbered(3 * most + 4096);
    ASSERT_TRUE(device.transfer(data, 0s));
    EXPECT_EQ(yields, 3U);
    EXPECT_TRUE(listener_.errors.empty());
}

} // namespace
} // namespace sndback
