// SPDX-License-Identifier: GPL-2.0-only
// Answers to HW_PARAM_QUERY: checked, applied to what was asked, and remembered.
#pragma once

#include "base/result.hpp"
#include "sndif/protocol.hpp"

namespace xen_front {

// Question ∩ answer. Invalid when the answer leaves nothing of some parameter: the backend has no
// configuration like that.
Result<wire::HwParamQuery> narrow(const wire::HwParamQuery &question,
                                  const wire::HwParamQuery &answer);

// Questions already answered, so that ALSA, which evaluates its rules again and again, makes the
// backend answer each once. Not locked.
class QueryCache {
  public:
    // The result of an earlier question that settles @question: the same one, or one in between
    // that question and its result, since then the result cannot differ. nullptr when none does.
    const wire::HwParamQuery *find(const wire::HwParamQuery &question) const;
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
