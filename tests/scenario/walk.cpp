// SPDX-License-Identifier: GPL-2.0-only
#include "scenario/walk.hpp"

#include <string_view>

namespace xen_front::test {

namespace {

// Time passes after each change of the backend's state, as the driver throttles changes that come
// without a rest. The backend does not poll: it may look at different times over the two kernels.
//
// N, O and T stand for a number of frames, an operation and a time. A step that may interrupt for
// nothing waits until the driver has ended the interrupt. That takes a tick, which is not equally
// long in all kernels.
struct Row {
    unsigned int weight;
    std::string_view step;
};

constexpr Row rows[] = {
    { 30, "open p" },
    { 12, "open c" },
    { 3, "close" },
    { 6, "use p" },
    { 6, "use c" },
    { 6, "params s16 48000 2 256 1024" },
    { 4, "params u8 8000 1 100 1000" },
    { 3, "params s16 48000 2 300 1000" },
    { 2, "params s24 44100 8 64 4096" },
    { 1, "params s16 48000 9 256 1024" },
    { 3, "thresholds 1 1024 1" },
    { 3, "thresholds 1024 1024 256" },
    { 3, "thresholds 500 4611686018427387904 100" },
    { 2, "free" },
    { 20, "prepare" },
    { 10, "start" },
    { 8, "pause" },
    { 8, "release" },
    { 4, "drop" },
    { 3, "drain" },
    { 10, "sync" },
    { 60, "move N" },
    { 12, "forward N" },
    { 3, "skip N" },
    { 3, "rewind N" },
    { 3, "reset" },
    { 4, "link" },
    { 3, "unlink" },
    { 5, "delay" },
    { 8, "ready" },
    { 2, "wakeups off" },
    { 4, "wakeups on" },
    { 50, "play N; pass 37" },
    { 1, "report N; pass 37" },
    { 2, "hold O" },
    { 5, "answer; pass 37" },
    { 1, "refuse O -5" },
    { 4, "accept" },
    { 6, "poke events; pass 37" },
    { 4, "poke requests; pass 37" },
    { 8, "pass T" },
    { 2, "back; pass 700" },
    { 1, "leave; pass 700" },
    { 1, "unbind; pass 700" },
    { 3, "bind; pass 700" },
};

constexpr std::string_view counts[] = { "1",   "10",  "64",  "100",  "255",  "256",
                                        "257", "300", "500", "1000", "1024", "1500" };
constexpr std::string_view failing_operations[] = { "open",  "close",   "read",
                                                    "write", "trigger", "query" };
// None may end near the end of a time-out of the driver: a real kernel's time-outs end late, when
// its timer wheel gets there.
constexpr std::string_view times[] = { "1", "10", "60000" };

template <size_t count>
std::string_view one_of(Choices &choices, const std::string_view (&words)[count])
{
    return words[choices.pick(count)];
}

void replace(std::string &step, char letter, std::string_view word)
{
    // Capital letters are in no other word.
    if (const size_t at = step.find(letter); at != std::string::npos)
        step.replace(at, 1, word);
}

} // namespace

std::string random_steps(Choices &choices)
{
    unsigned int sum = 0;
    for (const Row &row : rows)
        sum += row.weight;
    unsigned int left = choices.pick(sum);
    const Row *row = rows;
    while (left >= row->weight)
        left -= row++->weight;
    std::string step(row->step);
    replace(step, 'N', one_of(choices, counts));
    replace(step, 'O', one_of(choices, failing_operations));
    replace(step, 'T', one_of(choices, times));
    return step;
}

} // namespace xen_front::test
