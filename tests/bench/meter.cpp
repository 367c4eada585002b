// SPDX-License-Identifier: GPL-2.0-only
#include "meter.h"

#include "guest/ktap.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <unistd.h>

namespace bench {

namespace {

constexpr const char *interrupt_directory = "/sys/kernel/irq";

int open_file(const std::string &path, int flags = O_RDONLY)
{
    const int descriptor = open(path.c_str(), flags | O_CLOEXEC);
    selftest::expect(descriptor >= 0, path + ": " + std::strerror(errno));
    return descriptor;
}

// Nothing when what it tells of is gone: an interrupt of a connection that has ended.
std::optional<std::string> read_again(int descriptor)
{
    std::array<char, 16384> text;
    const ssize_t length = pread(descriptor, text.data(), text.size(), 0);
    if (length < 0 && errno == ENODEV)
        return std::nullopt;
    selftest::expect(length > 0, std::string("cannot read a counter: ") + std::strerror(errno));
    return std::string(text.data(), static_cast<size_t>(length));
}

// The sum of numbers like "12,0,3".
uint64_t sum_of(const std::string &list)
{
    uint64_t sum = 0;
    for (const char *at = list.c_str(); *at != '\0' && *at != '\n';) {
        char *end;
        sum += std::strtoull(at, &end, 10);
        at = *end == ',' ? end + 1 : end;
    }
    return sum;
}

// The number in the line of @text that begins with @name.
uint64_t value_of(const std::string &name, const std::string &text)
{
    const size_t line = text.find("\n" + name + " ");
    selftest::expect(line != std::string::npos, "/proc/stat has no line '" + name + "'");
    return std::strtoull(text.c_str() + line + name.size() + 2, nullptr, 10);
}

} // namespace

Reading operator-(const Reading &after, const Reading &before)
{
    return { after.time_ns - before.time_ns, after.interrupts - before.interrupts,
             after.guest_switches - before.guest_switches };
}

std::set<unsigned int> interrupt_numbers()
{
    std::set<unsigned int> numbers;
    for (const auto &entry : std::filesystem::directory_iterator(interrupt_directory))
        numbers.insert(static_cast<unsigned int>(std::stoul(entry.path().filename())));
    return numbers;
}

Meter::Meter(const std::set<unsigned int> &others) : processor_statistics_(open_file("/proc/stat"))
{
    for (const unsigned int number : interrupt_numbers()) {
        if (!others.contains(number))
            interrupts_.push_back({ open_file(std::string(interrupt_directory) + "/" +
                                              std::to_string(number) + "/per_cpu_count") });
    }
}

Meter::~Meter()
{
    for (const Interrupt &interrupt : interrupts_)
        close(interrupt.descriptor);
    close(processor_statistics_);
    if (tracing_ >= 0)
        close(tracing_);
}

void Meter::use_accountant(uint32_t port)
{
    constexpr uint32_t dom0 = 0;
    accountant_ = Channel::connect(dom0, port);
}

void Meter::use_tracing(const std::string &path)
{
    tracing_ = open_file(path, O_WRONLY);
}

namespace {

// Tells counter.c, if QEMU has it loaded, that what is measured begins or ends here.
[[gnu::noinline]] void mark()
{
    asm volatile("movl $0xbe11c0de, %%eax" : : : "eax");
}

} // namespace

Reading Meter::begin()
{
    Reading reading = count();
    note_processor_time();
    trace(true);
    mark();
    reading.time_ns = monotonic_ns();
    return reading;
}

Reading Meter::end()
{
    const uint64_t time = monotonic_ns();
    mark();
    trace(false);
    note_processor_time();
    Reading reading = count();
    reading.time_ns = time;
    return reading;
}

Reading Meter::count()
{
    Reading reading = {};
    for (Interrupt &interrupt : interrupts_) {
        if (const auto counts = read_again(interrupt.descriptor))
            interrupt.count = sum_of(*counts);
        reading.interrupts += interrupt.count;
    }
    reading.guest_switches = value_of("ctxt", read_again(processor_statistics_).value_or(""));
    return reading;
}

void Meter::trace(bool is_on) const
{
    if (tracing_ >= 0)
        selftest::expect(write(tracing_, is_on ? "1" : "0", 1) == 1,
                         std::string("cannot switch tracing: ") + std::strerror(errno));
}

void Meter::note_processor_time() const
{
    if (!accountant_)
        return;
    accountant_->notify();
    accountant_->wait();
}

} // namespace bench
