// SPDX-License-Identifier: GPL-2.0-only
//
// xen-sndback: the backend of Xen's virtual sound cards.
#include "server/command_line.hpp"

int main(int argc, char **argv)
{
    return sndback::run_backend(argc, argv);
}
