#include <string>
#include <utility>

#include "config/config.hpp"
#include "core/violations.hpp"
#include "job.hpp"

namespace medpfl {

Config read_config(const Communicator& comm, const JobArguments& arguments, Config config) {
  // Rank 0 alone reads the file: a thousand ranks must not.
  std::string text;
  comm.agree([&] {
    if (comm.is_root() && !arguments.config.empty()) text = read_config_text(arguments.config);
  });
  text = comm.broadcast(std::move(text));
  comm.agree([&] {
    Violations wrong;
    if (!arguments.config.empty()) wrong.guard([&] { config.read_text(text, arguments.config); });
    wrong.guard([&] { config.read(arguments.line); });
    // Values alone are checked with what only shows together, by make_settings.
    if (wrong.any())
      for (const std::string& line : config.violations()) wrong.check(false, line);
    wrong.throw_if_any();
  });
  return config;
}

}  // namespace medpfl
