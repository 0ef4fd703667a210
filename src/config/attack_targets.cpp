#include "config/attack_targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/text.hpp"

namespace medpfl {
namespace {

// What attack.targets says.
struct Asked {
  bool left_open = false;  // auto: what cannot be attacked is left out
  MessageKinds kinds;
};

Asked read_targets(const Settings& s, Violations* wrong) {
  const std::vector<std::string>& words = s.written.targets;
  const auto has = [&](const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  Asked asked;
  asked.left_open = has("auto");
  asked.kinds = {asked.left_open || has("updates"),
                 asked.left_open ? s.written.probes > 0 : has("probes")};
  const bool known = std::all_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "auto" || word == "updates" || word == "probes";
  });
  wrong->check(known && !words.empty() && (!asked.left_open || words.size() == 1),
               fmt::format("attack.targets={} is not allowed: use auto, updates, probes, or "
                           "updates,probes",
                           join(words, ",")));
  return asked;
}

// Says how to have probes attacked and nothing else.
std::string probes_alone(const Settings& s) {
  return s.written.probes > 0 ? "attack.targets=probes" : "attack.probes=4";
}

// Returns the chain that draws batches of any size, in words; nothing where none does. Which images
// are in a drawn batch, and how many, is the hospital's secret.
std::optional<std::string> drawing_chain(const Settings& s) {
  const StepHook* step = s.defenses.step();
  if (step == nullptr || step->sampling() != Sampling::kPoisson) return std::nullopt;
  return fmt::format("the defense chain ({})", s.defenses.describe());
}

// Takes updates out of what is asked for where their number of images is hidden.
void check_drawn_batches(const Settings& s, Asked* asked, AttackPlan* plan, Violations* wrong) {
  const std::optional<std::string> chain = drawing_chain(s);
  if (!chain || !asked->kinds.updates) return;
  asked->kinds.updates = false;
  if (asked->left_open && asked->kinds.probes)
    plan->not_tested.push_back(fmt::format(
        "updates, whose number of images {} hides, as it draws batches of any size", *chain));
  else
    wrong->check(
        false, fmt::format("{} draws batches of any size, and an attack on the update itself must "
                           "be told the number of images: attack probes ({}), or have batches "
                           "shuffled",
                           *chain, probes_alone(s)));
}

// Whether an update, or all that the attacker sees of the updates of a round, is of one image.
bool updates_of_one_image(const Settings& s) {
  return !s.attack.sums && s.federation.batch_size == 1 &&
         algorithms().find(s.federation.algorithm).create.sends_gradients;
}

bool probes_of_one_image(const Settings& s) { return s.written.probe_batch == 1; }

// Decides on which of the asked kinds an attack is run.
class Fit {
 public:
  Fit(const Settings& s, std::string name, const AttackFacts& facts)
      : s_(s), name_(std::move(name)) {
    const std::optional<SingleImage>& single = facts.single_image;
    if (!single) return;
    // The label rule is also an option of [attack], which overrides that of the method.
    const bool labels = single->option == "labels";
    const std::string section = labels ? "attack" : "attack." + name_;
    option_ = fmt::format("{}.{}={}", section, single->option, single->value);
    claim_ = labels ? "reads the label of one image" : "holds for one image";
    confined_ = fmt::format("{}{} {}", option_, labels ? " (" + name_ + ")" : "", claim_);
    instead_ = fmt::format("{}.{}={}", section, single->option, single->instead);
  }

  MessageKinds choose(const Asked& asked, AttackPlan* plan, Violations* wrong) const {
    const bool no_updates = asked.kinds.updates && !reads_updates();
    const bool no_probes = asked.kinds.probes && !reads_probes();
    const MessageKinds read = {asked.kinds.updates && !no_updates,
                               asked.kinds.probes && !no_probes};
    if (asked.left_open && (read.updates || read.probes)) {
      for (const auto& [left_out, kind] : {std::pair(no_updates, "updates"), {no_probes, "probes"}})
        if (left_out)
          plan->not_tested.push_back(
              fmt::format("{}, which {} cannot read ({} {})", kind, name_, option_, claim_));
      return read;
    }
    if (no_probes)
      wrong->check(false,
                   fmt::format("{}: it needs attack.probe_batch=1, or {}", confined_, instead_));
    if (no_updates && !(asked.left_open && no_probes))
      wrong->check(false, confined_ + misfit_of_updates());
    return read;
  }

 private:
  bool reads_updates() const { return confined_.empty() || updates_of_one_image(s_); }
  bool reads_probes() const { return confined_.empty() || probes_of_one_image(s_); }
  std::string misfit_of_updates() const {
    if (s_.attack.sums)
      return fmt::format(", and attack.sees=sum shows that of all hospitals: use {}", instead_);
    return fmt::format(
        ": attack probes ({}), or use federation.algorithm=fedsgd with federation.batch_size=1, or "
        "{}",
        probes_alone(s_), instead_);
  }

  const Settings& s_;
  std::string name_;  // of the attack
  // The option that confines the attack to messages of one image, how it does, both as a sentence
  // that names the attack, and what to set instead; "": nothing.
  std::string option_, claim_, confined_, instead_;
};

}  // namespace

void choose_targets(Settings* s, Violations* wrong) {
  AttackPlan& plan = s->attack;
  Asked asked = read_targets(*s, wrong);
  if (plan.methods.empty()) return;
  wrong->check(
      !asked.kinds.probes || s->written.probes > 0,
      "attack.targets names probes, and attack.probes=0 sends none: set attack.probes=4, or "
      "attack.targets=updates");
  const MessageKinds wanted = asked.kinds;
  check_drawn_batches(*s, &asked, &plan, wrong);
  MessageKinds all = {false, false};
  for (AttackPlan::Method& method : plan.methods) {
    method.kinds = Fit(*s, method.name, method.attack->facts()).choose(asked, &plan, wrong);
    all.updates |= method.kinds.updates;
    all.probes |= method.kinds.probes;
  }
  plan.untested = {wanted.updates && !all.updates, wanted.probes && !all.probes};
  // There are none where the rounds or hospitals of [attack] are wrong.
  if (s->targets) s->targets->kinds = all;
}

bool reads_single_images(const Settings& s, const std::string& method, const AttackFacts& facts) {
  AttackPlan plan;
  Violations wrong;
  Asked asked = read_targets(s, &wrong);
  check_drawn_batches(s, &asked, &plan, &wrong);
  const MessageKinds kinds = Fit(s, method, facts).choose(asked, &plan, &wrong);
  return (kinds.updates || kinds.probes) && (!kinds.updates || updates_of_one_image(s)) &&
         (!kinds.probes || probes_of_one_image(s));
}

}  // namespace medpfl
