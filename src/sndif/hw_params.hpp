// SPDX-License-Identifier: GPL-2.0-only
// Answers to HW_PARAM_QUERY: checked, applied to what was asked, and remembered.
#pragma once

#include "base/result.hpp"
#include "sndif/protocol.hpp"

namespace xen_front {

// Whether @answer describes any configuration at all.
bool is_meaningful(const wire::HwParamQuery &answer);

// Question ∩ answer. Invalid when the answer leaves nothing of some parameter: the backend has no
// configuration like that.
Result<wire::HwParamQuery> narrow(const wire::HwParamQuery &question,
                                  const wire::HwParamQuery &answer);

// Questions already answered. ALSA evaluates its rules again and again while an application makes
// up its mind, so asking about every step would be many questions for one hw_params. Two matter:
// what there is at all, and what is possible once format, rate and channels are chosen. Not locked.
class QueryCache {
  public:
    // A result from which narrow() can answer @question, exactly or closely enough: that of any
    // wider question while format, rate or channels are open; once they are fixed, only one with
    // the same choice. nullptr when the backend has to be asked.
    const wire::HwParamQuery *find(const wire::HwParamQuery &question) const;
    // Whether the result of a wider question leaves nothing of @question: there are backends that
    // do not survive a question to which there is no answer.
    bool excludes(const wire::HwParamQuery &question) const;
    // @result is what narrow() made of the answer to @question.
    void remember(const wire::HwParamQuery &question, const wire::HwParamQuery &result);
    void clear();

  private:
    struct Entry {
        wire::HwParamQuery question;
        wire::HwParamQuery result;
    };
    static constexpr uint32_t capacity = 8;

    Entry entries_[capacity] = {};
    uint32_t count_ = 0;
    uint32_t next_ = 0; // the oldest entry, once all are used
};

} // namespace xen_front
