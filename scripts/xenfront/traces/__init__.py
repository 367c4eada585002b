# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/trace-latency reads from a trace, and what it makes of it."""
