#include "defenses/defense_chain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

// The stages of a hospital's turn that have an order, and the network, which has none.
enum Stage { kBatch, kStep, kMessage, kNetwork };
constexpr Stage kAllStages[] = {kBatch, kStep, kMessage, kNetwork};

const char* where(Stage stage) {
  switch (stage) {
    case kBatch:
      return "on the images of the local steps";
    case kStep:
      return "in the local steps";
    case kMessage:
      return "on messages";
    case kNetwork:
      break;
  }
  return "in the network";
}

bool acts(const Defense& defense, Stage stage) {
  switch (stage) {
    case kBatch:
      return defense.batch != nullptr;
    case kStep:
      return defense.step != nullptr;
    case kMessage:
      return defense.message != nullptr;
    case kNetwork:
      break;
  }
  return defense.network != nullptr;
}

Stage first_stage(const Defense& defense) {
  return *std::find_if(std::begin(kAllStages), std::end(kAllStages) - 1,
                       [&](Stage stage) { return acts(defense, stage); });
}

void refuse_wrong_order(const Defense& before, const Defense& after) {
  const Stage first = first_stage(before), second = first_stage(after);
  if (first == kNetwork || second == kNetwork || first <= second) return;
  throw ConfigError(fmt::format(
      "defense.chain: {0} acts {1}, before {2}, which acts {3}: name {0} in front of {2}",
      after.name, where(second), before.name, where(first)));
}

void refuse_second(const Defense& one, const Defense& other) {
  for (const Stage stage : {kBatch, kStep, kNetwork})
    if (acts(one, stage) && acts(other, stage))
      throw ConfigError(
          fmt::format("defense.chain: {} and {} both act {}, where one can: leave one of them out",
                      one.name, other.name, where(stage)));
}

void refuse_mixed_examples(const Defense& mixing, const Defense& bounding) {
  if (mixing.batch == nullptr || bounding.step == nullptr || !mixing.batch->mixes() ||
      bounding.step->guarantee(0, 1).multiplier == 0)
    return;
  throw ConfigError(fmt::format(
      "defense.chain: {} bounds what one image does to a gradient, and {} puts an image into "
      "several examples, each of which is bounded alone: leave one of them out",
      bounding.name, mixing.name));
}

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

void DefenseChain::append(Defense defense) {
  // A position beyond the last would draw the numbers of the next message.
  if (static_cast<int64_t>(chain_.size()) >= kMaxDefenses)
    throw ConfigError(
        fmt::format("defense.chain names more than {} defenses: shorten it", kMaxDefenses));
  for (const Defense& before : chain_) {
    refuse_second(before, defense);
    refuse_wrong_order(before, defense);
    refuse_mixed_examples(before, defense);
  }
  chain_.push_back(std::move(defense));
}

HeadHook DefenseChain::network() const {
  for (const Defense& defense : chain_)
    if (defense.network != nullptr) return defense.network;
  return nullptr;
}

const BatchHook* DefenseChain::batch() const {
  for (const Defense& defense : chain_)
    if (defense.batch != nullptr) return defense.batch.get();
  return nullptr;
}

const StepHook* DefenseChain::step() const {
  for (const Defense& defense : chain_)
    if (defense.step != nullptr) return defense.step.get();
  return nullptr;
}

int64_t DefenseChain::state_size(int64_t parameters) const {
  int64_t sum = 0;
  for (const Defense& defense : chain_)
    if (defense.message != nullptr) sum += defense.message->state_size(parameters);
  return sum;
}

std::vector<DefenseReport> DefenseChain::apply(FlatParameters* update, DefenseContext context,
                                               int64_t sent) const {
  std::vector<DefenseReport> reports;
  NumberFormat format;
  context.position = 0;
  for (const Defense& defense : chain_) {
    const double before = reports.empty() ? update->norm(sent) : reports.back().norm_after;
    if (const MessageHook* hook = defense.message.get()) {
      hook->apply(update, context);
      if (context.state != nullptr) context.state += hook->state_size(update->size());
      format = hook->format(format);
    }
    ++context.position;
    reports.push_back(measure(*update, sent, format));
    reports.back().norm_before = before;
  }
  return reports;
}

Guarantee DefenseChain::guarantee(const GuaranteeContext& context) const {
  Guarantee so_far;
  for (const Defense& defense : chain_) {
    if (defense.message == nullptr) continue;
    const bool private_again =
        so_far.noise != Guarantee::Noise::kNone && defense.message->looks_at_images();
    so_far = private_again ? Guarantee() : defense.message->guarantee(so_far, context);
  }
  return so_far;
}

Traces DefenseChain::traces() const {
  Traces all;
  for (const Defense& defense : chain_) all = after(all, defense.traces);
  return all;
}

bool DefenseChain::looks_at_images() const {
  return std::any_of(chain_.begin(), chain_.end(), [](const Defense& defense) {
    return defense.message != nullptr && defense.message->looks_at_images();
  });
}

std::string DefenseChain::describe() const {
  if (chain_.empty()) return "none";
  return join(describe_each(), "; ");
}

std::vector<std::string> DefenseChain::describe_each() const {
  std::vector<std::string> lines;
  for (const Defense& defense : chain_) lines.push_back(defense.describe());
  return lines;
}

std::vector<std::string> DefenseChain::number_formats() const {
  std::vector<std::string> names;
  NumberFormat format;
  for (const Defense& defense : chain_) {
    if (defense.message != nullptr) format = defense.message->format(format);
    names.push_back(format.name);
  }
  return names;
}

}  // namespace medpfl
