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

/// A defense: what a hospital does to protect itself, as hooks for the stages of a round. A null
/// hook means that the defense does nothing at that stage.
struct Defense {
  /// One line for logs and for what the attacker knows, as "gaussian scale=0.01 relative=norm". The
  /// first word is the defense's name in defenses().
  std::string description;
  HeadHook network;  ///< adds layers in front of the head of the network
  std::unique_ptr<const BatchHook> batch;
  std::unique_ptr<const StepHook> step;
  std::unique_ptr<const MessageHook> message;

  /// Returns the defense's name in defenses().
  std::string name() const { return description.substr(0, description.find(' ')); }
};

/// on_batches, on_steps and on_messages return a defense of one hook, whose describe() returns the
/// description.
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
