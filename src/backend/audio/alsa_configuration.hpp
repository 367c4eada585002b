// SPDX-License-Identifier: GPL-2.0-only
#pragma once

namespace sndback {

// If /etc/asound.conf is there, and closed to this process, does nothing. Else:
// alsa-lib keeps its configuration as long as the process lives, unless the file changes in which
// it begins: the cards that there were, and what that file includes. From now on it is read anew
// when a PCM is opened. PCMs that are open, and threads that are just opening one, go on with what
// they have. Thread-safe.
void forget_alsa_configuration();

} // namespace sndback
