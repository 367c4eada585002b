# SPDX-License-Identifier: GPL-2.0-only
"""User Mode Linux: builds its kernels and the modules for them, and runs commands in it."""
