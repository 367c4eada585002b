// SPDX-License-Identifier: GPL-2.0-only
// Every call of the shim that can fail is made to fail once, each in a life of its own: the
// caller gets that error, nothing is leaked, and afterwards everything works.
#include "reconnect_test.hpp"

namespace xen_front::test {

namespace {

using namespace std::chrono_literals;

// One life of a device, from probe to remove.
class Life {
  public:
    explicit Life(const char *type) : direction_(*type == 'p' ? KSHIM_PLAYBACK : KSHIM_CAPTURE)
    {
        const Nodes nodes = {
            { "short-name", "Card" },      { "long-name", "Card in Dom0" },
            { "sample-rates", "48000" },   { "sample-formats", "s16_le" },
            { "channels-max", "2" },       { "buffer-size", "65536" },
            { "0/name", "Device" },        { "0/0/type", type },
            { "0/0/unique-id", "stream" },
        };
        for (const auto &[node, value] : nodes)
            kernel.store.set(device.path + "/" + node, value);
        kernel.store.set(device.backend_path + "/versions", "2");
        // Slow enough that requests are waited for.
        backend.on_attach = [this](BackendStream &stream) {
            stream.latency = 1ms;
            stream.has_clock = true;
            if (direction_ == KSHIM_CAPTURE)
                stream.source = [](uint64_t position) {
                    return static_cast<uint8_t>(position);
                };
        };
    }

    // Lives until something fails. What failed, and with which error, in step() and error().
    void live();
    // Goes on after a failure as toolstack and application would, until all has worked.
    void recover();
    void end();

    const char *step() const
    {
        return step_;
    }
    // 0, or the negative errno that the step ended with.
    int error() const
    {
        return error_;
    }

    fake::Kernel kernel;
    fake::XenbusDevice &device = kernel.add_device();
    Backend backend { kernel, device };

  private:
    bool succeeds(const char *step, int status)
    {
        step_ = step;
        error_ = status;
        return status >= 0;
    }
    int bind();
    int attach();
    int make_card();
    int open();
    int transfer();
    int set_controls();

    const kshim_direction direction_;
    std::unique_ptr<PcmFile> file_;
    const char *step_ = "";
    int error_ = 0;
};

int Life::bind()
{
    kernel.store.set(device.path + "/state", "1");
    kernel.store.set(device.backend_path + "/state", "1");
    return fake::probe(device);
}

// The errno that the driver reported last, when it did not reach @wanted.
int reported_unless(const fake::XenbusDevice &device, XenbusState wanted)
{
    if (fake::frontend_state(device) == wanted)
        return 0;
    EXPECT_TRUE(fake::frontend_state(device) == XenbusState::Closed ||
                fake::frontend_state(device) == XenbusState::Initialising);
    EXPECT_EQ(device.errors.size(), 1u);
    return device.errors.empty() ? -1 : std::stoi(device.errors.back());
}

int Life::attach()
{
    backend.wait_for_frontend();
    const int status = reported_unless(device, XenbusState::Initialised);
    // What may pass is tried again, without the backend doing anything.
    if (fake::frontend_state(device) == XenbusState::Initialising) {
        kernel.timeline.pass(std::chrono::seconds(2));
        EXPECT_EQ(fake::frontend_state(device), XenbusState::Initialised);
    }
    return status;
}

int Life::make_card()
{
    backend.connect();
    return reported_unless(device, XenbusState::Connected);
}

int Life::open()
{
    int status = 0;
    file_ = PcmFile::open(*kernel.sound.visible_cards().at(0), 0, direction_, status);
    return status;
}

int Life::transfer()
{
    auto audio = make_audio(8192);
    const int64_t done = direction_ == KSHIM_PLAYBACK ? file_->write(audio) : file_->read(audio);
    return done == 2048 ? 0 : static_cast<int>(std::min<int64_t>(done, -1));
}

int Life::set_controls()
{
    for (const auto &control : kernel.sound.visible_cards().at(0)->controls) {
        if (const int status = control->write(std::vector<uint32_t>(control->channels)); status < 0)
            return status;
    }
    return 0;
}

void Life::live()
{
    // The application starts over from where it is.
    (void)(succeeds("probe", bind()) && succeeds("connect", attach()) &&
           succeeds("register", make_card()) && succeeds("open", open()) &&
           succeeds("hw_params",
                    file_->hw_params(PcmParams { format_s16_le, 48000, 2, 256, 1024 })) &&
           succeeds("prepare", file_->prepare()) && succeeds("transfer", transfer()) &&
           succeeds("set controls", set_controls()) && succeeds("drain", file_->drain()) &&
           succeeds("prepare again", file_->prepare()) && succeeds("transfer again", transfer()) &&
           succeeds("drop", file_->drop()) && succeeds("hw_free", file_->hw_free()));
}

void Life::recover()
{
    file_.reset();
    backend.publish(XenbusState::Closing);
    backend.detach();
    backend.publish(XenbusState::Closed);
    if (device.is_bound)
        fake::remove(device);
    device.errors.clear();
    live();
    EXPECT_EQ(error_, 0) << "recovery failed in " << step_;
}

void Life::end()
{
    file_.reset();
    if (device.is_bound)
        fake::remove(device);
    backend.detach();
    kernel.expect_no_leaks();
    EXPECT_EQ(kernel.memory.lingering_count(), 0u);
}

class FailureInjectionTest : public FaultTest,
                             public ::testing::WithParamInterface<const char *> {};

TEST_P(FailureInjectionTest, WithoutFailureAllWorks)
{
    Life life(GetParam());
    life.live();
    EXPECT_EQ(life.error(), 0) << life.step();
    EXPECT_STREQ(life.step(), "hw_free");
    life.end();
    EXPECT_TRUE(life.device.log.empty());
    // The other tests show little unless many calls can fail.
    EXPECT_GT(life.kernel.injector.calls(), 50u);
}

TEST_P(FailureInjectionTest, EveryCallFailsOnce)
{
    for (uint64_t call = 0;; call++) {
        SCOPED_TRACE("call " + std::to_string(call));
        Life life(GetParam());
        life.kernel.injector.fail_call(call);
        life.live();
        const auto failed = life.kernel.injector.failed();
        life.kernel.injector.stop();
        if (!failed) {
            EXPECT_EQ(life.error(), 0);
            life.end();
            break;
        }
        SCOPED_TRACE(failed->function + " failed; ended in " + life.step());
        // An error that the caller did not get was made good: no caller needed the response.
        if (life.error() != 0) {
            EXPECT_EQ(life.error(), failed->error);
        }
        EXPECT_LE(life.device.log.size(), 2u);
        life.recover();
        life.end();
        if (HasFailure())
            break;
    }
}

INSTANTIATE_TEST_SUITE_P(Directions, FailureInjectionTest, ::testing::Values("p", "c"));

// The next connection cannot be made, for each reason that there may be: the card goes on waiting,
// and is connected once it can be.
TEST_F(ReconnectTest, ConnectionThatFailsIsTriedAgain)
{
    size_t failures = 0;
    for (uint64_t call = 0;; call++) {
        ASSERT_LT(call, 100u);
        auto file = playing();
        backend.publish(XenbusState::Closed);
        backend.detach();
        kernel.timeline.pass(2s); // states that come faster are handled at leisure
        kernel.injector.fail_call(call);
        restart();
        kernel.injector.stop();
        if (!kernel.injector.failed()) {
            expect_the_rest(*file, 0);
            break;
        }
        if (state() == XenbusState::Connected)
            continue; // of no consequence, as that of reading "online"
        SCOPED_TRACE(kernel.injector.failed()->function);
        failures++;
        EXPECT_EQ(file->state(), PcmState::Running);
        EXPECT_EQ(card_count(), 1u);
        kernel.timeline.pass(300ms);
        ASSERT_EQ(state(), XenbusState::Initialised);
        backend.connect();
        ASSERT_EQ(state(), XenbusState::Connected);
        expect_the_rest(*file, 0);
    }
    EXPECT_GT(failures, 10u);
}

} // namespace

} // namespace xen_front::test
