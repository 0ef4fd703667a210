#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "federation/message_kinds.hpp"
#include "h5/file.hpp"
#include "metrics/leak_summary.hpp"
#include "metrics/verdict.hpp"

namespace medpfl {

/// Stands in the place of a round's number for all rounds together.
inline constexpr int64_t kAllRounds = -1;

/// Stand in the place of an attack's name for what is had without any: the mean public image, and
/// the public image most like the private one, which only an oracle finds (WithoutAttack).
inline const std::string kPublicMean = "public-mean", kPublicNearest = "public-nearest";

/// Whether a name in /attacks/summary is that of an attack.
inline bool is_attack(const std::string& method) {
  return method != kPublicMean && method != kPublicNearest;
}

/// One row of /attacks/summary.
struct LeakRow {
  std::string method, kind;  ///< kind: update | probe | sum
  int64_t round = kAllRounds;
  LeakSummary leak;
  std::optional<Verdict> verdict;  ///< nothing: the row is of no attack
};

/// Returns the verdict on all messages, from the rows of all rounds. Its reason names the attack
/// and the kind of message that decide. `untested`: kinds of messages that no attack was run on.
Verdict verdict_of(const std::vector<LeakRow>& rows, const MessageKinds& untested);
/// Writes /attacks/summary.
void write_leaks(h5::File* file, const std::vector<LeakRow>& rows, const MessageKinds& untested);
/// Returns the names of its columns that hold statistics, all real numbers.
std::vector<std::string> leak_statistics();
/// Returns the rows of all rounds as a table for a terminal; for a file without /attacks/summary a
/// line that says so.
std::string leak_table(const h5::File& run);

}  // namespace medpfl
