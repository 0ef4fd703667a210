#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/options.hpp"
#include "core/registry.hpp"
#include "defenses/batch_hook.hpp"
#include "defenses/message_hook.hpp"
#include "defenses/step_hook.hpp"
#include "models/model.hpp"

namespace medpfl {

/// What a hospital does to protect itself, by the stage at which it acts; null: not there. A stage
/// calls its hook and asks for nothing else.
struct Defense {
  /// One line for logs and for what the attacker knows: "gaussian scale=0.01 relative=norm". Its
  /// first word is the name in defenses().
  std::string description;
  HeadHook network;  ///< adds layers in front of the head of the network
  std::unique_ptr<const BatchHook> batch;
  std::unique_ptr<const StepHook> step;
  std::unique_ptr<const MessageHook> message;

  std::string name() const { return description.substr(0, description.find(' ')); }
};

/// Returns a defense of one hook, which has the description as describe().
template <class Hook>
Defense on_batches(Hook hook) {
  Defense defense;
  defense.description = hook.describe();
  defense.batch = std::make_unique<Hook>(std::move(hook));
  return defense;
}
template <class Hook>
Defense on_steps(Hook hook) {
  Defense defense;
  defense.description = hook.describe();
  defense.step = std::make_unique<Hook>(std::move(hook));
  return defense;
}
template <class Hook>
Defense on_messages(Hook hook) {
  Defense defense;
  defense.description = hook.describe();
  defense.message = std::make_unique<Hook>(std::move(hook));
  return defense;
}

/// Makes a defense from the checked options of its own section [defense.NAME].
using DefenseFactory = std::function<Defense(const OptionValues& own)>;

/// Returns the table of all defenses.
const Registry<DefenseFactory>& defenses();

}  // namespace medpfl
