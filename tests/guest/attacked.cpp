// SPDX-License-Identifier: GPL-2.0-only
// Lives through the attacks that Dom0 announces in XenStore, and reports how it went: see
// attack-dom0.sh.
#include "bench/channel.h"
#include "ktap.h"
#include "store.h"
#include "victim.h"
#include "vitals.h"

#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

namespace selftest {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char *order_node = "data/attack";
constexpr const char *reply_node = "data/attack-reply";
constexpr const char *echo_node = "data/attack-echo";
constexpr const char *accountant_node = "data/attack-accountant";
constexpr const char *used_node = "data/attack-used"; // percent of a processor, of the last attack

constexpr milliseconds order_patience(60000);
constexpr milliseconds settle_time(250); // of the victims, before anything is measured
constexpr milliseconds attack_time(500);
constexpr milliseconds storm_time(1000);
// The driver follows the first changes of a state at once, and then a few a second.
constexpr milliseconds state_time(2000);
constexpr milliseconds churn_time(250);
constexpr milliseconds watch_limit(1500);
constexpr milliseconds recovery_limit(6000);

constexpr double percent_max = 10;
// What the driver lets through of a storm, and what the victims' own streams take.
constexpr double storm_interrupts_max = 700;
// What the victims take that try again as fast as they can, not what the driver does.
constexpr double retry_percent_max = 25;
constexpr size_t log_lines_max = 8;
constexpr size_t canary_bytes = 8 << 20;
constexpr snd_pcm_uframes_t check_frames = 2400;

class Ordeal {
  public:
    // Attacks and good backends in turn, as Dom0 says. The exit status.
    int run();

  private:
    void learn_sequence();
    void hire_accountant();
    // Dom0 counts until, and from here on, what the guest's processor does.
    void note_processor_time() const;
    void look_at_processor(const std::string &name);
    void suffer(const std::string &name);
    void recover(const std::string &name);
    void verdict(const std::string &name);
    void blame(bool condition, const std::string &what);
    void look_at_log();
    void exchange_watch(const std::string &name);
    void say_on_console(const std::string &name);
    std::vector<uint8_t> record();
    void play();
    void use_good_card();

    Store store_;
    std::optional<bench::Channel> accountant_;
    KernelLog log_;
    Canary canary_ { canary_bytes };
    std::vector<uint8_t> sequence_; // what the good backend's device captures
    std::vector<std::string> complaints_;
    std::string notes_;
    size_t count_ = 0;
    size_t failed_ = 0;
};

void Ordeal::blame(bool condition, const std::string &what)
{
    if (!condition)
        complaints_.push_back(what);
}

std::vector<uint8_t> Ordeal::record()
{
    const std::string name = any_pcm(1);
    expect(!name.empty(), "there is no card");
    Pcm pcm(name, SND_PCM_STREAM_CAPTURE, {});
    std::vector<uint8_t> samples;
    pcm.read(samples, check_frames);
    return samples;
}

void Ordeal::play()
{
    const std::string name = any_pcm(1);
    expect(!name.empty(), "there is no card");
    Pcm pcm(name, SND_PCM_STREAM_PLAYBACK, {});
    const unsigned int underruns = pcm.write(random_bytes(check_frames * 4, 7));
    blame(is_untimed() || underruns == 0,
          std::to_string(underruns) + " underruns with a good backend");
    pcm.drain();
}

void Ordeal::hire_accountant()
{
    store_.watch(accountant_node);
    const auto port = store_.wait_for_change(accountant_node, "", order_patience);
    expect(port.has_value(), "Dom0 has no accountant");
    accountant_ = bench::Channel::connect(0, static_cast<uint32_t>(std::stoul(*port)));
}

void Ordeal::note_processor_time() const
{
    accountant_->notify();
    accountant_->wait();
}

void Ordeal::look_at_processor(const std::string &name)
{
    const auto used = store_.read(used_node);
    expect(used.has_value(), "Dom0 does not say how long the processor ran");
    notes_ += "; cpu " + *used + " %";
    const bool is_retried = name.ends_with("-refused");
    blame(is_untimed() || std::stod(*used) < (is_retried ? retry_percent_max : percent_max),
          "the attack takes too much of the processor");
}

void Ordeal::learn_sequence()
{
    // The card may not be there yet, or be that of the lab's own backend, which has gone.
    for (const auto start = Clock::now(); sequence_.empty();) {
        try {
            sequence_ = record();
        } catch (const Failure &) {
            if (Clock::now() - start > order_patience)
                throw;
            std::this_thread::sleep_for(milliseconds(20));
        }
    }
}

void Ordeal::use_good_card()
{
    const auto start = Clock::now();
    for (std::string last;;) {
        try {
            play();
            blame(record() == sequence_, "the good backend's sequence was not captured");
            return;
        } catch (const Failure &failure) {
            last = failure.what;
        }
        if (Clock::now() - start > recovery_limit) {
            blame(false, "no working card with a good backend: " + last);
            return;
        }
        std::this_thread::sleep_for(milliseconds(20));
    }
}

void Ordeal::exchange_watch(const std::string &name)
{
    const auto start = Clock::now();
    store_.write(echo_node, name);
    std::optional<std::string> path;
    do {
        path = store_.wait_for_watch(watch_limit);
    } while (path && *path != echo_node);
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    blame(path.has_value(), "XenStore did not tell of a change within 1500 ms");
    notes_ += ", watch " + std::to_string(took.count()) + " ms";
}

void Ordeal::say_on_console(const std::string &name)
{
    const std::string line = "attacked: " + name + "\n";
    const int console = open("/dev/hvc0", O_WRONLY | O_NONBLOCK | O_NOCTTY);
    blame(console >= 0 &&
              write(console, line.data(), line.size()) == static_cast<ssize_t>(line.size()),
          "the console takes no line");
    if (console >= 0)
        close(console);
}

void Ordeal::suffer(const std::string &name)
{
    complaints_.clear();
    const bool is_storm = name.starts_with("storm");
    // Long periods: what a storm costs is not to be hidden by what playing costs.
    const Setup lazy = { .period = 12000, .buffer = 48000 };
    Victim player(SND_PCM_STREAM_PLAYBACK, is_storm ? lazy : Setup {});
    Victim recorder(SND_PCM_STREAM_CAPTURE, is_storm ? lazy : Setup {});
    std::this_thread::sleep_for(settle_time);

    note_processor_time();
    const uint64_t interrupts = driver_interrupts();
    const auto start = Clock::now();
    std::this_thread::sleep_for(is_storm                     ? storm_time
                                : name.starts_with("state-") ? state_time
                                                             : attack_time);
    note_processor_time();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const uint64_t more = driver_interrupts();
    const double rate = more < interrupts ? 0 : static_cast<double>(more - interrupts) / seconds;
    blame(is_untimed() || !is_storm || rate < storm_interrupts_max,
          "the storm interrupts the guest too often");

    char text[120];
    std::snprintf(text, sizeof(text), "%.0f interrupts/s", rate);
    notes_ = text;
    // From here on, for filling memory takes the processor too.
    MemoryChurn churn;
    exchange_watch(name);
    say_on_console(name);
    std::this_thread::sleep_for(churn_time);
    const size_t damage = churn.stop();
    blame(damage == 0, std::to_string(damage) + " words of other memory were changed");

    const bool have_ended = player.stop() && recorder.stop();
    notes_ += "; " + player.report() + "; " + recorder.report();
    if (!have_ended) {
        blame(false, "an application hangs in a call");
        verdict(name);
        std::_Exit(1);
    }
}

void Ordeal::recover(const std::string &name)
{
    const auto start = Clock::now();
    use_good_card();
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    notes_ += "; good again after " + std::to_string(took.count()) + " ms";
    look_at_processor(name);
    const size_t damage = canary_.damage();
    blame(damage == 0, std::to_string(damage) + " words of the canary were changed");
    look_at_log();
    verdict(name);
}

void Ordeal::look_at_log()
{
    const std::vector<std::string> lines = log_.take();
    bool is_shown = false;
    for (const std::string &line : lines)
        is_shown |= KernelLog::is_report(line);
    blame(!is_shown, "the kernel reports trouble");
    blame(lines.size() <= log_lines_max, "too many lines in the kernel log");
    notes_ += "; " + std::to_string(lines.size()) + " lines in the log";
    for (size_t i = 0; i < lines.size() && i < 40; i++)
        diagnose("log: " + lines[i]);
}

void Ordeal::verdict(const std::string &name)
{
    diagnose(notes_);
    for (const std::string &complaint : complaints_)
        diagnose("FAILED: " + complaint);
    std::printf("%sok %zu attack: %s\n", complaints_.empty() ? "" : "not ", ++count_, name.c_str());
    std::fflush(stdout);
    failed_ += !complaints_.empty();
}

int Ordeal::run()
{
    std::printf("KTAP version 1\n");
    store_.watch(order_node);
    store_.watch(echo_node);
    hire_accountant();
    for (std::string order;;) {
        const auto next = store_.wait_for_change(order_node, order, order_patience);
        expect(next.has_value(), "Dom0 gives no orders any more");
        order = *next;
        const size_t space = order.find(' ');
        const std::string verb = order.substr(0, space);
        if (verb == "end")
            break;
        const std::string name = order.substr(space + 1);
        if (verb == "learn")
            learn_sequence();
        else if (verb == "suffer")
            suffer(name);
        else
            recover(name);
        store_.write(reply_node, order);
    }
    std::printf("1..%zu\n", count_);
    return failed_ == 0 && count_ > 0 ? 0 : 1;
}

} // namespace

} // namespace selftest

int main(int argc, char **argv)
{
    if (argc > 1) {
        std::printf(
            "Usage: %s\n\n"
            "Lives through the attacks that attack-dom0.sh, in Dom0, announces, and reports "
            "in KTAP.\n"
            "Exit status: 0 when all were survived, 1 when not.\n",
            argv[0]);
        return 2;
    }
    try {
        return selftest::Ordeal().run();
    } catch (const selftest::Failure &failure) {
        std::printf("not ok 1 attacked: %s\n", failure.what.c_str());
        return 1;
    }
}
