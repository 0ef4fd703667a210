#include "audit/candidates.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/adaptation.hpp"
#include "config/settings.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

using Options = std::vector<std::pair<std::string, std::string>>;

const Options kLineSearch = {{"objective", "relative-l2"},
                             {"init", "uniform"},
                             {"line_search", "strong-wolfe"},
                             {"stop_loss", "1e-10"}};

Options with(Options options, const Options& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

// Attacks that vary pixels.
std::vector<CandidateAttack> of_pixels() {
  std::vector<CandidateAttack> out = {
      {"observed-error", "idlg", with(kLineSearch, {{"output_error", "observed"}})},
      {"line-search", "idlg", kLineSearch},
      {"statistics", "grad-inversion", {{"group", "1"}}}};
  for (const char* tv : {"0.0001", "0.001", "0.01", "0.1"})
    out.push_back({fmt::format("cosine-tv-{}", tv), "inverting-gradients", {{"tv", tv}}});
  for (const char* tv : {"0.01", "0.03", "0.1", "0.3"})
    out.push_back({fmt::format("cosine-colour-{}", tv),
                   "modern",
                   {{"feature_match", "0"}, {"tv_colour", tv}}});
  return out;
}

// Attacks on what several local steps change.
std::vector<CandidateAttack> of_steps() {
  return {{"unroll", "inverting-gradients", {{"update", "unroll"}, {"tv", "0.01"}}},
          {"surrogate-model", "sme", {}}};
}

}  // namespace

std::string CandidateAttack::describe() const {
  std::vector<std::string> words;
  for (const auto& [option, value] : options) words.push_back(option + "=" + value);
  return join(words, " ");
}

void CandidateAttack::assign(Config* config, const std::string& source) const {
  config->assign("attack.method", method, source);
  for (const auto& [option, value] : options)
    config->assign(fmt::format("attack.{}.{}", method, option), value, source);
}

std::vector<CandidateAttack> candidates_for(const Messages& messages) {
  std::vector<CandidateAttack> out = of_pixels();
  if (messages.several_steps)
    for (const CandidateAttack& one : of_steps()) out.push_back(one);
  for (CandidateAttack& one : out) {
    one.options.emplace_back("grey", "auto");
    // What is told to nobody is read from the message.
    one.options.emplace_back("labels", messages.single_images ? "idlg" : "bias-counts");
  }
  out.push_back({"generator",
                 "untrained-prior",
                 {{"labels", messages.single_images ? "idlg" : "bias-counts"}}});
  out.push_back({"readout", "fc-readout", {}});
  return out;
}

std::vector<CandidateAttack> applicable(const std::vector<CandidateAttack>& candidates,
                                        const Config& base) {
  std::vector<CandidateAttack> out;
  for (const CandidateAttack& one : candidates) try {
      Config config = base;
      one.assign(&config, kRehearsal);
      adapt_attacks(&config);
      make_settings(config);
      out.push_back(one);
    } catch (const ConfigError&) {
      continue;
    }
  return out;
}

std::string grid_of(const std::vector<CandidateAttack>& candidates) {
  std::string text;
  for (const CandidateAttack& one : candidates) {
    text += fmt::format("[{}]\nattack.method = {}\n", one.name, one.method);
    for (const auto& [option, value] : one.options)
      text += fmt::format("attack.{}.{} = {}\n", one.method, option, value);
  }
  return text;
}

}  // namespace medpfl
