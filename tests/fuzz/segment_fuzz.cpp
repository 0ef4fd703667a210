#include "fuzz.hpp"
#include "h5/virtual_rows.hpp"

// A segment file, of which run.h5 shows four rows of eight values.
namespace medpfl {
namespace {

h5::File write_run(const RamFolder& folder) {
  const std::string path = folder.path() + "/run.h5";
  h5::File run = h5::File::create(path);
  run.write_virtual<float>("/gradients/values", {4, 8}, {{"segment.h5", "/values", 4}}, {});
  run.close();
  return h5::File::open(path);
}

}  // namespace
}  // namespace medpfl

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  static const medpfl::RamFolder folder;
  medpfl::h5::prepare_hdf5();
  static const medpfl::h5::File run = medpfl::write_run(folder);
  return medpfl::fuzz(data, n, [](std::string_view bytes) {
    folder.write("segment.h5", bytes);
    medpfl::h5::VirtualRows rows(run, "/gradients/values");
    for (int64_t row = 0; row < 4; ++row) rows.read<float>(row);
  });
}
