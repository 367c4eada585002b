// SPDX-License-Identifier: GPL-2.0-only
// Each operation of the driver again and again: at first without its first allocation, then without
// its second, and so on until it asks for no more. It succeeds or says why not, and can be done
// afterwards as before.
#include "fault.h"
#include "ktap.h"
#include "pcm.h"
#include "pcm_ioctl.h"

#include <array>
#include <chrono>
#include <climits>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <memory>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace selftest {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char *module_path = "/lab/snd-xen-front.ko";
constexpr const char *module_name = "snd_xen_front";
constexpr const char *driver_directory = "/sys/bus/xen/drivers/vsnd/";
constexpr const char *device_name = "vsnd-0";
constexpr const char *playback_node = "/dev/snd/pcmC0D1p";
constexpr const char *capture_node = "/dev/snd/pcmC0D1c";
constexpr const char *card_directory = "/proc/asound/card0";
constexpr const char *report_node = "/proc/asound/card0/xen-front";
constexpr const char *volume_name = "PCM Playback Volume";

constexpr unsigned int period = 480;
constexpr unsigned int buffer = 1920;
constexpr milliseconds patience(30000);

// The negative errno of a failed call.
int result_of(long result)
{
    return result < 0 ? -errno : 0;
}

// What an operation may say when there is no memory. The file table has an errno of its own.
bool is_shortage(int result)
{
    return result == -ENOMEM || result == -ENFILE || result == -EAGAIN;
}

template <typename Condition> bool becomes_true(milliseconds limit, const Condition &condition)
{
    const auto end = Clock::now() + limit;
    while (!condition()) {
        if (Clock::now() >= end)
            return false;
        std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
}

bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

// The node alone says nothing: without memory for its name it stays when the card goes.
bool has_card()
{
    return is_there(report_node) && is_there(capture_node);
}

// ---- the operations, each with its result: 0, or a negative errno

int write_name(const char *file, const char *name)
{
    const std::string path = std::string(driver_directory) + file;
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    const int result = result_of(write(descriptor, name, strlen(name)));
    close(descriptor);
    return result;
}

int bind()
{
    return write_name("bind", device_name);
}

int unbind()
{
    return write_name("unbind", device_name);
}

bool is_bound()
{
    return is_there((std::string(driver_directory) + device_name).c_str());
}

int load()
{
    const int descriptor = open(module_path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    const int result = result_of(syscall(SYS_finit_module, descriptor, "", 0));
    close(descriptor);
    return result;
}

int unload()
{
    return result_of(syscall(SYS_delete_module, module_name, O_NONBLOCK));
}

int move_a_buffer(int descriptor, bool is_playback)
{
    static std::array<uint8_t, size_t { buffer } * 4> samples;
    if (const int result = pcm_set_up(descriptor, period, buffer); result < 0)
        return result;
    if (const int result = pcm_request(descriptor, PcmRequest::prepare); result < 0)
        return result;
    // Both start the stream.
    const long moved = is_playback ? pcm_write(descriptor, samples.data(), buffer)
                                   : pcm_read(descriptor, samples.data(), buffer / 2);
    if (moved < 0)
        return static_cast<int>(moved);
    if (const int result = pcm_request(descriptor, PcmRequest::drop); result < 0)
        return result;
    return pcm_free(descriptor);
}

// From open to close.
int use_stream(const char *node, bool is_playback)
{
    const int descriptor = open(node, (is_playback ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    const int result = move_a_buffer(descriptor, is_playback);
    close(descriptor);
    return result;
}

int read_report()
{
    static std::array<char, 16384> text;
    const int descriptor = open(report_node, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    const int result = result_of(read(descriptor, text.data(), text.size()));
    close(descriptor);
    return result;
}

// Changes the volume of @control, back and forth.
int change_volume(snd_ctl_t *control)
{
    static long level = 9000;
    snd_ctl_elem_value_t *value;
    snd_ctl_elem_value_alloca(&value);
    snd_ctl_elem_value_set_interface(value, SND_CTL_ELEM_IFACE_MIXER);
    snd_ctl_elem_value_set_name(value, volume_name);
    // That of playback_node, the card's second playback stream.
    snd_ctl_elem_value_set_index(value, 1);
    snd_ctl_elem_value_set_device(value, 1);
    snd_ctl_elem_value_set_subdevice(value, 1);
    if (const int result = snd_ctl_elem_read(control, value); result < 0)
        return result;
    level = 17000 - level;
    snd_ctl_elem_value_set_integer(value, 0, level);
    return std::min(snd_ctl_elem_write(control, value), 0);
}

// ---- what fails in them

// Does @operation without each @stride-th of its allocations in turn, which are those of @task, and
// @repair after each. The last time none fails.
template <typename Operation, typename Repair>
void sweep(FaultyTask &task, const Operation &operation, const Repair &repair, unsigned int stride)
{
    std::map<int, unsigned int> counts;
    unsigned int number = 1;
    for (bool has_failed = true; has_failed; number += stride) {
        task.arm(number);
        const int result = operation();
        has_failed = task.disarm();
        counts[result]++;
        expect(result == 0 || (has_failed && is_shortage(result)),
               "without allocation " + std::to_string(number) + ": " + strerror(-result));
        repair();
    }
    std::string text = std::to_string(number - stride) + " allocations at most";
    for (const auto &[result, count] : counts)
        text +=
            ", " + std::to_string(count) + " times " + (result == 0 ? "done" : strerror(-result));
    diagnose(text);
}

// Never without memory: a bus that has none to end its watch of the backend's state has it for
// ever, and does not bind the device any more.
void leave_unbound()
{
    if (is_bound())
        expect(unbind() == 0 && !is_bound() && !is_there(card_directory),
               "the device cannot be unbound");
}

void leave_with_card()
{
    if (has_card())
        return;
    leave_unbound();
    expect(bind() == 0, "the device cannot be bound any more");
    expect(becomes_true(patience, has_card), "there is no card any more");
}

void loading(unsigned int stride)
{
    FaultyTask task("/proc/thread-self");
    const auto leave_unloaded = [] {
        if (!is_there(driver_directory))
            return;
        leave_unbound();
        expect(unload() == 0, "the module cannot be unloaded");
    };
    leave_unloaded();
    sweep(task, load, leave_unloaded, stride);
    expect(load() == 0, "the module cannot be loaded any more");
    leave_with_card();
}

void binding(unsigned int stride)
{
    FaultyTask task("/proc/thread-self");
    leave_unbound();
    sweep(task, bind, leave_unbound, stride);
    leave_with_card();
}

void streams()
{
    FaultyTask task("/proc/thread-self");
    leave_with_card();
    for (const bool is_playback : { true, false }) {
        const char *node = is_playback ? playback_node : capture_node;
        sweep(
            task, [node, is_playback] { return use_stream(node, is_playback); }, leave_with_card,
            1);
    }
}

void leave_as_it_is()
{
}

void volumes()
{
    FaultyTask task("/proc/thread-self");
    leave_with_card();
    // An open stream's volume is a request to the backend.
    Pcm pcm("hw:0,1", SND_PCM_STREAM_PLAYBACK, {});
    snd_ctl_t *opened;
    check(snd_ctl_open(&opened, "hw:0", 0), "open the control of card 0");
    const std::unique_ptr<snd_ctl_t, decltype(&snd_ctl_close)> control(opened, snd_ctl_close);
    const auto change = [&control] {
        return change_volume(control.get());
    };
    sweep(task, change, leave_as_it_is, 1);
}

void reports()
{
    FaultyTask task("/proc/thread-self");
    leave_with_card();
    sweep(task, read_report, leave_as_it_is, 1);
}

void good_card()
{
    leave_with_card();
    std::vector<uint8_t> first;
    std::vector<uint8_t> second;
    for (std::vector<uint8_t> *samples : { &first, &second }) {
        Pcm(free_pcm, SND_PCM_STREAM_CAPTURE, {}).read(*samples, 4800);
        Pcm pcm(free_pcm, SND_PCM_STREAM_PLAYBACK, {});
        pcm.write(random_bytes(size_t { 4800 } * 4, 1));
        pcm.drain();
    }
    expect(first == second, "two recordings of the same sequence differ");
}

} // namespace

} // namespace selftest

int main(int argc, char **argv)
{
    using namespace selftest;
    const unsigned long stride = argc == 2 ? std::strtoul(argv[1], nullptr, 10) : 0;
    if (stride == 0) {
        std::printf(
            "Usage: xen-front-faults STRIDE\n\n"
            "Has allocations of the driver's operations fail, one at a time: each of those\n"
            "with a stream, every STRIDE-th of those that make or remove a card, or load the\n"
            "module. See faults.sh. Reports in KTAP. Exit status: 0 when all tests passed,\n"
            "1 when one failed, 2 for wrong usage.\n");
        return 2;
    }
    // Or pages of ours would be among the allocations.
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        return 1;
    const auto strided = [stride](void (*test)(unsigned int)) {
        return [stride, test] {
            test(static_cast<unsigned int>(stride));
        };
    };
    return run_tests({ { "faults: the stream, from open to close", streams },
                       { "faults: volume", volumes },
                       { "faults: the report in /proc", reports },
                       { "faults: binding", strided(binding) },
                       { "faults: loading the module", strided(loading) },
                       { "faults: afterwards a card plays and records", good_card } },
                     "");
}
