#pragma once
#include <string>

#include "audit/audit_run.hpp"
#include "audit/budget.hpp"
#include "federation/federated_data.hpp"

namespace medpfl {

/// What the attacks of an audit may spend, and about how long it takes with that.
struct Forecast {
  Budget budget;
  double minutes = 0;

  /// Returns the time in words, as "about 12 minutes".
  std::string duration() const;
};

/// Returns the forecast of an audit on the data of its federation, measured on rank 0.
/// Collective. Throws AgreedError.
Forecast forecast(const Communicator& comm, const AuditPlan& plan, const AuditRequest& request,
                  const FederatedData& data);

/// Returns the data of an audit's federation without pixels. Collective. Throws AgreedError.
FederatedData audited_data(const Communicator& comm, const AuditPlan& plan);

}  // namespace medpfl
