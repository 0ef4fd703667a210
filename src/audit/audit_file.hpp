#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/budget.hpp"
#include "audit/leak_numbers.hpp"
#include "audit/noise_for_epsilon.hpp"
#include "audit/rehearsal.hpp"
#include "metrics/verdict.hpp"
#include "results/run/config_record.hpp"

namespace medpfl {

/// What one attack at its defaults made of the messages of a stage.
struct PresetResult {
  std::string method;
  LeakNumbers leak;
  Verdict verdict;
};

/// What one attack made of a stage of an audit. A stage has two where the rehearsal chose two.
struct StageResult {
  Stage stage;
  int64_t evaluations = 0;           ///< of the attack on a message
  std::optional<Chosen> chosen;      ///< nothing: no attack applies
  std::vector<std::string> attacks;  ///< its runs, by network, relative to the audit's folder
  std::optional<LeakNumbers> leak;   ///< of the attack on the hospitals' messages
  double accuracy = 0;               ///< balanced, of the models under attack; their mean
  Verdict verdict;
};

/// What the rehearsal of a stage tried, and what attacks at their defaults made of the stage.
struct StageTrials {
  Stage stage;
  Rehearsal rehearsal;
  std::vector<PresetResult> presets;
};

/// Everything that audit.h5 holds.
struct AuditRecord {
  std::string status = "running";  ///< running | complete | interrupted
  ConfigRecord config;
  Budget budget;
  double minutes = 0;      ///< from which the budget follows; 0: it was given
  std::string federation;  ///< the run that was attacked, relative to the audit's folder if inside
  int64_t classes = 0;
  int64_t networks = 1;       ///< federations that were attacked, which differ in run.seed
  bool apart = false;         ///< whether the attack was chosen under a network of its own
  double final_accuracy = 0;  ///< balanced, of the models at the end; their mean
  std::string network;        ///< those models beside chance, words of /rounds/network, each once
  std::vector<NoiseLevel> noise;  ///< that would keep an epsilon; see noise_levels()
  std::vector<StageResult> stages;
  std::vector<StageTrials> trials;  ///< of the stages that an attack applies to

  /// Returns the verdict on all messages of a kind, "update" or "probe", or of both for "". Of
  /// stages that leak, the one with the greatest lower limit speaks for all; of two attacks on a
  /// stage, the stronger. Probes alone protect nobody: where no update was attacked, the verdict on
  /// both is that they were not tested.
  Verdict verdict(const std::string& kind = "") const;
};

/// Writes `folder`/audit.h5 whole: temporary file, fsync, rename. Throws OutputError.
void write_audit(const std::string& folder, const AuditRecord& record);

/// What an audit that goes on takes over from audit.h5.
struct AuditStart {
  std::string resolved;  ///< INI text of its options
  Budget budget;
  double minutes = 0;
  int64_t networks = 1;
  bool apart = false;
};

/// Returns how the audit in `folder` was begun, or nothing where none was. Throws FormatError.
std::optional<AuditStart> find_audit(const std::string& folder);

}  // namespace medpfl
