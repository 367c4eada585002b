# SPDX-License-Identifier: GPL-2.0-only
"""The parts of scripts/check-object and scripts/check-architecture."""
