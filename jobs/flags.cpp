#include "flags.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attacks/attack.hpp"
#include "config/attack_budget.hpp"
#include "core/option_table.hpp"
#include "core/violations.hpp"

namespace medpfl {

template <>
struct OptionText<Walltime> {
  static void describe(OptionSpec*) {}
  static std::string print(const Walltime&) { return ""; }
  static Walltime parse(const std::string& name, const std::string& text) {
    return {text.empty() ? 0 : parse_duration(text, "--" + name)};
  }
};

namespace {

using F = Option<JobArguments>;
using J = JobArguments;

// The flags that the named jobs take.
struct FlagGroup {
  std::vector<std::string> jobs;
  OptionTable<JobArguments> flags;
};

const std::vector<FlagGroup>& flag_groups() {
  static const std::vector<FlagGroup> groups = {
      {{"audit", "simulate", "attack", "sweep", "benchmark", "list", "inspect", "verify", "watch",
        "completion"},
       {{"help", &J::help, "show what the job does and end; with a TOPIC more of it"},
        {"quiet", &J::quiet, "say nothing but warnings and errors"}}},
      {{"audit", "simulate", "attack", "sweep", "benchmark"},
       {F{"config", &J::config, "options from an INI file; the command line wins"}.shown_as("FILE"),
        {"print-config", &J::print_config, "show the resolved configuration as INI and end"}}},
      {{"audit", "simulate", "attack", "sweep"},
       {{"overwrite", &J::overwrite, "replace what is in run.output"},
        {"resume", &J::resume, "go on with the run in run.output, or start it where there is none"},
        F{"max-walltime", &J::max_walltime, "stop with a checkpoint before this time has passed"}
            .shown_as("HH:MM:SS")}},
      {{"audit", "simulate", "attack", "sweep"},
       {{"dry-run", &J::dry_run, "show what would be done and what it needs, and end"}}},
      {{"audit"},
       {F{"data", &J::data, "folder of images, path/SPLIT/CLASS/IMAGE: data.path"}.shown_as(
            "FOLDER"),
        F{"public", &J::public_images,
          "folder of public images, path/CLASS/IMAGE: data.public_path"}
            .shown_as("FOLDER"),
        F{"weights", &J::weights, "first weights: model.weights"}.shown_as("FILE"),
        F{"model", &J::model, "architecture: model.name"}.shown_as("NAME"),
        F{"clients", &J::clients, "hospitals: federation.clients"}.shown_as("N"),
        F{"rounds", &J::rounds, "communication rounds: federation.rounds"}.shown_as("N"),
        F{"epsilon", &J::epsilon,
          "hospitals defend themselves by dp-sgd with the noise that keeps this epsilon"}
            .at_least(0)
            .shown_as("E"),
        F{"networks", &J::networks,
          "federations under attack, which differ in run.seed; 5 or more speak about networks in "
          "general"}
            .at_least(1)
            .shown_as("N"),
        F{"apart", &J::apart,
          "the attack is chosen under a network of its own, that of run.seed; the networks under "
          "attack have the seeds behind it"},
        F{"presets", &J::presets,
          "attacks that also attack the hospitals at their defaults, with the same budget"}
            .some_of(attacks().names())
            .shown_as("LIST"),
        F{"minutes", &J::minutes, "about how long the audit may take"}.above(0).shown_as("M")}},
      {{"audit", "simulate", "attack", "sweep"},
       {F{"evaluations", &J::evaluations,
          "evaluations of its objective that an attack on a message may spend; 0: as many as the "
          "options say, and in an audit as many as fit into --minutes"}
            .at_least(0)
            .shown_as("N")}},
      {{"attack", "audit"},
       {F{"input", &J::input, "folder of the recorded run, or its run.h5"}.shown_as("RUN")}},
      {{"simulate", "attack", "audit", "sweep"},
       {{"strict", &J::strict, "refuse options that can have no effect, instead of a warning"}}},
      {{"inspect"}, {{"json", &J::json, "one JSON object for programs"}}},
      {{"sweep"},
       {F{"grid", &J::grid, "options that vary; without it the sweep in run.output goes on"}
            .shown_as("FILE"),
        F{"index", &J::index,
          "only point I, counted from 0, as one task of a job array; I/N: only the points I, I+N, "
          "I+2N and so on"}
            .shown_as("I[/N]"),
        F{"ranks-per-point", &J::ranks_per_point, "groups of N ranks work on points of their own"}
            .shown_as("N"),
        {"list", &J::list, "show the points and how they stand, and end"},
        {"merge", &J::merge, "write the index of what was run under --index, and end"},
        {"retry-failed", &J::retry_failed, "run failed points again, which otherwise stay"}}}};
  return groups;
}

const FlagGroup& group_of(const std::string& flag) {
  for (const FlagGroup& group : flag_groups())
    for (const OptionSpec& spec : group.flags.specs())
      if (spec.name == flag) return group;
  throw Error(ExitCode::kInternal, fmt::format("--{} is in no table", flag));
}

}  // namespace

std::vector<OptionSpec> flags_of(const std::string& job) {
  std::vector<OptionSpec> out;
  for (const FlagGroup& group : flag_groups())
    if (std::find(group.jobs.begin(), group.jobs.end(), job) != group.jobs.end())
      for (const OptionSpec& spec : group.flags.specs()) out.push_back(spec);
  return out;
}

JobArguments parse_arguments(const std::string& job, const std::vector<std::string>& words) {
  OptionTable<JobArguments> all;
  for (const FlagGroup& group : flag_groups()) all.add(group.flags);
  const std::vector<OptionSpec> specs = all.specs();
  JobArguments out;
  out.line = parse_command_line(words, specs);
  Violations wrong;
  OptionValues values = OptionValues::defaults(specs);
  for (const auto& [name, value] : out.line.flags) {
    const std::vector<std::string>& jobs = group_of(name).jobs;
    wrong.check(std::find(jobs.begin(), jobs.end(), job) != jobs.end(),
                fmt::format("--{} is a flag of medpfl {}", name, join(jobs)));
    values.set(name, value);
  }
  wrong.guard([&] { all.read(values, &out); });
  wrong.check(!out.resume || !out.overwrite,
              "--resume goes on with a run and --overwrite replaces it: give one of them");
  wrong.throw_if_any();
  return out;
}

void set_by_flag(const std::string& option, const std::string& value, Config* config) {
  if (value.empty()) return;
  if (config->entries().at(option).source == kCommandLine)
    throw ConfigError(fmt::format(
        "{} is given twice, by its own name and by the flag that stands for it: leave one out",
        option));
  config->assign(option, value, kCommandLine);
}

void take_evaluations(const JobArguments& arguments, Config* config) {
  if (arguments.evaluations == 0) return;
  for (const auto& [option, value] : budget_options(arguments.evaluations))
    set_by_flag(option, value, config);
}

}  // namespace medpfl
