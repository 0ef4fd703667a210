#include "fuzz.hpp"
#include "h5/handle.hpp"
#include "results/run/recorded_run.hpp"
#include "terminal/inspect.hpp"

// What `medpfl inspect` and `medpfl attack` read of run.h5, sweep.h5 and audit.h5.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  static const medpfl::RamFolder folder;
  medpfl::h5::prepare_hdf5();
  const std::string file =
      folder.write("run.h5", std::string_view(reinterpret_cast<const char*>(data), n));
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
