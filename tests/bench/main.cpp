// SPDX-License-Identifier: GPL-2.0-only
#include "guest/ktap.h"
#include "workload.h"

#include <cstdio>
#include <cstring>
#include <fstream>

namespace {

using namespace bench;

// A number for each line.
std::set<unsigned int> read_numbers(const std::string &path)
{
    std::set<unsigned int> numbers;
    std::ifstream file(path);
    selftest::expect(file.good(), path + ": cannot be read; --save-interrupts makes it");
    for (unsigned int number = 0; file >> number;)
        numbers.insert(number);
    return numbers;
}

void save_numbers(const std::string &path)
{
    std::ofstream file(path);
    for (const unsigned int number : interrupt_numbers())
        file << number << "\n";
    selftest::expect(file.good(), path + ": cannot be written");
}

void save_times(const std::string &path, const std::vector<WaitTime> &times)
{
    std::ofstream file(path);
    for (const WaitTime &time : times)
        file << time.begin_ns << " " << time.end_ns << "\n";
    selftest::expect(file.good(), path + ": cannot be written");
}

// Messages are ours and alsa-lib's: the only thing in them that JSON forbids is a double quote.
std::string quoted(std::string text)
{
    for (char &character : text) {
        if (character == '"' || character == '\\' || static_cast<unsigned char>(character) < 0x20)
            character = '\'';
    }
    return '"' + text + '"';
}

std::string list(const std::vector<uint64_t> &numbers)
{
    std::string text;
    for (const uint64_t number : numbers)
        text += (text.empty() ? "" : ",") + std::to_string(number);
    return '[' + text + ']';
}

void print(const Result &result)
{
    const Reading &used = result.used;
    std::printf("{\"periods\":%zu,\"moved_periods\":%zu,\"xruns\":%zu,\"calls\":%zu,"
                "\"switches\":%lu,\"interrupts\":%lu,\"guest_switches\":%lu,\"time_ns\":%lu,"
                "\"monotonic_ns\":%lu,\"processor_ticks\":%lu,"
                "\"echoes\":%s,\"reads\":%s,\"failure\":%s}\n",
                result.periods, result.moved_periods, result.xruns, result.calls, result.switches,
                used.interrupts, used.guest_switches, used.time_ns, result.moment.monotonic_ns,
                result.moment.processor_ticks, list(result.echoes).c_str(),
                list(result.reads).c_str(), quoted(result.failure).c_str());
}

} // namespace

int main(int argc, char **argv)
{
    if (argc > 1 && std::strcmp(argv[1], "--help") == 0) {
        print_usage(argv[0]);
        return 0;
    }
    const std::optional<Options> options = parse_options(argc, argv);
    if (!options)
        return 2;
    Result result;
    try {
        if (!options->save_interrupts.empty()) {
            save_numbers(options->save_interrupts);
            return 0;
        }
        Meter meter(options->others.empty() ? interrupt_numbers() : read_numbers(options->others));
        if (options->accountant != 0)
            meter.use_accountant(options->accountant);
        if (!options->tracing.empty())
            meter.use_tracing(options->tracing);
        result = run_workload(*options, meter);
        if (!options->times.empty())
            save_times(options->times, result.times);
    } catch (const selftest::Failure &failure) {
        result.failure = failure.what;
    }
    print(result);
    return result.failure.empty() ? 0 : 1;
}
