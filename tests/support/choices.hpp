// SPDX-License-Identifier: GPL-2.0-only
// Where a walk takes its decisions from: a random number generator, or the input of a fuzzer.
#pragma once

#include <cstdint>
#include <random>
#include <span>

namespace xen_front::test {

class Choices {
  public:
    // A number below @count, which is not zero.
    virtual unsigned int pick(unsigned int count) = 0;
    // Whether there are decisions left; when there are none, pick() returns 0.
    virtual bool has_more() const = 0;

  protected:
    ~Choices() = default;
};

class RandomChoices final : public Choices {
  public:
    explicit RandomChoices(unsigned int seed) : random_(seed)
    {
    }
    unsigned int pick(unsigned int count) override
    {
        return static_cast<unsigned int>(random_() % count);
    }
    bool has_more() const override
    {
        return true;
    }

  private:
    std::mt19937 random_;
};

// As few bytes as a number needs, so that a byte more or less changes one decision.
class ByteChoices final : public Choices {
  public:
    explicit ByteChoices(std::span<const uint8_t> bytes) : bytes_(bytes)
    {
    }
    unsigned int pick(unsigned int count) override
    {
        uint32_t number = 0;
        for (uint32_t range = count - 1; range != 0 && has_more(); range >>= 8) {
            number = number << 8 | bytes_.front();
            bytes_ = bytes_.subspan(1);
        }
        return number % count;
    }
    bool has_more() const override
    {
        return !bytes_.empty();
    }

  private:
    std::span<const uint8_t> bytes_;
};

} // namespace xen_front::test
