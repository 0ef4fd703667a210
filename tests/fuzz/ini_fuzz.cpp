#include "config/config.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  return medpfl::fuzz(data, n, [](std::string_view bytes) {
    medpfl::Config config;
    config.read_text(std::string(bytes), "a.ini");
    config.violations();
    // What was read can be written and read again.
    medpfl::Config again;
    again.read_text(config.to_ini(true), "again.ini");
  });
}
