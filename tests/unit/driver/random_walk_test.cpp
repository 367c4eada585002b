// SPDX-License-Identifier: GPL-2.0-only
// Applications, a moody or hostile backend and interrupts in random order: walk/driver_walk.hpp.
#include "walk/driver_walk.hpp"

#include "unit/fake/kernel_test.hpp"

namespace xen_front::test {

namespace {

class RandomWalkTest : public FaultTest, public ::testing::WithParamInterface<unsigned int> {
  protected:
    void walk(World world)
    {
        RandomChoices choices(GetParam());
        DriverWalk walk(choices, GetParam() % 2 == 0 ? KSHIM_PLAYBACK : KSHIM_CAPTURE, world);
        for (int step = 0; step < 1500 && !HasFailure(); step++) {
            SCOPED_TRACE("step " + std::to_string(step));
            walk.step();
            walk.check_states();
        }
        walk.end();
    }
};

TEST_P(RandomWalkTest, BreaksNoRule)
{
    walk(World::Moody);
}

TEST_P(RandomWalkTest, SurvivesHostility)
{
    walk(World::Hostile);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWalkTest, ::testing::Range(0u, 60u));

} // namespace

} // namespace xen_front::test
