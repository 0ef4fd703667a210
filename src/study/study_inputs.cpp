#include "study/study_inputs.hpp"

#include <fmt/format.h>

#include "config/first_weights.hpp"
#include "core/error.hpp"
#include "core/log.hpp"

namespace medpfl {
namespace {

std::string find_weights_digest(const Settings& settings, bool resumed) {
  try {
    return digest_weights(settings);
  } catch (const DataError& error) {
    if (!resumed) throw;
    log_warning(fmt::format("{}; the run goes on with the weights it has", error.what()));
    return "";
  }
}

}  // namespace

void check_study_inputs(const RunContext& context, const FederatedData& data, RunKeeper* keeper) {
  const Settings& s = context.settings;
  InputDigests inputs{data.digests, "", ""};
  context.comm.agree([&] {
    if (context.comm.is_root()) inputs.weights = find_weights_digest(s, keeper->resumed());
  });
  std::string where = fmt::format("data.dataset={}", s.dataset_name);
  if (!s.data.path.empty()) where += fmt::format(", data.path={}", s.data.path);
  if (!s.data.public_path.empty())
    where += fmt::format(", data.public_path={}", s.data.public_path);
  if (!s.weights_file.empty()) where += fmt::format(", model.weights={}", s.weights_file);
  keeper->check_inputs(inputs, where);
}

RunSeeds seeds_over_inputs(const RunContext& context, InputDigests inputs) {
  RunSeeds seeds = context.settings.seeds;
  if (context.settings.paired_noise) return seeds;
  inputs.public_images.clear();  // messages are the same whatever the attacker knows
  if (context.comm.is_root()) seeds = over_inputs(seeds, to_text(inputs));
  context.comm.broadcast(&seeds, sizeof seeds);
  return seeds;
}

}  // namespace medpfl
