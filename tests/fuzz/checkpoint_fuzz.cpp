#include "fuzz.hpp"
#include "h5/handle.hpp"
#include "results/resume/checkpoint.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  static const medpfl::RamFolder folder;
  medpfl::h5::prepare_hdf5();
  return medpfl::fuzz(data, n, [](std::string_view bytes) {
    folder.write("checkpoint.h5", bytes);
    medpfl::read_checkpoint(folder.path());
  });
}
