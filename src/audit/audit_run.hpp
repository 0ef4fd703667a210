#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "audit/plan.hpp"
#include "comm/rank_place.hpp"
#include "core/error.hpp"
#include "study/run_context.hpp"

namespace medpfl {

/// What a call of `medpfl audit` asks for, besides the plan.
struct AuditRequest {
  double minutes = 0;                  ///< about how long the audit may take
  std::optional<int64_t> evaluations;  ///< of each attack on a message, instead of `minutes`
  bool resume = false;                 ///< whether to go on with the audit in the folder, if any
  bool overwrite = false;              ///< whether to replace what is there
  double max_walltime = 0;             ///< seconds for this call, 0: no limit
};

/// Audits a federation: trains it and records its messages, or takes those of a recorded run;
/// rehearses attacks on public images; attacks the messages with what served best; writes the
/// verdict to audit.h5. Returns kOk, or kInterrupted where it was stopped as asked. Collective.
/// Throws AgreedError, or an Error that one rank alone knows.
ExitCode run_audit(const Communicator& comm, const RankPlace& place, const AuditPlan& plan,
                   const AuditRequest& request);

/// Prints the stages of an audit, the attacks that would be rehearsed and what they may cost;
/// writes nothing. Collective. Throws AgreedError.
void dry_run_audit(const Communicator& comm, const AuditPlan& plan, const AuditRequest& request);

}  // namespace medpfl
