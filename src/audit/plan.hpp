#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "audit/candidates.hpp"
#include "config/config.hpp"
#include "federation/message_kinds.hpp"

namespace medpfl {

/// Messages that are attacked in one go: those of one kind in one round.
struct Stage {
  int64_t round = 0;
  bool probes = false;  ///< whether probes are attacked; else updates

  /// Returns "update" or "probe", as /attacks/tasks names kinds of messages.
  std::string kind() const { return probes ? "probe" : "update"; }
  /// Returns the stage as a part of a file name: "round-0-update".
  std::string name() const;
};

/// What an audit works on, and the configurations of its runs. Each lies in a folder of its own
/// below `folder`.
struct AuditPlan {
  Config base;                       ///< of the federation
  std::string folder;                ///< run.output of the base
  std::string input;                 ///< the recorded run that is audited; "": one is made
  std::vector<int64_t> rounds;       ///< rounds attacked, ascending
  int64_t probes = 0;                ///< probes of each hospital and attacked round; 0: none
  MessageKinds kinds;                ///< what is attacked, where there is such
  int64_t networks = 1;              ///< federations attacked, which differ in run.seed alone
  bool apart = false;                ///< whether the first federation is for rehearsals alone
  std::vector<std::string> presets;  ///< attacks that are tried at their defaults, too

  /// Returns the stages, updates before probes.
  std::vector<Stage> stages() const;
  /// Returns the attacks that the rehearsal of a stage compares: those that apply to its messages.
  std::vector<CandidateAttack> candidates(const Stage& stage) const;
  /// Returns those of `presets` that apply to the messages of a stage.
  std::vector<CandidateAttack> presets_for(const Stage& stage) const;
  /// Returns the number of the first federation that is attacked. Federations are numbered from 0,
  /// and rehearsals are under that of number 0.
  int64_t first_attacked() const { return apart ? 1 : 0; }
  /// Returns the folder of the run of a federation.
  std::string federation(int64_t network = 0) const;
  /// The same, of a run that the audit makes, relative to the audit's folder.
  static std::string federation_folder(int64_t network);
  /// Returns the folder of a run that attacks a stage of a network, relative to that of the audit.
  /// `part`: "attack", "judge" or "presets".
  static std::string attack_folder(const std::string& part, const Stage& stage, int64_t network);

  /// Returns the configuration of a federation's run, which records what is attacked later.
  Config of_federation(int64_t network = 0) const;
  /// Returns the configuration of a rehearsal of a stage: one hospital holds the public images, and
  /// plays one round from the weights of the stage's round, those of the first network. `of_each`:
  /// probes that it sends. The folder is that of `step`, such as "screen".
  Config of_rehearsal(const Stage& stage, const std::string& step, int64_t of_each,
                      int64_t evaluations) const;
  /// Returns the configuration of a rehearsal with the defense off.
  Config undefended(Config rehearsal) const;
  /// Returns the configuration of an attack on the recorded messages of a stage; `recorded` is that
  /// of their run, `output` the folder, relative to that of the audit.
  Config of_attack(const Config& recorded, const Stage& stage, const std::string& output,
                   const CandidateAttack& attack, int64_t evaluations) const;
  /// The same of several attacks, which are at their defaults.
  Config of_presets(const Config& recorded, const Stage& stage, const std::string& output,
                    const std::vector<CandidateAttack>& attacks, int64_t evaluations) const;

 private:
  Config of_stage(const Config& recorded, const Stage& stage, const std::string& output,
                  int64_t evaluations) const;
};

/// Sets the options of an audit where neither a file nor the command line sets them.
void set_audit_defaults(Config* config);

/// Sets the options of an audit of a recorded run: where it recorded updates alone, those of the
/// first, middle and last round are attacked, unless the command line says otherwise.
void set_recorded_defaults(Config* config);

/// Returns the plan of an audit with these options. Throws ConfigError where there is nothing that
/// an audit could attack, such as single messages under secure aggregation.
AuditPlan make_audit_plan(const Config& base);

/// Returns the names of what an audit of so many federations has in its folder.
std::vector<std::string> audit_parts(int64_t federations);

/// Returns the first, the middle and the last of `rounds` rounds, each once.
std::vector<int64_t> first_middle_last(int64_t rounds);

}  // namespace medpfl
