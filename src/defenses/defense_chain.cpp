#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "defenses/batch_transform.hpp"
#include "defenses/defense.hpp"

namespace medpfl {
namespace {

// Images before gradients before messages.
int stage(const Defense& defense) {
  if (defense.batch_transform() != nullptr) return 0;
  return defense.dp_sgd() != nullptr ? 1 : 2;
}

std::string name_of(const Defense& defense) { return split_list(defense.describe(), ' ').front(); }

}  // namespace

RandomStream defense_stream(const DefenseContext& context) {
  StreamKey key;
  key.seed = context.seed;
  key.purpose = Purpose::kDefense;
  key.round = static_cast<uint64_t>(context.round);
  key.client = static_cast<uint64_t>(context.client);
  key.step = static_cast<uint64_t>(context.message * kMaxDefenses + context.position);
  return RandomStream(key);
}

void DefenseChain::append(std::unique_ptr<Defense> defense) {
  // A position beyond the last would draw the numbers of the next message.
  if (static_cast<int64_t>(chain_.size()) >= kMaxDefenses)
    throw ConfigError(
        fmt::format("defense.chain names more than {} defenses: shorten it", kMaxDefenses));
  const int own = stage(*defense), last = chain_.empty() ? -1 : stage(*chain_.back());
  if (own < last || (own == last && own < 2))
    throw ConfigError(fmt::format(
        "defense.chain: {} acts {} the local steps, before any other defense{}: name it first, "
        "and once",
        name_of(*defense), own == 0 ? "on the images of" : "in",
        own == 0 ? " and instead of any like it" : ""));
  if (own == 1 && last == 0 && chain_.back()->batch_transform()->mixes())
    throw ConfigError(fmt::format(
        "defense.chain: dp-sgd bounds what one image does to a gradient, and {} puts an image into "
        "several examples, each of which is bounded alone: leave one of them out",
        name_of(*chain_.back())));
  if (defense->bottleneck() != nullptr && bottleneck() != nullptr)
    throw ConfigError("defense.chain: a network has one bottleneck: name precode once");
  chain_.push_back(std::move(defense));
}

const DpSgd* DefenseChain::dp_sgd() const {
  for (const auto& defense : chain_)
    if (const DpSgd* asked = defense->dp_sgd()) return asked;
  return nullptr;
}

std::shared_ptr<const BatchTransform> DefenseChain::batch_transform() const {
  return chain_.empty() ? nullptr : chain_.front()->batch_transform();
}

int64_t DefenseChain::state_size(int64_t parameters) const {
  int64_t sum = 0;
  for (const auto& defense : chain_) sum += defense->state_size(parameters);
  return sum;
}

std::vector<DefenseReport> DefenseChain::apply(FlatParameters* update, DefenseContext context,
                                               int64_t sent) const {
  std::vector<DefenseReport> reports;
  NumberFormat format;
  context.position = 0;
  for (const auto& defense : chain_) {
    const double before = reports.empty() ? update->norm(sent) : reports.back().norm_after;
    defense->apply(update, context);
    ++context.position;
    if (context.state != nullptr) context.state += defense->state_size(update->size());
    format = defense->format(format);
    reports.push_back(measure(*update, sent, format));
    reports.back().norm_before = before;
  }
  return reports;
}

Guarantee DefenseChain::guarantee(const GuaranteeContext& context) const {
  Guarantee so_far;
  for (const auto& defense : chain_) {
    const bool private_again =
        so_far.noise != Guarantee::Noise::kNone && defense->looks_at_images();
    so_far = private_again ? Guarantee() : defense->guarantee(so_far, context);
  }
  return so_far;
}

bool DefenseChain::looks_at_images() const {
  return std::any_of(chain_.begin(), chain_.end(),
                     [](const auto& defense) { return defense->looks_at_images(); });
}

const Bottleneck* DefenseChain::bottleneck() const {
  for (const auto& defense : chain_)
    if (const Bottleneck* found = defense->bottleneck()) return found;
  return nullptr;
}

std::string DefenseChain::describe() const {
  if (chain_.empty()) return "none";
  return join(describe_each(), "; ");
}

std::vector<std::string> DefenseChain::describe_each() const {
  std::vector<std::string> lines;
  for (const auto& defense : chain_) lines.push_back(defense->describe());
  return lines;
}

std::vector<std::string> DefenseChain::number_formats() const {
  std::vector<std::string> names;
  NumberFormat format;
  for (const auto& defense : chain_) {
    format = defense->format(format);
    names.push_back(format.name);
  }
  return names;
}

}  // namespace medpfl
