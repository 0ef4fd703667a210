#include <gtest/gtest.h>

#include "comm/session.hpp"
#include "h5/handle.hpp"

// All ranks fail when one does, so that mpirun's exit code tells.
int main(int argc, char** argv) {
  medpfl::MpiSession session(&argc, &argv);
  medpfl::h5::prepare_hdf5();
  ::testing::InitGoogleTest(&argc, argv);
  const int failed = RUN_ALL_TESTS();
  return session.world().max(failed) > 0 ? 1 : 0;
}
