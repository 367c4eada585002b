// SPDX-License-Identifier: GPL-2.0-only
// Asserts that our wire structures agree with include/kshim/wire_layout.h. No code.
#include "base/error.hpp"
#include "kshim/wire_layout.h"
#include "sndif/formats.hpp"
#include "sndif/protocol.hpp"

#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif

namespace xen_front {

#define ASSERT_FACT(kernel, cxx, value) static_assert((cxx) == (value));
KSHIM_WIRE_FACTS(ASSERT_FACT)
#undef ASSERT_FACT

#define ASSERT_FORMAT(sndif_name, alsa_name, value)                                                \
    static_assert(sample_formats[value].sndif == (value) && sample_formats[value].alsa == (value));
KSHIM_WIRE_FORMATS(ASSERT_FORMAT)
#undef ASSERT_FORMAT

#define ASSERT_FIELD(kernel, cxx, value) static_assert(StringView(cxx) == StringView(value));
KSHIM_WIRE_FIELDS(ASSERT_FIELD)
#undef ASSERT_FIELD

} // namespace xen_front
