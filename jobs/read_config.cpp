#include <string>
#include <utility>

#include "config/config.hpp"
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
    if (!arguments.config.empty()) config.read_text(text, arguments.config);
    config.read_arguments(arguments.words);
  });
  return config;
}

}  // namespace medpfl
