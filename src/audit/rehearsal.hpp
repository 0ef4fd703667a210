#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/deadline.hpp"
#include "audit/plan.hpp"
#include "comm/rank_place.hpp"
#include "core/error.hpp"
#include "study/run_context.hpp"

namespace medpfl {

// The rehearsal of a stage: the attacker plays a hospital that holds the public images, under the
// weights, the protocol and the defense of the stage, and keeps the attack that serves best by the
// truth of its own images. All candidates try a few messages, the best of them more.

/// What one candidate reached in a rehearsal.
struct Tried {
  CandidateAttack candidate;
  int64_t images = 0;
  double identified = 0;    ///< share of the images
  double reidentified = 0;  ///< share whose truth is the nearest candidate
  double ssim = 0;          ///< mean over the images
  bool finds = false;       ///< whether it identifies more than chance does
  bool of_best = false;     ///< whether it is among those that were tried on more messages
};

/// An attack that a rehearsal chose.
struct Chosen {
  CandidateAttack candidate;
  /// Share of the public images that it identifies with the defense off; nothing where there is no
  /// defense, or the network differs without it.
  std::optional<double> undefended;
};

/// The outcome of a rehearsal.
struct Rehearsal {
  std::vector<Tried> tried;  ///< the last numbers of each candidate, the best first
  /// What served best. Where that found no more than chance under the defense, another may follow,
  /// which serves best with the defense off: an attack that works is needed to judge a defense.
  std::vector<Chosen> chosen;
};

/// How many messages and tasks a rehearsal has.
struct RehearsalCounts {
  int64_t messages_of_all = 0;  ///< messages that every candidate tries
  int64_t tasks_of_best = 0;    ///< tasks of the best candidates after that
  int64_t control = 0;          ///< tasks with the defense off
};
RehearsalCounts count_rehearsal(const Stage& stage, int64_t candidates);

/// What a rehearsal is given, besides the plan.
struct RehearsalRequest {
  Stage stage;
  std::vector<CandidateAttack> candidates;  ///< at least one
  int64_t evaluations = 0;                  ///< of each task
  const Deadline& deadline;
};

/// Rehearses a stage, or goes on where an earlier call was stopped. Returns nothing where it was
/// stopped as asked. Collective. Throws AgreedError, or an Error that one rank alone knows.
std::optional<Rehearsal> rehearse(const Communicator& comm, const RankPlace& place,
                                  const AuditPlan& plan, const RehearsalRequest& request);

}  // namespace medpfl
