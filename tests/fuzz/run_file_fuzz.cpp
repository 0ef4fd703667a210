#include <zlib.h>

#include <cstring>

#include "fuzz.hpp"
#include "h5/handle.hpp"
#include "results/run/recorded_run.hpp"
#include "terminal/inspect.hpp"

namespace medpfl {
namespace {

// The bytes of a file whose global heaps, which hold the names of segment files, have the checksum
// behind them; else none. Heaps are all that has no checksum in a file that MedPFL writes, and HDF5
// 1.10 neither ends nor keeps within its memory on damaged ones (docs/fuzzing.md).
std::string_view with_whole_heaps(std::string_view bytes) {
  uint32_t told = 0;
  if (bytes.size() < sizeof told) return {};
  std::memcpy(&told, bytes.end() - sizeof told, sizeof told);
  bytes.remove_suffix(sizeof told);
  uLong sum = crc32_z(0, nullptr, 0);
  for (size_t at = bytes.find("GCOL"); at != bytes.npos; at = bytes.find("GCOL", at + 1)) {
    uint64_t size = 0;
    if (bytes.size() - at < 16) return {};
    std::memcpy(&size, bytes.data() + at + 8, sizeof size);
    const std::string_view heap = bytes.substr(at, size);
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(heap.data()), heap.size());
  }
  return sum == told ? bytes : std::string_view();
}

}  // namespace
}  // namespace medpfl

// What `medpfl inspect` and `medpfl attack` read of run.h5 and sweep.h5.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  static const medpfl::RamFolder folder;
  medpfl::h5::prepare_hdf5();
  const std::string_view bytes = medpfl::with_whole_heaps({reinterpret_cast<const char*>(data), n});
  if (bytes.empty()) return 0;
  const std::string file = folder.write("run.h5", bytes);
  const auto read = [&](const auto& step) { return medpfl::fuzz(data, n, step); };
  read([&](std::string_view) { medpfl::inspect_as_text(file); });
  read([&](std::string_view) { medpfl::inspect_as_json(file); });
  return read([&](std::string_view) {
    medpfl::RecordedRun run(file);
    run.networks();
    run.privacy();
    run.inputs();
  });
}
