#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/option_table.hpp"
#include "core/registry.hpp"
#include "defenses/batch_hook.hpp"
#include "defenses/message_hook.hpp"
#include "defenses/step_hook.hpp"
#include "defenses/traces.hpp"
#include "models/model.hpp"

namespace medpfl {

/// A defense: what a hospital does to protect itself, as hooks for the stages of a round. A null
/// hook means that the defense does nothing at that stage.
struct Defense {
  std::string name;      ///< in defenses(); defense_row() sets it
  std::string settings;  ///< one line, as "scale=0.01 relative=norm"; may be empty
  Traces traces;         ///< what it leaves to an attacker who knows it
  HeadHook network;      ///< adds layers in front of the head of the network
  std::unique_ptr<const BatchHook> batch;
  std::unique_ptr<const StepHook> step;
  std::unique_ptr<const MessageHook> message;

  /// Returns one line for logs and for what the attacker knows: the name and the settings.
  std::string describe() const { return settings.empty() ? name : name + " " + settings; }
};

/// on_batches, on_steps and on_messages return a defense of one hook, whose settings() and traces()
/// are those of the defense.
template <class Hook>
Defense on_batches(Hook hook) {
  Defense defense;
  defense.settings = hook.settings();
  defense.traces = hook.traces();
  defense.batch = std::make_unique<Hook>(std::move(hook));
  return defense;
}
template <class Hook>
Defense on_steps(Hook hook) {
  Defense defense;
  defense.settings = hook.settings();
  defense.traces = hook.traces();
  defense.step = std::make_unique<Hook>(std::move(hook));
  return defense;
}
template <class Hook>
Defense on_messages(Hook hook) {
  Defense defense;
  defense.settings = hook.settings();
  defense.traces = hook.traces();
  defense.message = std::make_unique<Hook>(std::move(hook));
  return defense;
}

/// Makes a defense from the checked options of its own section [defense.NAME].
using DefenseFactory = std::function<Defense(const OptionValues& own)>;

/// Returns a row of the table of defenses: make(options) makes the defense of the row's options,
/// read into an S and checked. Options are at `defaults` where nobody sets them.
template <class S, class Make>
RegistryEntry<DefenseFactory> defense_row(std::string name, std::string summary, std::string paper,
                                          const OptionTable<S>& options, Make make,
                                          const S& defaults = S()) {
  const auto create = [name, options, make](const OptionValues& own) {
    Defense defense = make(options.read(own));
    defense.name = name;
    return defense;
  };
  return {std::move(name), std::move(summary), std::move(paper), options.specs(defaults), create};
}

/// Returns the table of all defenses.
const Registry<DefenseFactory>& defenses();

}  // namespace medpfl
