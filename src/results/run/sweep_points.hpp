#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "h5/file.hpp"
#include "results/run/image_outcomes.hpp"
#include "results/run/privacy_summary.hpp"

namespace medpfl {

/// An attack on messages of a kind, in the order of tables: those of probes come last.
struct AttackKey {
  std::string kind, method;
  bool operator<(const AttackKey& other) const {
    return std::make_tuple(kind == "probe", kind, method) <
           std::make_tuple(other.kind == "probe", other.kind, other.method);
  }
};

/// What one attack of a point made of one image.
struct ImageOutcome {
  AttackedMessage message;
  Outcome outcome;  ///< its network is the number of the point
};

/// What one attack of a point found.
struct AttackOutcomes {
  std::vector<ImageOutcome> images;
  double bounds = 0;  ///< sum over images of /attacks/summary/identified_bound
  double chance = 0;  ///< sum over images of /attacks/summary/chance
};

/// A complete point of a sweep whose run judges images.
struct PointOutcomes {
  std::string setting;    ///< of /points
  int64_t against = -1;   ///< number of the point that it is compared with; -1: none
  bool control = false;   ///< whether that one differs in having no defense, and in nothing else
  bool defended = false;  ///< whether hospitals defend their messages
  /// Attacks that answer the defenses; nothing where the index is of a version before 1.2.
  std::optional<std::vector<std::string>> answering;
  int64_t messages = -1;  ///< equal for points that differ in run.seed and their attacks alone
  std::map<AttackKey, AttackOutcomes> attacks;
  std::optional<PrivacyClaim> claim;
};

/// Returns the options that a point of a sweep sets besides run.seed, as "defense.chain=clip, ...";
/// `values` "" are not set by the point. Points that differ in run.seed alone have the same text.
std::string setting_of(const std::vector<std::string>& options,
                       const std::vector<std::string>& values);

/// Returns how tables name a setting: "the base configuration" where it sets nothing.
std::string name_of(const std::string& setting);

/// Returns the complete points of a sweep by their numbers, from their runs. Images are known again
/// under another network, and in another point, by their pixels. Points of files before schema 1.3,
/// which judge no images, are left out. Throws FormatError on a run that cannot be read.
std::map<int64_t, PointOutcomes> read_points(const h5::File& sweep);

}  // namespace medpfl
