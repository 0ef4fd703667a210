#include "results/run/privacy_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/text.hpp"

namespace medpfl {

std::optional<PrivacyClaim> privacy_claim(const h5::File& run) {
  const std::string epsilon = "/rounds/epsilon", bound = "/rounds/identification_bound";
  if (!run.exists(epsilon) || run.shape(epsilon)[0] == 0) return std::nullopt;
  PrivacyClaim out;
  out.epsilon = run.read<double>(epsilon).back();
  if (std::isnan(out.epsilon)) return std::nullopt;
  out.classic = run.read<double>("/rounds/epsilon_classic").back();
  out.delta = run.read_real_attribute(epsilon, "delta");
  out.claim = run.read_text_attribute(epsilon, "claim");
  if (!run.exists(bound)) return out;
  out.candidates = run.read_integer_attribute(bound, "candidates")[0];
  out.identification_bound = run.read<double>(bound).back();
  out.identification_bound_present = run.read<double>(bound + "_present").back();
  return out;
}

std::string percent_at_most(double probability) {
  if (std::isnan(probability)) return "-";
  return fmt::format("{:.1f}%", std::min(100.0, std::ceil(1000 * probability) / 10));
}

std::string weak_epsilon_line() {
  return fmt::format("From {:g} on epsilon alone guarantees little.", kWeakEpsilon);
}

std::string identification_line(int64_t candidates, double sampled, double present) {
  return fmt::format(
      "Whoever names one image among {} candidates is right with a probability of at most {}, with "
      "all these updates and whatever else they know{} (without updates: {:.1f}%).\n",
      candidates, percent_at_most(sampled),
      present > sampled ? fmt::format(", and of at most {} where they know that the image was in "
                                      "every batch",
                                      percent_at_most(present))
                        : "",
      100.0 / static_cast<double>(candidates));
}

std::string privacy_lines(const h5::File& run) {
  const auto of = privacy_claim(run);
  if (!of) return "";
  std::string out = fmt::format("epsilon {:.4g} (classic {:.4g}) at delta {}: {}\n", of->epsilon,
                                of->classic, shortest(of->delta), of->claim) +
                    kAdjacencyLine;
  if (of->candidates == 0) return out;
  const double sampled = of->identification_bound, present = of->identification_bound_present;
  out += identification_line(of->candidates, sampled, present);
  if (of->weak())
    out += fmt::format("{} {}\n", weak_epsilon_line(),
                       present >= 0.5 ? "Nor does the bound: it allows that most images of known "
                                        "participation are identified."
                                      : "The bound says more: most images are not identified.");
  return out;
}

}  // namespace medpfl
